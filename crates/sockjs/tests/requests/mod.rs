//! Requests to a session, each on a connection of its own.
#![allow(clippy::disallowed_types, reason = "the test's own side of the socket")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use hub_sockjs::Framing;

use crate::browser;
use crate::served::connect;

/// After so many bytes a streaming response ends.
pub(crate) const RESPONSE_BYTES: usize = 500;

/// How a client sends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sender {
    Xhr,
    /// A form.
    Jsonp,
    /// The messages as they are.
    JsonpText,
}

impl Sender {
    /// Posts messages and waits for the answer.
    pub(crate) fn post(self, address: SocketAddr, session: &str, messages: &[String]) {
        let body = self.body(&serde_json::to_string(messages).unwrap());
        let mut stream = BufReader::new(self.begin(address, session, body.len()));
        stream.get_mut().write_all(body.as_bytes()).unwrap();
        let mut status = String::new();
        stream.read_line(&mut status).unwrap();
        let expected = if matches!(self, Sender::Xhr) { "HTTP/1.1 204 " } else { "HTTP/1.1 200 " };
        assert!(status.starts_with(expected), "{status}");
    }

    /// Sends the first half of a post whose messages nobody may see.
    pub(crate) fn post_half(self, address: SocketAddr, session: &str) {
        let body = self.body(r#"["never","seen"]"#);
        let mut stream = self.begin(address, session, body.len());
        stream.write_all(&body.as_bytes()[..body.len() / 2]).unwrap();
    }

    fn body(self, json: &str) -> String {
        match self {
            Sender::Jsonp => {
                ["d=".to_owned()].into_iter().chain(json.bytes().map(|byte| format!("%{byte:02x}"))).collect()
            }
            Sender::Xhr | Sender::JsonpText => json.to_owned(),
        }
    }

    fn begin(self, address: SocketAddr, session: &str, length: usize) -> TcpStream {
        let (path, kind) = match self {
            Sender::Xhr => ("xhr_send", "text/plain"),
            Sender::Jsonp => ("jsonp_send", "application/x-www-form-urlencoded"),
            Sender::JsonpText => ("jsonp_send", "text/plain"),
        };
        let mut stream = connect(address);
        write!(
            stream,
            "POST /x/1/{session}/{path} HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\n\
             Content-Length: {length}\r\n\r\n"
        )
        .unwrap();
        stream
    }
}

/// A request that receives.
pub(crate) struct Poll {
    framing: Framing,
    stream: BufReader<TcpStream>,
    /// What was read of a stream, its prelude aside.
    read_bytes: usize,
    is_over: bool,
}

impl Poll {
    /// Asks. A stream's prelude is read, so that it is known to be the session's receiver, or not.
    pub(crate) fn ask(address: SocketAddr, session: &str, framing: Framing) -> Poll {
        let (method, path) = match framing {
            Framing::Xhr => ("POST", "xhr"),
            Framing::XhrStreaming => ("POST", "xhr_streaming"),
            Framing::EventSource => ("GET", "eventsource"),
            Framing::HtmlFile(_) => ("GET", "htmlfile?c=f"),
            Framing::Jsonp(_) => ("GET", "jsonp?c=f"),
        };
        let mut stream = connect(address);
        write!(stream, "{method} /x/0/{session}/{path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
        let mut poll = Poll { framing, stream: BufReader::new(stream), read_bytes: 0, is_over: false };
        if let Some(prelude) = poll.framing.prelude() {
            poll.head();
            assert_eq!(poll.chunk(), Some(prelude.to_vec()));
            poll.read_bytes = 0;
        }
        poll
    }

    pub(crate) fn is_stream(&self) -> bool {
        !self.framing.is_polling()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }

    pub(crate) fn read_bytes(&self) -> usize {
        self.read_bytes
    }

    /// The next frame; `None` at the response's end, which is read as soon as it must be there.
    pub(crate) fn frame(&mut self) -> Option<String> {
        if self.is_over {
            return None;
        }
        let chunk = if self.is_stream() { self.chunk()? } else { self.whole() };
        let frame = browser::frames(&self.framing, &chunk).pop().unwrap();
        let is_last = frame.starts_with('c') || self.read_bytes >= RESPONSE_BYTES;
        if self.is_stream() && is_last {
            assert_eq!(self.chunk(), None, "a response ends in time");
        }
        Some(frame)
    }

    /// Leaves as soon as the answer begins to come.
    pub(crate) fn drop_answered(mut self) {
        assert!(!self.stream.fill_buf().unwrap().is_empty());
    }

    /// The answer of a poll.
    fn whole(&mut self) -> Vec<u8> {
        self.is_over = true;
        let length = self.head().expect("a length");
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        body
    }

    fn chunk(&mut self) -> Option<Vec<u8>> {
        let length = usize::from_str_radix(&self.line(), 16).unwrap();
        let mut chunk = vec![0; length];
        self.stream.read_exact(&mut chunk).unwrap();
        assert_eq!(self.line(), "");
        self.is_over = length == 0;
        self.read_bytes += length;
        (length > 0).then_some(chunk)
    }

    /// Reads the head; the length of the body, where there is one.
    fn head(&mut self) -> Option<usize> {
        let status = self.line();
        assert!(status.starts_with("HTTP/1.1 200 "), "{status}");
        let mut length = None;
        loop {
            let line = self.line().to_ascii_lowercase();
            if line.is_empty() {
                return length;
            }
            length = line.strip_prefix("content-length: ").map(|text| text.parse().unwrap()).or(length);
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.strip_suffix("\r\n").expect("a line").to_owned()
    }
}
