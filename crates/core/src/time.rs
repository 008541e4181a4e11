//! Points in time: UTC, to the microsecond.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Datelike as _, SecondsFormat, Timelike as _, Utc};

mod claim;
mod form;
mod text;

pub use claim::Unmeant;
pub(crate) use claim::{claimed, given};

/// Microseconds since 1970-01-01T00:00:00Z; two ticks of one millisecond are in order by them. Printed as
/// ISO-8601 with milliseconds and `Z`, always 24 characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Timestamp(i64);

/// 9999-12-31T23:59:59.999999Z: the last instant with a four-digit year.
const LAST_MICROS: i64 = 253_402_300_799_999_999;

impl Timestamp {
    /// From microseconds since the Unix epoch; `None` before 1970 or after
    /// the year 9999, which no event of the platform can mean.
    pub fn from_micros(micros: i64) -> Option<Timestamp> {
        (0..=LAST_MICROS).contains(&micros).then_some(Timestamp(micros))
    }

    /// From milliseconds since the Unix epoch; `None` as of [`Timestamp::from_micros`].
    pub fn from_millis(millis: i64) -> Option<Timestamp> {
        Self::from_micros(millis.checked_mul(1000)?)
    }

    /// Time that a wall clock shows, from what has passed since the Unix epoch. One that shows a year after 9999
    /// is wrong, and shows 1970: of that a log's running maximum takes no notice.
    pub fn since_1970(passed: Duration) -> Timestamp {
        i64::try_from(passed.as_micros()).ok().and_then(Timestamp::from_micros).unwrap_or_default()
    }

    /// Microseconds since the Unix epoch.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the Unix epoch, as every wire has them.
    pub fn millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This instant plus `millis`, within the representable range.
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(millis.saturating_mul(1000)).clamp(0, LAST_MICROS))
    }

    /// The whole second this instant lies in.
    pub fn second(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// ISO-8601 with microseconds and `Z`, always 27 characters: in an event's JSON, and for people who
    /// compare records.
    pub fn to_string_micros(self) -> String {
        let at = DateTime::<Utc>::from_timestamp_micros(self.0).unwrap_or_default();
        at.to_rfc3339_opts(SecondsFormat::Micros, true)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = DateTime::<Utc>::from_timestamp_micros(self.0).unwrap_or_default();
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let mut put = |place: std::ops::Range<usize>, mut number: u32| {
            for digit in text[place].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        };
        // A time is in every row that is sent: what chrono prints it with takes several times as long.
        put(0..4, at.year().unsigned_abs());
        put(5..7, at.month());
        put(8..10, at.day());
        put(11..13, at.hour());
        put(14..16, at.minute());
        put(17..19, at.second());
        put(20..23, at.timestamp_subsec_millis());
        f.write_str(str::from_utf8(&text).unwrap_or_default())
    }
}

/// A text that means no point in time that the hub takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimestampError {
    /// Neither a text nor a number that is a time.
    NotATime,
    /// A date, without a time of day.
    DateAlone,
    /// A day that no calendar has.
    NoSuchDay,
    /// A time of day that no clock shows.
    NoSuchTime,
    /// A time that can't be meant.
    Unmeant {
        /// Year it lies in, where a calendar has it.
        year: Option<i32>,
        /// Reason why not.
        why: Unmeant,
    },
}

impl std::error::Error for TimestampError {}

impl fmt::Display for TimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, why) = match self {
            TimestampError::NotATime => {
                return f.write_str(
                    "must be ISO-8601 or milliseconds since 1970, such as 2026-02-07T10:30:00.000Z or 1770460200000",
                );
            }
            TimestampError::DateAlone => {
                return f.write_str("is a date without a time of day, such as T00:00:00Z");
            }
            TimestampError::NoSuchDay => return f.write_str("names a day that there is not"),
            TimestampError::NoSuchTime => {
                return f.write_str("names a time of day that there is not; the last is 23:59:59");
            }
            TimestampError::Unmeant { year, why } => (year, why),
        };
        let lies = match year {
            Some(1) => "in the year 1".to_owned(),
            Some(year) => format!("in {year}"),
            None => "after 9999".to_owned(),
        };
        match why {
            Unmeant::Unset => write!(f, "lies {lies}: was it never set?"),
            Unmeant::Unit(unit) => write!(f, "lies {lies}: {unit}, where milliseconds are due?"),
            Unmeant::Early => {
                let year = year.map(|year| format!(", in {year}")).unwrap_or_default();
                write!(f, "lies before 2000-01-01{year}")
            }
            Unmeant::Late => f.write_str("lies after 9999"),
        }
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// A date and a time between 1970 and 9999; without a zone it is taken as
    /// UTC, since the platform's services send zone-less UTC (BUG-A14).
    fn from_str(text: &str) -> Result<Timestamp, TimestampError> {
        text::micros(text).and_then(|micros| Timestamp::from_micros(micros).ok_or(TimestampError::NotATime))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_time_is_printed_as_chrono_prints_it(micros in 0..=LAST_MICROS) {
            let printed = Timestamp(micros).to_string();
            let at = DateTime::<Utc>::from_timestamp_micros(micros).unwrap();
            prop_assert_eq!(printed, at.to_rfc3339_opts(SecondsFormat::Millis, true));
        }
    }

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
    fn instants_of_one_millisecond_are_in_order_and_printed_alike() {
        let [first, second] =
            ["2026-02-07T10:30:00.123400Z", "2026-02-07T10:30:00.123401Z"].map(str::parse::<Timestamp>);
        let (first, second) = (first.unwrap(), second.unwrap());
        assert!(first < second);
        assert_eq!(first.to_string(), second.to_string());
        assert_eq!((first.millis(), first.second()), (second.millis(), second.second()));
        assert_eq!(first.plus_millis(1).micros(), second.micros() + 999);
        assert_eq!(Timestamp::from_micros(first.micros()), Some(first));
        assert_eq!(Timestamp::from_millis(first.millis()), "2026-02-07T10:30:00.123Z".parse().ok());
    }

    #[test]
    fn a_wall_clock_beyond_9999_shows_1970() {
        assert_eq!(Timestamp::since_1970(Duration::from_micros(7)).micros(), 7);
        for time in [Duration::MAX, Duration::from_secs(u64::MAX / 1_000_000)] {
            assert_eq!(Timestamp::since_1970(time), Timestamp::default());
        }
        assert_eq!((Timestamp::from_millis(i64::MAX), Timestamp::from_micros(-1)), (None, None));
        assert_eq!(Timestamp::from_micros(LAST_MICROS + 1), None);
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
