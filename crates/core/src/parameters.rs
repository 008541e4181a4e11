//! Choices of a caller, by name: the parameters of a query, the members of a
//! command, the headers of a STOMP frame that are options.
//!
//! A place declares what it reads, as [`Parameter`]s, and is given
//! [`Parameters`]: each of them at most once, whatever its spelling. What the
//! place does not read is refused by name, with what there is, so that nothing
//! is sent to somebody who asked for something else.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::normalize::JsonObject;

/// Characters of what was sent that an error repeats.
const EXCERPT_CHARS: usize = 48;

/// Parameters that anybody may add and nobody reads: those that defeat caches (`_` and `t`), and credentials, of which
/// there are none yet.
const IGNORED: [Parameter; 4] =
    [Parameter::new("t"), Parameter::new("token"), Parameter::new("access_token"), Parameter::new("ticket")];
const CACHE_BUSTER: &str = "_";

/// The member that tells commands apart, which their reader has read.
const TYPE: &str = "type";

/// A name that is read. It is given in any spelling: case, `-` and `_` make no
/// difference, so that `portfolio-ids`, `portfolioIds` and `PORTFOLIO_IDS` are
/// one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parameter {
    name: &'static str,
    /// Other words for it.
    synonyms: &'static [&'static str],
}

impl Parameter {
    /// A parameter that errors call so.
    pub const fn new(name: &'static str) -> Parameter {
        Parameter { name, synonyms: &[] }
    }

    /// The same, which is also given by another word, such as the singular of
    /// a list.
    #[must_use]
    pub const fn or(self, synonyms: &'static [&'static str]) -> Parameter {
        Parameter { synonyms, ..self }
    }

    /// The name in errors.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    fn is_called(&self, name: &str) -> bool {
        is_spelling(self.name, name) || self.synonyms.iter().any(|synonym| is_spelling(synonym, name))
    }

    /// An error about its value.
    pub fn wrong(&self, reason: impl Into<String>) -> ParameterError {
        ParameterError::Value { name: self.name, reason: reason.into() }
    }

    /// An error about its value that repeats the value's beginning.
    pub fn wrong_value(&self, reason: &str, value: &str) -> ParameterError {
        self.wrong(format!("{reason}, not {:?}", excerpt(value)))
    }
}

/// True if two names differ in case, `-` and `_` at most.
pub(crate) fn is_spelling(one: &str, other: &str) -> bool {
    fn letters(name: &str) -> impl Iterator<Item = u8> {
        name.bytes().filter(|byte| !matches!(byte, b'-' | b'_')).map(|byte| byte.to_ascii_lowercase())
    }
    letters(one).eq(letters(other))
}

/// True if anybody may add it and nobody reads it.
pub(crate) fn is_ignored(name: &str) -> bool {
    name == CACHE_BUSTER || IGNORED.iter().any(|ignored| ignored.is_called(name))
}

/// A parameter that can't be read; the text begins with its name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParameterError {
    /// Nobody reads it here.
    #[error("{name}: is no parameter here; there {known}")]
    Unknown {
        /// As it was given, as far as it is shown.
        name: String,
        /// The declared ones, in words.
        known: String,
    },
    /// Only one could count.
    #[error("{name}: is given twice, as {first} and {second}")]
    Repeated {
        /// Its declared name.
        name: &'static str,
        /// As it was given.
        first: String,
        /// As it was given again.
        second: String,
    },
    /// Its value can't be.
    #[error("{name}: {reason}")]
    Value {
        /// Its declared name.
        name: &'static str,
        /// The reason.
        reason: String,
    },
    /// The members of a command are no JSON object.
    #[error("a command is a JSON object: {0}")]
    NoObject(String),
}

impl From<ParameterError> for String {
    fn from(error: ParameterError) -> String {
        error.to_string()
    }
}

/// One value: a text, where there are only texts, or JSON.
#[derive(Clone, Debug)]
enum Value<'a> {
    Text(Cow<'a, str>),
    Json(&'a RawValue),
}

/// The declared parameters that were given.
#[derive(Clone, Debug, Default)]
pub struct Parameters<'a>(Vec<Argument<'a>>);

#[derive(Clone, Debug)]
struct Argument<'a> {
    parameter: &'static Parameter,
    spelled: Cow<'a, str>,
    value: Value<'a>,
}

impl<'a> Parameters<'a> {
    /// Reads a query's parameters. What is not declared is refused, and what is
    /// given twice.
    pub fn of_query(
        declared: &'static [Parameter],
        query: impl IntoIterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
    ) -> Result<Parameters<'a>, ParameterError> {
        let given = query.into_iter().map(|(name, value)| (name, Value::Text(value)));
        Parameters::read(declared, given)
    }

    /// Reads the members of a JSON command beside its `type`; one that is null
    /// is not given. What is not declared is refused, and what is given twice.
    pub fn of_command(
        declared: &'static [Parameter],
        json: &'a str,
    ) -> Result<Parameters<'a>, ParameterError> {
        let members: JsonObject<'a> =
            serde_json::from_str(json).map_err(|error| ParameterError::NoObject(error.to_string()))?;
        let given = members.into_iter().filter(|(name, _)| name != TYPE);
        let mut parameters = Parameters::read(declared, given.map(|(name, json)| (name, Value::Json(json))))?;
        parameters.0.retain(|given| !matches!(given.value, Value::Json(json) if json.get() == "null"));
        Ok(parameters)
    }

    /// Reads those headers of a STOMP frame that are options; the others are
    /// somebody else's. Of one that is repeated the first counts (STOMP 1.2,
    /// "Repeated Header Entries"), but two spellings of one are refused.
    pub fn of_headers(
        declared: &'static [Parameter],
        headers: impl IntoIterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
    ) -> Result<Parameters<'a>, ParameterError> {
        let mut parameters = Parameters::default();
        for (name, value) in headers {
            let Some(parameter) = declared.iter().find(|parameter| parameter.is_called(&name)) else {
                continue;
            };
            if parameters.find(parameter).is_none_or(|given| given.spelled != name) {
                parameters.add(parameter, name, Value::Text(value))?;
            }
        }
        Ok(parameters)
    }

    fn read(
        declared: &'static [Parameter],
        given: impl Iterator<Item = (Cow<'a, str>, Value<'a>)>,
    ) -> Result<Parameters<'a>, ParameterError> {
        let mut parameters = Parameters::default();
        for (name, value) in given {
            match declared.iter().find(|parameter| parameter.is_called(&name)) {
                Some(parameter) => parameters.add(parameter, name, value)?,
                None if is_ignored(&name) => {}
                None => {
                    return Err(ParameterError::Unknown { name: excerpt(&name), known: in_words(declared) });
                }
            }
        }
        Ok(parameters)
    }

    fn add(
        &mut self,
        parameter: &'static Parameter,
        spelled: Cow<'a, str>,
        value: Value<'a>,
    ) -> Result<(), ParameterError> {
        if let Some(first) = self.find(parameter) {
            let (first, second) = (excerpt(&first.spelled), excerpt(&spelled));
            return Err(ParameterError::Repeated { name: parameter.name, first, second });
        }
        self.0.push(Argument { parameter, spelled, value });
        Ok(())
    }

    fn find(&self, parameter: &Parameter) -> Option<&Argument<'a>> {
        self.0.iter().find(|given| given.parameter == parameter)
    }

    /// The text of a parameter's value; of JSON that is no string, its own
    /// text: a number by its digits.
    pub fn text(&self, parameter: &Parameter) -> Option<Cow<'_, str>> {
        match &self.find(parameter)?.value {
            Value::Text(text) => Some(Cow::Borrowed(text)),
            Value::Json(json) => Some(string(json).map_or(Cow::Borrowed(json.get()), Cow::Owned)),
        }
    }

    /// The parameters that were given, with the texts of their values, in the order in which they were given.
    pub fn texts(&self) -> impl Iterator<Item = (&'static Parameter, Cow<'_, str>)> {
        self.0.iter().filter_map(|given| Some((given.parameter, self.text(given.parameter)?)))
    }

    /// The items of a list: a text's, separated by commas; the strings of a
    /// JSON array, or a JSON string as the only one.
    pub fn list(&self, parameter: &Parameter) -> Result<Option<Vec<String>>, ParameterError> {
        let Some(given) = self.find(parameter) else { return Ok(None) };
        let json = match &given.value {
            Value::Text(text) => {
                return Ok(Some(text.split(',').map(|item| item.trim().to_owned()).collect()));
            }
            Value::Json(json) => json.get(),
        };
        let items = if json.starts_with('[') {
            serde_json::from_str(json)
        } else {
            serde_json::from_str(json).map(|only| vec![only])
        };
        let wrong = |_| parameter.wrong_value("must be a string or a list of strings", json);
        items.map(Some).map_err(wrong)
    }
}

/// The content of a JSON string.
fn string(json: &RawValue) -> Option<String> {
    json.get().starts_with('"').then(|| serde_json::from_str(json.get()).ok())?
}

/// "are a, b and c".
fn in_words(declared: &[Parameter]) -> String {
    match declared {
        [] => "are none".to_owned(),
        [only] => format!("is only {}", only.name),
        [rest @ .., last] => {
            let rest: Vec<_> = rest.iter().map(Parameter::name).collect();
            format!("are {} and {}", rest.join(", "), last.name)
        }
    }
}

/// The beginning of what was sent, for the error.
fn excerpt(text: &str) -> String {
    text.chars().take(EXCERPT_CHARS).collect()
}

/// A whole number; the nearest there is to one that has more digits than fit,
/// for that is still a number.
pub fn whole(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let beyond = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Some(text.parse().unwrap_or(beyond))
}

/// A parameter that is a whole number, with its bounds and default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Count {
    /// Its name.
    pub parameter: Parameter,
    /// Value if it is not given.
    pub default: usize,
    /// Less than this is refused.
    pub min: usize,
    /// More than this is taken as this.
    pub max: usize,
}

impl Count {
    /// The number given, or the default.
    pub fn read(&self, given: &Parameters<'_>) -> Result<usize, ParameterError> {
        let Some(text) = given.text(&self.parameter) else { return Ok(self.default) };
        let number = whole(&text).and_then(|number| usize::try_from(number).ok());
        let number = number.filter(|number| *number >= self.min).ok_or_else(|| {
            self.parameter.wrong(format!("must be a whole number of at least {}", self.min))
        })?;
        Ok(number.min(self.max))
    }
}

#[cfg(test)]
mod tests;
