//! The closing handshake.

use bytes::Bytes;

use crate::close::CloseCode;
use crate::decode::{Decoder, End};
use crate::deflate::{Agreement, Inflater};
use crate::failure::Failure;
use crate::frame;
use crate::input::Input;
use crate::message::Incoming;

/// A connection after the opening handshake: what arrives, and how it closes (RFC 6455, section 7).
///
/// The owner writes the frames it is given, in order, and sets a deadline for a client that does not
/// answer a Close. The server is the one to shut TCP (section 7.1.1): when [`Connection::may_shut`] says
/// so and all frames are written. A socket that is dropped while input waits unread resets the
/// connection and can take the Close frame with it, so go on reading until the client has closed, too,
/// or the deadline is there; what is received then is ignored.
#[derive(Debug)]
pub struct Connection {
    /// Ended once the client has closed, or failed; it discards data once we have sent a Close.
    decoder: Decoder,
}

impl Connection {
    /// A new connection that takes messages of up to `max_message_bytes`; see [`Decoder::new`].
    pub fn new(max_message_bytes: usize) -> Self {
        Self { decoder: Decoder::new(max_message_bytes) }
    }

    /// The same where permessage-deflate was agreed; see [`Decoder::with_deflate`].
    pub fn with_deflate(max_message_bytes: usize, agreement: &Agreement) -> Self {
        Self { decoder: Decoder::with_deflate(max_message_bytes, agreement) }
    }

    /// Takes the next message or control frame from `input`, as [`Decoder::next`] does.
    ///
    /// Once a Close was sent, text and binary messages no longer come out. Pings still do, as they must
    /// be answered until the client's Close is there (section 5.5.2).
    ///
    /// On [`Incoming::Close`] send [`Connection::close_reply`]; on a [`Failure`] send what
    /// [`Connection::close`] gives for its code and reason.
    pub fn receive<'s, 'b: 's>(
        &'s mut self,
        input: &mut Input<'b>,
        inflater: &mut Inflater,
    ) -> Result<Option<Incoming<'s>>, Failure> {
        self.decoder.next(input, inflater)
    }

    /// Starts closing, or answers the client's Close with a code of our own.
    ///
    /// Gives the Close frame, after which no message may be sent; `None` when one was sent before.
    /// For `code` and `reason` see [`frame::close`].
    pub fn close(&mut self, code: CloseCode, reason: &str) -> Option<Bytes> {
        self.may_send().then(|| {
            self.decoder.discard_data();
            frame::close(code, reason)
        })
    }

    /// The answer to the client's Close: its own code, without a reason (section 5.5.1).
    ///
    /// `None` when there is nothing to answer, or a Close was sent before.
    pub fn close_reply(&mut self) -> Option<Bytes> {
        let Some(End::Closed(code)) = self.decoder.ended() else { return None };
        self.may_send().then(|| {
            self.decoder.discard_data();
            code.map_or_else(frame::close_without_code, |code| frame::close(code, ""))
        })
    }

    /// True as long as text and binary messages may be sent: until a Close is (section 5.5.1).
    pub const fn may_send(&self) -> bool {
        !self.decoder.discards_data()
    }

    /// True if TCP may be shut once everything is written: both Close frames are exchanged, or ours was sent and the
    /// client's will not be read because of a [`Failure`] (section 7.1.7).
    pub const fn may_shut(&self) -> bool {
        !self.may_send() && self.decoder.ended().is_some()
    }

    /// Heap memory that is held; see [`Decoder::held_bytes`].
    pub fn held_bytes(&self) -> usize {
        self.decoder.held_bytes()
    }

    /// True from the first frame of a message until it is whole; see [`Decoder::in_message`].
    pub fn in_message(&self) -> bool {
        self.decoder.in_message()
    }
}
