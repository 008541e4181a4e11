//! Ratios: returns, Sharpe, Sortino, and what is added up from them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::print::Text;
use super::{DecimalError, Digits};

const EXCEEDED: DecimalError = DecimalError::OutOfRange("10^18");

/// A quotient without a unit, 18 decimal places.
///
/// Unlike an amount of money, a ratio was rounded by whoever divided, mostly to
/// a double, whose digits go on for as many places as its size demands
/// (`1.1102230246251565e-16`). Refusing those would refuse honest senders, so
/// what lies beyond the 18th place is rounded, half away from zero: by its
/// digits, the same on every machine, and without a binary float. Beyond
/// [`MAX`](Ratio::MAX) it is refused: ratios within it can be multiplied by
/// weights that add up to 170 and summed without overflow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Ratio(i128);

impl Ratio {
    /// Decimal places.
    pub const SCALE: u32 = 18;
    /// 0.
    pub const ZERO: Ratio = Ratio(0);
    /// 10^18, the largest that is let in, either side of zero.
    pub const MAX: Ratio = Ratio(10_i128.pow(36));

    /// From units of `10^-SCALE`.
    pub const fn from_units(units: i128) -> Ratio {
        Ratio(units)
    }

    /// In units of `10^-SCALE`.
    pub const fn units(self) -> i128 {
        self.0
    }

    /// The sum, or `None` if it can't be represented.
    #[must_use]
    pub fn checked_add(self, other: Ratio) -> Option<Ratio> {
        self.0.checked_add(other.0).map(Ratio)
    }

    /// So many times this, or `None` if it can't be represented.
    #[must_use]
    pub fn checked_mul(self, times: i32) -> Option<Ratio> {
        self.0.checked_mul(i128::from(times)).map(Ratio)
    }
}

impl FromStr for Ratio {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Ratio, DecimalError> {
        let number = Digits::of(text)?;
        let units = round(&number)?;
        if units > Ratio::MAX.0 {
            return Err(EXCEEDED);
        }
        Ok(Ratio(if number.negative { -units } else { units }))
    }
}

/// The size in units, the digits beyond the last place rounded.
fn round(number: &Digits<'_>) -> Result<i128, DecimalError> {
    let whole = i64::try_from(number.whole.len()).map_err(|_| EXCEEDED)?;
    let Ok(kept) = usize::try_from(whole + number.exponent + i64::from(Ratio::SCALE)) else { return Ok(0) };
    let mut digits = number.whole.bytes().chain(number.fraction.bytes()).map(|byte| i128::from(byte - b'0'));
    let push = |units: i128, digit| units.checked_mul(10).and_then(|units| units.checked_add(digit));
    let mut units = 0;
    for digit in digits.by_ref().take(kept) {
        units = push(units, digit).ok_or(EXCEEDED)?;
    }
    // Zeros that an exponent implies: zero stays zero, anything else soon ends.
    let implied = kept.saturating_sub(number.whole.len() + number.fraction.len());
    for _ in 0..if units == 0 { 0 } else { implied } {
        units = push(units, 0).ok_or(EXCEEDED)?;
    }
    let up = digits.next().is_some_and(|next| next >= 5);
    Ok(units + i128::from(up))
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Text::of::<{ Ratio::SCALE }>(self.0).show(f)
    }
}

/// As a string of digits, for a number is never a float; in a binary form its units, be they of a sum.
impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Ratio {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Ratio, D::Error> {
        if !deserializer.is_human_readable() {
            return i128::deserialize(deserializer).map(Ratio);
        }
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn units(text: &str) -> Result<i128, DecimalError> {
        text.parse().map(Ratio::units)
    }

    #[test]
    fn digits_beyond_the_last_place_are_rounded_half_away_from_zero() {
        assert_eq!(units("0.0000000000000000014"), Ok(1));
        assert_eq!(units("0.0000000000000000015"), Ok(2));
        assert_eq!(units("-0.0000000000000000015"), Ok(-2));
        assert_eq!(units("0.00000000000000000149999999999999999999999999999999999999"), Ok(1));
        assert_eq!(units("1.1102230246251565e-16"), Ok(111));
        assert_eq!(units("5e-19"), Ok(1));
        assert_eq!(units("4.9e-19"), Ok(0));
        assert_eq!(units("9.9e-20"), Ok(0));
        assert_eq!(units("9e-999999999999"), Ok(0));
        assert_eq!(units("0.9999999999999999999"), Ok(10_i128.pow(18)));
        assert_eq!(units("-0.0"), Ok(0));
    }

    #[test]
    fn what_fits_is_exact() {
        assert_eq!(units("0.008819639682769775"), Ok(8_819_639_682_769_775));
        assert_eq!(units("13.30202579498291"), Ok(13_302_025_794_982_910_000));
        assert_eq!(units("1.5e3"), Ok(1500 * 10_i128.pow(18)));
        assert_eq!(units("1500000000000000000000e-21"), Ok(1_500_000_000_000_000_000));
        assert_eq!(units("0e999999999"), Ok(0));
        assert_eq!(units("1e18"), Ok(Ratio::MAX.units()));
    }

    #[test]
    fn a_sum_beyond_what_is_let_in_survives_in_a_binary_form() {
        for units in [0, -1, Ratio::MAX.units() * 100, i128::MIN] {
            let ratio = Ratio::from_units(units);
            assert_eq!(rmp_serde::from_slice::<Ratio>(&rmp_serde::to_vec(&ratio).unwrap()).unwrap(), ratio);
        }
    }

    #[test]
    fn what_is_too_large_or_no_number_is_refused() {
        for text in ["1000000000000000000.0000000000000001", "1e19", "1e999", "-1e999999999999999999999"] {
            assert_eq!(units(text), Err(EXCEEDED), "{text}");
        }
        assert_eq!(units(&"9".repeat(4000)), Err(EXCEEDED));
        for text in ["", "-", "NaN", "Infinity", "-Infinity", "1.", ".5", "1e", " 1", "0x1p3"] {
            assert_eq!(units(text), Err(DecimalError::NotANumber), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_are_inverse(units in -Ratio::MAX.0..=Ratio::MAX.0) {
            let ratio = Ratio(units);
            prop_assert_eq!(ratio.to_string().parse(), Ok(ratio));
        }

        #[test]
        fn any_finite_double_within_the_range_is_taken_to_half_a_unit(value in -1e6_f64..1e6) {
            let ratio: Ratio = value.to_string().parse().unwrap();
            // A double of this size is itself coarser than the unit.
            prop_assert!((ratio.units() as f64 / 1e18 - value).abs() <= value.abs() * 1e-15 + 5e-19);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[-+0-9eE. ]{0,80}") {
            let _ = text.parse::<Ratio>();
        }
    }
}
