//! JSON objects, written field by field: amounts are numbers by their digits.

use std::fmt::{self, Display};
use std::io::Write as _;

use bytes::Bytes;
use hub_core::Timestamp;

/// An object that is being written.
pub(crate) struct Object<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

/// Appends `{...}` with the fields that `fill` adds.
pub(crate) fn object(out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
    out.push(b'{');
    fill(&mut Object { out, is_empty: true });
    out.push(b'}');
}

/// `{"type":kind,"data":{...}}`.
pub(crate) fn message(kind: &str, fill: impl FnOnce(&mut Object<'_>)) -> Bytes {
    let mut out = Vec::with_capacity(256);
    put(&mut out, format_args!(r#"{{"type":"{kind}","data":"#));
    object(&mut out, fill);
    out.push(b'}');
    Bytes::from(out)
}

impl Object<'_> {
    /// A number, or `true` or `false`, by its `Display`.
    pub(crate) fn number(&mut self, name: &str, value: impl Display) {
        self.name(name);
        put(self.out, format_args!("{value}"));
    }

    /// A string, escaped.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        // Writing a string to a Vec does not fail.
        let _ = serde_json::to_writer(&mut *self.out, text);
    }

    /// ISO-8601 with milliseconds, UTC.
    pub(crate) fn time(&mut self, name: &str, time: Timestamp) {
        self.name(name);
        put(self.out, format_args!(r#""{time}""#));
    }

    /// That what is shown is as of this time, where it was worked out with a price of then that is stale.
    pub(crate) fn stale(&mut self, as_of: Option<Timestamp>) {
        if let Some(as_of) = as_of {
            self.number("stale", true);
            self.time("asOf", as_of);
        }
    }

    /// Null if there is none.
    pub(crate) fn optional<T>(
        &mut self,
        name: &str,
        value: Option<T>,
        write: impl FnOnce(&mut Self, &str, T),
    ) {
        match value {
            Some(value) => write(self, name, value),
            None => self.number(name, "null"),
        }
    }

    fn name(&mut self, name: &str) {
        let comma = if std::mem::take(&mut self.is_empty) { "" } else { "," };
        put(self.out, format_args!(r#"{comma}"{name}":"#));
    }
}

fn put(out: &mut Vec<u8>, arguments: fmt::Arguments<'_>) {
    // Writing to a Vec does not fail.
    let _ = out.write_fmt(arguments);
}
