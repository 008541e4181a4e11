//! Messages of a client, in JSON.
//!
//! A text that JavaScript has cut within a character is read as a browser's
//! WebSocket sends it, with U+FFFD for the half that is left; a byte-order mark
//! before the JSON is skipped.

use crate::form;

/// Error for text that is no array of strings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("Broken JSON encoding.")]
pub struct BrokenJson;

/// The messages in one WebSocket text or one request's body: an array of
/// strings, or a single string, which some clients send on a WebSocket. An
/// empty text holds none.
pub fn messages(text: &str) -> Result<Vec<String>, BrokenJson> {
    let text = hub_json::mend_text(hub_json::text_without_bom(text));
    // Only to see what it is: ASCII has a blank that JSON does not take for one.
    match text.trim_ascii().as_bytes().first() {
        None => Ok(Vec::new()),
        Some(b'[') => serde_json::from_str(&text).map_err(|_| BrokenJson),
        Some(_) => serde_json::from_str(&text).map(|message| vec![message]).map_err(|_| BrokenJson),
    }
}

/// Reason to answer a request that sends with 500, in the protocol's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PayloadError {
    /// There is nothing, or no array.
    #[error("Payload expected.")]
    Expected,
    /// It is not JSON, or not of strings.
    #[error("Broken JSON encoding.")]
    Broken,
}

/// The messages in the body of an `xhr_send`, or what a `jsonp_send` carries:
/// an array of strings, which may be empty ("Sending empty frames").
pub fn payload(body: &[u8]) -> Result<Vec<String>, PayloadError> {
    let body = hub_json::mend(hub_json::without_bom(body));
    match body.trim_ascii().first() {
        None => Err(PayloadError::Expected),
        Some(b'[') => serde_json::from_slice(&body).map_err(|_| PayloadError::Broken),
        Some(_) => match serde_json::from_slice::<serde::de::IgnoredAny>(&body) {
            Ok(_) => Err(PayloadError::Expected),
            Err(_) => Err(PayloadError::Broken),
        },
    }
}

/// The messages in the body of a `jsonp_send`: field `d` of a form, or of any
/// other content type the body itself.
pub fn jsonp_payload(body: &[u8], is_form: bool) -> Result<Vec<String>, PayloadError> {
    if !is_form {
        return payload(body);
    }
    let form = str::from_utf8(body).map_err(|_| PayloadError::Broken)?;
    payload(form::value(form, &["d"]).unwrap_or_default().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_of_strings_and_single_strings_are_messages() {
        assert_eq!(messages(r#"["a","b\u0000"]"#).unwrap(), ["a", "b\0"]);
        assert_eq!(messages(r#" "a" "#).unwrap(), ["a"]);
        assert_eq!(messages("[]").unwrap(), [""; 0]);
        assert_eq!(messages("").unwrap(), [""; 0]);
    }

    #[test]
    fn anything_else_is_broken() {
        for text in ["[\"a", "[1]", "{}", "a", "[\"a\"] x", "null", r#"["\ud80"]"#, "\u{c}\"a\""] {
            assert_eq!(messages(text), Err(BrokenJson), "{text}");
        }
    }

    #[test]
    fn a_request_s_payload_is_an_array_of_strings() {
        assert_eq!(payload(br#" ["a","\u0000"] "#).unwrap(), ["a", "\0"]);
        assert_eq!(payload(b"[]").unwrap(), [""; 0]);
        for empty in [&b""[..], b" \n", b"1", b"{}", b"\"a\"", b"null"] {
            assert_eq!(payload(empty), Err(PayloadError::Expected), "{}", empty.escape_ascii());
        }
        let deep = "[".repeat(100_000);
        for broken in [&b"[\"x"[..], b"[1]", b"[[]]", b"x", b"[\"\xff\"]", b"[] []", deep.as_bytes()] {
            assert_eq!(payload(broken), Err(PayloadError::Broken));
        }
    }

    #[test]
    fn half_of_a_character_is_replaced_and_a_byte_order_mark_skipped_however_it_comes() {
        let json = "\u{feff}[\"a\\ud83d\",\"\\ud83d\\ude00\\udead\"]";
        let expected = ["a\u{fffd}", "\u{1f600}\u{fffd}"];
        assert_eq!(messages(json).unwrap(), expected);
        assert_eq!(messages("\u{feff}\"\\udead\"").unwrap(), ["\u{fffd}"]);
        assert_eq!(messages("\u{feff}").unwrap(), [""; 0]);
        assert_eq!(payload(json.as_bytes()).unwrap(), expected);
        assert_eq!(jsonp_payload(json.as_bytes(), false).unwrap(), expected);
        let form = r#"d=%EF%BB%BF["a\ud83d","\ud83d\ude00\udead"]"#;
        assert_eq!(jsonp_payload(form.as_bytes(), true).unwrap(), expected);
        assert_eq!(payload("\u{feff}".as_bytes()), Err(PayloadError::Expected));
    }

    #[test]
    fn jsonp_sends_a_form_or_the_plain_array() {
        assert_eq!(jsonp_payload(b"d=%5B%22x%22%5D", true).unwrap(), ["x"]);
        assert_eq!(jsonp_payload(br#"["%61bc"]"#, false).unwrap(), ["%61bc"]);
        for empty in ["", "d=", "p=p", "d"] {
            assert_eq!(jsonp_payload(empty.as_bytes(), true), Err(PayloadError::Expected), "{empty}");
        }
        assert_eq!(jsonp_payload(b"d=%5B%22x", true), Err(PayloadError::Broken));
        assert_eq!(jsonp_payload(b"d=\xff", true), Err(PayloadError::Broken));
    }
}
