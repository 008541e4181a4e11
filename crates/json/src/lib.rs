#![doc = include_str!("../README.md")]

use std::borrow::Cow;

use memchr::memchr;

/// The character that stands for text that was lost on its way: half of a surrogate pair, octets
/// that are no UTF-8. In a name it tells nothing apart, so no name may hold it.
pub const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The octets of an escape `\uXXXX`.
const ESCAPE_BYTES: usize = 6;

/// The text behind its byte-order mark, if it has one (RFC 8259, section 8.1: it may be ignored).
pub fn without_bom(json: &[u8]) -> &[u8] {
    json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(json)
}

/// The same of a text.
pub fn text_without_bom(json: &str) -> &str {
    json.strip_prefix('\u{feff}').unwrap_or(json)
}

/// The same JSON with `\ufffd` in the place of each escape that is half of a surrogate pair.
pub fn mend(json: &[u8]) -> Cow<'_, [u8]> {
    let mut mended = Cow::Borrowed(json);
    for at in LoneSurrogates::of(json) {
        if let Some(digits) = mended.to_mut().get_mut(at + 2..at + ESCAPE_BYTES) {
            digits.copy_from_slice(b"fffd");
        }
    }
    mended
}

/// The same of a text.
pub fn mend_text(json: &str) -> Cow<'_, str> {
    match mend(json.as_bytes()) {
        Cow::Borrowed(_) => Cow::Borrowed(json),
        // ASCII took the place of ASCII.
        Cow::Owned(mended) => Cow::Owned(String::from_utf8_lossy(&mended).into_owned()),
    }
}

/// Positions of the escapes that are half of a surrogate pair.
///
/// Outside of strings JSON has no backslash: it is enough to look at those.
struct LoneSurrogates<'j> {
    json: &'j [u8],
    next: usize,
}

impl LoneSurrogates<'_> {
    fn of(json: &[u8]) -> LoneSurrogates<'_> {
        LoneSurrogates { json, next: 0 }
    }

    /// The UTF-16 code unit that is escaped at `at`.
    fn unit(&self, at: usize) -> Option<u16> {
        let digits = self.json.get(at..at + ESCAPE_BYTES)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |unit, digit| {
            let digit = char::from(*digit).to_digit(16)?;
            Some(unit << 4 | u16::try_from(digit).ok()?)
        })
    }
}

impl Iterator for LoneSurrogates<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        loop {
            let at = self.next + memchr(b'\\', self.json.get(self.next..)?)?;
            let (octets, is_lone) = match self.unit(at) {
                Some(0xd800..=0xdbff) => match self.unit(at + ESCAPE_BYTES) {
                    Some(0xdc00..=0xdfff) => (2 * ESCAPE_BYTES, false),
                    _ => (ESCAPE_BYTES, true),
                },
                Some(0xdc00..=0xdfff) => (ESCAPE_BYTES, true),
                Some(_) => (ESCAPE_BYTES, false),
                // The backslash and what it escapes.
                None => (2, false),
            };
            self.next = at + octets;
            if is_lone {
                return Some(at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_a_pair_is_replaced_and_nothing_else() {
        for (given, mended) in [
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\uDE00""#, r#""\ufffd""#),
            (r#""a\ud83dz""#, r#""a\ufffdz""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\n""#, r#""\ufffd\n""#),
            (r#"{"\ud83d":["\udfff"]}"#, r#"{"\ufffd":["\ufffd"]}"#),
        ] {
            assert_eq!(mend_text(given), mended);
        }
        for kept in [
            r#""\ud83d\ude00""#,
            r#""\\ud83d""#,
            r#""\\\\ud83d""#,
            r#""\ud83""#,
            r#""\ud83g""#,
            r#""\Ud83d""#,
            r"\",
            r"\u",
            "😀",
            "",
        ] {
            assert!(matches!(mend_text(kept), Cow::Borrowed(same) if same == kept), "{kept}");
        }
        assert_eq!(mend_text(r#""\\\ud83d""#), r#""\\\ufffd""#, "a backslash, then half of a pair");
    }

    #[test]
    fn one_byte_order_mark_is_skipped_where_the_text_begins() {
        assert_eq!(without_bom(b"\xef\xbb\xbf[]"), b"[]");
        assert_eq!(without_bom(b"[]\xef\xbb\xbf"), b"[]\xef\xbb\xbf");
        assert_eq!(text_without_bom("\u{feff}\u{feff}1"), "\u{feff}1");
        assert_eq!(text_without_bom(""), "");
    }
}
