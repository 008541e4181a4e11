//! Exact decimal numbers as scaled integers.
//!
//! | type | scale (decimal places) | carrier | largest value |
//! |---|---|---|---|
//! | [`Price`] | 8 | `i64` | 92 233 720 368.54775807 |
//! | [`Quantity`] | 8 | `i128` | 10^15 |
//! | [`Money`] | 16 | `i128` | about 1.7 * 10^22 |
//! | [`Ratio`] | 18 | `i128` | 10^18 |
//!
//! A price times a quantity is a `Money` without rounding, because 8 + 8 = 16;
//! the largest of both would be more than a `Money` holds, so that the product
//! is checked, as every sum is. What can't be represented is refused where it
//! enters, never rounded (but for the last places of a [`Ratio`], see there). No
//! value passes through a binary float.

mod form;
mod print;
mod ratio;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use self::print::Text;

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
    /// Beyond the type's range, which ends there.
    #[error("must be at most {0}")]
    OutOfRange(&'static str),
}

/// The numbers that a type holds.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    /// Decimal places.
    scale: u32,
    /// The largest, for people.
    largest: &'static str,
}

impl Range {
    const fn exceeded(self) -> DecimalError {
        DecimalError::OutOfRange(self.largest)
    }
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

    /// True if both are one number, however it is written.
    pub(crate) fn equals(&self, other: &Digits<'_>) -> bool {
        let ((digits, place), (other_digits, other_place)) = (self.significant(), other.significant());
        let is_zero = digits.is_empty() && other_digits.is_empty();
        is_zero || (self.negative, place, digits) == (other.negative, other_place, other_digits)
    }

    /// The digits without zeros at either end, and the power of ten of the last of them.
    fn significant(&self) -> (String, i64) {
        let all = format!("{}{}", self.whole, self.fraction);
        let digits = all.trim_end_matches('0');
        let shift = (all.len() - digits.len()).cast_signed() - self.fraction.len().cast_signed();
        (digits.trim_start_matches('0').to_owned(), self.exponent + shift as i64)
    }
}

/// Reads `-12.5e3` as an integer of `10^-scale` units, by its digits.
fn parse_scaled(text: &str, range: Range) -> Result<i128, DecimalError> {
    let Digits { negative, whole, fraction, exponent } = Digits::of(text)?;
    // Trailing zeros carry no value: "1.500000000" fits where "1.5" does.
    let fraction = fraction.trim_end_matches('0');
    let places = i64::try_from(fraction.len()).map_err(|_| range.exceeded())?;
    let by = i64::from(range.scale) - places + exponent;
    let mut units: i128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        let digit = i128::from(byte - b'0');
        let next = units.checked_mul(10).and_then(|units| units.checked_add(digit));
        // So many digits are too much of one or of the other.
        let too_many = || if by < 0 { DecimalError::TooManyPlaces(range.scale) } else { range.exceeded() };
        units = next.ok_or_else(too_many)?;
    }
    let units = shift(units, by, range)?;
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
fn shift(units: i128, by: i64, range: Range) -> Result<i128, DecimalError> {
    if units == 0 {
        return Ok(0);
    }
    let power = |n: u64| u32::try_from(n).ok().and_then(|n| 10_i128.checked_pow(n));
    if by >= 0 {
        let shifted = power(by.unsigned_abs()).and_then(|factor| units.checked_mul(factor));
        return shifted.ok_or(range.exceeded());
    }
    match power(by.unsigned_abs()) {
        Some(divisor) if units % divisor == 0 => Ok(units / divisor),
        _ => Err(DecimalError::TooManyPlaces(range.scale)),
    }
}

macro_rules! fixed {
    ($(#[$doc:meta])* $name:ident, $carrier:ty, $scale:literal, $max:expr, $largest:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
        pub struct $name($carrier);

        impl $name {
            /// Decimal places.
            pub const SCALE: u32 = $scale;
            /// 0.
            pub const ZERO: Self = Self(0);
            /// The largest that there is, either side of zero.
            pub const MAX: Self = Self($max);

            const RANGE: Range = Range { scale: $scale, largest: $largest };

            /// From units of `10^-SCALE` that are known to be in range.
            pub const fn from_units(units: $carrier) -> Self {
                Self(units)
            }

            /// From units of `10^-SCALE`, or `None` if they are out of range.
            pub const fn from_units_checked(units: $carrier) -> Option<Self> {
                if units > Self::MAX.0 || units < -Self::MAX.0 { None } else { Some(Self(units)) }
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

            /// Appends what [`Display`](fmt::Display) writes, which is a JSON number.
            pub fn write_to(self, out: &mut Vec<u8>) {
                self.text().push(out);
            }

            fn text(self) -> Text {
                Text::of::<$scale>(i128::from(self.0))
            }

            /// The sum, or `None` if it can't be represented.
            #[must_use]
            pub fn checked_add(self, other: Self) -> Option<Self> {
                self.0.checked_add(other.0).and_then(Self::from_units_checked)
            }

            /// The difference, or `None` if it can't be represented.
            #[must_use]
            pub fn checked_sub(self, other: Self) -> Option<Self> {
                self.0.checked_sub(other.0).and_then(Self::from_units_checked)
            }
        }

        impl FromStr for $name {
            type Err = DecimalError;

            fn from_str(text: &str) -> Result<Self, DecimalError> {
                let units = <$carrier>::try_from(parse_scaled(text, Self::RANGE)?).ok();
                units.and_then(Self::from_units_checked).ok_or(Self::RANGE.exceeded())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.text().show(f)
            }
        }

        form::of!($name);
    };
}

fixed! {
    /// The price of one unit of a symbol, 8 decimal places.
    Price, i64, 8, i64::MAX, "92233720368.54775807"
}
fixed! {
    /// Quantity of a symbol, 8 decimal places; what a position holds is one, too.
    Quantity, i128, 8, 10_i128.pow(15 + 8), "10^15"
}
fixed! {
    /// An amount of money, 16 decimal places.
    Money, i128, 16, i128::MAX, "1.7 * 10^22"
}

impl Money {
    /// Price times quantity: exact, or `None` if it can't be represented.
    #[must_use]
    pub fn of(price: Price, quantity: Quantity) -> Option<Money> {
        let price = i128::from(price.0);
        // What nearly all hold has 64 bits, whose product needs no check.
        let units = match i64::try_from(quantity.0) {
            Ok(quantity) => price * i128::from(quantity),
            Err(_) => price.checked_mul(quantity.0)?,
        };
        Money::from_units_checked(units)
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
        assert_eq!(error(&format!("0.{}", "3".repeat(60))), DecimalError::TooManyPlaces(8));
        for text in ["92233720368.54775808", "-92233720368.54775808", "1e999", &"9".repeat(4000)] {
            assert_eq!(error(text).to_string(), "must be at most 92233720368.54775807", "{text}");
        }
    }

    #[test]
    fn a_quantity_has_8_places_beside_15_digits() {
        let most = "1000000000000000";
        assert_eq!(most.parse(), Ok(Quantity::MAX));
        let below: Quantity = "999999999999999.99999999".parse().unwrap();
        assert_eq!(below.checked_add(Quantity::from_units(1)), Some(Quantity::MAX));
        assert_eq!(below.to_string(), "999999999999999.99999999");
        assert_eq!(Quantity::MAX.checked_add(Quantity::from_units(1)), None);
        assert_eq!(Quantity::ZERO.checked_sub(Quantity::MAX), Some(Quantity::from_units(-Quantity::MAX.0)));
        for text in ["1000000000000000.00000001", "-1000000000000000.00000001", "1e16"] {
            let error = text.parse::<Quantity>().unwrap_err();
            assert_eq!(error.to_string(), "must be at most 10^15", "{text}");
        }
        assert_eq!("1e-9".parse::<Quantity>(), Err(DecimalError::TooManyPlaces(8)));
    }

    #[test]
    fn a_product_is_exact_or_none() {
        let price = |text: &str| text.parse::<Price>().unwrap();
        let cost = Money::of(price("0.00000001"), Quantity::from_units(1)).unwrap();
        assert_eq!(cost.to_string(), "0.0000000000000001");
        // 10^12 with 8 places, at a price with 8 places.
        let quantity: Quantity = "1000000000000.00000001".parse().unwrap();
        let cost = Money::of(price("123456.00000001"), quantity).unwrap();
        assert_eq!(cost.to_string(), "123456000000010000.0012345600000001");
        assert_eq!(Money::of(Price::MAX, quantity), None);
        assert_eq!(Money::of(price("-92233720368"), Quantity::MAX), None);
    }

    proptest! {
        #[test]
        fn printing_and_reading_are_inverse(price: i64, money: i128, shift in 0_u32..127) {
            // The least integers of all are out of range.
            let (price, money) = (price.max(-i64::MAX), money.max(-i128::MAX));
            prop_assert_eq!(Price(price).to_string().parse(), Ok(Price(price)));
            let quantity = Quantity(money % (Quantity::MAX.0 + 1));
            prop_assert_eq!(quantity.to_string().parse(), Ok(quantity));
            // Of every size: what is large is printed another way.
            for money in [Money(money), Money(money >> shift)] {
                prop_assert_eq!(money.to_string().parse(), Ok(money));
            }
        }

        #[test]
        fn what_is_printed_is_what_the_standard_library_prints(units: i128, shift in 0_u32..127, zeros in 0_u32..30) {
            fn plain(units: i128, scale: u32) -> String {
                let (one, sign) = (10_u128.pow(scale), if units < 0 { "-" } else { "" });
                let (whole, fraction) = (units.unsigned_abs() / one, units.unsigned_abs() % one);
                let text = format!("{sign}{whole}.{fraction:0places$}", places = scale as usize);
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
            let shifted = units >> shift;
            // Of every size, and with zeros at every end.
            for units in [units.max(-i128::MAX), shifted, shifted - shifted % 10_i128.pow(zeros), 10_i128.pow(zeros)] {
                let mut out = b"at: ".to_vec();
                Money(units).write_to(&mut out);
                prop_assert_eq!(str::from_utf8(&out).unwrap(), format!("at: {}", plain(units, 16)));
                prop_assert_eq!(Ratio::from_units(units).to_string(), plain(units, 18));
                let price = Price(units as i64);
                prop_assert_eq!(price.to_string(), plain(price.0.into(), 8));
            }
        }

        #[test]
        fn what_is_printed_is_a_json_number(money: i128) {
            let text = Money(money).to_string();
            prop_assert!(serde_json::from_str::<serde_json::Number>(&text).is_ok(), "{}", text);
        }

        #[test]
        fn a_product_is_that_of_the_integers(price: i64, quantity in -Quantity::MAX.0..=Quantity::MAX.0) {
            // In 64-bit limbs, by hand: the high part is zero where it fits.
            let (low, high) = (u128::from(price.unsigned_abs()), quantity.unsigned_abs());
            let (part, carry) = (low * (high & u128::from(u64::MAX)), low * (high >> 64));
            let top = carry + (part >> 64);
            let expected = (top >> 63 == 0).then(|| top << 64 | part & u128::from(u64::MAX));
            let product = Money::of(Price(price), Quantity(quantity));
            prop_assert_eq!(product.map(|money| money.units().unsigned_abs()), expected);
            let negative = (price < 0) != (quantity < 0);
            prop_assert!(product.is_none_or(|money| money.is_zero() || (money.units() < 0) == negative));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[-+0-9eE. ]{0,60}") {
            let _ = text.parse::<Money>();
        }
    }
}
