//! Escaping of header names and values (STOMP 1.1 and 1.2, "Value Encoding").

use std::borrow::Cow;

use crate::{Command, Version};

/// The rules that hold for the headers of one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// CONNECT, STOMP, CONNECTED: nothing is escaped, nothing is trimmed.
    Opening,
    /// Nothing is escaped, padding is trimmed.
    V1_0,
    /// `\\`, `\n`, `\c`.
    V1_1,
    /// `\\`, `\n`, `\c`, `\r`.
    V1_2,
}

/// Which half of a header line: a name can't hold a bare `:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderHalf {
    Name,
    Value,
}

/// A backslash, and what follows it where something does, that stand for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Undefined<'a>(pub(crate) &'a str);

impl Dialect {
    pub(crate) const fn of(command: Command, version: Version) -> Self {
        if command.opens_session() {
            return Self::Opening;
        }
        match version {
            Version::V1_0 => Self::V1_0,
            Version::V1_1 => Self::V1_1,
            Version::V1_2 => Self::V1_2,
        }
    }

    pub(crate) const fn escapes(self) -> bool {
        matches!(self, Self::V1_1 | Self::V1_2)
    }

    /// Reads a name or a value as received.
    pub(crate) fn unescape(self, raw: &str) -> Result<Cow<'_, str>, Undefined<'_>> {
        if self == Self::V1_0 {
            return Ok(Cow::Borrowed(raw.trim_matches([' ', '\t'])));
        }
        if !self.escapes() || !raw.contains('\\') {
            return Ok(Cow::Borrowed(raw));
        }
        let mut text = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some((plain, tail)) = rest.split_once('\\') {
            text.push_str(plain);
            let mut following = tail.chars();
            text.push(self.meaning(following.next()).ok_or_else(|| undefined(rest, plain.len()))?);
            rest = following.as_str();
        }
        text.push_str(rest);
        Ok(Cow::Owned(text))
    }

    fn meaning(self, escaped: Option<char>) -> Option<char> {
        match escaped? {
            'n' => Some('\n'),
            'c' => Some(':'),
            '\\' => Some('\\'),
            'r' if self == Self::V1_2 => Some('\r'),
            _ => None,
        }
    }

    /// Writes a name or a value. What the version can't carry is replaced, see [`Self::on_wire`].
    pub(crate) fn escape_into(self, out: &mut Vec<u8>, half: HeaderHalf, text: &str) {
        let mut rest = text.as_bytes();
        while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r' | b':' | b'\\' | 0)) {
            let (plain, tail) = rest.split_at(at);
            out.extend_from_slice(plain);
            if let Some((&special, tail)) = tail.split_first() {
                out.extend_from_slice(self.on_wire(half, special));
                rest = tail;
            }
        }
        out.extend_from_slice(rest);
    }

    /// A special octet on the wire. One that the version has no way to write becomes a space in a
    /// value and `_` in a name: LF and CR where nothing is escaped, CR in 1.1 (readers strip it
    /// from a line's end), `:` in an unescaped name, NUL everywhere (it would end the frame for
    /// readers that look for it first).
    const fn on_wire(self, half: HeaderHalf, special: u8) -> &'static [u8] {
        match (special, half) {
            (b'\\', _) => {
                if self.escapes() {
                    b"\\\\"
                } else {
                    b"\\"
                }
            }
            (b':', _) if self.escapes() => b"\\c",
            (b':', HeaderHalf::Value) => b":",
            (b'\n', _) if self.escapes() => b"\\n",
            (b'\r', _) if matches!(self, Self::V1_2) => b"\\r",
            (_, HeaderHalf::Value) => b" ",
            (_, HeaderHalf::Name) => b"_",
        }
    }
}

/// The backslash at `at` of `text` with the character behind it.
fn undefined(text: &str, at: usize) -> Undefined<'_> {
    let sequence = text.get(at..).unwrap_or_default();
    let end = sequence.char_indices().nth(2).map_or(sequence.len(), |(end, _)| end);
    Undefined(sequence.get(..end).unwrap_or_default())
}
