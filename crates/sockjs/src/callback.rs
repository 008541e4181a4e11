//! The function that `jsonp` and `htmlfile` responses call.

use crate::form;

/// The longest name taken; clients use about a dozen characters.
pub const MAX_CALLBACK_BYTES: usize = 128;

/// A function's name that can do no harm in a script: letters, digits, `-`,
/// `_` and `.` alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Callback(String);

/// Reason to answer a request for `jsonp` or `htmlfile` with 500, in the protocol's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CallbackError {
    /// None is given.
    #[error("\"callback\" parameter required")]
    Required,
    /// The parameter could be more than a name.
    #[error("invalid \"callback\" parameter")]
    Invalid,
}

impl Callback {
    /// The callback in a query string: parameter `c` or `callback`.
    pub fn from_query(query: &str) -> Result<Callback, CallbackError> {
        let name = form::value(query, &["c", "callback"]).ok_or(CallbackError::Required)?;
        if name.is_empty() {
            return Err(CallbackError::Required);
        }
        let harmless = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if name.len() > MAX_CALLBACK_BYTES || !name.bytes().all(harmless) {
            return Err(CallbackError::Invalid);
        }
        Ok(Callback(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken() {
        for (query, name) in [("c=%63allback", "callback"), ("t=1&callback=_jp.a-1", "_jp.a-1")] {
            assert_eq!(Callback::from_query(query).unwrap().as_str(), name);
        }
    }

    #[test]
    fn whatever_could_be_code_is_not() {
        for query in ["", "c", "c=", "d=x"] {
            assert_eq!(Callback::from_query(query), Err(CallbackError::Required), "{query}");
        }
        let long = format!("c={}", "x".repeat(MAX_CALLBACK_BYTES + 1));
        for query in ["c=%20", "c=*", "c=abc(", "c=abc%28", "c=a%0Ab", "c=%3C/script%3E", "c=%C3%A9", &long] {
            assert_eq!(Callback::from_query(query), Err(CallbackError::Invalid), "{query}");
        }
    }
}
