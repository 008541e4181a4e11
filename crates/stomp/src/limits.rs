//! Limits on what a peer may cost (STOMP 1.2, "Size Limits").

use std::fmt;

use crate::ProtocolError;

/// A limit that a peer went beyond, as an error tells it: `max_headers = 64`, or `64` alone where
/// nobody can set it. It goes by the field's name here, or by the one its owner gives it, see
/// [`crate::SessionConfig::limit_names`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Name under which it is set; empty: it can't be.
    pub name: &'static str,
    /// Highest value allowed.
    pub value: usize,
}

impl Limit {
    pub(crate) const fn new(name: &'static str, value: usize) -> Self {
        Self { name, value }
    }

    /// The same by the owner's name, if there is one in these pairs of ours and theirs.
    pub(crate) fn rename(&mut self, names: &[(&'static str, &'static str)]) {
        if let Some((_, theirs)) = names.iter().find(|(ours, _)| *ours == self.name) {
            self.name = theirs;
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() {
            write!(f, "{}", self.value)
        } else {
            write!(f, "{} = {}", self.name, self.value)
        }
    }
}

/// Bounds on an incoming frame. Each is refused by an error of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a whole frame, from its command to its NUL, both counted.
    pub max_frame_bytes: usize,
    /// Header lines in a frame.
    pub max_headers: usize,
    /// Octets of one header line, its LF not counted.
    pub max_header_line_bytes: usize,
}

impl Default for Limits {
    /// 1 MiB, 64 headers, 8 KiB a line: room for a bearer token in `passcode`.
    fn default() -> Self {
        Self { max_frame_bytes: 1 << 20, max_headers: 64, max_header_line_bytes: 8 << 10 }
    }
}

/// Bounds on what comes before a session is open. No frame but CONNECT is let in there, and it is
/// not yet known who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpeningLimits {
    /// EOLs before the first frame.
    pub max_eols: u32,
    /// Octets of the first frame, if that is less than [`Limits::max_frame_bytes`].
    pub max_connect_bytes: usize,
}

impl Default for OpeningLimits {
    /// 64 EOLs, 64 KiB.
    fn default() -> Self {
        Self { max_eols: 64, max_connect_bytes: 64 << 10 }
    }
}

/// Bounds on what a session holds for transactions: at most `max_open * max_bytes` octets, and as
/// much as one transaction while a committed one is handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionLimits {
    /// Open transactions of a session; 0: it may have none.
    pub max_open: usize,
    /// Frames held for one transaction.
    pub max_frames: usize,
    /// Octets held for one transaction: header lines and bodies as received.
    pub max_bytes: usize,
}

impl Default for TransactionLimits {
    /// 4 transactions of 1,024 frames and 1 MiB.
    fn default() -> Self {
        Self { max_open: 4, max_frames: 1024, max_bytes: 1 << 20 }
    }
}

/// Rate at which a peer may send: a token bucket over everything it sends, heart-beats included.
///
/// It refuses rather than delays, so it is for peers that are known: one read of the owner's and
/// one frame must fit [`RateLimit::burst_bytes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Octets that are earned each second.
    pub bytes_per_second: u32,
    /// Octets that may come at once, after a pause or at the start.
    pub burst_bytes: u32,
}

impl RateLimit {
    /// The error of a peer that goes beyond.
    pub(crate) const fn exceeded(self) -> ProtocolError {
        ProtocolError::TooFast {
            limit: Limit::new("rate.bytes_per_second", self.bytes_per_second as usize),
            burst: Limit::new("rate.burst_bytes", self.burst_bytes as usize),
        }
    }
}
