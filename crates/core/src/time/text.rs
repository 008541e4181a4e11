//! Texts that are a date and a time: all of RFC 3339, and what is close to it.
//!
//! | Differs from RFC 3339 | Printed by |
//! |---|---|
//! | no seconds: `T10:30Z` | java.time, on the whole minute |
//! | no zone, which is UTC (BUG-A14) | `LocalDateTime`, Python's naive `datetime` |
//! | `+0000`, `+00` | Jackson, Python's `%z`, PostgreSQL |
//! | a comma before the fraction | Python's `logging`, Java's log frameworks |
//! | `[Europe/Paris]` behind the offset | `ZonedDateTime` |
//! | a blank before the offset, ` UTC` behind it | Go's `Time.String` |

use chrono::{Datelike, NaiveDate, NaiveTime};

use super::TimestampError;

const MICROS_PER_SECOND: i64 = 1_000_000;

/// Microseconds since 1970 that a text means, fewer than 0 before; an error if it is no date and time, or none that
/// there is.
pub(super) fn micros(text: &str) -> Result<i64, TimestampError> {
    read(text).ok_or_else(|| fault(text))
}

/// The likely fault of a text that is no time.
fn fault(text: &str) -> TimestampError {
    let mut rest = Reader(text.as_bytes());
    match rest.date() {
        None => return TimestampError::NotATime,
        Some(date) if day(date).is_none() => return TimestampError::NoSuchDay,
        Some(_) if rest.0.is_empty() => return TimestampError::DateAlone,
        Some(_) => {}
    }
    match rest.one_of(b"Tt ").and_then(|_| rest.clock()) {
        // A leap second that is no end of a month, too.
        Some(clock @ [.., second]) if second == 60 || second_of_day(clock).is_none() => {
            TimestampError::NoSuchTime
        }
        _ => TimestampError::NotATime,
    }
}

fn read(text: &str) -> Option<i64> {
    let mut rest = Reader(text.as_bytes());
    let date = day(rest.date()?)?;
    rest.one_of(b"Tt ")?;
    let (second_of_day, is_leap) = second_of_day(rest.clock()?)?;
    let fraction = rest.fraction()?;
    let offset_seconds = rest.zone()?;
    if !rest.0.is_empty() {
        return None;
    }
    let midnight = date.and_time(NaiveTime::MIN).and_utc().timestamp();
    let second = midnight + second_of_day - offset_seconds;
    if is_leap && !begins_a_month(second) {
        return None;
    }
    Some(second * MICROS_PER_SECOND + fraction)
}

fn day([year, month, day]: [u32; 3]) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year.try_into().ok()?, month, day)
}

/// The second of the day, and whether it is a leap second.
fn second_of_day([hour, minute, second]: [u32; 3]) -> Option<(i64, bool)> {
    let is_one = hour <= 23 && minute <= 59 && second <= 60;
    is_one.then(|| (i64::from((hour * 60 + minute) * 60 + second), second == 60))
}

/// RFC 3339, 5.7: a leap second is the last of a month, in UTC, and is counted as the second after it, as POSIX does.
fn begins_a_month(second: i64) -> bool {
    chrono::DateTime::from_timestamp(second, 0)
        .is_some_and(|after| after.time() == NaiveTime::MIN && after.day() == 1)
}

/// Takes a text apart from its beginning.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn one_of(&mut self, wanted: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        wanted.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    /// So many digits, of which there are few.
    fn number(&mut self, digits: usize) -> Option<u32> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number.iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
        })
    }

    /// Year, month and day.
    fn date(&mut self) -> Option<[u32; 3]> {
        let year = self.number(4)?;
        self.one_of(b"-")?;
        let month = self.number(2)?;
        self.one_of(b"-")?;
        Some([year, month, self.number(2)?])
    }

    /// Hour, minute and second: `10:30` or `10:30:59`.
    fn clock(&mut self) -> Option<[u32; 3]> {
        let hour = self.number(2)?;
        self.one_of(b":")?;
        let minute = self.number(2)?;
        let second = if self.one_of(b":").is_some() { self.number(2)? } else { 0 };
        Some([hour, minute, second])
    }

    /// Microseconds, where there is a fraction; what lies beyond is cut.
    fn fraction(&mut self) -> Option<i64> {
        if self.one_of(b".,").is_none() {
            return Some(0);
        }
        let length = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        let six = digits.iter().chain(&[b'0'; 6]).take(6);
        (length > 0).then(|| six.fold(0, |micros, digit| micros * 10 + i64::from(digit - b'0')))
    }

    /// Seconds to the east of UTC; 0 where there is no zone.
    fn zone(&mut self) -> Option<i64> {
        if self.0.is_empty() {
            return Some(0);
        }
        let is_apart = self.one_of(b" ").is_some();
        let seconds = match self.one_of(b"Zz+-")? {
            b'+' => self.offset()?,
            b'-' => -self.offset()?,
            _ => 0,
        };
        match self.0 {
            [b'[', name @ .., b']'] if is_zone(name) => self.0 = &[],
            b" UTC" if is_apart && seconds == 0 => self.0 = &[],
            _ => {}
        }
        Some(seconds)
    }

    /// Seconds that `05:30`, `0530` or `05` are.
    fn offset(&mut self) -> Option<i64> {
        let hours = self.number(2)?;
        let has_minutes = self.one_of(b":").is_some() || self.0.first().is_some_and(u8::is_ascii_digit);
        let minutes = if has_minutes { self.number(2)? } else { 0 };
        (hours <= 23 && minutes <= 59).then(|| i64::from((hours * 60 + minutes) * 60))
    }
}

/// True for a zone's name, as in `Europe/Paris`, `GMT+01:00`, `UTC`.
fn is_zone(name: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"/_+-:".contains(byte);
    !name.is_empty() && name.iter().all(fits)
}

#[cfg(test)]
mod tests {
    use super::{TimestampError, micros};

    /// 2026-02-07T10:30:00Z.
    const HALF_PAST_TEN: i64 = 1_770_460_200_000_000;

    #[test]
    fn every_way_to_write_an_instant_is_read() {
        for (text, micros_after) in [
            ("2026-02-07T10:30:00Z", 0),
            ("2026-02-07t10:30:00z", 0),
            ("2026-02-07 10:30:00Z", 0),
            ("2026-02-07T10:30:00", 0),
            ("2026-02-07 10:30:00.000", 0),
            ("2026-02-07T10:30", 0),
            ("2026-02-07T10:30Z", 0),
            ("2026-02-07T10:30+00:00", 0),
            ("2026-02-07T10:30:00-00:00", 0),
            ("2026-02-07T16:00:00+05:30", 0),
            ("2026-02-07T16:00:00+0530", 0),
            ("2026-02-07T05:30:00-05", 0),
            ("2026-02-08T10:29:00+23:59", 0),
            ("2026-02-07T11:30+01:00[Europe/Paris]", 0),
            ("2026-02-07T10:30Z[UTC]", 0),
            ("2026-02-07T11:30:00+01:00[GMT+01:00]", 0),
            ("2026-02-07 10:30:00 +0000 UTC", 0),
            ("2026-02-07 11:30:00 +0100", 0),
            ("2026-02-07T10:30:00.1Z", 100_000),
            ("2026-02-07T10:30:00,123Z", 123_000),
            ("2026-02-07 10:30:00,123", 123_000),
            ("2026-02-07T10:30:00.123456+00:00", 123_456),
            ("2026-02-07T10:30:00.123456999Z", 123_456),
            ("2026-02-07T10:30:00.0000009Z", 0),
            ("2026-02-07T10:30:00.12345678901234567890Z", 123_456),
        ] {
            assert_eq!(micros(text), Ok(HALF_PAST_TEN + micros_after), "{text}");
        }
    }

    #[test]
    fn what_no_calendar_and_no_clock_shows_is_no_time() {
        for text in [
            "",
            "2026-02-07",
            "2026-02-07T",
            "2026-02-07T10",
            "2026-02-07T1030",
            "2026-02-07T10:30:",
            "2026-02-07T10:30:00.",
            "2026-02-07T10:30:00.Z",
            "2026-02-07T10:30.5Z[",
            "2026-02-30T10:30:00Z",
            "2025-02-29T10:30:00Z",
            "2026-13-01T10:30:00Z",
            "2026-00-01T10:30:00Z",
            "2026-02-07T24:00:00Z",
            "2026-02-07T10:60:00Z",
            "2026-02-07T10:30:61Z",
            "2026-02-07T10:30:00+24:00",
            "2026-02-07T10:30:00+05:60",
            "2026-02-07T10:30:00+5",
            "2026-02-07T10:30:00+053",
            "2026-02-07T10:30:00+05:",
            "2026-02-07T10:30:00[Europe/Paris]",
            "2026-02-07T10:30:00Z[]",
            "2026-02-07T10:30:00Z[Europe Paris]",
            "2026-02-07T10:30:00Z[Europe/Paris]x",
            "2026-02-07T10:30:00+01:00 UTC",
            "2026-02-07T10:30:00Z UTC",
            "2026-02-07T10:30:00 ",
            " 2026-02-07T10:30:00Z",
            "2026-02-07_10:30:00Z",
            "2026-02-07T10:30:00\u{2212}05:00",
            "+12026-02-07T10:30:00Z",
            "12026-02-07T10:30:00Z",
            "26-02-07T10:30:00Z",
            "2026-2-7T10:30:00Z",
            "Sat Feb 07 2026 10:30:00 GMT+0000",
        ] {
            assert!(micros(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_fault_of_what_is_no_time_is_told() {
        for (text, fault) in [
            ("2026-02-07", TimestampError::DateAlone),
            ("2026-02-30", TimestampError::NoSuchDay),
            ("2026-02-30T10:30:00Z", TimestampError::NoSuchDay),
            ("2025-02-29T10:30:00Z", TimestampError::NoSuchDay),
            ("2026-00-01T10:30:00Z", TimestampError::NoSuchDay),
            ("2026-02-07T24:00:00Z", TimestampError::NoSuchTime),
            ("2026-02-07T10:60Z", TimestampError::NoSuchTime),
            ("2026-02-07T10:30:61Z", TimestampError::NoSuchTime),
            ("2026-02-07T10:30:60Z", TimestampError::NoSuchTime),
            ("2026-02-07T", TimestampError::NotATime),
            ("2026-02-07T10:30:00+24:00", TimestampError::NotATime),
            ("07.02.2026", TimestampError::NotATime),
            ("", TimestampError::NotATime),
        ] {
            assert_eq!(micros(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_leap_second_is_the_last_of_a_month_in_utc_and_the_first_of_the_next() {
        let second = |text: &str| micros(text).unwrap();
        assert_eq!(second("1990-12-31T23:59:60Z"), second("1991-01-01T00:00:00Z"), "RFC 3339, 5.8");
        assert_eq!(second("1990-12-31T15:59:60-08:00"), second("1991-01-01T00:00:00Z"), "RFC 3339, 5.8");
        assert_eq!(second("2016-12-31T23:59:60.25Z"), second("2017-01-01T00:00:00.25Z"));
        for text in ["2016-12-31T22:59:60Z", "2016-12-30T23:59:60Z", "2016-12-31T23:59:60+01:00"] {
            assert_eq!(micros(text), Err(TimestampError::NoSuchTime), "{text}");
        }
    }

    #[test]
    fn years_before_1970_are_read_so_that_they_can_be_named() {
        assert_eq!(micros("1969-12-31T23:59:59.999999Z"), Ok(-1));
        assert!(micros("0001-01-01T00:00:00Z").unwrap() < 0);
        assert!(micros("0000-01-01T00:00:00+23:59").is_ok());
        assert!(micros("9999-12-31T23:59:60-23:59").is_err());
    }
}
