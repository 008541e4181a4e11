//! `SockJS` over a WebSocket (`SockJS` 0.3.3, "WebSocket"), client side, strict about what the server sends.

mod frame;

use std::collections::VecDeque;
use std::net::SocketAddr;

pub use frame::SockJsFrame;

use crate::deadline::Deadline;
use crate::ws::{Close, WsClient, WsOptions};
use crate::{Error, OverSocket, Result, Socket, nonce};

/// An open `SockJS` session.
#[derive(Debug)]
pub struct SockJsClient {
    ws: WsClient,
    /// Messages of an array that has been read, not asked for yet.
    messages: VecDeque<String>,
    heart_beats: usize,
    /// Code and reason of a `c[...]` frame.
    close: Option<Close>,
}

impl SockJsClient {
    /// Opens a session of its own below `mount`: `/ws`, or nothing for the root.
    ///
    /// # Errors
    /// As [`WsClient::connect`]; [`Error::Unexpected`] when the first thing that comes is not `o`.
    pub fn connect(addr: SocketAddr, mount: &str, options: &WsOptions) -> Result<Self> {
        let (server, session) = (nonce::next() % 1000, nonce::next());
        Self::connect_at(addr, &format!("{mount}/{server:03}/{session:016x}/websocket"), options)
    }

    /// Opens the session at `path`.
    pub fn connect_at(addr: SocketAddr, path: &str, options: &WsOptions) -> Result<Self> {
        let ws = WsClient::connect(addr, path, options)?;
        let mut client = Self { ws, messages: VecDeque::new(), heart_beats: 0, close: None };
        let awaited = "the frame o";
        match client.receive_frame(client.deadline(), awaited)? {
            SockJsFrame::Open => Ok(client),
            other => Err(Error::unexpected(awaited, other.to_string())),
        }
    }

    /// Number of `h` frames so far.
    pub fn heart_beats(&self) -> usize {
        self.heart_beats
    }

    /// Code and reason of a `c[code,"reason"]` frame, once one has come.
    pub fn close(&self) -> Option<&Close> {
        self.close.as_ref()
    }

    /// The WebSocket, to send what no `SockJS` client would.
    pub fn ws(&mut self) -> &mut WsClient {
        &mut self.ws
    }

    /// Sends one message: `["..."]`.
    pub fn send(&mut self, message: &str) -> Result<()> {
        self.send_all(&[message])
    }

    /// Sends several messages in one array.
    pub fn send_all(&mut self, messages: &[&str]) -> Result<()> {
        self.ws.send_text(&serde_json::Value::from(messages).to_string())
    }

    /// The next frame; first what is left of an array.
    ///
    /// # Errors
    /// [`Error::Unexpected`] for a second `o`, and for a Close that no `c` came before, unless this side
    /// has sent one.
    pub fn next_frame(&mut self) -> Result<SockJsFrame> {
        if !self.messages.is_empty() {
            return Ok(SockJsFrame::Messages(self.messages.drain(..).collect()));
        }
        let awaited = "a SockJS frame";
        match self.receive_frame(self.deadline(), awaited)? {
            SockJsFrame::Open => Err(Error::unexpected(awaited, "a second o")),
            frame => Ok(frame),
        }
    }

    /// The next message; `h` is passed over and counted.
    ///
    /// # Errors
    /// [`Error::Closed`] when a `c` comes instead, and then the same in a Close.
    pub fn next_message(&mut self) -> Result<String> {
        self.message_by(self.deadline(), "a SockJS message")
    }

    /// Requires that the next thing is `c[code,"reason"]` (`h` is passed over), then a Close that says the
    /// same, then the end of the TCP connection. Where this side has sent a Close, one is enough.
    pub fn expect_close(&mut self) -> Result<Close> {
        match self.message_by(self.deadline(), "a c frame") {
            Ok(message) => Err(Error::unexpected("a c frame", format!("the message {message:?}"))),
            Err(Error::Closed { code, reason, .. }) => Ok(Close { code, reason }),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn message_by(&mut self, deadline: Deadline, awaited: &str) -> Result<String> {
        loop {
            if let Some(message) = self.messages.pop_front() {
                return Ok(message);
            }
            match self.receive_frame(deadline, awaited)? {
                SockJsFrame::HeartBeat => {}
                SockJsFrame::Messages(messages) => self.messages.extend(messages),
                SockJsFrame::Close(close) => return Err(self.end(close, awaited)),
                SockJsFrame::Open => return Err(Error::unexpected(awaited, "a second o")),
            }
        }
    }

    fn deadline(&self) -> Deadline {
        Deadline::within(self.ws.socket().deadline())
    }

    fn receive_frame(&mut self, deadline: Deadline, awaited: &str) -> Result<SockJsFrame> {
        let may_close = self.close.is_some() || self.ws.has_sent_close();
        let message = match self.ws.next_data_by(deadline, awaited) {
            // A Close with no `c` before it is in order only as an answer.
            Err(Error::Closed { code, reason, .. }) if !may_close => {
                return Err(Error::unexpected("a c frame first", format!("Close {code} {reason:?}")));
            }
            received => received?,
        };
        let frame = SockJsFrame::parse(message.text()?)?;
        match &frame {
            SockJsFrame::HeartBeat => self.heart_beats += 1,
            SockJsFrame::Close(close) => self.close = Some(close.clone()),
            SockJsFrame::Open | SockJsFrame::Messages(_) => {}
        }
        Ok(frame)
    }

    /// Error for a `c`, whose code and reason the Close after it has to repeat.
    fn end(&mut self, close: Close, awaited: &str) -> Error {
        match self.ws.expect_close() {
            Ok((code, reason)) if code == close.code && reason == close.reason => close.into_error(awaited),
            Ok((code, reason)) => Error::unexpected(
                format!("Close {} {:?}, as the c frame has it", close.code, close.reason),
                format!("Close {code} {reason:?}"),
            ),
            Err(error) => error,
        }
    }
}

impl OverSocket for SockJsClient {
    fn socket(&self) -> &Socket {
        self.ws.socket()
    }

    fn socket_mut(&mut self) -> &mut Socket {
        self.ws.socket_mut()
    }
}
