//! Members of an item that nobody reads.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::object::shown;

/// The most names that are told of an item.
const NAMES_MAX: usize = 32;

/// Members of an item that nobody reads: they are facts of its sender's own, and change nothing here.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Unread {
    /// Their names as they came, each once, the first 64 characters of the first 32; that of a member of a nested
    /// object with its object's, as in `id.version`.
    pub names: Vec<String>,
    /// All of them as one JSON object; absent where there is none.
    pub json: Option<String>,
}

impl Unread {
    /// Notes what was said and not read; null says nothing.
    pub(super) fn of(members: &[(Cow<'_, str>, &RawValue)]) -> Unread {
        let mut unread = Unread::default();
        for (key, value) in members.iter().filter(|(_, value)| value.get() != "null") {
            let name = shown(key);
            if unread.names.len() < NAMES_MAX && !unread.names.contains(&name) {
                unread.names.push(name);
            }
            unread.add(key, value);
        }
        if let Some(json) = &mut unread.json {
            json.push('}');
        }
        unread
    }

    fn add(&mut self, key: &str, value: &RawValue) {
        let json = self.json.get_or_insert_default();
        json.push(if json.is_empty() { '{' } else { ',' });
        // A string always serializes.
        json.push_str(&serde_json::to_string(key).unwrap_or_default());
        json.push(':');
        json.push_str(value.get());
    }
}
