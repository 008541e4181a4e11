//! Reasons to close a session.

use std::borrow::Cow;

use bytes::Bytes;

use crate::frame;

/// A receiver came while there was one (protocol, "Protocol and framing").
pub const BUSY: Reason = Reason { code: 2010, text: Cow::Borrowed("Another connection still open") };

/// A receiver went before its response was whole (protocol, "Handling close"):
/// nobody knows what arrived.
pub const INTERRUPTED: Reason = Reason { code: 1002, text: Cow::Borrowed("Connection interrupted") };

/// Close of an application that gives no reason of its own.
pub const GO_AWAY: Reason = Reason { code: 3000, text: Cow::Borrowed("Go away!") };

/// Reason to close a session, as in a WebSocket's Close.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    /// A WebSocket's close code.
    pub code: u16,
    /// For people.
    pub text: Cow<'static, str>,
}

impl Reason {
    /// `c[code,"text"]`.
    pub fn frame(&self) -> Bytes {
        frame::close(self.code, &self.text).into()
    }
}
