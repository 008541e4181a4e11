//! The board: who stands where.

use std::sync::Arc;

use hub_core::PortfolioId;

use crate::entry::RankKey;
use crate::ids::Ids;
use crate::order::{NodesView, Order};
use crate::pages::{Store, Visible};
use crate::places::{PlaceByRank, Rows};
use crate::row::Row;
use crate::table::{Entries, Table};

/// The ranking at one position of the log: who has it sees what was ranked
/// then, whatever is edited. Taking one and cloning it are O(1).
#[derive(Clone)]
pub struct Board {
    pub(crate) order: Order,
    /// The numbers of rows by the keys of portfolios.
    pub(crate) by_key: Table,
    pub(crate) pages: Arc<BoardPages>,
    /// Keeps the pages that are seen from here.
    pub(crate) _visible: Arc<Visible>,
}

/// The pages that boards are read from.
pub(crate) struct BoardPages {
    pub(crate) nodes: NodesView,
    pub(crate) entries: Arc<Store<Entries>>,
    pub(crate) rows: Arc<Rows>,
    pub(crate) ids: Ids,
}

impl BoardPages {
    /// The key and the row of a portfolio, of those that a table has.
    pub(crate) fn find(&self, id: PortfolioId, by_key: &Table) -> Option<(u32, u32)> {
        self.ids.find(id, |key| {
            let number = by_key.get(&self.entries, key)?;
            let is_his = self.rows.read(number).as_ref().is_some_and(|row| row.id == id);
            is_his.then_some((key, number))
        })
    }
}

/// A rank, from 1, and who has it.
pub type Ranked = (usize, Arc<Row>);

/// A portfolio and its neighbours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Around {
    /// The rank of the portfolio in the middle.
    pub center: usize,
    /// Ranks `max(1, center - range)` to `center + range`, as far as they go.
    pub rows: Vec<Ranked>,
}

impl Board {
    /// The number of portfolios that are ranked.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// True if none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A ranked portfolio.
    pub fn entry(&self, id: PortfolioId) -> Option<Arc<Row>> {
        let (_, number) = self.pages.find(id, &self.by_key)?;
        self.pages.rows.read(number).clone()
    }

    /// Its rank, from 1. O(log n).
    pub fn rank(&self, id: PortfolioId) -> Option<usize> {
        let (_, number) = self.pages.find(id, &self.by_key)?;
        let rank_key = self.pages.rows.read(number).as_ref()?.rank_key();
        Some(self.before(rank_key) + 1)
    }

    /// The number of rows that rank before this key.
    pub(crate) fn before(&self, rank_key: RankKey) -> usize {
        self.order.rank(&self.pages.nodes, &PlaceByRank::of(rank_key, &self.pages.rows))
    }

    /// The rank key of the row that has so many before it.
    pub(crate) fn rank_key_at(&self, before: usize) -> Option<RankKey> {
        self.rows(before, 1).next().map(|(_, row)| row.rank_key())
    }

    /// Gives at most `limit` rows in order, the first `skip` left out.
    /// O(log n + limit).
    pub fn rows(&self, skip: usize, limit: usize) -> impl Iterator<Item = Ranked> {
        let numbers = self.order.iter_from(&self.pages.nodes, skip).take(limit);
        let rows = numbers.filter_map(|number| self.pages.rows.read(number).clone());
        rows.zip(skip.saturating_add(1)..).map(|(row, rank)| (rank, row))
    }

    /// A portfolio and up to `range` before and after it (LB-REST-2); `None`
    /// if it is not ranked.
    pub fn around(&self, id: PortfolioId, range: usize) -> Option<Around> {
        let center = self.rank(id)?;
        let first = center.saturating_sub(range).max(1);
        let rows = self.rows(first - 1, range.saturating_add(center - first + 1)).collect();
        Some(Around { center, rows })
    }
}
