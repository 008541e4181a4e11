//! The turn of each portfolio: its risk is worked out every 30 s of log time, if something that it depends on changed.

use hub_core::{Offset, Timestamp};
use hub_rows::Column;
use serde::{Deserialize, Serialize};

use crate::portfolio::PortfolioKey;

/// Milliseconds of log time between two turns of a portfolio.
const EVERY_MILLIS: i64 = 30_000;

/// Portfolios are spread over slots of so many milliseconds, so that no turn holds anything up, and what changes in the
/// ranking at once is a small part of it.
const SLOT_MILLIS: i64 = 500;

const SLOTS: u32 = (EVERY_MILLIS / SLOT_MILLIS) as u32;

/// Turns that portfolios have had, and the time of the next ones.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct RiskPass {
    /// By portfolio: what it depends on was taken into account up to here.
    taken: Column<Offset>,
    /// By portfolio: there was a risk when it was last worked out.
    has_risk: Column<bool>,
    /// The slot that log time is in.
    slot: i64,
    /// Slots until every portfolio has had a turn since something changed.
    left: u32,
}

impl RiskPass {
    /// Something changed that a portfolio may depend on: every one has a turn.
    pub(crate) fn arm(&mut self) {
        self.left = SLOTS;
    }

    /// The beginning of the next slot, if a portfolio has a turn there.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        let next = Timestamp::from_millis((self.slot + 1) * SLOT_MILLIS).unwrap_or_default();
        (self.left > 0).then_some(next)
    }

    /// Log time passes; the portfolios, of so many, whose turn it is. Turns are at the beginnings of slots alone, so that
    /// anybody knows when one was: while there are any, time stops at each.
    pub(crate) fn advance(
        &mut self,
        now: Timestamp,
        portfolios: u32,
    ) -> impl Iterator<Item = PortfolioKey> + use<> {
        let slot = now.millis().div_euclid(SLOT_MILLIS);
        let is_beginning = now.micros() == slot * SLOT_MILLIS * 1000;
        let begins = slot > self.slot && self.left > 0 && is_beginning;
        self.slot = self.slot.max(slot);
        self.left -= u32::from(begins);
        let first = if begins { slot.rem_euclid(SLOTS.into()) as u32 } else { portfolios };
        (first..portfolios).step_by(SLOTS as usize)
    }

    /// Nothing counts as taken into account: what a portfolio depends on is another thing.
    pub(crate) fn begin_anew(&mut self) {
        self.taken = Column::default();
        self.arm();
    }

    /// True if something changed that the portfolio depends on since its last turn. From here on what was `applied` is
    /// taken into account: what time changes before the next record has that one's offset, and is looked at once more.
    pub(crate) fn take(&mut self, key: PortfolioKey, changed: Offset, applied: Offset) -> bool {
        while self.taken.len() <= key as usize {
            self.taken.push(Offset::START);
        }
        let is_new = self.taken.get(key).is_none_or(|taken| changed > *taken);
        if is_new {
            self.taken.set(key, applied);
        }
        is_new
    }
}

impl RiskPass {
    /// Notes whether there is a risk at a portfolio's turn; true if there is none any more.
    pub(crate) fn lapses(&mut self, key: PortfolioKey, has_risk: bool) -> bool {
        while self.has_risk.len() <= key as usize {
            self.has_risk.push(false);
        }
        let before = self.has_risk.get(key) == Some(&true);
        self.has_risk.set(key, has_risk);
        before && !has_risk
    }
}

/// The last turn of a portfolio up to a time, had or passed over; `None` before 1970-01-01 is over by 30 s.
pub(crate) fn last_turn(key: PortfolioKey, now: Timestamp) -> Option<Timestamp> {
    let slot = now.millis().div_euclid(SLOT_MILLIS);
    let ago = (slot - i64::from(key)).rem_euclid(SLOTS.into());
    Timestamp::from_millis((slot - ago) * SLOT_MILLIS).filter(|turn| turn.millis() >= EVERY_MILLIS)
}

/// The one before it.
pub(crate) fn turn_before(turn: Timestamp) -> Timestamp {
    turn.plus_millis(-EVERY_MILLIS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    /// Goes from boundary to boundary up to a time.
    fn run(pass: &mut RiskPass, portfolios: u32, until: i64) -> Vec<(i64, PortfolioKey)> {
        let mut turns = Vec::new();
        while let Some(next) = pass.next().filter(|next| next.millis() <= until) {
            turns.extend(pass.advance(next, portfolios).map(|key| (next.millis(), key)));
        }
        turns.extend(pass.advance(at(until), portfolios).map(|key| (until, key)));
        turns
    }

    #[test]
    fn each_portfolio_has_a_turn_after_a_change_and_then_none() {
        let mut pass = RiskPass::default();
        assert!(run(&mut pass, 100, 1_000_000).is_empty());
        pass.arm();
        let turns = run(&mut pass, 100, 2_000_000);
        let mut keys: Vec<_> = turns.iter().map(|(_, key)| *key).collect();
        keys.sort_unstable();
        assert_eq!(keys, (0..100).collect::<Vec<_>>());
        assert!(turns.iter().all(|(millis, _)| (1_000_500..=1_030_000).contains(millis)), "{turns:?}");
        assert_eq!(pass.next(), None, "a night costs nothing");
    }

    /// A day that ends in the midst of a slot, after a night without a record.
    #[test]
    fn no_turn_begins_in_the_midst_of_a_slot() {
        let mut pass = RiskPass::default();
        pass.arm();
        assert_eq!(pass.advance(at(1_000_250), 100).count(), 0);
        let turns = run(&mut pass, 100, 2_000_000);
        assert_eq!(turns.len(), 100);
        for (millis, key) in turns {
            assert_eq!(last_turn(key, at(millis)), Some(at(millis)));
            assert_eq!(last_turn(key, at(millis + 29_999)), Some(at(millis)));
            assert_eq!(last_turn(key, at(millis - 1)), Some(turn_before(at(millis))));
        }
    }

    #[test]
    fn while_something_changes_the_turns_of_one_are_30_s_apart() {
        let (mut pass, mut turns) = (RiskPass::default(), Vec::new());
        for second in 0..120 {
            turns.extend(run(&mut pass, 200, second * 1000));
            pass.arm();
        }
        for key in [0, 59, 60, 199] {
            let of: Vec<_> = turns.iter().filter(|(_, of)| *of == key).map(|(millis, _)| *millis).collect();
            assert!(of.len() >= 3 && of.windows(2).all(|two| two[1] - two[0] == EVERY_MILLIS), "{of:?}");
        }
    }

    #[test]
    fn what_was_taken_into_account_is_no_change() {
        let mut pass = RiskPass::default();
        assert!(pass.take(3, Offset(5), Offset(6)));
        assert!(!pass.take(3, Offset(6), Offset(9)));
        // Time changed something before the record 7, and that more.
        assert!(pass.take(3, Offset(7), Offset(6)));
        assert!(pass.take(3, Offset(7), Offset(7)));
        assert!(!pass.take(3, Offset(7), Offset(8)));
        assert!(!pass.take(1, Offset::START, Offset(9)));
        pass.begin_anew();
        assert!(pass.take(3, Offset(7), Offset(8)));
    }
}
