//! The money of a session.

use hub_core::{Money, Timestamp};
use serde::{Deserialize, Serialize};

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// Amounts of a session: its capital, earned and staked. Every sum in it can be represented;
/// a change that would carry one beyond is refused as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Balance {
    /// Capital that it began with.
    pub(crate) initial: Money,
    /// Profit of its closed trades.
    pub(crate) realized: Money,
    /// `initial + realized`.
    pub(crate) current: Money,
    /// Cost of its open trades.
    committed: Money,
    /// The UTC day of the last closing, in days since 1970, and what was
    /// earned in it: a day begins without anything happening to a session.
    today: (i64, Money),
}

impl Balance {
    pub(crate) fn new(initial: Money) -> Balance {
        Balance {
            initial,
            realized: Money::ZERO,
            current: initial,
            committed: Money::ZERO,
            today: (0, Money::ZERO),
        }
    }

    /// Capital that may be staked: no open trade holds it. Negative
    /// after losses beyond it; `None` if it can't even be represented.
    pub(crate) fn available(&self) -> Option<Money> {
        self.current.checked_sub(self.committed)
    }

    /// Profit since the UTC midnight before `at`, which is not
    /// before the last closing.
    pub(crate) fn today(&self, at: Timestamp) -> Money {
        let (day, earned) = self.today;
        if day == day_of(at) { earned } else { Money::ZERO }
    }

    /// A trade that costs `cost` was opened.
    pub(crate) fn opened(self, cost: Money) -> Option<Balance> {
        Some(Balance { committed: self.committed.checked_add(cost)?, ..self })
    }

    /// A trade that had cost `cost` was closed at `at` and earned `pnl`.
    pub(crate) fn closed(self, cost: Money, pnl: Money, at: Timestamp) -> Option<Balance> {
        Some(Balance {
            initial: self.initial,
            realized: self.realized.checked_add(pnl)?,
            current: self.current.checked_add(pnl)?,
            committed: self.committed.checked_sub(cost)?,
            today: (day_of(at), self.today(at).checked_add(pnl)?),
        })
    }
}

fn day_of(at: Timestamp) -> i64 {
    at.millis().div_euclid(DAY_MILLIS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_staked_is_not_available_and_what_is_earned_is() {
        let balance = Balance::new(money("1000")).opened(money("600")).unwrap();
        assert_eq!((balance.current, balance.available()), (money("1000"), Some(money("400"))));
        let balance = balance.closed(money("600"), money("-50"), at("2026-02-12T10:00:00Z")).unwrap();
        assert_eq!((balance.current, balance.available()), (money("950"), Some(money("950"))));
    }

    #[test]
    fn today_begins_at_utc_midnight() {
        let (before, after) = (at("2026-02-12T23:59:59.999Z"), at("2026-02-13T00:00:00Z"));
        let balance = Balance::new(money("1000")).closed(Money::ZERO, money("5"), before).unwrap();
        assert_eq!((balance.today(before), balance.today(after)), (money("5"), Money::ZERO));
        let balance = balance.closed(Money::ZERO, money("-2"), after).unwrap();
        assert_eq!((balance.today(after), balance.realized), (money("-2"), money("3")));
        let balance = balance.closed(Money::ZERO, money("7"), after).unwrap();
        assert_eq!(balance.today(after), money("5"));
    }

    #[test]
    fn a_sum_that_can_not_be_represented_changes_nothing() {
        let most = Money::from_units(i128::MAX);
        let balance = Balance::new(most);
        assert_eq!(balance.closed(Money::ZERO, Money::from_units(1), Timestamp::default()), None);
        assert_eq!(balance.opened(most).and_then(|balance| balance.opened(Money::from_units(1))), None);
    }
}
