//! Heart-beats (STOMP 1.2, "Heart-beating"): what each side declares and what follows from it.

mod timer;

use std::fmt;
use std::time::Duration;

pub use self::timer::{HeartbeatTimer, Liveness};

/// Declaration of one side in its `heart-beat` header, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeartBeat {
    /// The shortest interval at which it can send; 0: it can't.
    pub offer_ms: u32,
    /// The interval at which it wishes to receive; 0: it doesn't.
    pub wish_ms: u32,
}

impl HeartBeat {
    /// As if the header were missing: no heart-beats in either direction.
    pub const NONE: Self = Self { offer_ms: 0, wish_ms: 0 };

    /// Reads the header's value, `<offer>,<wish>`; blanks around the numbers are let pass, and a
    /// number that is too large means the largest there is. `None` means that it is malformed.
    pub fn parse(value: &str) -> Option<Self> {
        let (offer, wish) = value.split_once(',')?;
        Some(Self { offer_ms: milliseconds(offer)?, wish_ms: milliseconds(wish)? })
    }
}

fn milliseconds(text: &str) -> Option<u32> {
    let digits = text.trim_matches([' ', '\t']);
    // `u32::from_str` takes a sign, the specification doesn't.
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u32::MAX))
}

impl Default for HeartBeat {
    /// 10 s in both directions, as stompjs asks for.
    fn default() -> Self {
        Self { offer_ms: 10_000, wish_ms: 10_000 }
    }
}

impl fmt::Display for HeartBeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.offer_ms, self.wish_ms)
    }
}

/// Agreement that two declarations come to. `None`: no heart-beats in that direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Intervals {
    /// We send something at least this often.
    pub send: Option<Duration>,
    /// The peer sends something at least this often.
    pub receive: Option<Duration>,
}

impl Intervals {
    /// The longer of what the one can do and the other wishes; none where either is 0. So a peer
    /// that wishes for more than we offer gets what we offer.
    pub fn negotiate(ours: HeartBeat, theirs: HeartBeat) -> Self {
        Self { send: agree(ours.offer_ms, theirs.wish_ms), receive: agree(theirs.offer_ms, ours.wish_ms) }
    }
}

fn agree(offer_ms: u32, wish_ms: u32) -> Option<Duration> {
    (offer_ms != 0 && wish_ms != 0).then(|| Duration::from_millis(u64::from(offer_ms.max(wish_ms))))
}
