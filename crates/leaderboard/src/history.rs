//! History: what changed, for as long as a subscriber may resume.

use std::collections::BTreeMap;
use std::sync::Arc;

use hub_core::{Offset, PortfolioId, Timestamp};
use rpds::ListSync;

use crate::board::Board;
use crate::row::Row;

/// Changes per generation; two generations are kept. About 15 MB of entries
/// that are held for nothing else, at worst.
const GENERATION_MAX: usize = 1 << 16;

/// Portfolios that are put back to work out a board of the past. Where more
/// than so many changed, a snapshot, at most 1,000 rows, costs less than
/// finding out what to leave out of it.
const PUT_BACK_MAX: usize = 1 << 13;

/// The changes of the last while, newest first, with what was before them: so
/// that the board of any offset can be had from a later one, and "what changed
/// since" is answered exactly, on any node, whatever its batches were. These
/// are the tombstones of those who left somebody's top.
///
/// Changes live in two generations: when log time enters the next one (each as
/// long as the resume horizon), or the young one is full, the old one is
/// dropped as a whole. So a change is remembered for one to two horizons,
/// adding one is O(1), and so is a clone.
#[derive(Clone)]
pub(crate) struct History {
    young: ListSync<Change>,
    old: ListSync<Change>,
    /// Which generation of log time the young one is.
    generation: i64,
    horizon_millis: i64,
    /// Every change after this is here.
    floor: Offset,
}

struct Change {
    offset: Offset,
    id: PortfolioId,
    before: Option<Arc<Row>>,
}

impl History {
    pub(crate) fn new(horizon_millis: i64) -> History {
        History {
            young: ListSync::new_sync(),
            old: ListSync::new_sync(),
            generation: 0,
            horizon_millis: horizon_millis.max(1),
            floor: Offset::START,
        }
    }

    /// From now on changes are remembered for at least so long.
    pub(crate) fn configure(&mut self, horizon_millis: i64, now: Timestamp) {
        self.horizon_millis = horizon_millis.max(1);
        self.generation = self.generation_of(now);
    }

    /// Log time passes. Where boundaries lie is a function of time alone, so
    /// it does not matter which records bring it here.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        let generation = self.generation_of(now);
        for _ in 0..(generation - self.generation).clamp(0, 2) {
            self.next_generation();
        }
        self.generation = generation;
    }

    /// The portfolio was changed at `offset`, which is not before any earlier
    /// one.
    pub(crate) fn record(&mut self, offset: Offset, id: PortfolioId, before: Option<Arc<Row>>) {
        if self.young.len() >= GENERATION_MAX {
            self.next_generation();
        }
        self.young.push_front_mut(Change { offset, id, before });
    }

    /// True if every change after this offset is remembered.
    pub(crate) fn reaches(&self, after: Offset) -> bool {
        after >= self.floor
    }

    /// True if anything changed after this offset.
    pub(crate) fn changed(&self, after: Offset) -> bool {
        !self.reaches(after) || self.since(after).next().is_some()
    }

    /// The board as it was at `after`, given the one that came of these
    /// changes. `None` if they are forgotten, or too many to be worth it.
    pub(crate) fn board_at(&self, after: Offset, now: &Board) -> Option<Board> {
        if !self.reaches(after) {
            return None;
        }
        let mut before = BTreeMap::new();
        for change in self.since(after) {
            // The oldest change since then wins.
            before.insert(change.id, &change.before);
            if before.len() > PUT_BACK_MAX {
                return None;
            }
        }
        let mut board = now.clone();
        for (id, entry) in before {
            board.set(id, entry.clone());
        }
        Some(board)
    }

    /// Newest first.
    fn since(&self, after: Offset) -> impl Iterator<Item = &Change> {
        self.young.iter().chain(self.old.iter()).take_while(move |change| change.offset > after)
    }

    fn next_generation(&mut self) {
        if let Some(newest) = self.old.first() {
            self.floor = newest.offset;
        }
        self.old = std::mem::replace(&mut self.young, ListSync::new_sync());
    }

    fn generation_of(&self, now: Timestamp) -> i64 {
        now.millis() / self.horizon_millis
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HORIZON: i64 = 1000;

    fn id(n: u64) -> PortfolioId {
        PortfolioId::from_bytes(u128::from(n).to_be_bytes())
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    #[test]
    fn a_change_is_remembered_for_a_horizon_and_not_for_more_than_two() {
        for changed_at in [0, 1, 500, 999, 1000, 1001] {
            for age in [0, 999, 1000, 1500, 1999, 2000, 2001, 100_000] {
                let mut history = History::new(HORIZON);
                history.advance(at(changed_at));
                history.record(Offset(5), id(1), None);
                history.advance(at(changed_at + age));
                let known = history.reaches(Offset(4));
                assert!(known || age > HORIZON, "changed at {changed_at}, forgotten after {age}");
                assert!(!known || age < 2 * HORIZON, "changed at {changed_at}, remembered after {age}");
                assert!(history.reaches(Offset(5)), "nothing changed after it");
            }
        }
    }

    #[test]
    fn it_does_not_matter_which_records_bring_the_time() {
        let run = |steps: &[i64]| {
            let mut history = History::new(HORIZON);
            history.advance(at(10));
            history.record(Offset(1), id(1), None);
            history.advance(at(1010));
            history.record(Offset(2), id(2), None);
            for step in steps {
                history.advance(at(*step));
            }
            (history.floor, history.young.len(), history.old.len())
        };
        assert_eq!(run(&[2500]), run(&[1100, 1900, 2000, 2001, 2499, 2500]));
        assert_eq!(run(&[3500]), run(&[2000, 3000, 3500]));
        assert_eq!(run(&[2500]), (Offset(1), 0, 1));
        assert_eq!(run(&[3500]), (Offset(2), 0, 0));
    }

    #[test]
    fn another_horizon_forgets_nothing_by_itself() {
        let mut history = History::new(HORIZON);
        history.advance(at(500_000));
        history.record(Offset(1), id(1), None);
        for horizon in [10, 1_000_000, 0, -5, 600_000] {
            history.configure(horizon, at(500_000));
            history.advance(at(500_000));
            assert!(history.reaches(Offset::START), "{horizon}");
        }
        history.configure(10, at(500_000));
        history.advance(at(500_020));
        assert!(!history.reaches(Offset::START));
    }

    #[test]
    fn memory_is_bounded_and_what_is_forgotten_is_known_to_be() {
        let mut history = History::new(HORIZON);
        let all = 3 * GENERATION_MAX as u64;
        (1..=all).for_each(|offset| history.record(Offset(offset), id(offset % 10), None));
        assert!(history.young.len() + history.old.len() <= 2 * GENERATION_MAX);
        let floor = history.floor;
        assert!(floor > Offset::START && !history.reaches(Offset(floor.0 - 1)));
        assert_eq!(history.since(floor).last().map(|change| change.offset), Some(floor.next()));
        assert!(history.board_at(floor, &Board::default()).is_some(), "ten portfolios are few");
    }

    #[test]
    fn where_too_many_changed_no_board_is_worked_out() {
        let mut history = History::new(HORIZON);
        let many = PUT_BACK_MAX as u64 + 1;
        (1..=many).for_each(|offset| history.record(Offset(offset), id(offset), None));
        assert!(history.board_at(Offset(1), &Board::default()).is_some());
        assert!(history.board_at(Offset(0), &Board::default()).is_none());
    }
}
