//! Ranges of numbers, as the fields of the sections declare them (`#[schemars(range(..))]`).

use std::fmt;

use ::config::ValueKind;
use hub_core::schema;
use serde_json::Value;

use super::Config;
use super::fault::Fault;
use super::layer::{Layer, topmost};

/// Numbers that a key takes.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Range {
    least: f64,
    most: Option<f64>,
}

impl Range {
    /// The range in the schema of a field, if that has one. A type's own least number, 0, is none.
    fn of(field: &Value) -> Option<Range> {
        let bound = |name| field.get(name).and_then(Value::as_f64);
        let range = Range { least: bound("minimum").unwrap_or(0.0), most: bound("maximum") };
        (range.least > 0.0 || range.most.is_some()).then_some(range)
    }

    /// False for a number that is none, too.
    fn contains(self, number: f64) -> bool {
        number >= self.least && self.most.is_none_or(|most| number <= most)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.most {
            Some(most) => write!(f, "must be {} to {most}", self.least),
            None => write!(f, "must be at least {}", self.least),
        }
    }
}

/// Holds each value that wins against the range of its key.
pub(super) fn check(layers: &[Layer]) -> Result<(), Fault> {
    for (key, range) in all() {
        let number = topmost(layers, &key).and_then(|entry| number(&entry.value));
        if number.is_some_and(|number| !range.contains(number)) {
            return Err(Fault::new(key, range.to_string()));
        }
    }
    Ok(())
}

/// Every key that has a range, with it.
fn all() -> Vec<(String, Range)> {
    let schema = schema::of::<Config>();
    let mut found = Vec::new();
    for (section, keys) in members(schema.as_value()) {
        for (key, field) in members(keys) {
            found.extend(Range::of(field).map(|range| (format!("{section}.{key}"), range)));
        }
    }
    found
}

fn members(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

fn number(value: &ValueKind) -> Option<f64> {
    match value {
        ValueKind::I64(number) => Some(*number as f64),
        ValueKind::U64(number) => Some(*number as f64),
        ValueKind::Float(number) => Some(*number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::layer::variable_of;
    use super::*;

    /// Numbers outside `[limits]` that may be as large as their type allows.
    const ENDLESS: [&str; 12] = [
        "demo.seed",
        "rttm.dlq_critical",
        "rttm.dlq_warning",
        "rttm.errors_critical",
        "rttm.errors_warning",
        "rttm.lag_critical",
        "rttm.lag_warning",
        "rttm.latency_critical_ms",
        "rttm.latency_warning_ms",
        "rttm.tps_critical",
        "rttm.tps_warning",
        // 0, or a range that begins above it: `check.rs`.
        "server.tls_reload_ms",
    ];

    /// Numbers in `[limits]` that may be 0, which means none or no limit, or that have a rule of their own.
    const FROM_ZERO: [&str; 6] = [
        "limits.connections",
        "limits.log_queue_records",
        "limits.queue_bytes",
        "limits.session_bytes_per_second",
        "limits.sessions_per_address",
        "limits.transactions_per_session",
    ];

    fn set(key: &str, number: f64) -> Result<Config, String> {
        let variable = (variable_of(key), number.to_string());
        Config::load(None, [variable].into_iter()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_number_is_taken_at_the_ends_of_its_range_and_refused_beyond() {
        for (key, range) in all() {
            let words = range.to_string();
            for end in [Some(range.least), range.most].into_iter().flatten() {
                // Keys that contradict it then are refused for another reason.
                assert!(set(&key, end).err().is_none_or(|error| !error.ends_with(&words)), "{key} = {end}");
            }
            let below = (range.least > 0.0).then_some(range.least - 1.0);
            for beyond in [below, range.most.map(|most| most + 1.0)].into_iter().flatten() {
                let error = set(&key, beyond).unwrap_err();
                if beyond > f64::from(u32::MAX) {
                    assert!(error.contains("must be an unsigned 32 bit integer"), "beyond its type: {error}");
                    continue;
                }
                assert!(
                    error.starts_with(&format!("{key} = {beyond}")) && error.ends_with(&words),
                    "{error}"
                );
            }
        }
    }

    #[test]
    fn every_number_has_a_range_or_is_listed() {
        let ranges = all();
        let defaults = serde_json::to_value(Config::default()).unwrap();
        let mut without = Vec::new();
        for (section, keys) in defaults.as_object().unwrap() {
            for (key, _) in keys.as_object().unwrap().iter().filter(|(_, value)| value.is_number()) {
                let key = format!("{section}.{key}");
                let range = ranges.iter().find(|(ranged, _)| *ranged == key);
                let is_bounded = range.is_some_and(|(_, range)| range.most.is_some() || section == "limits");
                if !is_bounded {
                    without.push(key);
                }
            }
        }
        without.sort_unstable();
        let mut listed = [&ENDLESS[..], &FROM_ZERO[..]].concat();
        listed.sort_unstable();
        assert_eq!(without, listed);
    }
}
