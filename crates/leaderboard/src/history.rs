//! History: what was, for as long as somebody may ask what changed since.
//!
//! Two questions are answered. The rows of a top, of which there are at most so
//! many, are known as of *any* offset: a subscriber may come back with a position
//! that another node sent him. So the changes of the [top](tops) are remembered,
//! which a pass over a million portfolios has few of. What surrounds a portfolio
//! is asked for as of the flushes that this node's subscribers were shown, and
//! those [boards](boards) are kept.
//!
//! Both live in two generations: when log time enters the next one (each as long
//! as the resume horizon), or the young one is full, the old one is dropped as a
//! whole. So what happened is remembered for one to two horizons, adding to it is
//! O(1), and so is a clone.

mod boards;
mod generations;
mod moves;
mod tops;
mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;

use hub_core::{Offset, PortfolioId, Timestamp};

use crate::board::Board;
use crate::ranking::Ranking;
use crate::row::Row;
use boards::Boards;
use moves::Moves;
use tops::Tops;

pub(crate) use moves::Move;
pub(crate) use tops::PastTop;
pub(crate) use walk::WalkedHistory;

/// The past, as far as it is remembered.
#[derive(Clone)]
pub(crate) struct History {
    tops: Tops,
    boards: Boards,
    moves: Moves,
    /// Which generation of log time the young one is.
    generation: i64,
    horizon_millis: i64,
    /// The last change, of whatever rank.
    changed: Offset,
}

impl History {
    pub(crate) fn new(horizon_millis: i64) -> History {
        History::of(Tops::default(), horizon_millis)
    }

    fn of(tops: Tops, horizon_millis: i64) -> History {
        History {
            tops,
            boards: Boards::default(),
            moves: Moves::default(),
            generation: 0,
            horizon_millis: horizon_millis.max(1),
            changed: Offset::START,
        }
    }

    /// From now on changes are remembered for at least so long.
    pub(crate) fn configure(&mut self, horizon_millis: i64, now: Timestamp) {
        self.horizon_millis = horizon_millis.max(1);
        self.generation = self.generation_of(now);
    }

    /// Log time passes. Where boundaries lie is a function of time alone, so
    /// it does not matter which records bring it here.
    pub(crate) fn advance(&mut self, now: Timestamp, ranking: &Ranking) {
        let generation = self.generation_of(now);
        if generation != self.generation {
            self.tops.end_offset(ranking);
        }
        for _ in 0..(generation - self.generation).clamp(0, 2) {
            self.tops.next_generation();
            self.boards.next_generation();
        }
        self.generation = generation;
    }

    /// A portfolio is about to be ranked anew at `offset`, which is not before any
    /// earlier change.
    pub(crate) fn begin(&mut self, offset: Offset, ranking: &Ranking) {
        self.tops.begin(offset, ranking);
    }

    /// It was ranked by `row`, and before that by another, if by any.
    pub(crate) fn record(
        &mut self,
        offset: Offset,
        before: Option<&Arc<Row>>,
        row: &Arc<Row>,
        ranking: &Ranking,
    ) {
        self.tops.record(before, row, ranking);
        self.boards.record(offset);
        self.moves.record(before, row);
        self.changed = offset;
    }

    /// A batch ends: what changes from now on has another offset.
    pub(crate) fn settle(&mut self, ranking: &Ranking) {
        self.tops.end_offset(ranking);
        self.moves.end_batch(self.changed);
    }

    /// This board was flushed.
    pub(crate) fn keep(&mut self, board: &Board) {
        self.boards.keep(board, self.changed);
    }

    /// True if every change of the top after this offset is remembered.
    pub(crate) fn reaches(&self, after: Offset) -> bool {
        self.tops.reaches(after)
    }

    /// True if anything changed after this offset.
    pub(crate) fn changed(&self, after: Offset) -> bool {
        self.changed > after
    }

    /// The top as it was at `after`; `None` if that is forgotten.
    pub(crate) fn top_at(&self, after: Offset) -> Option<PastTop> {
        self.tops.at(after)
    }

    /// The board as it was at `after`, if it is kept, given the one of now.
    pub(crate) fn board_at<'a>(&'a self, after: Offset, now: &'a Board) -> Option<&'a Board> {
        if self.changed(after) { self.boards.at(after) } else { Some(now) }
    }

    /// The portfolios that changed after `since`, at which a batch ended; `None` if
    /// there were more than `most` changes, or too many to be remembered.
    pub(crate) fn moves(&self, since: Offset, most: usize) -> Option<BTreeMap<PortfolioId, Move>> {
        self.moves.since(since, most)
    }

    fn generation_of(&self, now: Timestamp) -> i64 {
        now.millis() / self.horizon_millis
    }
}

#[cfg(test)]
mod tests;
