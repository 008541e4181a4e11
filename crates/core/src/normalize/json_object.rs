//! A JSON object, member by member.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Keys and values in the order they came, borrowed from the input.
pub(crate) struct JsonObject<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> JsonObject<'a> {
    /// The members of a value, if it is an object.
    pub(super) fn of(value: &'a RawValue) -> Option<JsonObject<'a>> {
        serde_json::from_str(value.get()).ok()
    }
}

impl<'a> IntoIterator for JsonObject<'a> {
    type Item = (Cow<'a, str>, &'a RawValue);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for JsonObject<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = JsonObject<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonObject<'de>, A::Error> {
                let mut entries = Vec::with_capacity(8);
                while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                    entries.push((unquoted(key.get()).unwrap_or_default(), value));
                }
                Ok(JsonObject(entries))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

/// Text of a JSON string, borrowed unless something in it is escaped. Half of a surrogate pair is U+FFFD.
pub(super) fn unquoted(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str(&hub_json::mend_text(json)).ok().map(Cow::Owned)
}
