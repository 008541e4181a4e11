//! The status line and the header fields of a response.

use crate::error::excerpt;
use crate::{Error, Result};

/// Header fields in the order they came, names in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The first value of `name` (any case).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of `name` (any case), in order.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let name = name.to_ascii_lowercase();
        self.0.iter().filter(move |(field, _)| *field == name).map(|(_, value)| value.as_str())
    }

    /// True if the comma-separated list `name`, over all its lines, has `token` (any case).
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        self.all(name).flat_map(|list| list.split(',')).any(|item| item.trim().eq_ignore_ascii_case(token))
    }

    /// All fields: name in lower case, value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Head of a response: all that comes before the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: Headers,
}

impl Head {
    /// Reads the bytes before the empty line (RFC 9112, sections 4 and 5).
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let wrong = |what: &str| Error::unexpected(what, excerpt(bytes));
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("a response head in UTF-8"))?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(status).ok_or_else(|| wrong("a status line"))?;
        let fields: Option<Vec<_>> = lines.map(field).collect();
        Ok(Self { status, headers: Headers(fields.ok_or_else(|| wrong("header fields"))?) })
    }
}

fn status(line: &str) -> Option<u16> {
    let rest = line.strip_prefix("HTTP/1.1 ").or_else(|| line.strip_prefix("HTTP/1.0 "))?;
    let (code, reason) = rest.split_at_checked(3)?;
    let in_form =
        code.bytes().all(|byte| byte.is_ascii_digit()) && (reason.is_empty() || reason.starts_with(' '));
    code.parse().ok().filter(|code| in_form && (100..600).contains(code))
}

/// A name without blanks, `:`, a value without line ends.
fn field(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let in_form = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_graphic())
        && !value.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
    in_form.then(|| (name.to_ascii_lowercase(), value.trim_matches([' ', '\t']).to_owned()))
}
