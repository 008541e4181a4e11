//! Messages of a client.

use crate::close::{self, CloseCode};
use crate::failure::Failure;
use crate::opcode::OpCode;

/// A message or a control frame, complete and valid, lent by the read buffer or by the decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// A text message, its fragments joined.
    Text(&'a str),
    /// A binary message, its fragments joined.
    Binary(&'a [u8]),
    /// A ping, to be answered by [`crate::frame::pong`] with the same payload (RFC 6455, section 5.5.2).
    Ping(&'a [u8]),
    /// The answer to a ping, or an unasked sign of life.
    Pong(&'a [u8]),
    /// The client's Close: its code, if it gave one, and its reason, which may be empty.
    Close(Option<CloseCode>, &'a str),
}

impl<'a> Incoming<'a> {
    /// Reads a complete, unmasked payload.
    pub(crate) fn parse(opcode: OpCode, payload: &'a [u8]) -> Result<Self, Failure> {
        Ok(match opcode {
            OpCode::Text => Self::Text(str::from_utf8(payload).map_err(|_| Failure::InvalidUtf8)?),
            OpCode::Binary | OpCode::Continuation => Self::Binary(payload),
            OpCode::Ping => Self::Ping(payload),
            OpCode::Pong => Self::Pong(payload),
            OpCode::Close => {
                let (code, reason) = close::parse(payload)?;
                Self::Close(code, reason)
            }
        })
    }
}
