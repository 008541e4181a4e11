//! JSON as `MessagePack`, and back: the subprotocol `hub.msgpack` of native
//! sockets.
//!
//! The same messages, only written differently: objects are maps, whole
//! numbers within 64 bits are integers, all other numbers are float 64, the
//! nearest to the decimal, as `JSON.parse` would have it. In what clients send,
//! a float that is no number is null, as `JSON.stringify` would have it.

use std::io;

use serde_json::ser::Formatter;

/// The subprotocol's name in `Sec-WebSocket-Protocol`.
pub const SUBPROTOCOL: &str = "hub.msgpack";

/// Depth to which arrays and maps of a command may nest.
const DEPTH_MAX: usize = 64;

/// Reason why something is no command.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotMessagePack(String);

/// A message of ours; `None` if it isn't JSON, which ours are.
pub fn from_json(json: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(json.len());
    let mut reader = serde_json::Deserializer::from_slice(json);
    serde_transcode::transcode(&mut reader, &mut rmp_serde::Serializer::new(&mut out)).ok()?;
    reader.end().ok()?;
    Some(out)
}

/// A command of a client, one value and nothing behind it.
pub fn to_json(bytes: &[u8]) -> Result<String, NotMessagePack> {
    let mut reader = rmp_serde::Deserializer::new(bytes);
    reader.set_max_depth(DEPTH_MAX);
    let mut json = Vec::with_capacity(bytes.len());
    let mut writer = serde_json::Serializer::with_formatter(&mut json, Texts);
    serde_transcode::transcode(&mut reader, &mut writer)
        .map_err(|error| NotMessagePack(error.to_string()))?;
    if !reader.get_ref().is_empty() {
        return Err(NotMessagePack("there is something behind the value".to_owned()));
    }
    String::from_utf8(json).map_err(|error| NotMessagePack(error.to_string()))
}

/// JSON without bytes, which it can't tell from an array of numbers.
struct Texts;

impl Formatter for Texts {
    fn write_byte_array<W: ?Sized + io::Write>(&mut self, _: &mut W, _: &[u8]) -> io::Result<()> {
        Err(io::Error::other("binary data"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_written_as_messagepack_has_it() {
        for (json, expected) in [
            ("null", &[0xc0][..]),
            ("true", &[0xc3]),
            ("7", &[0x07]),
            ("-1", &[0xff]),
            ("300", &[0xcd, 0x01, 0x2c]),
            ("18446744073709551615", &[0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            ("0.5", &[0xcb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0]),
            ("\"\u{e9}\"", &[0xa2, 0xc3, 0xa9]),
            ("[1,[]]", &[0x92, 0x01, 0x90]),
            ("{\"b\":1,\"a\":{}}", &[0x82, 0xa1, b'b', 0x01, 0xa1, b'a', 0x80]),
        ] {
            assert_eq!(from_json(json.as_bytes()).as_deref(), Some(expected), "{json}");
            assert_eq!(to_json(expected).unwrap(), json, "and back");
        }
        assert_eq!(from_json(b"{"), None);
        assert_eq!(from_json(b"1 2"), None);
    }

    #[test]
    fn a_decimal_is_the_nearest_float() {
        // A parser that is fast and a little wrong gives another last bit.
        let packed = from_json(b"1.0715660867867205e-232").unwrap();
        assert_eq!(packed[1..], 1.071_566_086_786_720_5e-232_f64.to_be_bytes());
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for bytes in [&b""[..], &[0xc1], &[0x92, 0x01], &[0x01, 0x01], &[0xdd, 0xff, 0xff, 0xff, 0xff]] {
            assert!(to_json(bytes).is_err(), "{bytes:02x?}");
        }
        assert_eq!(to_json(&[0xc4, 0x01, 0x41]).unwrap_err().to_string(), "binary data");
        assert!(to_json(&[0xa1, 0xff]).unwrap_err().to_string().contains("invalid utf8"));
        assert_eq!(to_json(&[0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0]).unwrap(), "null", "infinity");
        assert!(to_json(&[0x91; 1000]).is_err());
    }
}
