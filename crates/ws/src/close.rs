//! Close codes and the payload of a Close frame.

use std::fmt;

use crate::failure::Failure;

/// Status code of a Close frame (RFC 6455, section 7.4, and the IANA registry it founded).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: what the connection was for is done.
    pub const NORMAL: Self = Self(1000);
    /// 1001: the server shuts down, or the browser left the page.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: a frame broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: a kind of data that is not taken here, such as binary.
    pub const UNSUPPORTED: Self = Self(1003);
    /// 1007: a payload that doesn't fit its type, such as text that isn't UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// 1008: against the endpoint's policy.
    pub const POLICY: Self = Self(1008);
    /// 1009: a message too big to be taken.
    pub const TOO_BIG: Self = Self(1009);
    /// 1010: the client wanted an extension that the server didn't offer.
    pub const EXTENSION_REQUIRED: Self = Self(1010);
    /// 1011: the server met a condition it was not made for.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// 1012: the service restarts.
    pub const RESTART: Self = Self(1012);
    /// 1013: come back later.
    pub const TRY_LATER: Self = Self(1013);

    /// Any code; see [`CloseCode::is_valid_on_wire`] for those that may be sent.
    pub const fn new(code: u16) -> Self {
        Self(code)
    }

    /// The code's number.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// True if a Close frame may carry the code.
    ///
    /// 1000-1003 and 1007-1014 are defined; 3000-3999 are registered by libraries and frameworks,
    /// 4000-4999 are private. 1004 is reserved; 1005, 1006 and 1015 only ever stand for what was not
    /// received; the rest is for later versions of the protocol.
    pub const fn is_valid_on_wire(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Reads the payload of a Close frame: nothing, or a code and a reason in UTF-8 (section 5.5.1).
pub(crate) fn parse(payload: &[u8]) -> Result<(Option<CloseCode>, &str), Failure> {
    if payload.is_empty() {
        return Ok((None, ""));
    }
    let (code, reason) = payload.split_first_chunk().ok_or(Failure::ClosePayload)?;
    let code = CloseCode(u16::from_be_bytes(*code));
    if !code.is_valid_on_wire() {
        return Err(Failure::InvalidCloseCode(code.get()));
    }
    let reason = str::from_utf8(reason).map_err(|_| Failure::InvalidUtf8)?;
    Ok((Some(code), reason))
}
