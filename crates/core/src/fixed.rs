//! Exact decimal numbers as scaled integers.
//!
//! | type | scale (decimal places) | carrier | largest value |
//! |---|---|---|---|
//! | [`Price`] | 8 | `i64` | 92 233 720 368.54775807 |
//! | [`Quantity`] | 6 | `i64` | 9 223 372 036 854.775807 |
//! | [`Money`] | 14 | `i128` | about 1.7 * 10^24 |
//! | [`Ratio`] | 18 | `i128` | 10^18 |
//!
//! A price times a quantity is a `Money` without rounding, because 8 + 6 = 14.
//! Every operation is checked; what can't be represented is refused where it
//! enters, never rounded (but for the last places of a [`Ratio`], see there). No
//! value passes through a binary float.

mod ratio;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use ratio::Ratio;

/// Reason why a text is not a number of the wanted type.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecimalError {
    /// Not a decimal number at all (`NaN`, hexadecimal, blanks...).
    #[error("must be a decimal number")]
    NotANumber,
    /// More decimal places than the type holds.
    #[error("must have at most {0} decimal places")]
    TooManyPlaces(u32),
    /// Beyond the type's range.
    #[error("is too large to be represented")]
    OutOfRange,
}

/// The digits of `-12.5e3`, before anything is made of them.
pub(crate) struct Digits<'a> {
    pub(crate) negative: bool,
    pub(crate) whole: &'a str,
    pub(crate) fraction: &'a str,
    /// Power of ten, cut at a million either way.
    pub(crate) exponent: i64,
}

impl<'a> Digits<'a> {
    pub(crate) fn of(text: &'a str) -> Result<Digits<'a>, DecimalError> {
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
            None => (text, 0),
        };
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return Err(DecimalError::NotANumber),
            Some(parts) => parts,
            None => (digits, ""),
        };
        if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
            return Err(DecimalError::NotANumber);
        }
        Ok(Digits { negative, whole, fraction, exponent })
    }
}

/// Reads `-12.5e3` as an integer of `10^-scale` units, by its digits.
fn parse_scaled(text: &str, scale: u32) -> Result<i128, DecimalError> {
    let Digits { negative, whole, fraction, exponent } = Digits::of(text)?;
    // Trailing zeros carry no value: "1.500000000" fits where "1.5" does.
    let fraction = fraction.trim_end_matches('0');
    let mut units: i128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        let digit = i128::from(byte - b'0');
        units = units.checked_mul(10).and_then(|u| u.checked_add(digit)).ok_or(DecimalError::OutOfRange)?;
    }
    let places = i64::try_from(fraction.len()).map_err(|_| DecimalError::OutOfRange)?;
    let units = shift(units, i64::from(scale) - places + exponent, scale)?;
    Ok(if negative { -units } else { units })
}

/// An exponent so far out that only zero survives it is cut, not refused.
fn parse_exponent(text: &str) -> Result<i64, DecimalError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DecimalError::NotANumber);
    }
    let size = digits.parse::<i64>().unwrap_or(i64::MAX).min(1_000_000);
    Ok(if text.starts_with('-') { -size } else { size })
}

/// `units * 10^by`, exactly.
fn shift(units: i128, by: i64, scale: u32) -> Result<i128, DecimalError> {
    if units == 0 {
        return Ok(0);
    }
    let power = |n: u64| u32::try_from(n).ok().and_then(|n| 10_i128.checked_pow(n));
    if by >= 0 {
        let factor = power(by.unsigned_abs()).ok_or(DecimalError::OutOfRange)?;
        return units.checked_mul(factor).ok_or(DecimalError::OutOfRange);
    }
    match power(by.unsigned_abs()) {
        Some(divisor) if units % divisor == 0 => Ok(units / divisor),
        _ => Err(DecimalError::TooManyPlaces(scale)),
    }
}

/// Writes `units * 10^-scale` without trailing zeros: a valid JSON number.
fn write_scaled(f: &mut fmt::Formatter<'_>, units: i128, scale: u32) -> fmt::Result {
    let one = 10_u128.pow(scale);
    let size = units.unsigned_abs();
    // No scale here is beyond 18 places, and 64-bit division is much the cheaper.
    let (whole, mut fraction, mut places) = (size / one, (size % one) as u64, scale as usize);
    let sign = if units < 0 { "-" } else { "" };
    if fraction == 0 {
        return write!(f, "{sign}{whole}");
    }
    while fraction.is_multiple_of(10) {
        fraction /= 10;
        places -= 1;
    }
    write!(f, "{sign}{whole}.{fraction:0places$}")
}

macro_rules! fixed {
    ($(#[$doc:meta])* $name:ident, $carrier:ty, $scale:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
        pub struct $name($carrier);

        impl $name {
            /// Decimal places.
            pub const SCALE: u32 = $scale;
            /// 0.
            pub const ZERO: Self = Self(0);

            /// From units of `10^-SCALE`.
            pub const fn from_units(units: $carrier) -> Self {
                Self(units)
            }

            /// In units of `10^-SCALE`.
            pub const fn units(self) -> $carrier {
                self.0
            }

            /// More than zero.
            pub const fn is_positive(self) -> bool {
                self.0 > 0
            }

            /// Exactly zero.
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// The sum, or `None` if it can't be represented.
            #[must_use]
            pub fn checked_add(self, other: Self) -> Option<Self> {
                self.0.checked_add(other.0).map(Self)
            }

            /// The difference, or `None` if it can't be represented.
            #[must_use]
            pub fn checked_sub(self, other: Self) -> Option<Self> {
                self.0.checked_sub(other.0).map(Self)
            }
        }

        impl FromStr for $name {
            type Err = DecimalError;

            fn from_str(text: &str) -> Result<Self, DecimalError> {
                let units = parse_scaled(text, Self::SCALE)?;
                <$carrier>::try_from(units).map(Self).map_err(|_| DecimalError::OutOfRange)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_scaled(f, i128::from(self.0), Self::SCALE)
            }
        }

        /// As a string of digits: in the log a number is never a float.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

fixed! {
    /// The price of one unit of a symbol, 8 decimal places.
    Price, i64, 8
}
fixed! {
    /// Quantity of a symbol, 6 decimal places.
    Quantity, i64, 6
}
fixed! {
    /// An amount of money, 14 decimal places.
    Money, i128, 14
}

impl Money {
    /// Price times quantity: exact, and never out of range (2^63 * 2^63 < 2^127).
    #[must_use]
    pub fn of(price: Price, quantity: Quantity) -> Money {
        Money(i128::from(price.0) * i128::from(quantity.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_read_by_its_digits() {
        let units = |text: &str| text.parse::<Price>().map(Price::units);
        assert_eq!(units("0.1"), Ok(10_000_000));
        assert_eq!(units("-0.00000001"), Ok(-1));
        assert_eq!(units("1.5e3"), Ok(150_000_000_000));
        assert_eq!(units("15E-1"), Ok(150_000_000));
        assert_eq!(units("10.00000000000000000"), Ok(1_000_000_000));
        assert_eq!(units("0e999999999999999999999"), Ok(0));
        assert_eq!(units("92233720368.54775807"), Ok(i64::MAX));
    }

    #[test]
    fn what_can_not_be_represented_is_refused_with_the_reason() {
        let error = |text: &str| text.parse::<Price>().unwrap_err();
        for text in [
            "", "-", ".", "1.", ".5", "1e", "e5", "NaN", "Infinity", "0x10", " 1", "1 ", "+1", "1_000",
            "1,5", "--1", "١",
        ] {
            assert_eq!(error(text), DecimalError::NotANumber, "{text:?}");
        }
        assert_eq!(error("0.000000001"), DecimalError::TooManyPlaces(8));
        assert_eq!(error("1e-999"), DecimalError::TooManyPlaces(8));
        assert_eq!(error("92233720368.54775808"), DecimalError::OutOfRange);
        assert_eq!(error("1e999"), DecimalError::OutOfRange);
        assert_eq!(error(&"9".repeat(4000)), DecimalError::OutOfRange);
    }

    proptest! {
        #[test]
        fn printing_and_reading_are_inverse(price: i64, money: i128) {
            prop_assert_eq!(Price(price).to_string().parse(), Ok(Price(price)));
            // i128::MIN has no positive counterpart to print from digits.
            let money = money.max(-i128::MAX);
            prop_assert_eq!(Money(money).to_string().parse(), Ok(Money(money)));
        }

        #[test]
        fn what_is_printed_is_a_json_number(money: i128) {
            let text = Money(money).to_string();
            prop_assert!(serde_json::from_str::<serde_json::Number>(&text).is_ok(), "{}", text);
        }

        #[test]
        fn price_times_quantity_never_overflows(price: i64, quantity: i64) {
            let money = Money::of(Price(price), Quantity(quantity));
            prop_assert_eq!(money.units(), i128::from(price) * i128::from(quantity));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[-+0-9eE. ]{0,60}") {
            let _ = text.parse::<Money>();
        }
    }
}
