//! Bytes that somebody sent, as JSON shows them.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes as a text; in base64 (RFC 4648, section 4) where they are no UTF-8.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RawText<'a> {
    /// The bytes.
    pub raw: Cow<'a, str>,
    /// Encoding of `raw` where it is not the text itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_encoding: Option<RawEncoding>,
}

/// Way in which bytes became a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub enum RawEncoding {
    /// Standard base64, padded.
    #[serde(rename = "base64")]
    Base64,
}

impl<'a> RawText<'a> {
    /// The text of these bytes.
    pub fn of(bytes: &'a [u8]) -> RawText<'a> {
        match std::str::from_utf8(bytes) {
            Ok(text) => RawText { raw: Cow::Borrowed(text), raw_encoding: None },
            Err(_) => {
                RawText { raw: Cow::Owned(STANDARD.encode(bytes)), raw_encoding: Some(RawEncoding::Base64) }
            }
        }
    }

    /// The bytes of this text; an error where it claims to be base64 and is not.
    pub fn bytes(&self) -> Result<Bytes, base64::DecodeError> {
        match self.raw_encoding {
            None => Ok(Bytes::copy_from_slice(self.raw.as_bytes())),
            Some(RawEncoding::Base64) => STANDARD.decode(self.raw.as_bytes()).map(Bytes::from),
        }
    }
}

/// For `#[serde(flatten, with = ...)]`.
pub(crate) fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    RawText::of(bytes).serialize(serializer)
}

/// For `#[serde(flatten, with = ...)]`.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    RawText::deserialize(deserializer)?.bytes().map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_a_text_where_they_are_utf_8_and_come_back() {
        for (bytes, raw, raw_encoding) in [
            (&b"{\"a\":\"\xc3\xbc\"}"[..], "{\"a\":\"\u{fc}\"}", None),
            (b"", "", None),
            (b"{\"a\":\"\xfc\"}", "eyJhIjoi/CJ9", Some(RawEncoding::Base64)),
        ] {
            let text = RawText::of(bytes);
            assert_eq!(text, RawText { raw: raw.into(), raw_encoding });
            let json = serde_json::to_string(&text).unwrap();
            let read: RawText<'_> = serde_json::from_str(&json).unwrap();
            assert_eq!(read.bytes().unwrap(), bytes, "{json}");
        }
        let broken = RawText { raw: "?".into(), raw_encoding: Some(RawEncoding::Base64) };
        assert!(broken.bytes().is_err());
    }
}
