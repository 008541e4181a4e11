//! Messages that come over a WebSocket.

use std::fmt;

use serde_json::Value;

use crate::error::excerpt;
use crate::{Error, Result, http};

/// A message, whole, or a control frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A Ping; answered already, unless the options say not to.
    Ping(Vec<u8>),
    /// A Pong.
    Pong(Vec<u8>),
    /// A Close; answered already, unless the options say not to.
    Close(Close),
}

/// The contents of a Close frame (RFC 6455, section 5.5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// The code; 1005 when the frame carried none (section 7.1.5).
    pub code: u16,
    /// The reason, often empty.
    pub reason: String,
}

impl Close {
    /// No status code was present.
    pub const NO_CODE: u16 = 1005;

    pub(crate) fn parse(payload: &[u8]) -> Result<Self> {
        let wrong = |what: &str| Error::unexpected(what, excerpt(payload));
        let (code, reason) = match payload {
            [] => return Ok(Self { code: Self::NO_CODE, reason: String::new() }),
            [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
            [_] => return Err(wrong("a close code of two bytes")),
        };
        // Section 7.4: the first range as registered, then libraries' and applications' own.
        if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
            return Err(Error::unexpected("a close code that may be sent", code.to_string()));
        }
        let reason = std::str::from_utf8(reason).map_err(|_| wrong("a close reason in UTF-8"))?;
        Ok(Self { code, reason: reason.to_owned() })
    }

    /// The payload of a Close frame that says this.
    pub(crate) fn payload(&self) -> Vec<u8> {
        if self.code == Self::NO_CODE {
            return Vec::new();
        }
        [&self.code.to_be_bytes(), self.reason.as_bytes()].concat()
    }

    pub(crate) fn into_error(self, awaited: &str) -> Error {
        Error::Closed { awaited: awaited.to_owned(), code: self.code, reason: self.reason }
    }
}

impl Message {
    /// The text of a text message, anything else is an error.
    pub fn text(&self) -> Result<&str> {
        match self {
            Self::Text(text) => Ok(text),
            other => Err(Error::unexpected("a text message", other.to_string())),
        }
    }

    /// The JSON of a text message, anything else is an error.
    pub fn json(&self) -> Result<Value> {
        http::json(self.text()?.as_bytes())
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text, {}", excerpt(text.as_bytes())),
            Self::Binary(bytes) => write!(f, "Binary, {}", excerpt(bytes)),
            Self::Ping(bytes) => write!(f, "Ping, {}", excerpt(bytes)),
            Self::Pong(bytes) => write!(f, "Pong, {}", excerpt(bytes)),
            Self::Close(Close { code, reason }) => write!(f, "Close {code} {reason:?}"),
        }
    }
}
