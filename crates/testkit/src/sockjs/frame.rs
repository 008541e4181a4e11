//! `SockJS` frames (`SockJS` 0.3.3, "`SockJS` framing").

use std::fmt;

use crate::error::excerpt;
use crate::ws::Close;
use crate::{Error, Result};

/// Content of one text message of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SockJsFrame {
    /// `o`: the session is open.
    Open,
    /// `h`: a heart-beat.
    HeartBeat,
    /// `a["...",...]`: messages, at least one.
    Messages(Vec<String>),
    /// `c[code,"reason"]`: the session ends.
    Close(Close),
}

impl SockJsFrame {
    /// Reads a frame, whole and with nothing around it.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let frame = match text.split_at_checked(1) {
            Some(("o", "")) => Some(Self::Open),
            Some(("h", "")) => Some(Self::HeartBeat),
            Some(("a", array)) => serde_json::from_str(array)
                .ok()
                .filter(|messages: &Vec<String>| !messages.is_empty())
                .map(Self::Messages),
            Some(("c", pair)) => serde_json::from_str(pair)
                .ok()
                .map(|(code, reason): (u16, String)| Self::Close(Close { code, reason })),
            _ => None,
        };
        frame.ok_or_else(|| Error::unexpected("a SockJS frame", excerpt(text.as_bytes())))
    }
}

impl fmt::Display for SockJsFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("o"),
            Self::HeartBeat => f.write_str("h"),
            Self::Messages(messages) => {
                write!(f, "a of {}, {}", messages.len(), excerpt(messages[0].as_bytes()))
            }
            Self::Close(Close { code, reason }) => write!(f, "c {code} {reason:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_frame_is_read_as_it_is_written() {
        let messages =
            |texts: &[&str]| SockJsFrame::Messages(texts.iter().map(ToString::to_string).collect());
        let close = Close { code: 3000, reason: "Go away!".to_owned() };
        for (text, frame) in [
            ("o", SockJsFrame::Open),
            ("h", SockJsFrame::HeartBeat),
            (r#"a["x"]"#, messages(&["x"])),
            (r#"a["a\u0000\n\"","","\u20ac"]"#, messages(&["a\0\n\"", "", "\u{20ac}"])),
            (r#"c[3000,"Go away!"]"#, SockJsFrame::Close(close)),
        ] {
            assert_eq!(SockJsFrame::parse(text).unwrap(), frame);
        }
    }

    #[test]
    fn nothing_else_is_a_frame() {
        for text in [
            "",
            "x",
            "oo",
            "h\n",
            " o",
            "a",
            "a[]",
            "a[1]",
            r#"a"x""#,
            r#"a["x"#,
            r#"a["x"]]"#,
            "c",
            "c[1000]",
            r#"c["1000","x"]"#,
            r#"c[70000,"x"]"#,
            r#"c[1000,"x",1]"#,
            "\u{20ac}",
        ] {
            assert!(SockJsFrame::parse(text).is_err(), "{text:?}");
        }
    }
}
