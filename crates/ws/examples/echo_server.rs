//! Says back every message: the server that WebSocket test suites ask for.
//!
//! ```text
//! echo_server [--host 127.0.0.1] [--port 9001] [--max-message-bytes 33554432]
//!             [--deflate [shared|takeover]]
//! ```
//!
//! `--deflate` agrees to permessage-deflate, by itself with context takeover where the client lets it;
//! `shared` is what a hub does: every message is compressed for itself.

#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "an example does the I/O")]

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use bytes::Bytes;
use hub_ws::deflate::{Agreement, Deflater, Inflater, Settings, Window, negotiate};
use hub_ws::handshake::{self, Chosen};
use hub_ws::{CloseCode, Connection, Incoming, Input, OpCode, frame};

/// Time that a client may take for its side of the closing handshake.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone)]
struct Options {
    host: String,
    port: u16,
    max_message_bytes: usize,
    deflate: Option<Settings>,
}

fn options() -> io::Result<Options> {
    let mut options =
        Options { host: "127.0.0.1".to_owned(), port: 9001, max_message_bytes: 32 << 20, deflate: None };
    let mut arguments = std::env::args().skip(1).peekable();
    while let Some(name) = arguments.next() {
        if name == "--deflate" {
            let shared = arguments.next_if(|how| how == "shared" || how == "takeover");
            let shared = shared.is_some_and(|how| how == "shared");
            options.deflate = Some(if shared { Settings::SHARED } else { Settings::TAKEOVER });
            continue;
        }
        let value = arguments.next().ok_or_else(|| io::Error::other(format!("{name} wants a value")))?;
        match name.as_str() {
            "--host" => options.host = value,
            "--port" => options.port = value.parse().map_err(io::Error::other)?,
            "--max-message-bytes" => options.max_message_bytes = value.parse().map_err(io::Error::other)?,
            _ => return Err(io::Error::other(format!("{name} is no option"))),
        }
    }
    Ok(options)
}

fn main() -> io::Result<()> {
    let options = options()?;
    let listener = TcpListener::bind((options.host.as_str(), options.port))?;
    eprintln!("listening on {}", listener.local_addr()?);
    for stream in listener.incoming() {
        let (stream, options) = (stream?, options.clone());
        std::thread::spawn(move || {
            if let Err(error) = serve(stream, &options) {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

/// One connection, from the request to its end.
fn serve(stream: TcpStream, options: &Options) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let head = read_head(&mut reader)?;
    let mut lines = head.lines();
    let method = lines.next().and_then(|line| line.split(' ').next()).unwrap_or_default();
    let headers: Vec<(String, &str)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
        .collect();
    let values = |name: &str| {
        let name = name.to_owned();
        headers.iter().filter(move |(n, _)| *n == name).map(|(_, value)| *value)
    };
    let answer = handshake::check(method, values).and_then(|upgrade| {
        let offers = upgrade.extensions.iter().copied();
        let deflate = match options.deflate {
            Some(settings) => negotiate(offers, settings)?,
            None => None,
        };
        let chosen = Chosen { subprotocol: None, deflate: deflate.as_ref() };
        Ok((handshake::response_head(&upgrade.accept(), chosen), deflate))
    });
    match answer {
        Ok((head, agreed)) => {
            reader.get_mut().write_all(&head)?;
            Echo::new(reader, options, agreed).run()
        }
        Err(error) => {
            let status = error.status();
            write!(reader.get_mut(), "HTTP/1.1 {status} Refused\r\nConnection: close\r\n\r\n{error}\n")
        }
    }
}

/// The request's head, without the empty line that ends it.
fn read_head(reader: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.by_ref().take(8 << 10).read_line(&mut head)? == 0 || head.len() > 64 << 10 {
            return Err(io::Error::other("no request"));
        }
    }
    Ok(head)
}

/// An upgraded connection.
struct Echo {
    reader: BufReader<TcpStream>,
    connection: Connection,
    inflater: Inflater,
    voice: Voice,
}

/// Writer of echoes: as they are, or compressed.
struct Voice {
    deflater: Deflater,
    agreed: Option<Agreement>,
    window: Option<Window>,
}

impl Voice {
    fn say(&mut self, opcode: OpCode, payload: &[u8]) -> Bytes {
        let bits = self.agreed.map(|agreed| agreed.server_window);
        let mut out = Vec::new();
        let window = self.window.as_mut();
        if bits.is_some_and(|bits| self.deflater.write_frame(&mut out, opcode, payload, bits, window)) {
            return out.into();
        }
        match opcode {
            OpCode::Text => frame::text(payload),
            _ => frame::binary(payload),
        }
    }
}

impl Echo {
    fn new(reader: BufReader<TcpStream>, options: &Options, agreed: Option<Agreement>) -> Self {
        let connection = match &agreed {
            Some(agreed) => Connection::with_deflate(options.max_message_bytes, agreed),
            None => Connection::new(options.max_message_bytes),
        };
        let takeover = agreed.filter(|agreed| agreed.server_context_takeover);
        let window = takeover.map(|agreed| Window::new(agreed.server_window));
        let voice = Voice { deflater: Deflater::new(6), agreed, window };
        Self { reader, connection, inflater: Inflater::default(), voice }
    }

    fn run(mut self) -> io::Result<()> {
        let mut scratch = vec![0; 64 << 10];
        while !self.connection.may_shut() {
            let count = self.reader.read(&mut scratch)?;
            if count == 0 {
                return Ok(());
            }
            for bytes in self.receive(scratch.get_mut(..count).unwrap_or_default()) {
                self.reader.get_mut().write_all(&bytes)?;
            }
        }
        // The client has its Close before our end, whatever it still sends.
        self.reader.get_ref().shutdown(std::net::Shutdown::Write)?;
        self.reader.get_ref().set_read_timeout(Some(PATIENCE))?;
        while self.reader.read(&mut scratch)? > 0 {}
        Ok(())
    }

    /// Frames that answer one read.
    fn receive(&mut self, read: &mut [u8]) -> Vec<Bytes> {
        let mut input = Input::new(read);
        let mut out = Vec::new();
        loop {
            match self.connection.receive(&mut input, &mut self.inflater) {
                Ok(None) => return out,
                Ok(Some(Incoming::Text(text))) => out.push(self.voice.say(OpCode::Text, text.as_bytes())),
                Ok(Some(Incoming::Binary(bytes))) => out.push(self.voice.say(OpCode::Binary, bytes)),
                Ok(Some(Incoming::Ping(payload))) => out.push(frame::pong(payload)),
                Ok(Some(Incoming::Pong(_))) => {}
                Ok(Some(Incoming::Close(..))) => out.extend(self.connection.close_reply()),
                Err(failure) => {
                    let code: CloseCode = failure.code();
                    out.extend(self.connection.close(code, failure.reason()));
                }
            }
        }
    }
}
