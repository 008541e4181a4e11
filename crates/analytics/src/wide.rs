//! Whole numbers of three words.

use hub_core::Money;

/// A sum of numbers of 128 bits, of which there may be 2^63: it does not overflow.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Wide {
    high: i64,
    low: u128,
}

impl From<i128> for Wide {
    fn from(number: i128) -> Wide {
        Wide { high: if number < 0 { -1 } else { 0 }, low: number.cast_unsigned() }
    }
}

impl From<Money> for Wide {
    fn from(money: Money) -> Wide {
        money.units().into()
    }
}

impl Wide {
    /// The amount of money, if money holds it.
    pub(crate) fn money(self) -> Option<Money> {
        self.units().and_then(Money::from_units_checked)
    }

    pub(crate) fn plus(self, other: Wide) -> Wide {
        let (low, carry) = self.low.overflowing_add(other.low);
        Wide { high: self.high.wrapping_add(other.high).wrapping_add(carry.into()), low }
    }

    pub(crate) fn minus(self, other: Wide) -> Wide {
        let (low, borrow) = self.low.overflowing_sub(other.low);
        Wide { high: self.high.wrapping_sub(other.high).wrapping_sub(borrow.into()), low }
    }

    /// The number, if 128 bits hold it.
    pub(crate) fn units(self) -> Option<i128> {
        let number = self.low.cast_signed();
        (Wide::from(number) == self).then_some(number)
    }

    /// 10,000 times the number by another that is not less, rounded half up; `None` where either is negative, or the
    /// other is 0. Of what is beyond 2^112 the last bits don't count.
    pub(crate) fn ten_thousandths_of(self, whole: Wide) -> Option<i64> {
        if self.high < 0 || whole.high < 0 || whole == Wide::default() {
            return None;
        }
        // Room for 20,000 times the part, and twice the whole.
        let drop = whole.bits().saturating_sub(112);
        let [part, whole] = [self, whole].map(|number| number.shifted(drop));
        let rounded = (part * 20_000 + whole) / (2 * whole);
        i64::try_from(rounded).ok()
    }

    /// Bits of a number that is not negative.
    fn bits(self) -> u32 {
        match self.high {
            0 => 128 - self.low.leading_zeros(),
            high => 192 - high.leading_zeros(),
        }
    }

    /// The number without its last bits, so many that 128 hold it.
    fn shifted(self, drop: u32) -> u128 {
        let high = u128::from(self.high.cast_unsigned());
        match drop {
            0 => self.low,
            1..128 => self.low >> drop | high << (128 - drop),
            _ => high >> (drop - 128),
        }
    }

    pub(crate) fn words(self) -> [u64; 3] {
        [self.high.cast_unsigned(), (self.low >> 64) as u64, self.low as u64]
    }

    pub(crate) fn of_words([high, middle, low]: [u64; 3]) -> Wide {
        Wide { high: high.cast_signed(), low: u128::from(middle) << 64 | u128::from(low) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_added_in_any_order_can_be_taken_away_again(
            numbers in prop::collection::vec(prop_oneof![any::<i128>(), Just(i128::MAX), Just(i128::MIN)], 1..40),
        ) {
            let all = numbers.iter().fold(Wide::default(), |sum, number| sum.plus((*number).into()));
            prop_assert_eq!(Wide::of_words(all.words()), all);
            let one = numbers[1..].iter().rev().fold(all, |sum, number| sum.minus((*number).into()));
            prop_assert_eq!(one.units(), Some(numbers[0]));
        }

        #[test]
        fn shares_are_rounded_half_up(part in 0_i128..1 << 100, rest in 0_i128..1 << 100) {
            let whole = part + rest;
            let share = Wide::from(part).ten_thousandths_of(whole.into());
            prop_assert_eq!(share, (whole > 0).then(|| ((part * 20_000 + whole) / (2 * whole)) as i64));
        }
    }

    #[test]
    fn sums_that_no_number_holds_are_told_and_have_shares() {
        let most = Wide::from(i128::MAX);
        let two = most.plus(most);
        assert_eq!((two.units(), two.minus(most).units()), (None, Some(i128::MAX)));
        assert_eq!(most.ten_thousandths_of(two), Some(5000));
        let many = (0..10_000).fold(Wide::default(), |sum, _| sum.plus(most));
        assert_eq!(
            [most, two, many].map(|part| part.ten_thousandths_of(many)),
            [Some(1), Some(2), Some(10_000)]
        );
        let least = Wide::from(i128::MIN);
        assert_eq!((least.plus(least).units(), least.ten_thousandths_of(most)), (None, None));
        assert_eq!(Wide::default().ten_thousandths_of(Wide::default()), None);
    }
}
