//! Arithmetic with a number of digits, rounded half up.

/// Digits of squares, variances and deviations.
const DIGITS: u32 = 10;

/// Digits that 128 bits hold, whichever they are, and one bit to spare.
const WORKING_DIGITS: u32 = 37;

/// `size * 10^-places`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Decimal {
    size: u128,
    places: u32,
}

impl Decimal {
    pub(super) const ONE: Decimal = Decimal::of(1, 0);

    pub(super) const fn of(size: u128, places: u32) -> Decimal {
        Decimal { size, places }
    }

    /// Divided by a number that is not 0, to its digits.
    pub(super) fn by(self, count: u64) -> Decimal {
        let Some(digits) = self.size.checked_ilog10().map(|log| log + 1) else { return self };
        // Of what is cut off no digit is among those that decide.
        let up = WORKING_DIGITS.saturating_sub(digits);
        let size = self.size * 10_u128.pow(up) / u128::from(count);
        Decimal { size: rounded(size), places: self.places + up }
    }

    /// The root, to its digits. Of a number that has its digits already.
    pub(super) fn root(self) -> Decimal {
        // A number that has them ends with a 0, if it ends behind them.
        let odd = self.places % 2;
        let size = self.size / 10_u128.pow(odd);
        Decimal { size: rounded(size.isqrt()), places: (self.places - odd) / 2 }
    }

    /// The quotient of `part * 10^-part_places` by this number, in units of `10^-places`; 0 if this is 0, and `None` where it is
    /// more than 128 bits hold.
    pub(super) fn divides(self, part: u128, part_places: u32, places: u32) -> Option<u128> {
        if self.size == 0 {
            return Some(0);
        }
        let zeros =
            (0..=self.size.ilog10()).take_while(|zeros| self.size.is_multiple_of(10_u128.pow(zeros + 1)));
        let zeros = zeros.count() as u32;
        let size = self.size / 10_u128.pow(zeros);
        let (up, down) = (places + self.places, part_places + zeros);
        if up >= down {
            let part = part.checked_mul(10_u128.checked_pow(up - down)?)?;
            return quotient(part, 1, size);
        }
        quotient(part, 1, size.checked_mul(10_u128.checked_pow(down - up)?)?)
    }
}

/// A number with its last digits rounded to 0, so that its digits are left.
pub(super) fn rounded(size: u128) -> u128 {
    let digits = size.checked_ilog10().map_or(0, |log| log + 1);
    let Some(unit) = digits.checked_sub(DIGITS).filter(|over| *over > 0).map(|over| 10_u128.pow(over)) else {
        return size;
    };
    let rest = size % unit;
    let down = size - rest;
    if rest >= unit / 2 { down + unit } else { down }
}

/// `part * times / whole`, rounded half up; `None` where it is more than 128 bits hold. The whole is more than 0, and has
/// no more than 127 bits.
pub(super) fn quotient(part: u128, times: u64, whole: u128) -> Option<u128> {
    let (quotient, rest) = match part.checked_mul(times.into()) {
        Some(product) => (product / whole, product % whole),
        None => long(part, times, whole)?,
    };
    if rest >= whole - rest { quotient.checked_add(1) } else { Some(quotient) }
}

/// The same as quotient and rest, where the product has more than 128 bits: one bit after the other.
fn long(part: u128, times: u64, whole: u128) -> Option<(u128, u128)> {
    let (each, over) = (part / whole, part % whole);
    let (mut quotient, mut rest) = (0_u128, 0_u128);
    for bit in (0..u64::BITS).rev() {
        quotient = quotient.checked_mul(2)?;
        for more in [rest, if times >> bit & 1 == 1 { over } else { 0 }] {
            // Both are less than the whole.
            rest += more;
            if rest >= whole {
                (rest, quotient) = (rest - whole, quotient + 1);
            }
        }
    }
    Some((quotient.checked_add(each.checked_mul(times.into())?)?, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_digits_are_rounded_half_up() {
        for (size, expected) in [
            (0, 0),
            (1_234_567_890, 1_234_567_890),
            (12_345_678_904, 12_345_678_900),
            (12_345_678_905, 12_345_678_910),
            (9_999_999_999_999, 10_000_000_000_000),
        ] {
            assert_eq!(rounded(size), expected);
        }
    }

    #[test]
    fn a_quotient_is_rounded_half_up() {
        for (part, whole, expected) in [(5, 2, 3), (7, 3, 2), (8, 3, 3), (0, 7, 0), (1, 2, 1), (1, 3, 0)] {
            assert_eq!(quotient(part, 1, whole), Some(expected), "{part}/{whole}");
        }
        assert_eq!(quotient(u128::MAX, 10, 1), None);
    }

    #[test]
    fn a_root_has_its_digits() {
        // 2 by 1, and its root.
        let two = Decimal::of(2, 0).by(1);
        let root = two.root();
        assert_eq!(root.divides(1, 0, 0), Some(1));
        assert_eq!(root.size / 10_u128.pow(root.places - 9), 1_414_213_562);
        assert_eq!(Decimal::of(0, 16).by(28).root().divides(5, 8, 18), Some(0));
    }

    proptest! {
        #[test]
        fn a_long_product_is_divided_as_a_short_one(part in 0..u128::MAX >> 64, times: u64, whole in 1..u128::MAX >> 1) {
            let product = part * u128::from(times);
            prop_assert_eq!(long(part, times, whole), Some((product / whole, product % whole)));
        }

        #[test]
        fn a_long_product_is_divided_digit_by_digit(part: u128, digits in 0_u32..15, whole in 1..u128::MAX >> 4) {
            let (mut quotient, mut rest) = (Some(part / whole), part % whole);
            for _ in 0..digits {
                quotient = quotient.and_then(|quotient| quotient.checked_mul(10)?.checked_add(rest * 10 / whole));
                rest = rest * 10 % whole;
            }
            let found = long(part, 10_u64.pow(digits), whole);
            prop_assert_eq!(found, quotient.map(|quotient| (quotient, rest)));
        }
    }
}
