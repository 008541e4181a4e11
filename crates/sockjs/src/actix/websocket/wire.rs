//! Frames and messages in a WebSocket's messages.

use bytes::Bytes;
use hub_ws::{CloseCode, Failure, frame};

use crate::frame::{HEARTBEAT, OPEN};
use crate::receive;
use crate::session::Reason;

/// Content of a WebSocket's messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wire {
    /// `SockJS` frames.
    Framed,
    /// Messages as they are (protocol, "Raw WebSocket url").
    Raw,
}

/// Fault for which the server fails a connection.
pub(super) struct Fault {
    pub(super) code: CloseCode,
    pub(super) reason: &'static str,
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Fault {
        Fault { code: failure.code(), reason: failure.reason() }
    }
}

impl Wire {
    /// The WebSocket frames that carry one of `SockJS`.
    pub(super) fn encode(self, sockjs: &[u8]) -> Bytes {
        match self {
            Wire::Framed => frame::text(sockjs),
            Wire::Raw if sockjs == OPEN.as_bytes() => Bytes::new(),
            Wire::Raw if sockjs == HEARTBEAT.as_bytes() => frame::ping(b""),
            Wire::Raw => {
                let array = sockjs.strip_prefix(b"a").unwrap_or_default();
                let messages: Vec<String> = serde_json::from_slice(array).unwrap_or_default();
                let frames: Vec<_> = messages.iter().map(|message| frame::text(message.as_bytes())).collect();
                frames.concat().into()
            }
        }
    }

    /// Bytes that tell of the close: a frame of `SockJS` before the WebSocket's own, which is the caller's to add.
    pub(super) fn closing(self, reason: &Reason) -> Bytes {
        match self {
            Wire::Framed => frame::text(&reason.frame()),
            Wire::Raw => Bytes::new(),
        }
    }

    /// The messages in a text.
    pub(super) fn text(self, text: &str) -> Result<Vec<String>, Fault> {
        match self {
            Wire::Raw => Ok(vec![text.to_owned()]),
            Wire::Framed => receive::messages(text)
                .map_err(|_| Fault { code: CloseCode::INVALID_PAYLOAD, reason: "Broken JSON encoding." }),
        }
    }

    /// The messages in binary data: text that came as such, or nothing that
    /// `SockJS` carries.
    pub(super) fn binary(self, data: &[u8]) -> Result<Vec<String>, Fault> {
        match (self, str::from_utf8(data)) {
            (Wire::Raw, Ok(text)) => Ok(vec![text.to_owned()]),
            _ => Err(Fault { code: CloseCode::UNSUPPORTED, reason: "text only" }),
        }
    }
}

/// The close code for a reason: its own, if it may go over the wire.
pub(super) fn close_code(reason: &Reason) -> CloseCode {
    let code = CloseCode::new(reason.code);
    if code.is_valid_on_wire() { code } else { CloseCode::NORMAL }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_websocket_carries_no_frames() {
        assert_eq!(Wire::Raw.encode(b"o"), &b""[..]);
        assert_eq!(Wire::Raw.encode(b"h"), frame::ping(b""));
        assert_eq!(Wire::Raw.encode(br#"a["x","y"]"#), &b"\x81\x01x\x81\x01y"[..]);
        assert_eq!(Wire::Framed.encode(br#"a["x"]"#), &b"\x81\x06a[\"x\"]"[..]);
    }

    #[test]
    fn binary_data_is_text_or_refused() {
        assert_eq!(Wire::Raw.binary(b"x").ok().unwrap(), ["x"]);
        assert!(Wire::Raw.binary(b"\xff").is_err());
        assert!(Wire::Framed.binary(b"[]").is_err());
    }
}
