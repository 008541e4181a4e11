//! The leaderboard at one position of the log.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use hub_core::{Offset, PortfolioId, Position};
use hub_fanout::Applied;

use crate::board::Board;
use crate::history::{History, Move, PastTop};
use crate::ranking::Ranking;
use crate::row::Row;

/// Tops of the past that one snapshot keeps: as many as there are cadences
/// out of step.
const PASTS_MAX: usize = 32;

/// The ranking as a value: handed out at each settle and each
/// flush in O(1), never changed.
pub struct State {
    applied: Applied,
    round: Offset,
    board: Board,
    history: History,
    /// Worked out by whoever first asks, then shared by all documents.
    pasts: Mutex<Vec<(Offset, Past)>>,
}

type Past = Arc<OnceLock<Option<Arc<PastTop>>>>;

impl State {
    pub(crate) fn new(applied: Applied, round: Offset, board: Board, history: History) -> State {
        State { applied, round, board, history, pasts: Mutex::default() }
    }

    /// Before the first record.
    pub(crate) fn start() -> State {
        State::new(Applied::default(), Offset::START, Ranking::default().board(), History::new(0))
    }

    /// The place in the log that all of this is as of. Before
    /// the first batch, offset 0 of epoch 0.
    pub fn position(&self) -> Position {
        self.applied.position
    }

    /// The same, and the log time.
    pub(crate) fn applied(&self) -> Applied {
        self.applied
    }

    /// The flush with which the round of P&L began that this is in ([`Rounds`](crate::rounds::Rounds)).
    pub(crate) fn round(&self) -> Offset {
        self.round
    }

    /// The board: who stands where.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// True if what the top was after this offset is remembered, change by change.
    pub fn reaches(&self, after: Offset) -> bool {
        self.history.reaches(after)
    }

    /// True if the ranking, or what it shows, changed after this offset. O(1).
    pub fn changed(&self, after: Offset) -> bool {
        self.history.changed(after)
    }

    /// The first `limit` rows, 1,000 at most, as they were at `after`; `None` if it is too long ago, or
    /// the top changed too much since then.
    pub fn top_at(&self, after: Offset, limit: usize) -> Option<Vec<Arc<Row>>> {
        let work_out = || self.history.top_at(after).map(Arc::new);
        let past = match self.past(after) {
            Some(past) => past.get_or_init(work_out).clone(),
            None => work_out(),
        };
        past.map(|past| past.rows(&self.board, limit))
    }

    /// The board as it was at `after`; `None` if that was at no flush of this node,
    /// it is too long ago, or too much changed since then.
    pub fn board_at(&self, after: Offset) -> Option<&Board> {
        self.history.board_at(after, &self.board)
    }

    /// The portfolios that changed after `since`, a flush; `None` if there were more than `most` changes,
    /// or too many to be remembered.
    pub(crate) fn moves(&self, since: Offset, most: usize) -> Option<BTreeMap<PortfolioId, Move>> {
        self.history.moves(since, most)
    }

    fn past(&self, after: Offset) -> Option<Past> {
        // Held for a look at a short list: what is worked out is not worked
        // out in here.
        let mut pasts = self.pasts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, past)) = pasts.iter().find(|(offset, _)| *offset == after) {
            return Some(Arc::clone(past));
        }
        if pasts.len() >= PASTS_MAX {
            return None;
        }
        let past = Past::default();
        pasts.push((after, Arc::clone(&past)));
        Some(past)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_top_of_the_past_is_worked_out_once_and_few_are_kept() {
        let state = State::start();
        let shared = |offset| {
            let [a, b] = [(); 2].map(|()| state.past(Offset(offset)));
            a.zip(b).is_some_and(|(a, b)| Arc::ptr_eq(&a, &b))
        };
        assert!((0..PASTS_MAX as u64).all(shared));
        assert!(!shared(PASTS_MAX as u64), "beyond, it is worked out for each");
        assert!(shared(0));
        assert_eq!(state.pasts.lock().unwrap().len(), PASTS_MAX);
    }
}
