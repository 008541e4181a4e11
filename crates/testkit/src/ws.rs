//! A WebSocket, client side (RFC 6455), strict about what the server sends.

pub mod deflate;
pub mod frame;
mod handshake;
mod message;
mod options;

use std::net::SocketAddr;

use serde_json::Value;

pub use message::{Close, Message};
pub use options::WsOptions;

use crate::deadline::Deadline;
use crate::error::excerpt;
use crate::{Error, OverSocket, Result, Socket};
use frame::ServerFrame;

/// A connected WebSocket.
#[derive(Debug)]
pub struct WsClient {
    socket: Socket,
    protocol: Option<String>,
    extension: Option<String>,
    /// The message under way.
    fragments: Option<Fragments>,
    /// Number of compressed messages that have come.
    compressed: u64,
    answer_pings: bool,
    answer_close: bool,
    close_sent: bool,
    close: Option<Close>,
}

/// Part of a message that has come.
#[derive(Debug)]
struct Fragments {
    /// The opcode of the first.
    kind: u8,
    compressed: bool,
    payload: Vec<u8>,
}

impl WsClient {
    /// Connects and shakes hands.
    ///
    /// # Errors
    /// [`Error::Refused`] when the answer isn't 101; [`Error::Unexpected`] when a 101 is not as section
    /// 4.1 wants it, `Sec-WebSocket-Accept` included.
    pub fn connect(addr: SocketAddr, path: &str, options: &WsOptions) -> Result<Self> {
        let (socket, chosen) = handshake::upgrade(addr, path, options)?;
        Ok(Self {
            socket,
            protocol: chosen.protocol,
            extension: chosen.extension,
            fragments: None,
            compressed: 0,
            answer_pings: options.answer_pings,
            answer_close: options.answer_close,
            close_sent: false,
            close: None,
        })
    }

    /// The subprotocol that the server chose.
    pub fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    /// Extension that the server agreed to, as it says it.
    pub fn extension(&self) -> Option<&str> {
        self.extension.as_deref()
    }

    /// Number of messages that came compressed so far.
    pub fn compressed(&self) -> u64 {
        self.compressed
    }

    /// Sends a compressed message in one frame, `payload` being what a compressor made of it.
    pub fn send_compressed(&mut self, opcode: u8, payload: &[u8]) -> Result<()> {
        self.send_frame(true, frame::COMPRESSED | opcode, payload)
    }

    /// Sends a text message in one frame.
    pub fn send_text(&mut self, text: &str) -> Result<()> {
        self.send_frame(true, frame::TEXT, text.as_bytes())
    }

    /// Sends a JSON value as a text message.
    pub fn send_json(&mut self, value: &Value) -> Result<()> {
        self.send_text(&value.to_string())
    }

    /// Sends a binary message in one frame.
    pub fn send_binary(&mut self, bytes: &[u8]) -> Result<()> {
        self.send_frame(true, frame::BINARY, bytes)
    }

    /// Sends a Ping.
    pub fn send_ping(&mut self, payload: &[u8]) -> Result<()> {
        self.send_frame(true, frame::PING, payload)
    }

    /// Sends a Close; code 1005 sends one without a code.
    pub fn send_close(&mut self, code: u16, reason: &str) -> Result<()> {
        let payload = Close { code, reason: reason.to_owned() }.payload();
        self.send_frame(true, frame::CLOSE, &payload)
    }

    /// Sends one masked frame; a message in fragments is several, the last one with `last`.
    pub fn send_frame(&mut self, last: bool, opcode: u8, payload: &[u8]) -> Result<()> {
        self.close_sent |= opcode == frame::CLOSE;
        self.socket.send(&frame::masked(last, opcode, payload))
    }

    /// Sends bytes as they are.
    pub fn send_raw(&mut self, bytes: &[u8]) -> Result<()> {
        self.socket.send(bytes)
    }

    /// The next message or control frame.
    ///
    /// # Errors
    /// [`Error::Closed`] once a Close has been returned; [`Error::Unexpected`] for a frame that no server
    /// may send: masked, with reserved bits, fragments out of order, text that isn't UTF-8.
    #[allow(clippy::should_implement_trait, reason = "each call can fail, and the test wants to know how")]
    pub fn next(&mut self) -> Result<Message> {
        self.next_by(Deadline::within(self.socket.deadline()), "a WebSocket message")
    }

    /// The next text or binary message; Pings and Pongs are passed over, a Close is an error.
    pub fn next_data(&mut self) -> Result<Message> {
        let deadline = Deadline::within(self.socket.deadline());
        self.next_data_by(deadline, "a text or binary message")
    }

    /// The next text message; Pings and Pongs are passed over, anything else is an error.
    pub fn next_text(&mut self) -> Result<String> {
        self.next_data()?.text().map(ToOwned::to_owned)
    }

    /// The next text message as JSON; Pings and Pongs are passed over, anything else is an error.
    pub fn next_json(&mut self) -> Result<Value> {
        self.next_data()?.json()
    }

    /// Sends a Ping of its own and waits for its Pong: everything that the server had written before it
    /// answered. Proves that something was *not* sent without waiting a while for it.
    pub fn fence(&mut self) -> Result<Vec<Message>> {
        let deadline = Deadline::within(self.socket.deadline());
        let payload = crate::nonce::next().to_be_bytes();
        self.send_ping(&payload)?;
        let mut before = Vec::new();
        loop {
            match self.next_by(deadline, "the Pong of a fence")? {
                Message::Pong(echo) if echo == payload => return Ok(before),
                Message::Close(close) => return Err(close.into_error("the Pong of a fence")),
                message => before.push(message),
            }
        }
    }

    /// Requires that the next thing is a Close (Pings and Pongs are passed over), and that the TCP
    /// connection ends after it: code and reason.
    pub fn expect_close(&mut self) -> Result<(u16, String)> {
        let (before, close) = self.drain_to_close()?;
        match before.into_iter().find(|message| matches!(message, Message::Text(_) | Message::Binary(_))) {
            None => Ok((close.code, close.reason)),
            Some(message) => Err(Error::unexpected("a Close first", format!("{message}, then {close:?}"))),
        }
    }

    /// Everything up to a Close, after which the TCP connection has to end.
    pub fn drain_to_close(&mut self) -> Result<(Vec<Message>, Close)> {
        let deadline = Deadline::within(self.socket.deadline());
        let mut before = Vec::new();
        loop {
            let next = self.next_by(deadline, "a Close");
            match next.map_err(|error| error.after(|| format!("{} other messages", before.len())))? {
                Message::Close(close) => {
                    self.socket.expect_end()?;
                    return Ok((before, close));
                }
                message => before.push(message),
            }
        }
    }

    pub(crate) fn has_sent_close(&self) -> bool {
        self.close_sent
    }

    pub(crate) fn next_data_by(&mut self, deadline: Deadline, awaited: &str) -> Result<Message> {
        loop {
            match self.next_by(deadline, awaited)? {
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Close(close) => return Err(close.into_error(awaited)),
                data => return Ok(data),
            }
        }
    }

    fn next_by(&mut self, deadline: Deadline, awaited: &str) -> Result<Message> {
        if let Some(close) = &self.close {
            return Err(close.clone().into_error(awaited));
        }
        loop {
            if let Some((frame, used)) = frame::parse(self.socket.unread(), self.extension.is_some())? {
                self.socket.consume(used);
                if let Some(message) = self.assemble(frame)? {
                    return Ok(self.answer(message));
                }
            } else {
                let more = self.socket.fill_more(deadline, awaited);
                more.map_err(|error| match &self.fragments {
                    Some(part) => error.after(|| format!("{} bytes in fragments", part.payload.len())),
                    None => error,
                })?;
            }
        }
    }

    /// Adds a frame to the message under way (section 5.4).
    fn assemble(&mut self, frame: ServerFrame) -> Result<Option<Message>> {
        let ServerFrame { last, opcode, compressed, payload } = frame;
        match (opcode, self.fragments.take()) {
            (frame::CLOSE, _) => Close::parse(&payload).map(|close| Some(Message::Close(close))),
            (frame::PING, fragments) => {
                self.fragments = fragments;
                Ok(Some(Message::Ping(payload)))
            }
            (frame::PONG, fragments) => {
                self.fragments = fragments;
                Ok(Some(Message::Pong(payload)))
            }
            (frame::CONTINUATION, Some(mut whole)) => {
                whole.payload.extend(payload);
                self.finish(last, whole)
            }
            (frame::CONTINUATION, None) => {
                Err(Error::unexpected("a message", "a continuation without a message under way"))
            }
            (kind, None) => self.finish(last, Fragments { kind, compressed, payload }),
            (_, Some(_)) => Err(Error::unexpected("a continuation", "a message within a message")),
        }
    }

    fn finish(&mut self, last: bool, whole: Fragments) -> Result<Option<Message>> {
        if !last {
            self.fragments = Some(whole);
            return Ok(None);
        }
        let Fragments { kind, compressed, mut payload } = whole;
        if compressed {
            self.compressed += 1;
            payload = deflate::inflate(&payload)?;
        }
        if kind == frame::BINARY {
            return Ok(Some(Message::Binary(payload)));
        }
        String::from_utf8(payload)
            .map(|text| Some(Message::Text(text)))
            .map_err(|error| Error::unexpected("text in UTF-8", excerpt(error.as_bytes())))
    }

    /// Answers what wants an answer.
    fn answer(&mut self, message: Message) -> Message {
        match &message {
            // Here and below: a server that has gone can't be answered, and may have said why in what is
            // still unread; how the connection ends tells.
            Message::Ping(payload) if self.answer_pings => {
                let _ = self.send_frame(true, frame::PONG, payload);
            }
            Message::Close(close) => {
                self.close = Some(close.clone());
                if self.answer_close && !self.close_sent {
                    let _ = self.send_close(close.code, "");
                }
            }
            _ => {}
        }
        message
    }
}

impl OverSocket for WsClient {
    fn socket(&self) -> &Socket {
        &self.socket
    }

    fn socket_mut(&mut self) -> &mut Socket {
        &mut self.socket
    }
}
