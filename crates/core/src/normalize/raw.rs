//! One value of an item, read by its digits.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use hub_json::REPLACEMENT;
use serde_json::value::RawValue;

pub(super) use super::field::{Field, PORTFOLIO_ID, SYMBOL, TIMESTAMP};
use super::json_object::unquoted;
pub(super) use super::object::RawObject;
use crate::fixed::Digits;
use crate::time::{self, TimestampError};
use crate::{Rejection, Timestamp, TradeId};

/// Characters of a time that is told with what is wrong with it.
const TIME_CHARS: usize = 40;

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

    /// The name of the field.
    pub(super) fn field(self) -> &'static str {
        self.field
    }

    /// True for a text in which nothing is: what protobuf sends for a field that was not set.
    pub(super) fn is_blank(self) -> bool {
        unquoted(self.text).is_some_and(|text| text.trim().is_empty())
    }

    /// True if two values mean the same: equal texts; a number and one of equal value, also as a text; one UUID in
    /// another case; one instant. Two texts of digits may be two symbols: 0700 and 700.
    pub(super) fn means(self, other: Raw<'_>) -> bool {
        let is_number = self.is_number() || other.is_number();
        let (one, other) = (self.evidence(), other.evidence());
        let id = |text: &str| text.parse::<TradeId>().ok();
        let equal =
            || Digits::of(&one).is_ok_and(|one| Digits::of(&other).is_ok_and(|other| one.equals(&other)));
        one.trim() == other.trim()
            || (is_number && equal())
            || id(&one).is_some_and(|one| id(&other) == Some(one))
            || time::claimed(&one).is_ok_and(|one| time::claimed(&other) == Ok(one))
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
        self.time(time::claimed)
    }

    /// A time that nothing hangs on, or that is evidence: in any spelling, from 1970 on.
    pub(super) fn any_time(self) -> Result<Timestamp, Rejection> {
        self.time(time::given)
    }

    fn time(self, read: fn(&str) -> Result<Timestamp, TimestampError>) -> Result<Timestamp, Rejection> {
        let no_text = |_| self.reject(TimestampError::NotATime.to_string());
        let text = self.digits().map_err(no_text)?;
        read(&text).map_err(|error| {
            let is_told = error != TimestampError::NotATime && text.len() <= TIME_CHARS;
            let given = if is_told { text.trim() } else { "" };
            self.reject(format!("{given} {error}").trim_start().to_owned())
        })
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

    /// True for a JSON number.
    fn is_number(self) -> bool {
        self.text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
    }

    /// The text of a number or of a string.
    pub(super) fn digits(self) -> Result<Cow<'a, str>, Rejection> {
        if self.is_number() {
            return Ok(Cow::Borrowed(self.text));
        }
        unquoted(self.text).ok_or_else(|| self.reject("must be a number or a numeric string"))
    }
}
