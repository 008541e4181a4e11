//! Days of the calendar.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A day, from 1970-01-01 to 9999-12-31, in whichever time zone it is a day of; as ISO 8601 writes it: `2026-02-07`.
///
/// ```
/// use hub_core::Date;
/// let day: Date = "2026-02-28".parse().unwrap();
/// assert_eq!(day.plus_days(1).unwrap().to_string(), "2026-03-01");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Date(i32);

/// 9999-12-31, in days since 1970-01-01.
const LAST: i32 = 2_932_896;

/// A text that is no day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DateError {
    /// Not written as a day is.
    #[error("must be a day such as 2026-02-07")]
    NotADay,
    /// One that no calendar has.
    #[error("names a day that there is not")]
    NoSuchDay,
    /// Before 1970.
    #[error("lies before 1970")]
    Early,
}

impl Date {
    /// The day so many after 1970-01-01; `None` before it, or after 9999.
    pub fn from_days(days: i32) -> Option<Date> {
        (0..=LAST).contains(&days).then_some(Date(days))
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i32 {
        self.0
    }

    /// The day so many later, or earlier.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Option<Date> {
        self.0.checked_add(days).and_then(Date::from_days)
    }

    fn parts(self) -> NaiveDate {
        NaiveDate::from_epoch_days(self.0).unwrap_or_default()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.parts();
        write!(f, "{:04}-{:02}-{:02}", day.year(), day.month(), day.day())
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Date, DateError> {
        let bytes = text.as_bytes();
        let is_one = bytes.len() == 10
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !is_one {
            return Err(DateError::NotADay);
        }
        let number = |place: std::ops::Range<usize>| text[place].parse::<u32>().unwrap_or_default();
        let year = number(0..4).try_into().unwrap_or_default();
        let day = NaiveDate::from_ymd_opt(year, number(5..7), number(8..10)).ok_or(DateError::NoSuchDay)?;
        Date::from_days(day.to_epoch_days()).ok_or(DateError::Early)
    }
}

/// For people its text; in a binary form its number of days.
impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
            return text.parse().map_err(serde::de::Error::custom);
        }
        let days = i32::deserialize(deserializer)?;
        Date::from_days(days).ok_or_else(|| serde::de::Error::custom("is no day from 1970 to 9999"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ends_are_days() {
        for (days, text) in [(0, "1970-01-01"), (LAST, "9999-12-31"), (11_016, "2000-02-29")] {
            let day = Date::from_days(days).unwrap();
            assert_eq!(day.to_string(), text);
            assert_eq!(text.parse(), Ok(day));
        }
        assert_eq!(Date::from_days(LAST).unwrap().plus_days(1), None);
        assert_eq!(Date::default().plus_days(-1), None);
    }

    #[test]
    fn a_text_that_is_no_day_is_refused_with_the_reason() {
        for text in [
            "",
            "2026-2-7",
            "2026-02-07T00:00:00Z",
            "07.02.2026",
            "2026/02/07",
            "+026-02-07",
            "２０２６-02-07",
        ] {
            assert_eq!(text.parse::<Date>(), Err(DateError::NotADay), "{text}");
        }
        for text in ["2026-02-29", "2026-13-01", "2026-00-01", "2026-01-00"] {
            assert_eq!(text.parse::<Date>(), Err(DateError::NoSuchDay), "{text}");
        }
        assert_eq!("1969-12-31".parse::<Date>(), Err(DateError::Early));
    }

    proptest! {
        #[test]
        fn printing_and_reading_are_inverse(days in 0..=LAST) {
            let day = Date::from_days(days).unwrap();
            prop_assert_eq!(day.to_string().parse(), Ok(day));
        }
    }
}
