//! A STOMP frame.

use std::fmt::{self, Write as _};

use serde_json::Value;

use super::Version;
use super::escape::escape;
use crate::error::excerpt;
use crate::{Error, Result, http};

/// A frame, its headers unescaped and in the order they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The command, such as `MESSAGE`.
    pub command: String,
    /// Name and value; where a name is repeated, the first one counts.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Frame {
    /// A frame with these headers and no body.
    pub fn new(command: &str, headers: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self { command: command.to_owned(), headers: headers.iter().map(owned).collect(), body: Vec::new() }
    }

    /// The first value of the header `name`.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The first value of the header `name`, which has to be there.
    pub fn require(&self, name: &str) -> Result<&str> {
        self.header(name).ok_or_else(|| Error::unexpected(format!("a {name} header"), self.to_string()))
    }

    /// The body as UTF-8.
    pub fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.body).map_err(|_| Error::unexpected("a body in UTF-8", self.to_string()))
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<Value> {
        http::json(&self.body)
    }

    /// The frame as it goes over the wire, headers escaped as `version` has it; nothing is added.
    pub fn encode(&self, version: Version) -> Vec<u8> {
        let escaped = |text: &str| escape(version, &self.command, text);
        let mut out = format!("{}\n", self.command);
        for (name, value) in &self.headers {
            let _ = writeln!(out, "{}:{}", escaped(name), escaped(value));
        }
        out.push('\n');
        let mut out = out.into_bytes();
        out.extend_from_slice(&self.body);
        out.push(0);
        out
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}, body {}", self.command, self.headers, excerpt(&self.body))
    }
}
