//! Points in time: UTC, millisecond resolution.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z. Printed as ISO-8601 with
/// milliseconds and `Z`, always 24 characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// 9999-12-31T23:59:59.999Z: the last instant with a four-digit year.
const LAST_MILLIS: i64 = 253_402_300_799_999;

impl Timestamp {
    /// From milliseconds since the Unix epoch; `None` before 1970 or after
    /// the year 9999, which no event of the platform can mean.
    pub fn from_millis(millis: i64) -> Option<Timestamp> {
        (0..=LAST_MILLIS).contains(&millis).then_some(Timestamp(millis))
    }

    /// Milliseconds since the Unix epoch.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// This instant plus `millis`, within the representable range.
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(millis).clamp(0, LAST_MILLIS))
    }

    /// The whole second this instant lies in.
    pub fn second(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or_default();
        f.write_str(&instant.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// A text that is no point in time.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be an ISO-8601 date and time between 1970 and 9999, such as 2026-02-07T10:30:00.000Z")]
pub struct TimestampError;

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// ISO-8601 with an offset or `Z`; without either it is taken as UTC,
    /// since the platform's services send zone-less UTC (BUG-A14).
    fn from_str(text: &str) -> Result<Timestamp, TimestampError> {
        let millis = match DateTime::parse_from_rfc3339(text) {
            Ok(instant) => instant.timestamp_millis(),
            Err(_) => NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
                .map_err(|_| TimestampError)?
                .and_utc()
                .timestamp_millis(),
        };
        Timestamp::from_millis(millis).ok_or(TimestampError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_brought_to_utc_and_a_missing_zone_is_utc() {
        for text in
            ["2026-02-07T10:30:00.123456Z", "2026-02-07T16:00:00.123+05:30", "2026-02-07T10:30:00.123"]
        {
            let parsed: Timestamp = text.parse().unwrap();
            assert_eq!(parsed.to_string(), "2026-02-07T10:30:00.123Z", "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "yesterday",
            "2026-02-30T00:00:00Z",
            "2026-02-07",
            "1969-12-31T23:59:59Z",
            "+12026-01-01T00:00:00Z",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }
}
