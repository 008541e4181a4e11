//! A fork: the ranking at one position, and over it what records would make of it.
//!
//! It is a [board](Board), which is a view, and what [differs](difference) from it. Nothing of the original is edited,
//! nor ever waited for.

mod difference;

use std::collections::BTreeMap;
use std::sync::Arc;

use hub_core::{Expired, Offset, PortfolioId, Record, Timestamp};
use hub_fanout::{Applied, Fork, Snapshot, Step};

use crate::board::{Around, Board, Ranked};
use crate::entry::Entry;
use crate::known::{Known, Named};
use crate::row::Row;
use crate::rules::{self, Found, Standings};
use crate::state::State;
use difference::Difference;

/// The ranking as records would leave it. Taking one is O(1), and it is asked as a [`Board`] is.
///
/// Boards are kept whole for as long as somebody has them, so none ever expires.
pub struct LeaderboardFork {
    state: Snapshot<State>,
    applied: Applied,
    /// Portfolios that were ranked or named anew.
    changed: BTreeMap<PortfolioId, Known>,
    difference: Difference,
}

/// Says which of the two has a portfolio that was found.
#[derive(Clone, Copy)]
pub(crate) enum Origin {
    Board,
    Changed,
}

impl LeaderboardFork {
    /// A fork in which nothing was changed yet.
    pub fn of(state: Snapshot<State>) -> LeaderboardFork {
        let applied = state.applied();
        LeaderboardFork { state, applied, changed: BTreeMap::new(), difference: Difference::default() }
    }

    /// The number of portfolios that are ranked.
    pub fn len(&self) -> usize {
        self.difference.len(self.board())
    }

    /// True if none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A ranked portfolio.
    pub fn entry(&self, id: PortfolioId) -> Option<Arc<Row>> {
        self.find(id)?.known.row().cloned()
    }

    /// Its rank, from 1. O(log n).
    pub fn rank(&self, id: PortfolioId) -> Option<usize> {
        Some(self.difference.before(self.board(), self.entry(id)?.rank_key()) + 1)
    }

    /// Gives at most `limit` rows in order, the first `skip` left out. O(log n + limit), and those that have gone from
    /// between them.
    pub fn rows(&self, skip: usize, limit: usize) -> impl Iterator<Item = Ranked> {
        self.difference.rows(self.board(), skip).take(limit)
    }

    /// A portfolio and up to `range` before and after it; `None` if it is not ranked.
    pub fn around(&self, id: PortfolioId, range: usize) -> Option<Around> {
        let center = self.rank(id)?;
        let (skip, limit) = Around::span(center, range);
        Some(Around { center, rows: self.rows(skip, limit).collect() })
    }

    fn board(&self) -> &Board {
        self.state.board()
    }

    fn change(&mut self, found: Option<&Found<Origin>>, row: Arc<Row>) {
        let board = self.state.board();
        if let Some((row, place)) = found.and_then(|found| Some((found.known.row()?, found.place))) {
            match place {
                Origin::Board => self.difference.leave(board, row.rank_key()),
                Origin::Changed => self.difference.take_back(board, row.rank_key()),
            }
        }
        self.difference.come(board, Arc::clone(&row));
        self.changed.insert(row.id, Known::Ranked(row));
    }
}

impl Standings for LeaderboardFork {
    type Place = Origin;

    fn now(&self) -> Timestamp {
        self.applied.at
    }

    fn find(&self, id: PortfolioId) -> Option<Found<Origin>> {
        if let Some(known) = self.changed.get(&id) {
            return Some(Found { known: known.clone(), place: Origin::Changed });
        }
        Some(Found { known: self.board().find(id)?, place: Origin::Board })
    }

    fn set(&mut self, _: Offset, found: Option<&Found<Origin>>, entry: Entry) {
        self.change(found, Arc::new(Row::new(entry)));
    }

    fn name(&mut self, _: Option<&Found<Origin>>, named: Named) {
        self.changed.insert(named.id, Known::Named(Arc::new(named)));
    }

    fn keep_to_ingested(&mut self, found: &Found<Origin>, entry: Entry) {
        self.change(Some(found), Arc::new(Row::new(entry)));
    }
}

impl Fork for LeaderboardFork {
    fn applied(&self) -> Applied {
        self.applied
    }

    fn advance(&mut self, now: Timestamp, offset: Offset, step: &mut Step) -> Result<(), Expired> {
        self.applied.at = now;
        rules::take_derived(self, offset, step);
        Ok(())
    }

    fn apply(&mut self, record: &Record, step: &mut Step) -> Result<(), Expired> {
        rules::apply(self, record, step);
        self.applied.position.offset = record.offset;
        Ok(())
    }
}
