//! Names of what can be subscribed to, and patterns over them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The longest topic name, in bytes.
pub const TOPIC_MAX_BYTES: usize = 255;

/// A destination such as `/topic/position-update`: segments of printable
/// characters, each after a `/`; U+FFFD, which stands for text that was lost,
/// is none.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TopicName(SmolStr);

/// A text that is no topic name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "a destination is /segment/segment..., at most {TOPIC_MAX_BYTES} bytes, without blanks or empty segments, and without U+FFFD"
)]
pub struct TopicError;

impl TopicName {
    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for a wildcard of some broker, which is no destination here: it holds a `*`, or a word that is `>` or `#`,
    /// between slashes or dots.
    ///
    /// ```
    /// let is_wildcard = |name: &str| name.parse::<hub_core::TopicName>().unwrap().is_wildcard();
    /// assert!(is_wildcard("/topic/*") && is_wildcard("/topic/prices.>") && is_wildcard("/topic/stock.#"));
    /// assert!(!is_wildcard("/topic/relay/c#") && !is_wildcard("/topic/a->b"));
    /// ```
    pub fn is_wildcard(&self) -> bool {
        self.0.contains('*') || self.0.split(['/', '.']).any(|word| matches!(word, ">" | "#"))
    }

    /// Its segments, without the slashes.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').skip(1)
    }
}

impl FromStr for TopicName {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<TopicName, TopicError> {
        let printable = |segment: &str| {
            let is_odd = |c: char| c.is_whitespace() || c.is_control() || c == hub_json::REPLACEMENT;
            !segment.is_empty() && !segment.chars().any(is_odd)
        };
        let rest = text.strip_prefix('/').ok_or(TopicError)?;
        if text.len() > TOPIC_MAX_BYTES || !rest.split('/').all(printable) {
            return Err(TopicError);
        }
        Ok(TopicName(SmolStr::new(text)))
    }
}

impl TryFrom<String> for TopicName {
    type Error = TopicError;

    fn try_from(text: String) -> Result<TopicName, TopicError> {
        text.parse()
    }
}

impl From<TopicName> for String {
    fn from(name: TopicName) -> String {
        name.0.into()
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A set of topic names: `*` stands for one segment, a last `**` for one or
/// more.
///
/// ```
/// use hub_core::topic::{TopicName, TopicPattern};
/// let pattern: TopicPattern = "/topic/relay/**".parse().unwrap();
/// assert!(pattern.matches(&"/topic/relay/a/b".parse().unwrap()));
/// assert!(!pattern.matches(&"/topic/relay".parse().unwrap()));
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TopicPattern(TopicName);

impl TopicPattern {
    /// The pattern's text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// True if `name` is in the set.
    pub fn matches(&self, name: &TopicName) -> bool {
        let mut wanted = self.0.segments();
        let mut given = name.segments();
        loop {
            match (wanted.next(), given.next()) {
                (None, None) | (Some("**"), Some(_)) => return true,
                (Some("*"), Some(_)) => {}
                (Some(wanted), Some(given)) if wanted == given => {}
                _ => return false,
            }
        }
    }
}

impl FromStr for TopicPattern {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<TopicPattern, TopicError> {
        let name: TopicName = text.parse()?;
        let before_last = name.segments().count().saturating_sub(1);
        if name.segments().take(before_last).any(|segment| segment == "**") {
            return Err(TopicError);
        }
        Ok(TopicPattern(name))
    }
}

impl TryFrom<String> for TopicPattern {
    type Error = TopicError;

    fn try_from(text: String) -> Result<TopicPattern, TopicError> {
        text.parse()
    }
}

impl From<TopicPattern> for String {
    fn from(pattern: TopicPattern) -> String {
        pattern.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_holes_or_blanks_are_refused() {
        for text in ["", "/", "topic", "/topic/", "//topic", "/topic/a b", "/topic/a\n", "/topic/\u{fffd}"] {
            assert!(text.parse::<TopicName>().is_err(), "{text:?}");
        }
        assert!(format!("/{}", "a".repeat(255)).parse::<TopicName>().is_err());
    }

    #[test]
    fn a_pattern_matches_by_whole_segments() {
        let matches = |pattern: &str, name: &str| {
            pattern.parse::<TopicPattern>().unwrap().matches(&name.parse().unwrap())
        };
        assert!(matches("/topic/*/x", "/topic/a/x"));
        assert!(!matches("/topic/*/x", "/topic/a/b/x"));
        assert!(matches("/topic/a", "/topic/a"));
        assert!(!matches("/topic/a", "/topic/ab"));
        assert!(!matches("/topic/a/b", "/topic/a"));
        assert!("/topic/**/x".parse::<TopicPattern>().is_err());
    }
}
