//! One JSON object, read by serde alone and written in other words that mean the same.

use std::collections::BTreeMap;
use std::fmt;

use hub_core::{Event, Timestamp, normalize};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Fields that take a number or a numeric string.
const NUMBERS: [&str; 12] = [
    "price",
    "buyPrice",
    "sellPrice",
    "quantity",
    "avgRateOfReturn",
    "sharpeRatio",
    "sortinoRatio",
    "pricePerStock",
    "partitionId",
    "producedOffset",
    "consumedOffset",
    "offsetValue",
];

/// Fields that take a time.
const TIMES: [&str; 3] = ["timestamp", "eventTime", "snapshotTime"];

/// Keys in order and their values as JSON; of a key that is given twice, the last.
pub(super) struct Object(Vec<(String, String)>);

impl Object {
    /// The object a text is, if it is one. Halves of characters are replaced in all of it.
    pub(super) fn of(raw: &[u8]) -> Option<Object> {
        let fields: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(&hub_json::mend(raw)).ok()?;
        Some(Object(fields.into_iter().map(|(key, value)| (key, value.get().to_owned())).collect()))
    }

    /// True if no field is given twice, by whichever of its names: then the order of members means nothing.
    pub(super) fn is_plain(raw: &[u8]) -> bool {
        let Ok(Keys(keys)) = serde_json::from_slice(&hub_json::mend(raw)) else { return false };
        let mut fields: Vec<String> = keys.iter().map(|key| field(key)).collect();
        fields.sort_unstable();
        fields.windows(2).all(|two| two[0] != two[1]) && !fields.iter().any(|field| field == "id")
    }

    /// The item that means an event: what the log keeps of it, in the words of those who send it.
    pub(super) fn of_event(event: &Event) -> Object {
        // A fact within another is not kept in those.
        if matches!(event, Event::Upstream(_)) {
            let text = normalize::canonical(event).expect("what an item means is written as one");
            return Object::of(text.as_bytes()).expect("an object");
        }
        let Ok(Value::Object(tagged)) = serde_json::to_value(event) else { panic!("no object: {event:?}") };
        let (_, value) = tagged.into_iter().next().expect("a tag");
        let Value::Object(fields) = value else { panic!("no object: {event:?}") };
        Object::of_fields(fields)
    }

    fn of_fields(fields: Map<String, Value>) -> Object {
        let sent = |key: String| if key == "lotPrice" { "buyPrice".to_owned() } else { key };
        Object(fields.into_iter().map(|(key, value)| (sent(key), value.to_string())).collect())
    }

    pub(super) fn text(&self) -> String {
        let key = |key: &str| Value::from(key).to_string();
        let fields: Vec<_> = self.0.iter().map(|(name, value)| format!("{}:{value}", key(name))).collect();
        format!("{{{}}}", fields.join(","))
    }

    /// The number, or the numeric string, that a field holds.
    pub(super) fn number(&self, name: &str) -> Option<String> {
        let (_, value) = self.0.iter().find(|(key, _)| key == name)?;
        let text = serde_json::from_str::<String>(value).ok();
        text.or_else(|| is_number(value).then(|| value.clone()))
    }

    /// The same in all ways that differ.
    pub(super) fn spellings(&self) -> Vec<Object> {
        vec![
            self.with_values(|_, value| value.to_owned()),
            self.with_keys(snake_case),
            self.with_values(|key, value| if is_numeric(key) { unquoted(value) } else { value.to_owned() }),
            self.with_times(iso),
            self.with_times(|value| iso(value).replace('T', " ").replace('Z', "+00")),
            self.with_times(|value| {
                iso(value).replace('T', "t").replace('.', ",").replace('Z', "-0000[Etc/UTC]")
            }),
            self.with_nested_id(),
            self.with_quoted_numbers(),
        ]
    }

    /// The same under other names: evidence is kept as it came.
    pub(super) fn names(&self) -> Vec<Object> {
        vec![self.with_values(|_, value| value.to_owned()), self.with_keys(snake_case), self.with_nested_id()]
    }

    /// Numbers as strings of the same digits.
    pub(super) fn with_quoted_numbers(&self) -> Object {
        let quotes = |key: &str, value: &str| (is_numeric(key) || TIMES.contains(&key)) && is_number(value);
        self.with_values(
            |key, value| if quotes(key, value) { format!("\"{value}\"") } else { value.to_owned() },
        )
    }

    fn with_values(&self, value: impl Fn(&str, &str) -> String) -> Object {
        Object(self.0.iter().map(|(key, old)| (key.clone(), value(key, old))).collect())
    }

    fn with_times(&self, time: impl Fn(&str) -> String) -> Object {
        self.with_values(|key, value| if TIMES.contains(&key) { time(value) } else { value.to_owned() })
    }

    fn with_keys(&self, key: impl Fn(&str) -> String) -> Object {
        Object(self.0.iter().map(|(old, value)| (key(old), value.clone())).collect())
    }

    /// `id.portfolioId` and `id.symbol`; whatever else is called so comes after them.
    fn with_nested_id(&self) -> Object {
        let is_nested = |key: &str| matches!(key, "portfolioId" | "symbol");
        let of = |nested| self.0.iter().filter(move |(key, _)| is_nested(key) == nested).cloned().collect();
        let (inner, mut fields): (Vec<_>, Vec<_>) = (of(true), of(false));
        if !inner.is_empty() {
            fields.push(("id".to_owned(), Object(inner).text()));
        }
        Object(fields)
    }
}

/// The letters of a key; of words for one field the same.
fn field(key: &str) -> String {
    let letters: String = key.chars().filter(|letter| !matches!(letter, '-' | '_')).collect();
    match letters.to_ascii_lowercase().as_str() {
        "qty" => "quantity",
        "ticker" => "symbol",
        "lotprice" => "buyprice",
        "priceperstock" => "price",
        "portfolioname" => "name",
        "sectorname" => "sector",
        "avgreturn" => "avgrateofreturn",
        "sharpe" => "sharperatio",
        "sortino" => "sortinoratio",
        other => return other.to_owned(),
    }
    .to_owned()
}

/// The keys of an object, as often as they come.
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Keys, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Keys;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, _)) = map.next_entry::<String, IgnoredAny>()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

fn is_numeric(key: &str) -> bool {
    NUMBERS.contains(&key)
}

fn is_number(json: &str) -> bool {
    json.starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

fn unquoted(json: &str) -> String {
    json.trim_matches('"').to_owned()
}

/// Milliseconds as ISO-8601; what is a text has more than milliseconds, and stays.
fn iso(json: &str) -> String {
    let Ok(millis) = json.parse() else { return json.to_owned() };
    format!("\"{}\"", Timestamp::from_millis(millis).expect("milliseconds"))
}

fn snake_case(key: &str) -> String {
    key.chars().fold(String::new(), |mut out, c| {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
        out
    })
}

/// A number without what does not count: `-012.50e1` is -125, times 10 to the 0.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Digits {
    negative: bool,
    significant: String,
    pub(super) exponent: i64,
}

impl Digits {
    pub(super) fn of(text: &str) -> Digits {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{}{fraction}", whole.trim_start_matches('-'));
        let significant = all.trim_matches('0').to_owned();
        if significant.is_empty() {
            return Digits { negative: false, significant, exponent: 0 };
        }
        let len = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
        let zeros = len(&all) - len(all.trim_end_matches('0'));
        let exponent = exponent.parse::<i64>().unwrap_or(0) + zeros - len(fraction);
        Digits { negative: text.starts_with('-'), significant, exponent }
    }
}

#[cfg(test)]
mod tests {
    use super::Digits;

    #[test]
    fn digits_are_compared_by_value() {
        for (one, other) in [("1.50", "15e-1"), ("-0", "0.00"), ("1200", "1.2E+3"), ("-012.50e1", "-125")] {
            assert_eq!(Digits::of(one), Digits::of(other), "{one} {other}");
        }
        assert_ne!(Digits::of("1.5"), Digits::of("1.05"));
        assert_ne!(Digits::of("-1"), Digits::of("1"));
    }
}
