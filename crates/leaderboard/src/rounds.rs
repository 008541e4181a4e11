//! Rounds in which P&L beside ranks is told.

use hub_core::{Offset, Timestamp};
use hub_fanout::Applied;

/// Intervals of log time (`leaderboard.pnl_ms`), in each of which P&L that moved since the one before is told once, at its
/// first flush: so all who look are told together, and share what they are told.
///
/// Without P&L each flush is a round of its own.
pub(crate) struct Rounds {
    millis: Option<i64>,
    /// The interval of the last flush.
    number: i64,
    /// The first flush of it.
    first: Offset,
}

impl Rounds {
    pub(crate) fn of(millis: Option<u32>) -> Rounds {
        Rounds { millis: millis.map(i64::from), number: i64::MIN, first: Offset::START }
    }

    /// The first flush of the round that a state belongs to, if it is flushed.
    pub(crate) fn first(&self, applied: Applied) -> Offset {
        if self.number(applied.at) == Some(self.number) { self.first } else { applied.position.offset }
    }

    /// A state was flushed.
    pub(crate) fn flushed(&mut self, applied: Applied) {
        self.first = self.first(applied);
        self.number = self.number(applied.at).unwrap_or(i64::MIN);
    }

    fn number(&self, at: Timestamp) -> Option<i64> {
        Some(at.millis().div_euclid(self.millis?))
    }
}

#[cfg(test)]
mod tests {
    use hub_core::{Epoch, Position};

    use super::*;

    /// The first flush of the round of each flush, given by offset and log time.
    fn firsts(millis: Option<u32>, flushes: &[(u64, i64)]) -> Vec<u64> {
        let mut rounds = Rounds::of(millis);
        let first = |(offset, at): &(u64, i64)| {
            let position = Position { epoch: Epoch(1), offset: Offset(*offset) };
            let applied = Applied { position, at: Timestamp::from_millis(*at).unwrap() };
            let first = rounds.first(applied);
            rounds.flushed(applied);
            assert_eq!(rounds.first(applied), first);
            first.0
        };
        flushes.iter().map(first).collect()
    }

    #[test]
    fn a_round_begins_with_the_first_flush_of_an_interval() {
        let flushes = [(1, 0), (5, 999), (9, 1_000), (9, 1_000), (12, 1_999), (20, 5_000), (21, 5_001)];
        assert_eq!(firsts(Some(1_000), &flushes), [1, 1, 9, 9, 9, 20, 20]);
        assert_eq!(firsts(None, &flushes), [1, 5, 9, 9, 12, 20, 21]);
    }
}
