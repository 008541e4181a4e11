//! Percentages with two decimal places.

use std::fmt;

use hub_core::Money;

/// Hundredths of a percent, rounded half up (ties away from zero). As JSON a
/// number without trailing zeros: `0.54`, `100`, `-0.5`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Percent(i128);

/// Units of [`Money`] in a hundredth.
const HUNDREDTH: i128 = 10_i128.pow(Money::SCALE - 2);

impl Percent {
    /// `part / whole * 100`; 0 of nothing is 0. The arguments are those of a
    /// price or a count, at most 2^64 in size.
    pub(crate) fn of(part: i128, whole: i128) -> Percent {
        if whole == 0 {
            return Percent(0);
        }
        let (size, whole) = (part.abs() * 10_000, whole.abs());
        let rounded = (2 * size + whole) / (2 * whole);
        Percent(rounded * part.signum())
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Money::from_units(self.0 * HUNDREDTH).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_away_from_zero_and_the_largest_fits() {
        for (part, whole, text) in [
            (1, 1, "100"),
            (0, 7, "0"),
            (5, 0, "0"),
            (2, 3, "66.67"),
            (1, 3, "33.33"),
            (1, 20_000, "0.01"),
            (-1, 20_000, "-0.01"),
            (1, 20_001, "0"),
            (-1, 20_001, "0"),
            (-1, 200, "-0.5"),
        ] {
            assert_eq!(Percent::of(part, whole).to_string(), text, "{part}/{whole}");
        }
        let largest = Percent::of(i128::from(i64::MAX), 1);
        assert_eq!(largest.to_string(), format!("{}00", i64::MAX));
    }
}
