//! STOMP 1.0, 1.1 and 1.2, client side, strict about what the server sends.

mod carrier;
mod decode;
mod escape;
mod frame;
mod options;

use std::collections::VecDeque;

pub use carrier::Carrier;
pub use frame::Frame;
pub use options::{StompOptions, Version};

use crate::buffer::Buffer;
use crate::deadline::Deadline;
use crate::error::excerpt;
use crate::ws::Close;
use crate::{Error, OverSocket, Result, Socket};
use decode::Decoded;

/// A STOMP connection.
#[derive(Debug)]
pub struct StompClient {
    carrier: Carrier,
    received: Buffer,
    /// Agreed on by CONNECTED, of which more can be told from the frame.
    connected: Option<(Version, Frame)>,
    heart_beats: usize,
    /// Frames passed over while another one was awaited, in the order they came.
    passed_over: VecDeque<Frame>,
    receipts: u64,
}

impl StompClient {
    /// Sends CONNECT and waits for CONNECTED.
    ///
    /// # Errors
    /// [`Error::Stomp`] when the server answers with ERROR; [`Error::Unexpected`] for anything else, and
    /// for a version that `options` don't offer.
    pub fn connect(carrier: Carrier, options: &StompOptions) -> Result<Self> {
        let mut client = Self::unconnected(carrier);
        client.send_connect("CONNECT", options)?;
        client.await_connected(options)?;
        Ok(client)
    }

    /// A client that has said nothing yet: for tests of what may come instead of CONNECT.
    pub fn unconnected(carrier: Carrier) -> Self {
        Self {
            carrier,
            received: Buffer::default(),
            connected: None,
            heart_beats: 0,
            passed_over: VecDeque::new(),
            receipts: 0,
        }
    }

    /// Sends the opening frame, `CONNECT` or `STOMP`.
    pub fn send_connect(&mut self, command: &str, options: &StompOptions) -> Result<()> {
        let frame =
            Frame { command: command.to_owned(), headers: options.connect_headers(), body: Vec::new() };
        // Read by a server that knows no version yet: nothing is escaped, whichever command it is.
        self.carrier.send(&frame.encode(Version::V1_0))
    }

    /// Waits for the CONNECTED that answers `options`.
    pub fn await_connected(&mut self, options: &StompOptions) -> Result<&Frame> {
        let awaited = "CONNECTED";
        let frame = self.receive_frame(self.deadline(), awaited)?;
        match frame.command.as_str() {
            "CONNECTED" => {}
            "ERROR" => return Err(stomp_error(awaited, frame)),
            _ => return Err(Error::unexpected(awaited, frame.to_string())),
        }
        let offered = options.accept_version.as_deref().unwrap_or("1.0");
        let named = Version::named(frame.header("version"));
        let version = named
            .filter(|version| offered.split(',').any(|offer| offer.trim() == version.as_str()))
            .ok_or_else(|| Error::unexpected(format!("a version of {offered}"), frame.to_string()))?;
        Ok(&self.connected.insert((version, frame)).1)
    }

    /// Connection beneath, to look at what came besides frames.
    pub fn carrier(&mut self) -> &mut Carrier {
        &mut self.carrier
    }

    /// The CONNECTED frame, once it has come.
    pub fn connected(&self) -> Option<&Frame> {
        self.connected.as_ref().map(|(_, frame)| frame)
    }

    /// The version agreed on, once CONNECTED has come.
    pub fn version(&self) -> Option<Version> {
        self.connected.as_ref().map(|(version, _)| *version)
    }

    /// Number of heart-beats that have been passed over: every line end between two frames is one.
    pub fn heart_beats(&self) -> usize {
        self.heart_beats
    }

    /// Sends SUBSCRIBE, and doesn't wait; a `receipt` header and
    /// [`await_receipt`](Self::await_receipt) do.
    pub fn subscribe(&mut self, id: &str, destination: &str, headers: &[(&str, &str)]) -> Result<()> {
        let all = [&[("id", id), ("destination", destination)], headers].concat();
        self.send_frame(&Frame::new("SUBSCRIBE", &all))
    }

    /// Sends UNSUBSCRIBE.
    pub fn unsubscribe(&mut self, id: &str) -> Result<()> {
        self.send_frame(&Frame::new("UNSUBSCRIBE", &[("id", id)]))
    }

    /// Sends SEND, with a `content-length`.
    pub fn send(&mut self, destination: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<()> {
        let len = body.len().to_string();
        let all = [&[("destination", destination)], headers, &[("content-length", len.as_str())]].concat();
        self.send_frame(&Frame { body: body.to_vec(), ..Frame::new("SEND", &all) })
    }

    /// Sends DISCONNECT with a receipt, and waits for that. What came before it stays to be read; that
    /// the server ends the connection is for [`expect_end`](Self::expect_end).
    pub fn disconnect_with_receipt(&mut self) -> Result<()> {
        self.receipts += 1;
        let receipt = format!("disconnect-{}", self.receipts);
        self.send_frame(&Frame::new("DISCONNECT", &[("receipt", &receipt)]))?;
        self.await_receipt(&receipt)
    }

    /// Sends a frame, headers escaped as the version has it (before CONNECTED, not at all).
    pub fn send_frame(&mut self, frame: &Frame) -> Result<()> {
        self.carrier.send(&frame.encode(self.version().unwrap_or(Version::V1_0)))
    }

    /// Sends text as it is, NUL or not: over a WebSocket as one message.
    pub fn send_frame_text(&mut self, text: &str) -> Result<()> {
        self.carrier.send(text.as_bytes())
    }

    /// Sends a heart-beat.
    pub fn send_heart_beat(&mut self) -> Result<()> {
        self.carrier.send(b"\n")
    }

    /// The next frame, ERROR as any other; heart-beats are passed over and counted.
    pub fn next_frame(&mut self) -> Result<Frame> {
        match self.passed_over.pop_front() {
            Some(frame) => Ok(frame),
            None => self.receive_frame(self.deadline(), "a STOMP frame"),
        }
    }

    /// The next MESSAGE of the subscription. Other frames stay to be read; an ERROR is an error.
    pub fn next_message(&mut self, subscription: &str) -> Result<Frame> {
        self.find(&format!("a MESSAGE of {subscription}"), |frame| {
            frame.command == "MESSAGE" && frame.header("subscription") == Some(subscription)
        })
    }

    /// Waits for the RECEIPT. Other frames stay to be read; an ERROR is an error.
    pub fn await_receipt(&mut self, receipt: &str) -> Result<()> {
        let is_it = |frame: &Frame| frame.command == "RECEIPT" && frame.header("receipt-id") == Some(receipt);
        self.find(&format!("RECEIPT {receipt}"), is_it).map(drop)
    }

    /// Waits for an ERROR, and then for the end of the connection, which has to follow it. Other frames
    /// that came before stay to be read. The Close is a WebSocket's, with `SockJS` as without.
    pub fn expect_error(&mut self) -> Result<(Frame, Option<Close>)> {
        let frame = self.find("ERROR", |frame| frame.command == "ERROR")?;
        let close = self.expect_end()?;
        Ok((frame, close))
    }

    /// Requires that no further frame comes and the server ends the connection, in order; over a WebSocket
    /// with a Close, which is returned (over `SockJS`, with a `c` frame that says the same).
    pub fn expect_end(&mut self) -> Result<Option<Close>> {
        while let Decoded::HeartBeat(used) = decode::decode(self.received.unread(), self.version())? {
            self.received.consume(used);
        }
        if !self.received.unread().is_empty() {
            return Err(Error::unexpected("the end of the connection", excerpt(self.received.unread())));
        }
        self.carrier.expect_end()
    }

    fn deadline(&self) -> Deadline {
        Deadline::within(self.carrier.socket().deadline())
    }

    fn find(&mut self, awaited: &str, is_it: impl Fn(&Frame) -> bool) -> Result<Frame> {
        if let Some(at) = self.passed_over.iter().position(&is_it)
            && let Some(frame) = self.passed_over.remove(at)
        {
            return Ok(frame);
        }
        let deadline = self.deadline();
        loop {
            let frame = self.receive_frame(deadline, awaited)?;
            if is_it(&frame) {
                return Ok(frame);
            }
            if frame.command == "ERROR" {
                return Err(stomp_error(awaited, frame));
            }
            self.passed_over.push_back(frame);
        }
    }

    fn receive_frame(&mut self, deadline: Deadline, awaited: &str) -> Result<Frame> {
        loop {
            match decode::decode(self.received.unread(), self.version())? {
                Decoded::HeartBeat(used) => {
                    self.heart_beats += 1;
                    self.received.consume(used);
                }
                Decoded::Frame(frame, used) => {
                    self.received.consume(used);
                    return Ok(frame);
                }
                Decoded::Incomplete => {
                    let received = self.carrier.receive(&mut self.received, deadline, awaited);
                    received.map_err(|error| error.after(|| self.had()))?;
                }
            }
        }
    }

    /// Description of all that came besides the frame that was awaited.
    fn had(&self) -> String {
        let commands: Vec<_> = self.passed_over.iter().map(|frame| frame.command.as_str()).collect();
        format!(
            "{} heart-beats, other frames {commands:?}, of a frame {}",
            self.heart_beats,
            excerpt(self.received.unread())
        )
    }
}

impl OverSocket for StompClient {
    fn socket(&self) -> &Socket {
        self.carrier.socket()
    }

    fn socket_mut(&mut self) -> &mut Socket {
        self.carrier.socket_mut()
    }
}

fn stomp_error(awaited: &str, frame: Frame) -> Error {
    Error::Stomp { awaited: awaited.to_owned(), frame: Box::new(frame) }
}
