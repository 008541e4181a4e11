//! Form of a time within an event's JSON, and of one that is remembered.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Timestamp;

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&self.to_string_micros())
        } else {
            serializer.serialize_i64(self.micros())
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        if deserializer.is_human_readable() {
            return deserializer.deserialize_any(Form);
        }
        let micros = Timestamp::from_micros(i64::deserialize(deserializer)?);
        micros.ok_or_else(|| D::Error::custom("the time is out of range"))
    }
}

struct Form;

impl Visitor<'_> for Form {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("milliseconds since 1970, or an ISO-8601 date and time")
    }

    fn visit_i64<E: Error>(self, millis: i64) -> Result<Timestamp, E> {
        Timestamp::from_millis(millis).ok_or_else(|| E::custom("the time is out of range"))
    }

    fn visit_u64<E: Error>(self, millis: u64) -> Result<Timestamp, E> {
        self.visit_i64(i64::try_from(millis).unwrap_or(i64::MAX))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_survives_to_the_microsecond() {
        for (micros, json) in [
            (1_770_460_200_123_000, r#""2026-02-07T10:30:00.123000Z""#),
            (1_770_460_200_123_456, r#""2026-02-07T10:30:00.123456Z""#),
            (0, r#""1970-01-01T00:00:00.000000Z""#),
        ] {
            let time = Timestamp::from_micros(micros).unwrap();
            assert_eq!(serde_json::to_string(&time).unwrap(), json);
            assert_eq!(serde_json::from_str::<Timestamp>(json).unwrap(), time);
            let binary = rmp_serde::to_vec(&time).unwrap();
            assert_eq!(rmp_serde::from_slice::<Timestamp>(&binary).unwrap(), time);
            assert!(binary.len() <= 9, "{binary:?}");
        }
        let millis = serde_json::from_str::<Timestamp>("1770460200123").unwrap();
        assert_eq!(millis.micros(), 1_770_460_200_123_000);
        for json in ["-1", "1e3", "99999999999999999999", "true", r#""soon""#] {
            assert!(serde_json::from_str::<Timestamp>(json).is_err(), "{json}");
        }
        for micros in [-1, i64::MAX] {
            assert!(rmp_serde::from_slice::<Timestamp>(&rmp_serde::to_vec(&micros).unwrap()).is_err());
        }
    }
}
