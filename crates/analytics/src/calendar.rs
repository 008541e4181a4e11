//! The ends of days, in the time zone that they are days of.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use hub_core::settings::{Close, Closes};
use hub_core::{Date, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Days ahead for which the ends are worked out: a year, and what passes until it is done again.
const DAYS_AHEAD: i64 = 400;

/// A time zone, by its name in the tz database.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeZone(Tz);

/// A text that names no time zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be a time zone of the tz database, such as UTC or Asia/Kolkata")]
pub struct TimeZoneError;

/// A time of day at which a day ends: minutes from its midnight on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CloseTime(u16);

/// A text that is no time of day at which a day can end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be a time of day from 00:01 to 24:00, such as 17:30")]
pub struct CloseTimeError;

/// Minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;

impl Default for TimeZone {
    fn default() -> TimeZone {
        TimeZone(Tz::UTC)
    }
}

impl Default for CloseTime {
    fn default() -> CloseTime {
        CloseTime(DAY_MINUTES)
    }
}

impl TimeZone {
    /// The ends of the day that this time is in and of those after it. Time that a clock skips ends with it; of an hour
    /// that it shows twice the second counts.
    pub(crate) fn closes(self, time: CloseTime, now: Timestamp) -> Closes {
        let Some(now) = DateTime::<Utc>::from_timestamp_micros(now.micros()) else {
            return Closes::default();
        };
        let today = now.with_timezone(&self.0).date_naive();
        // A day that ends at its noon may have ended, and that of yesterday not yet, where a clock was set back.
        (-1..DAYS_AHEAD).filter_map(|days| self.close(today + TimeDelta::days(days), time)).collect()
    }

    fn close(self, day: NaiveDate, time: CloseTime) -> Option<Close> {
        let local = day.and_hms_opt(0, 0, 0)? + TimeDelta::minutes(time.0.into());
        let at = Timestamp::from_micros(self.instant(local)?.timestamp_micros())?;
        Some(Close { date: Date::from_days(day.to_epoch_days())?, at })
    }

    fn instant(self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        let found = self.0.from_local_datetime(&local).latest();
        let skipped = || {
            // No clock skips more than a day (Samoa did, in 2011).
            (1..=u32::from(DAY_MINUTES)).find_map(|minutes| {
                self.0.from_local_datetime(&(local + TimeDelta::minutes(minutes.into()))).earliest()
            })
        };
        found.or_else(skipped).map(|at| at.to_utc())
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl FromStr for TimeZone {
    type Err = TimeZoneError;

    fn from_str(text: &str) -> Result<TimeZone, TimeZoneError> {
        text.parse().map(TimeZone).map_err(|_| TimeZoneError)
    }
}

impl fmt::Display for CloseTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for CloseTime {
    type Err = CloseTimeError;

    fn from_str(text: &str) -> Result<CloseTime, CloseTimeError> {
        let number = |digits: &str| {
            let is_one = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_one.then(|| digits.parse::<u16>().ok()).flatten()
        };
        let minutes = text.split_once(':').and_then(|(hours, minutes)| {
            let minutes = number(minutes).filter(|minutes| *minutes < 60)?;
            Some(number(hours)? * 60 + minutes)
        });
        minutes.filter(|minutes| (1..=DAY_MINUTES).contains(minutes)).map(CloseTime).ok_or(CloseTimeError)
    }
}

macro_rules! as_text {
    ($($name:ident)*) => {
        $(
            impl JsonSchema for $name {
                fn schema_name() -> Cow<'static, str> {
                    stringify!($name).into()
                }

                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    json_schema!({ "type": "string" })
                }
            }

            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                    let text = String::deserialize(deserializer)?;
                    text.parse().map_err(serde::de::Error::custom)
                }
            }
        )*
    };
}

as_text!(TimeZone CloseTime);

#[cfg(test)]
mod tests {
    use super::*;

    fn closes(zone: &str, time: &str, now: &str, count: usize) -> Vec<String> {
        let (zone, time): (TimeZone, CloseTime) = (zone.parse().unwrap(), time.parse().unwrap());
        let mut now: Timestamp = now.parse().unwrap();
        let closes = zone.closes(time, now);
        let mut found = Vec::new();
        for _ in 0..count {
            let Close { date, at } = closes.next(now, None).unwrap();
            found.push(format!("{date} {at}"));
            now = at;
        }
        found
    }

    #[test]
    fn a_day_of_utc_ends_with_its_last_instant() {
        assert_eq!(
            closes("UTC", "24:00", "2026-02-28T12:00:00Z", 2),
            ["2026-02-28 2026-03-01T00:00:00.000Z", "2026-03-01 2026-03-02T00:00:00.000Z"]
        );
    }

    #[test]
    fn a_day_ends_where_it_is_one() {
        // The platform's own (AN-PVAL): 23:59 in Asia/Kolkata.
        assert_eq!(
            closes("Asia/Kolkata", "23:59", "2026-02-07T18:29:00Z", 2),
            ["2026-02-08 2026-02-08T18:29:00.000Z", "2026-02-09 2026-02-09T18:29:00.000Z"]
        );
        assert_eq!(
            closes("Pacific/Kiritimati", "24:00", "2026-02-07T09:59:59.999Z", 1),
            ["2026-02-07 2026-02-07T10:00:00.000Z"]
        );
    }

    #[test]
    fn a_clock_that_is_set_moves_the_end() {
        assert_eq!(
            closes("America/New_York", "16:00", "2026-03-07T12:00:00Z", 3),
            [
                "2026-03-07 2026-03-07T21:00:00.000Z",
                "2026-03-08 2026-03-08T20:00:00.000Z",
                "2026-03-09 2026-03-09T20:00:00.000Z"
            ]
        );
        // 02:30 is skipped on the one day, and shown twice on the other.
        assert_eq!(
            closes("Europe/Berlin", "02:30", "2026-03-29T00:00:00Z", 1),
            ["2026-03-29 2026-03-29T01:00:00.000Z"]
        );
        assert_eq!(
            closes("Europe/Berlin", "02:30", "2026-10-25T00:00:00Z", 1),
            ["2026-10-25 2026-10-25T01:30:00.000Z"]
        );
        // Midnight is skipped.
        assert_eq!(
            closes("Africa/Cairo", "24:00", "2026-04-23T12:00:00Z", 1),
            ["2026-04-23 2026-04-23T22:00:00.000Z"]
        );
    }

    #[test]
    fn a_day_that_was_skipped_has_no_end_of_its_own() {
        assert_eq!(
            closes("Pacific/Apia", "24:00", "2011-12-29T12:00:00Z", 2),
            ["2011-12-29 2011-12-30T10:00:00.000Z", "2011-12-31 2011-12-31T10:00:00.000Z"]
        );
    }

    #[test]
    fn the_ends_of_a_year_are_known_in_every_zone() {
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        for zone in chrono_tz::TZ_VARIANTS {
            let closes = TimeZone(zone).closes(CloseTime::default(), now);
            let last = closes.last().unwrap().at;
            assert!(last.millis() - now.millis() > 366 * 86_400_000, "{zone}");
            let runs: Vec<hub_core::settings::CloseRun> = closes.into();
            assert!(runs.len() < 12, "{zone}: {runs:?}");
        }
    }

    #[test]
    fn texts_that_say_no_time_are_refused() {
        for text in ["", "0:01", "00:00", "24:01", "25:00", "12:60", "noon", "12:00:00", "+1:00"] {
            assert_eq!(text.parse::<CloseTime>(), Err(CloseTimeError), "{text}");
        }
        for (text, minutes) in [("00:01", 1), ("24:00", DAY_MINUTES), ("17:30", 1050)] {
            let time: CloseTime = text.parse().unwrap();
            assert_eq!((time, time.to_string()), (CloseTime(minutes), text.to_owned()));
        }
        for text in ["", "utc", "Asia/Kolkatta", "+05:30"] {
            assert_eq!(text.parse::<TimeZone>(), Err(TimeZoneError), "{text}");
        }
    }
}
