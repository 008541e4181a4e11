//! The board: who stands where.

use std::sync::Arc;

use hub_core::PortfolioId;

use crate::entry::RankKey;
use crate::ids::Ids;
use crate::known::Known;
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
    /// Numbers of the pages with what is known of portfolios, by their keys.
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
    /// The key of a portfolio, of those that a table has, the number of its page, and what `look` sees of what is known.
    pub(crate) fn find<T>(
        &self,
        id: PortfolioId,
        by_key: &Table,
        look: impl Fn(&Known) -> T,
    ) -> Option<(u32, u32, T)> {
        self.ids.find(id, |key| {
            let number = by_key.get(&self.entries, key)?;
            let page = self.rows.read(number);
            let known = page.as_ref().filter(|known| known.id() == id)?;
            Some((key, number, look(known)))
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
        self.pages.find(id, &self.by_key, |known| known.row().cloned())?.2
    }

    /// Knowledge of a portfolio.
    pub(crate) fn find(&self, id: PortfolioId) -> Option<Known> {
        Some(self.pages.find(id, &self.by_key, Known::clone)?.2)
    }

    /// Its rank, from 1. O(log n).
    pub fn rank(&self, id: PortfolioId) -> Option<usize> {
        let (.., rank_key) = self.pages.find(id, &self.by_key, |known| Some(known.row()?.rank_key()))?;
        Some(self.before(rank_key?) + 1)
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
        let rows = numbers.filter_map(|number| self.pages.rows.read(number).as_ref()?.row().cloned());
        rows.zip(skip.saturating_add(1)..).map(|(row, rank)| (rank, row))
    }

    /// A portfolio and up to `range` before and after it (LB-REST-2); `None`
    /// if it is not ranked.
    pub fn around(&self, id: PortfolioId, range: usize) -> Option<Around> {
        let center = self.rank(id)?;
        let (skip, limit) = Around::span(center, range);
        Some(Around { center, rows: self.rows(skip, limit).collect() })
    }
}

impl Around {
    /// The rows that are up to `range` from the one in the middle: how many are left out before them, and how many
    /// they are at most.
    pub(crate) fn span(center: usize, range: usize) -> (usize, usize) {
        let first = center.saturating_sub(range).max(1);
        (first - 1, range.saturating_add(center - first + 1))
    }
}
