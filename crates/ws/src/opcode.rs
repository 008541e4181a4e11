//! Kinds of frames.

/// The largest payload of a control frame, in bytes (RFC 6455, section 5.5).
pub(crate) const MAX_CONTROL_BYTES: usize = 125;

/// The opcode of a frame (RFC 6455, section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum OpCode {
    /// A further fragment of the message under way.
    Continuation = 0x0,
    /// A text message, or its first fragment.
    Text = 0x1,
    /// A binary message, or its first fragment.
    Binary = 0x2,
    /// The closing handshake.
    Close = 0x8,
    /// A sign of life that wants a [`OpCode::Pong`].
    Ping = 0x9,
    /// The answer to a [`OpCode::Ping`], or an unasked sign of life.
    Pong = 0xa,
}

impl OpCode {
    /// Reads the lower four bits of a frame's first byte; `None` for a reserved opcode.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return None,
        })
    }

    /// The four bits on the wire.
    pub const fn bits(self) -> u8 {
        self as u8
    }

    /// True for Close, Ping and Pong (RFC 6455, section 5.5).
    pub const fn is_control(self) -> bool {
        self.bits() & 0x8 != 0
    }
}
