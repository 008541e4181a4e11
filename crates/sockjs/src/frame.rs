//! Frames of a server: `o`, `h`, `a[...]` and `c[code,"reason"]`.

use std::fmt::Write as _;

/// The session is open.
pub const OPEN: &str = "o";

/// Nothing to say: sent every [`HEARTBEAT_SECONDS`], so that proxies keep the
/// connection.
pub const HEARTBEAT: &str = "h";

/// The usual interval of heart-beats.
pub const HEARTBEAT_SECONDS: u64 = 25;

/// The session is closed, for a reason as in a WebSocket's Close.
pub fn close(code: u16, reason: &str) -> String {
    let mut text = format!("c[{code},");
    let mut quoted = Vec::with_capacity(reason.len() + 2);
    put_string(&mut quoted, reason);
    text.push_str(&String::from_utf8_lossy(&quoted));
    text.push(']');
    text
}

/// Puts messages together to one `a[...]` frame.
#[derive(Clone, Debug)]
pub struct Messages {
    out: Vec<u8>,
}

impl Default for Messages {
    fn default() -> Messages {
        Messages { out: b"a[".to_vec() }
    }
}

impl Messages {
    /// Adds a message.
    pub fn push(&mut self, message: &str) {
        self.push_split(message, "");
    }

    /// Adds a message that comes in two parts; gives where the second begins
    /// in the frame: whoever has the frame may put a text between them, as
    /// [`escape`] writes it.
    pub fn push_split(&mut self, before: &str, after: &str) -> usize {
        if !self.is_empty() {
            self.out.push(b',');
        }
        self.out.reserve(before.len() + after.len() + 16);
        self.out.push(b'"');
        escape(&mut self.out, before);
        let split = self.out.len();
        escape(&mut self.out, after);
        self.out.push(b'"');
        split
    }

    /// True if there is none yet.
    pub fn is_empty(&self) -> bool {
        self.out.len() <= 2
    }

    /// The frame: UTF-8.
    pub fn finish(mut self) -> Vec<u8> {
        self.out.push(b']');
        self.out
    }
}

/// A JSON string.
fn put_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escape(out, text);
    out.push(b'"');
}

/// Writes a text as it stands within a message's quotes. What browsers are
/// known to mangle on some transport is escaped, too: a client that parses
/// JSON sees no difference.
pub fn escape(out: &mut Vec<u8>, text: &str) {
    let mut plain = 0;
    for (at, character) in text.char_indices() {
        if !needs_escape(character) {
            continue;
        }
        out.extend_from_slice(&text.as_bytes()[plain..at]);
        plain = at + character.len_utf8();
        put_escaped(out, character);
    }
    out.extend_from_slice(&text.as_bytes()[plain..]);
}

/// JSON's own, and: what ends a line in JavaScript but not in JSON, format
/// characters that some browsers drop, and everything beyond the basic plane
/// and in its last row, which some replace.
fn needs_escape(character: char) -> bool {
    matches!(
        character,
        '"' | '\\'
            | '\0'..='\u{1f}'
            | '\u{200c}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff0}'..
    )
}

fn put_escaped(out: &mut Vec<u8>, character: char) {
    let short = match character {
        '"' => b'"',
        '\\' => b'\\',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        _ => {
            let mut text = String::with_capacity(12);
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
            return out.extend_from_slice(text.as_bytes());
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_close_frame_quotes_its_reason() {
        assert_eq!(close(3000, "Go away!"), r#"c[3000,"Go away!"]"#);
        assert_eq!(close(2010, "a \"b\""), r#"c[2010,"a \"b\""]"#);
    }

    #[test]
    fn no_message_is_an_empty_array() {
        assert!(Messages::default().is_empty());
        assert_eq!(Messages::default().finish(), b"a[]");
        let mut messages = Messages::default();
        messages.push("");
        assert!(!messages.is_empty());
        assert_eq!(messages.finish(), br#"a[""]"#);
    }

    proptest! {
        #[test]
        fn what_a_client_parses_is_what_was_sent(sent in prop::collection::vec(any::<String>(), 0..5)) {
            let mut messages = Messages::default();
            for message in &sent {
                messages.push(message);
            }
            let frame = messages.finish();
            let parsed: Vec<String> = serde_json::from_slice(&frame[1..]).unwrap();
            prop_assert_eq!(frame[0], b'a');
            prop_assert_eq!(parsed, sent);
        }

        #[test]
        fn nothing_that_browsers_mangle_goes_over_the_wire_unescaped(text in "[\u{0}-\u{10ffff}]{0,40}") {
            let mut messages = Messages::default();
            messages.push(&text);
            let frame = String::from_utf8(messages.finish()).unwrap();
            let plain = |c: char| {
                !matches!(c, '\0'..='\u{1f}' | '\u{200c}'..='\u{200f}' | '\u{2028}'..='\u{202f}'
                    | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..)
            };
            prop_assert!(frame.chars().all(plain));
        }
    }
}
