//! Header escapes (STOMP 1.1 and 1.2, "Value Encoding").

use super::Version;

/// True if the headers of `command` are escaped at all: those that open a session never are.
pub(crate) fn escapes(version: Version, command: &str) -> bool {
    version > Version::V1_0 && !matches!(command, "CONNECT" | "CONNECTED")
}

/// A header's name or value as it goes over the wire.
pub(crate) fn escape(version: Version, command: &str, text: &str) -> String {
    if !escapes(version, command) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            ':' => out.push_str("\\c"),
            '\r' if version == Version::V1_2 => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out
}

/// Text that a header's name or value on the wire stands for; `None` for an undefined escape.
pub(crate) fn unescape(version: Version, command: &str, raw: &str) -> Option<String> {
    if !escapes(version, command) {
        return Some(raw.to_owned());
    }
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.push(match chars.next()? {
            '\\' => '\\',
            'n' => '\n',
            'c' => ':',
            'r' if version == Version::V1_2 => '\r',
            _ => return None,
        });
    }
    Some(out)
}
