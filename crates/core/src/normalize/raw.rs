//! A JSON object whose values are looked up by any of their spellings and
//! read by their digits.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use hub_json::REPLACEMENT;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::body::Item;
use crate::parameters::{is_ignored, is_spelling};
use crate::time::{self, TimestampError};
use crate::{Rejection, Timestamp};

/// A field: its canonical name, which rejections carry, and the spellings it
/// is looked up by, the first that is there and not null. `outer.inner`
/// reaches into a nested object.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) spellings: &'static [&'static str],
}

impl Field {
    /// The member of an object that a key of any spelling means: it, or what
    /// it is in.
    fn member(&self, key: &str) -> Option<&'static str> {
        let outer = |spelling: &&'static str| spelling.split('.').next();
        self.spellings.iter().filter_map(outer).find(|member| is_spelling(member, key))
    }
}

pub(super) const PORTFOLIO_ID: Field =
    Field { name: "portfolioId", spellings: &["id.portfolioId", "portfolioId", "portfolio_id"] };
pub(super) const SYMBOL: Field = Field { name: "symbol", spellings: &["id.symbol", "symbol"] };
pub(super) const TIMESTAMP: Field = Field { name: "timestamp", spellings: &["timestamp"] };

/// Characters of a key that are told.
const KEY_CHARS: usize = 64;

/// Characters of a time that is told with what is wrong with it.
const TIME_CHARS: usize = 40;

/// Keys and values in the order they came, borrowed from the input.
pub(crate) struct RawObject<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> RawObject<'a> {
    pub(super) fn parse(item: &Item<'a>) -> Result<RawObject<'a>, Rejection> {
        let Some(json) = item.json else { return Err(Rejection::whole("is not JSON")) };
        Self::from_value(json).ok_or_else(|| Rejection::whole("must be a JSON object"))
    }

    pub(super) fn from_value(value: &'a RawValue) -> Option<RawObject<'a>> {
        serde_json::from_str(value.get()).ok()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(key, value)| (&**key, *value))
    }

    /// The object of a command, which does what all of it says or nothing: a
    /// member is read in any spelling, and one that nobody reads, or that is
    /// given twice, is refused by name.
    pub(super) fn parse_command(item: &Item<'a>, known: &[&Field]) -> Result<RawObject<'a>, Rejection> {
        let mut object = Self::parse(item)?;
        object.0.retain(|(key, _)| !is_ignored(key));
        let mut given: Vec<(&str, String)> = Vec::new();
        for (key, _) in &mut object.0 {
            let shown: String = key.chars().take(KEY_CHARS).collect();
            let found = known.iter().find_map(|field| Some((field.name, field.member(key)?)));
            let Some((name, member)) = found else {
                let names: Vec<&str> = known.iter().map(|field| field.name).collect();
                return Err(Rejection::of(
                    shown,
                    format!("is no member here; there are {}", names.join(", ")),
                ));
            };
            if let Some((_, first)) = given.iter().find(|(other, _)| *other == name) {
                return Err(Rejection::of(name, format!("is given twice, as {first} and {shown}")));
            }
            given.push((name, shown));
            *key = Cow::Borrowed(member);
        }
        Ok(object)
    }

    pub(crate) fn into_entries(self) -> impl Iterator<Item = (Cow<'a, str>, &'a RawValue)> {
        self.0.into_iter()
    }

    /// A key that is given twice counts with its last value, as it does in a
    /// browser.
    fn value(&self, key: &str) -> Option<&'a RawValue> {
        let value = self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| *value)?;
        (value.get() != "null").then_some(value)
    }

    /// The value of a field, if it is there and not null.
    pub(super) fn get(&self, field: &Field) -> Option<Raw<'a>> {
        let lookup = |spelling: &&str| match spelling.split_once('.') {
            None => self.value(spelling),
            Some((outer, inner)) => RawObject::from_value(self.value(outer)?)?.value(inner),
        };
        let value = field.spellings.iter().find_map(lookup)?;
        Some(Raw { field: field.name, text: value.get() })
    }

    /// The value of a field that has to be there.
    pub(super) fn require(&self, field: &Field) -> Result<Raw<'a>, Rejection> {
        self.get(field).ok_or_else(|| Rejection::of(field.name, "is required"))
    }

    /// The time that a sender claims, if it does.
    pub(super) fn time(&self, field: &Field) -> Result<Option<Timestamp>, Rejection> {
        self.get(field).map(Raw::timestamp).transpose()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RawObject<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = RawObject<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawObject<'de>, A::Error> {
                let mut entries = Vec::with_capacity(8);
                while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                    entries.push((unquoted(key.get()).unwrap_or_default(), value));
                }
                Ok(RawObject(entries))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

/// Text of a JSON string, borrowed unless something in it is escaped. Half of a surrogate pair is U+FFFD.
fn unquoted(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str(&hub_json::mend_text(json)).ok().map(Cow::Owned)
}

/// One field's value, as it came.
#[derive(Clone, Copy)]
pub(super) struct Raw<'a> {
    field: &'static str,
    text: &'a str,
}

impl<'a> Raw<'a> {
    pub(super) fn new(field: &'static str, value: &'a RawValue) -> Raw<'a> {
        Raw { field, text: value.get() }
    }

    pub(super) fn reject(self, reason: impl Into<Cow<'static, str>>) -> Rejection {
        Rejection::of(self.field, reason)
    }

    pub(super) fn value(self) -> Option<&'a RawValue> {
        serde_json::from_str(self.text).ok()
    }

    /// An array of JSON strings.
    pub(super) fn strings(self) -> Option<Vec<Cow<'a, str>>> {
        let list: Vec<&RawValue> = serde_json::from_str(self.text).ok()?;
        list.into_iter().map(|text| unquoted(text.get())).collect()
    }

    /// A JSON string.
    pub(super) fn string(self) -> Result<Cow<'a, str>, Rejection> {
        unquoted(self.text).ok_or_else(|| self.reject("must be a string"))
    }

    /// A JSON string that means a `T`.
    pub(super) fn parse<T: FromStr<Err: fmt::Display>>(self) -> Result<T, Rejection> {
        self.string()?.parse().map_err(|error: T::Err| self.reject(error.to_string()))
    }

    /// A JSON number or a numeric string, by its digits.
    pub(super) fn number<T: FromStr<Err: fmt::Display>>(self) -> Result<T, Rejection> {
        let text = self.digits()?;
        text.parse().map_err(|error: T::Err| self.reject(error.to_string()))
    }

    /// The time that a sender claims, in any of the spellings of times; one that can't be meant is refused with
    /// its likely cause.
    pub(super) fn timestamp(self) -> Result<Timestamp, Rejection> {
        let text = self.digits()?;
        time::claimed(&text).map_err(|error| {
            let given = if error == TimestampError::NotATime || text.len() > TIME_CHARS { "" } else { &text };
            self.reject(format!("{given} {error}").trim_start().to_owned())
        })
    }

    /// A time that nothing hangs on, or that is evidence: in any spelling, from 1970 on.
    pub(super) fn any_time(self) -> Result<Timestamp, Rejection> {
        time::given(&self.digits()?).map_err(|error| self.reject(error.to_string()))
    }

    /// Text of what is said, as it came: a string's content, of anything else its JSON.
    pub(super) fn evidence(self) -> Cow<'a, str> {
        unquoted(self.text).unwrap_or(Cow::Borrowed(self.text))
    }

    /// A text of at most `max_chars` characters that is not blank.
    pub(super) fn text(self, max_chars: usize) -> Result<String, Rejection> {
        let text = self.string()?;
        if text.trim().is_empty() {
            return Err(self.reject("must not be blank"));
        }
        if text.chars().count() > max_chars {
            return Err(self.reject(format!("must have at most {max_chars} characters")));
        }
        Ok(text.into_owned())
    }

    /// The same of a text that tells things apart: it is whole.
    pub(super) fn name(self, max_chars: usize) -> Result<String, Rejection> {
        let name = self.text(max_chars)?;
        if name.contains(REPLACEMENT) {
            return Err(self.reject("must be whole: half of a character, or U+FFFD, tells no two apart"));
        }
        Ok(name)
    }

    /// The text of a number or of a string.
    pub(super) fn digits(self) -> Result<Cow<'a, str>, Rejection> {
        let is_number = self.text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        if is_number {
            return Ok(Cow::Borrowed(self.text));
        }
        unquoted(self.text).ok_or_else(|| self.reject("must be a number or a numeric string"))
    }
}
