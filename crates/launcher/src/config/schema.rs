//! Which keys there are and what each takes, read off the defaults.

use std::collections::BTreeMap;

use ::config::{Map, Value, ValueKind};
use serde::Serialize;

use super::error::ConfigError;

/// The keys that take one text or several: that their default is one does not
/// show it.
const ONE_OR_MORE: &str = ".bind";

/// Keys that differ in more letters are not taken for each other.
const SIMILAR: usize = 3;

/// Type of the values that a key takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ValueType {
    Bool,
    /// All whole numbers of the configuration are counts, sizes or durations.
    Whole,
    Number,
    Text,
    /// A text that may be absent.
    OptionalText,
    /// A list of texts.
    Texts,
    /// A text or a list of texts.
    OneOrMoreTexts,
}

impl ValueType {
    fn of(key: &str, default: &ValueKind) -> ValueType {
        match default {
            _ if key.ends_with(ONE_OR_MORE) => ValueType::OneOrMoreTexts,
            ValueKind::Boolean(_) => ValueType::Bool,
            ValueKind::I64(_) | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) => {
                ValueType::Whole
            }
            ValueKind::Float(_) => ValueType::Number,
            ValueKind::Nil => ValueType::OptionalText,
            ValueKind::Array(_) => ValueType::Texts,
            ValueKind::String(_) | ValueKind::Table(_) => ValueType::Text,
        }
    }

    /// Requirement, in words, for whoever gave something else.
    pub(super) fn must_be(self) -> &'static str {
        match self {
            ValueType::Bool => "must be true or false",
            ValueType::Whole => "must be a whole number, 0 or more",
            ValueType::Number => "must be a number",
            ValueType::Text | ValueType::OptionalText => "must be a text",
            ValueType::Texts => "must be a list of texts",
            ValueType::OneOrMoreTexts => "must be a text or a list of texts",
        }
    }

    /// True for a value from a file that is of this type. The `config` crate alone would round 1.5 to 2 and
    /// read "yes" as 1.
    pub(super) fn accepts(self, value: &ValueKind) -> bool {
        match (self, value) {
            (ValueType::Bool, ValueKind::Boolean(_))
            | (ValueType::Number, ValueKind::Float(_) | ValueKind::I64(_))
            | (ValueType::Text | ValueType::OptionalText | ValueType::OneOrMoreTexts, ValueKind::String(_)) => {
                true
            }
            (ValueType::Whole, ValueKind::I64(number)) => *number >= 0,
            (ValueType::Texts | ValueType::OneOrMoreTexts, ValueKind::Array(items)) => {
                items.iter().all(|item| matches!(item.kind, ValueKind::String(_)))
            }
            _ => false,
        }
    }

    /// The value an environment variable's text means, if it means one.
    pub(super) fn read(self, text: &str) -> Option<ValueKind> {
        match self {
            ValueType::Bool => text.parse().ok().map(ValueKind::Boolean),
            ValueType::Whole => text.parse().ok().filter(|number| *number >= 0).map(ValueKind::I64),
            ValueType::Number => text.parse().ok().map(ValueKind::Float),
            ValueType::OneOrMoreTexts if text.contains(',') => ValueType::Texts.read(text),
            ValueType::Text | ValueType::OneOrMoreTexts => Some(text.into()),
            // A variable can be set to nothing more easily than be unset.
            ValueType::OptionalText => Some(if text.is_empty() { ValueKind::Nil } else { text.into() }),
            ValueType::Texts if text.trim().is_empty() => Some(ValueKind::Array(Vec::new())),
            ValueType::Texts => Some(text.split(',').map(str::trim).collect::<Vec<_>>().into()),
        }
    }
}

/// The keys of the configuration, `section.key`, with their defaults.
pub(super) struct Schema {
    leaves: BTreeMap<String, ValueKind>,
    /// Sections that this build knows no keys of.
    left_out: &'static [&'static str],
}

impl Schema {
    /// The keys of a struct of structs, without the sections `left_out`. They are read by way of
    /// JSON, because the `config` crate's own serializer loses empty lists.
    pub(super) fn of(
        defaults: &impl Serialize,
        left_out: &'static [&'static str],
    ) -> Result<Schema, ConfigError> {
        let failed = |error: serde_json::Error| ConfigError::Layering(error.to_string());
        let tree = serde_json::to_value(defaults).map_err(failed)?;
        let root: Map<String, Value> = serde_json::from_value(tree).map_err(failed)?;
        Ok(Schema { leaves: flatten(root), left_out })
    }

    /// Every key with its built-in value.
    pub(super) fn defaults(&self) -> impl Iterator<Item = (&String, &ValueKind)> {
        self.leaves.iter()
    }

    /// Type of the values that a key takes; `None` if there is no such key.
    pub(super) fn value_type(&self, key: &str) -> Option<ValueType> {
        self.leaves.get(key).map(|default| ValueType::of(key, default))
    }

    /// True if `key` is the name of a section.
    pub(super) fn is_section(&self, key: &str) -> bool {
        self.leaves.keys().any(|leaf| leaf.split_once('.').is_some_and(|(section, _)| section == key))
    }

    /// True for a section that is left out, and for all keys in it.
    pub(super) fn passes_over(&self, key: &str) -> bool {
        self.left_out.iter().any(|section| key.split('.').next() == Some(section))
    }

    /// The key that was probably meant: one with few letters changed, or the
    /// same one in another section.
    pub(super) fn nearest(&self, key: &str) -> Option<&str> {
        let name = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
        let score = |leaf: &str| {
            if name(leaf) == name(key) { SIMILAR.min(distance(leaf, key)) } else { distance(leaf, key) }
        };
        let (leaf, score) =
            self.leaves.keys().map(|leaf| (leaf, score(leaf))).min_by_key(|(_, score)| *score)?;
        (score <= SIMILAR).then_some(leaf.as_str())
    }
}

/// Nested tables as dotted keys. An empty table stays, as a leaf.
pub(super) fn flatten(table: Map<String, Value>) -> BTreeMap<String, ValueKind> {
    let mut leaves = BTreeMap::new();
    let mut pending: Vec<(String, ValueKind)> =
        table.into_iter().map(|(key, value)| (key, value.kind)).collect();
    while let Some((key, kind)) = pending.pop() {
        match kind {
            ValueKind::Table(inner) if !inner.is_empty() => {
                pending.extend(inner.into_iter().map(|(name, value)| (format!("{key}.{name}"), value.kind)));
            }
            leaf => {
                leaves.insert(key, leaf);
            }
        }
    }
    leaves
}

/// Number of letters to insert, remove or replace (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        let mut left = i + 1;
        for ((other, diagonal), above) in b.iter().zip(&row).zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(letter != *other)).min(left + 1).min(above + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distance_counts_changed_letters() {
        assert_eq!(distance("flush_ms", "flush_ms"), 0);
        assert_eq!(distance("flush_ms", "flushms"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
