//! Errors of a peer: always with what was awaited, and what came.

use std::time::Duration;

use crate::stomp::Frame;

/// The result of everything that can fail here.
pub type Result<T> = std::result::Result<T, Error>;

/// Reason why a test's peer did not get what it waited for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The deadline passed.
    #[error("awaited {awaited} for {waited:?}; got {got}")]
    Deadline {
        /// Thing that was awaited.
        awaited: String,
        /// Time waited.
        waited: Duration,
        /// Bytes that had come by then.
        got: String,
    },
    /// The other side ended the connection (or a process ended) first.
    #[error("awaited {awaited}; got the end after {got}")]
    Ended {
        /// Thing that was awaited.
        awaited: String,
        /// Bytes that had come by then.
        got: String,
    },
    /// Something else came, or something that no server may send.
    #[error("awaited {awaited}; got {got}")]
    Unexpected {
        /// Thing that was awaited.
        awaited: String,
        /// Thing that came.
        got: String,
    },
    /// The server answered a WebSocket handshake with something other than 101.
    #[error("awaited a WebSocket handshake; got HTTP {status}: {body}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The body, bytes that aren't UTF-8 replaced.
        body: String,
    },
    /// The WebSocket was closed by a Close frame.
    #[error("awaited {awaited}; got Close {code} {reason:?}")]
    Closed {
        /// Thing that was awaited.
        awaited: String,
        /// The close code; 1005 where the frame carried none (RFC 6455, section 7.1.5).
        code: u16,
        /// The close reason.
        reason: String,
    },
    /// The server sent a STOMP ERROR.
    #[error("awaited {awaited}; got {frame}")]
    Stomp {
        /// Thing that was awaited.
        awaited: String,
        /// The ERROR frame.
        frame: Box<Frame>,
    },
    /// The operating system refused, or the connection broke.
    #[error("awaited {awaited}; got {cause}")]
    Io {
        /// Thing that was awaited.
        awaited: String,
        /// The operating system's answer.
        cause: std::io::Error,
    },
}

impl Error {
    pub(crate) fn unexpected(awaited: impl Into<String>, got: impl Into<String>) -> Self {
        Self::Unexpected { awaited: awaited.into(), got: got.into() }
    }

    pub(crate) fn io(awaited: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let awaited = awaited.into();
        move |cause| Self::Io { awaited, cause }
    }

    /// Adds what a layer above the socket already had when a wait came to nothing.
    pub(crate) fn after(mut self, had: impl FnOnce() -> String) -> Self {
        if let Self::Deadline { got, .. } | Self::Ended { got, .. } = &mut self {
            *got = format!("{}, {got}", had());
        }
        self
    }
}

/// Bytes as an error shows them: escaped, and only the first of many.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    const SHOWN_BYTES: usize = 160;
    match bytes.get(..SHOWN_BYTES) {
        Some(head) => format!("{} bytes: \"{}\"...", bytes.len(), head.escape_ascii()),
        None if bytes.is_empty() => "nothing".to_owned(),
        None => format!("{} bytes: \"{}\"", bytes.len(), bytes.escape_ascii()),
    }
}
