//! What a client sends: messages in JSON.

/// What was sent is no array of strings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("Broken JSON encoding.")]
pub struct BrokenJson;

/// The messages in one WebSocket text or one request's body: an array of
/// strings, or a single string, which some clients send on a WebSocket. An
/// empty text holds none.
pub fn messages(text: &str) -> Result<Vec<String>, BrokenJson> {
    let text = text.trim_ascii();
    match text.as_bytes().first() {
        None => Ok(Vec::new()),
        Some(b'[') => serde_json::from_str(text).map_err(|_| BrokenJson),
        Some(_) => serde_json::from_str(text).map(|message| vec![message]).map_err(|_| BrokenJson),
    }
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
        for text in ["[\"a", "[1]", "{}", "a", "[\"a\"] x", "null", r#"["\ud800"]"#] {
            assert_eq!(messages(text), Err(BrokenJson), "{text}");
        }
    }
}
