//! Values that one file or the environment sets.

use std::collections::BTreeMap;
use std::path::Path;

use ::config::{ConfigError as LayerError, FileFormat, Map, Source, Value, ValueKind};

use super::error::{ConfigError, Origin};
use super::schema::{Schema, flatten};

/// Prefix of all environment variables of the hub.
const PREFIX: &str = "PMS_HUB__";

/// Characters of a wrong value that a message repeats, at most.
const VALUE_MAX_CHARS: usize = 80;

/// A value and where it was set.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) value: ValueKind,
    pub(super) origin: Origin,
}

/// Keys with values of the right type; everything else was refused.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    entries: BTreeMap<String, Entry>,
}

impl Layer {
    /// The layer of built-in values.
    pub(super) fn from_defaults(schema: &Schema) -> Layer {
        let entry = |value: &ValueKind| Entry { value: value.clone(), origin: Origin::Default };
        Layer { entries: schema.defaults().map(|(key, value)| (key.clone(), entry(value))).collect() }
    }

    /// Reads a TOML file.
    pub(super) fn from_file(path: &Path, schema: &Schema) -> Result<Layer, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|cause| ConfigError::Unreadable { path: path.to_owned(), cause })?;
        let table = ::config::File::from_str(&text, FileFormat::Toml)
            .collect()
            .map_err(|error| ConfigError::Syntax { path: path.to_owned(), reason: one_line(&error) })?;
        let mut layer = Layer::default();
        for (key, value) in flatten(table) {
            if schema.passes_over(&key) {
                continue;
            }
            let entry = Entry { value, origin: Origin::File(path.to_owned()) };
            match schema.value_type(&key) {
                Some(value_type) if value_type.accepts(&entry.value) => {
                    layer.entries.insert(key, entry);
                }
                Some(value_type) => return Err(entry.refused(&key, value_type.must_be())),
                None if !schema.is_section(&key) => return Err(unknown(&key, entry.origin, schema)),
                None if matches!(entry.value, ValueKind::Table(_)) => {}
                None => return Err(entry.refused(&key, &format!("must be a section, [{key}]"))),
            }
        }
        Ok(layer)
    }

    /// Reads those variables that are the hub's.
    pub(super) fn from_environment(
        variables: impl Iterator<Item = (String, String)>,
        schema: &Schema,
    ) -> Result<Layer, ConfigError> {
        // Sorted, so that of two faults the same one is always reported.
        let variables: BTreeMap<String, String> =
            variables.filter(|(name, _)| name.starts_with(PREFIX)).collect();
        let mut layer = Layer::default();
        for (name, text) in variables {
            let key = key_of(&name);
            if schema.passes_over(&key) {
                continue;
            }
            let Some(value_type) = schema.value_type(&key).filter(|_| variable_of(&key) == name) else {
                let suggestion = schema.nearest(&key).map(variable_of);
                return Err(ConfigError::UnknownKey { key, origin: Origin::Environment(name), suggestion });
            };
            let origin = Origin::Environment(name);
            match value_type.read(&text) {
                Some(value) => layer.entries.insert(key, Entry { value, origin }),
                None => return Err(Entry { value: text.into(), origin }.refused(&key, value_type.must_be())),
            };
        }
        Ok(layer)
    }

    /// The value that this layer sets `key` to, if it does.
    fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }
}

/// The value of `key` that wins, and where it was set.
pub(super) fn topmost<'l>(layers: &'l [Layer], key: &str) -> Option<&'l Entry> {
    layers.iter().rev().find_map(|layer| layer.get(key))
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, LayerError> {
        Ok(self
            .entries
            .iter()
            .map(|(key, entry)| (key.clone(), Value::new(None, entry.value.clone())))
            .collect())
    }
}

impl Entry {
    /// The error of having this value.
    pub(super) fn refused(self, key: &str, reason: &str) -> ConfigError {
        let mut value = written(&self.value);
        if let Some((end, _)) = value.char_indices().nth(VALUE_MAX_CHARS) {
            value.truncate(end);
            value.push_str("...");
        }
        ConfigError::Value { key: key.to_owned(), value, origin: self.origin, reason: reason.to_owned() }
    }
}

fn unknown(key: &str, origin: Origin, schema: &Schema) -> ConfigError {
    let suggestion = schema.nearest(key).map(str::to_owned);
    ConfigError::UnknownKey { key: key.to_owned(), origin, suggestion }
}

/// `PMS_HUB__SERVER__FLUSH_MS` is `server.flush_ms`.
fn key_of(variable: &str) -> String {
    variable.strip_prefix(PREFIX).unwrap_or(variable).replace("__", ".").to_lowercase()
}

/// The one variable that sets a key.
pub(super) fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

/// A value as TOML would write it, on one line.
fn written(value: &ValueKind) -> String {
    match value {
        ValueKind::String(text) => format!("{text:?}"),
        ValueKind::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| written(&item.kind)).collect();
            format!("[{}]", items.join(", "))
        }
        ValueKind::Table(_) => "{}".to_owned(),
        ValueKind::Nil => "(unset)".to_owned(),
        ValueKind::Float(number) => format!("{number:?}"),
        number => number.to_string(),
    }
}

/// A TOML error draws the line at fault (`2 | flush_ms = `) below its position
/// and above its message; line and column are in the position already.
fn one_line(error: &LayerError) -> String {
    let text = error.to_string();
    let drawing = |line: &str| line.split_whitespace().take(2).any(|word| word == "|");
    let words: Vec<&str> =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !drawing(line)).collect();
    words.join(": ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_said_of_a_service_that_is_left_out_is_passed_over() {
        let schema = Schema::of(&json!({ "server": { "flush_ms": 100 } }), &["weather"]).unwrap();
        let known = ["server.flush_ms"];
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hub.toml");
        std::fs::write(&path, "[weather]\nforecast = 'rain'\n[server]\nflush_ms = 7\n").unwrap();
        let file = Layer::from_file(&path, &schema).unwrap();
        assert_eq!(file.entries.keys().collect::<Vec<_>>(), known);

        let variables = ["WEATHER__FORECAST", "SERVER__FLUSH_MS"].map(|name| format!("{PREFIX}{name}"));
        let variables = variables.into_iter().map(|name| (name, "7".to_owned()));
        let environment = Layer::from_environment(variables, &schema).unwrap();
        assert_eq!(environment.entries.keys().collect::<Vec<_>>(), known);

        std::fs::write(&path, "[climate]\n").unwrap();
        assert!(Layer::from_file(&path, &schema).is_err(), "nobody knows that section");
    }
}
