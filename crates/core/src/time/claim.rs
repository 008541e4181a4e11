//! Times that senders give: as texts or numbers, and which of them can't be meant.

use chrono::{DateTime, Datelike};

use super::{LAST_MICROS, Timestamp, TimestampError, text};
use crate::fixed::Digits;

/// 2000-01-01T00:00:00Z. Nothing that the hub is told happened before; what says so counts in other units.
const FIRST_MICROS: i64 = 946_684_800_000_000;

/// More than any text means, and less than overflows: 10^27.
const SATURATED: i128 = 1_000_000_000_000_000_000_000_000_000;

/// Reason why a time that can be read can't be meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unmeant {
    /// The time of what was never set: 0, or the first instant of the year 1.
    Unset,
    /// A number that is a time of this century in the unit that is named.
    Unit(&'static str),
    /// Before 2000-01-01.
    Early,
    /// After the year 9999.
    Late,
}

/// The time that a sender claims, between 2000 and 9999: an ISO-8601 text, or milliseconds since 1970, a fraction of
/// them included, as a number or a numeric text. What is beyond microseconds is cut.
pub(crate) fn claimed(text: &str) -> Result<Timestamp, TimestampError> {
    let Instant { micros, is_number } = instant(text)?;
    if let Some(time) = within(micros).filter(|time| time.0 >= FIRST_MICROS) {
        return Ok(time);
    }
    let unmeant = if is_unset(micros) {
        Unmeant::Unset
    } else if let Some(unit) = unit_of(micros).filter(|_| is_number) {
        Unmeant::Unit(unit)
    } else if micros < i128::from(FIRST_MICROS) {
        Unmeant::Early
    } else {
        Unmeant::Late
    };
    Err(TimestampError::Unmeant { year: year(micros), why: unmeant })
}

/// The time that somebody's evidence holds: as [`claimed`], from 1970 on.
pub(crate) fn given(text: &str) -> Result<Timestamp, TimestampError> {
    within(instant(text)?.micros).ok_or(TimestampError::NotATime)
}

struct Instant {
    /// Since 1970; at most [`SATURATED`] either way.
    micros: i128,
    is_number: bool,
}

/// Blanks around it do not count.
fn instant(text: &str) -> Result<Instant, TimestampError> {
    let text = text.trim();
    if let Ok(number) = Digits::of(text) {
        return Ok(Instant { micros: of_millis(&number), is_number: true });
    }
    let micros = text::micros(text)?;
    Ok(Instant { micros: micros.into(), is_number: false })
}

/// Microseconds of a number of milliseconds, by its digits.
fn of_millis(number: &Digits<'_>) -> i128 {
    let whole = i64::try_from(number.whole.len()).unwrap_or(i64::MAX);
    let kept = usize::try_from(whole.saturating_add(number.exponent).saturating_add(3)).unwrap_or(0);
    let mut digits = number.whole.bytes().chain(number.fraction.bytes());
    let mut micros: i128 = 0;
    for _ in 0..kept {
        // Zeros that an exponent implies: zero stays zero, anything else soon ends.
        let digit = match digits.next() {
            Some(digit) => i128::from(digit - b'0'),
            None if micros == 0 => break,
            None => 0,
        };
        micros = micros * 10 + digit;
        if micros >= SATURATED {
            micros = SATURATED;
            break;
        }
    }
    if number.negative { -micros } else { micros }
}

fn within(micros: i128) -> Option<Timestamp> {
    i64::try_from(micros).ok().and_then(Timestamp::from_micros)
}

/// Go's and .NET's zero time is the first instant of the year 1.
fn is_unset(micros: i128) -> bool {
    const YEAR_1: i128 = -62_135_596_800_000_000;
    micros == 0 || micros == YEAR_1
}

/// The unit in which so many, read as milliseconds, are a time of this century.
fn unit_of(micros: i128) -> Option<&'static str> {
    const CENTURY: std::ops::Range<i128> = 946_684_800_000_000..4_102_444_800_000_000;
    let units = [
        ("seconds", micros.saturating_mul(1000)),
        ("microseconds", micros / 1000),
        ("nanoseconds", micros / 1_000_000),
    ];
    units.into_iter().find(|(_, micros)| CENTURY.contains(micros)).map(|(unit, _)| unit)
}

/// The year, where a calendar has it.
fn year(micros: i128) -> Option<i32> {
    let micros = i64::try_from(micros).ok().filter(|micros| *micros <= LAST_MICROS)?;
    DateTime::from_timestamp_micros(micros).map(|time| time.year()).filter(|year| *year >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        claimed(text).unwrap_err().to_string()
    }

    #[test]
    fn numbers_are_milliseconds_by_their_digits() {
        for (text, micros) in [
            ("1770460200123", 1_770_460_200_123_000),
            ("1770460200123.4567", 1_770_460_200_123_456),
            ("1770460200123.0", 1_770_460_200_123_000),
            ("1.770460200123456e12", 1_770_460_200_123_456),
            ("1.7704602E+12", 1_770_460_200_000_000),
            ("17704602001239999e-4", 1_770_460_200_123_999),
            ("0001770460200123", 1_770_460_200_123_000),
            ("946684800000", FIRST_MICROS),
            ("253402300799999.999", LAST_MICROS),
        ] {
            assert_eq!(claimed(text).map(Timestamp::micros), Ok(micros), "{text}");
        }
    }

    #[test]
    fn what_cant_be_meant_is_told_with_its_likely_cause() {
        for (text, reason) in [
            ("0", "lies in 1970: was it never set?"),
            ("-0.0", "lies in 1970: was it never set?"),
            ("0e999999999", "lies in 1970: was it never set?"),
            ("1970-01-01T00:00:00Z", "lies in 1970: was it never set?"),
            ("0001-01-01T00:00:00Z", "lies in the year 1: was it never set?"),
            ("-1", "lies before 2000-01-01, in 1969"),
            ("-1770460200123", "lies before 2000-01-01, in 1913"),
            ("-1e300", "lies before 2000-01-01"),
            ("1770000000", "lies in 1970: seconds, where milliseconds are due?"),
            ("1770000000.123456", "lies in 1970: seconds, where milliseconds are due?"),
            ("1770460200123456", "lies after 9999: microseconds, where milliseconds are due?"),
            ("1770460200123456789", "lies after 9999: nanoseconds, where milliseconds are due?"),
            ("1.770460200123456789e18", "lies after 9999: nanoseconds, where milliseconds are due?"),
            ("20260207", "lies before 2000-01-01, in 1970"),
            ("946684799999.999", "lies before 2000-01-01, in 1999"),
            ("1999-12-31T23:59:59.999999Z", "lies before 2000-01-01, in 1999"),
            ("253402300800000", "lies after 9999"),
            ("1e1000000000000", "lies after 9999"),
            ("9999-12-31T23:59:59-00:01", "lies after 9999"),
        ] {
            assert_eq!(told(text), reason, "{text}");
        }
        for text in ["", "yesterday", "NaN", "0x10", "1_770", "true", "١٧٧٠٤٦٠٢٠٠١٢٣"] {
            assert_eq!(claimed(text), Err(TimestampError::NotATime), "{text}");
        }
    }

    #[test]
    fn evidence_may_be_of_any_time_since_1970() {
        assert_eq!(given("1770000000").map(Timestamp::millis), Ok(1_770_000_000));
        assert_eq!(given("0").map(Timestamp::millis), Ok(0));
        for text in ["-1", "1e18", "1969-12-31T23:59:59Z", "soon"] {
            assert_eq!(given(text), Err(TimestampError::NotATime), "{text}");
        }
    }
}
