//! Faults of a client that fail the connection.

use crate::close::CloseCode;

/// Reason to fail a connection (RFC 6455, section 7.1.7).
///
/// Its `Display` is [`Failure::reason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.reason())]
pub enum Failure {
    /// A client frame without a mask (section 5.1).
    Unmasked,
    /// A reserved bit that no agreed extension gives a meaning to (section 5.2).
    ReservedBits,
    /// An opcode kept for later versions (section 5.2); the opcode.
    ReservedOpcode(u8),
    /// A length in more bytes than it needs (section 5.2).
    LengthNotMinimal,
    /// A 64-bit length with its top bit set (section 5.2).
    LengthTopBit,
    /// A control frame without FIN (section 5.4).
    ControlFragmented,
    /// A control frame of more than 125 bytes (section 5.5).
    ControlTooLong,
    /// A continuation frame with no message under way (section 5.4).
    UnexpectedContinuation,
    /// A new message before the fragmented one under way has ended (section 5.4).
    ExpectedContinuation,
    /// A Close payload of one byte: half a code (section 5.5.1).
    ClosePayload,
    /// A close code that must not be sent (section 7.4); the code.
    InvalidCloseCode(u16),
    /// A text message or a close reason that isn't UTF-8 (section 8.1).
    InvalidUtf8,
    /// A compressed message that can't be inflated (RFC 7692, section 7.2.2).
    Inflate,
    /// A message that is, or was announced to be, larger than the limit (section 10.4), inflated or not.
    MessageTooBig {
        /// Bytes received of the message plus the length that its next frame announced; of a compressed message, bytes
        /// inflated until they were too many.
        bytes: u64,
        /// The most a message may have.
        limit: u64,
    },
}

impl Failure {
    /// The code that the Close frame tells the client (section 7.4.1).
    pub const fn code(self) -> CloseCode {
        match self {
            Self::InvalidUtf8 | Self::Inflate => CloseCode::INVALID_PAYLOAD,
            Self::MessageTooBig { .. } => CloseCode::TOO_BIG,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }

    /// The reason that the Close frame tells the client; ASCII, far below 124 bytes.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Unmasked => "frame is not masked",
            Self::ReservedBits => "reserved bit set",
            Self::ReservedOpcode(_) => "reserved opcode",
            Self::LengthNotMinimal => "length not minimal",
            Self::LengthTopBit => "length out of range",
            Self::ControlFragmented => "control frame fragmented",
            Self::ControlTooLong => "control frame too long",
            Self::UnexpectedContinuation => "continuation without a message",
            Self::ExpectedContinuation => "message within a message",
            Self::ClosePayload => "close code cut short",
            Self::InvalidCloseCode(_) => "invalid close code",
            Self::InvalidUtf8 => "invalid UTF-8",
            Self::Inflate => "invalid compressed data",
            Self::MessageTooBig { .. } => "message too big",
        }
    }
}
