//! A JSON object being written.

use hub_core::Timestamp;

use super::spelling::Spelling;

/// A JSON object being written. Numbers are written by their digits, which
/// `serde_json`'s own would take through a binary float.
pub(super) struct Object {
    out: String,
    spelling: Spelling,
}

impl Default for Object {
    /// Names are written as they are given.
    fn default() -> Object {
        Object::spelled(Spelling::Plain)
    }
}

impl Object {
    /// Names are given in `camelCase` and written as `spelling` does.
    pub(super) fn spelled(spelling: Spelling) -> Object {
        Object { out: String::new(), spelling }
    }

    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.number(name, &serde_json::Value::from(text).to_string());
    }

    pub(super) fn number(&mut self, name: &str, digits: &str) {
        let before = if self.out.is_empty() { '{' } else { ',' };
        self.out.push(before);
        self.out.push('"');
        self.name(name);
        self.out.push_str("\":");
        self.out.push_str(digits);
    }

    /// A number, or, where the spelling wants it, its digits as a text.
    pub(super) fn value(&mut self, name: &str, digits: &str) {
        match self.spelling {
            Spelling::Snake => self.text(name, digits),
            Spelling::Plain | Spelling::Upstream => self.number(name, digits),
        }
    }

    /// ISO-8601, or, as the platform's services do, milliseconds since 1970.
    pub(super) fn time(&mut self, name: &str, time: Timestamp) {
        match self.spelling {
            Spelling::Plain => self.text(name, &time.to_string()),
            Spelling::Snake | Spelling::Upstream => self.value(name, &time.millis().to_string()),
        }
    }

    pub(super) fn end(mut self) -> String {
        self.out.push('}');
        self.out
    }

    fn name(&mut self, name: &str) {
        for letter in name.chars() {
            if self.spelling == Spelling::Snake && letter.is_ascii_uppercase() {
                self.out.push('_');
                self.out.push(letter.to_ascii_lowercase());
            } else {
                self.out.push(letter);
            }
        }
    }
}
