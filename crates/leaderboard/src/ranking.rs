//! The ranking as it is edited.

use std::sync::Arc;

use hub_core::PortfolioId;

use crate::board::{Board, BoardPages};
use crate::ids::{Given, Ids};
use crate::order::{Nodes, Order};
use crate::pages::{Pages, Views};
use crate::places::PlaceByRank;
use crate::row::Row;
use crate::table::{Table, TablePages};

/// The ranking of now. One thread edits it, and hands out [boards](Board).
pub(crate) struct Ranking {
    order: Order,
    by_key: Table,
    nodes: Nodes,
    entries: TablePages,
    rows: Pages<Option<Arc<Row>>>,
    given: Given,
    /// The way to read all of it.
    pages: Arc<BoardPages>,
    views: Views,
}

/// A ranked portfolio, as it was found.
pub(crate) struct Found {
    pub(crate) key: u32,
    number: u32,
    pub(crate) row: Arc<Row>,
}

impl Default for Ranking {
    fn default() -> Ranking {
        let (mut nodes, mut entries, rows) = (Nodes::default(), TablePages::default(), Pages::default());
        let pages = BoardPages {
            nodes: nodes.view(),
            entries: Arc::clone(entries.store()),
            rows: Arc::clone(rows.store()),
            ids: Ids::default(),
        };
        let (order, by_key) = (nodes.order(), entries.table());
        let (given, views) = (Given::default(), Views::default());
        Ranking { order, by_key, nodes, entries, rows, given, pages: Arc::new(pages), views }
    }
}

impl Ranking {
    /// The ranking as it is now. O(1), and what only boards that are gone saw is
    /// used again.
    pub(crate) fn board(&mut self) -> Board {
        let visible = self.views.take();
        let (age, oldest) = (self.views.age(), self.views.oldest());
        self.nodes.begin(age, oldest);
        self.entries.begin(age, oldest);
        self.rows.release(oldest);
        let pages = Arc::clone(&self.pages);
        Board { order: self.order, by_key: self.by_key, pages, _visible: visible }
    }

    /// A ranked portfolio.
    pub(crate) fn find(&self, id: PortfolioId) -> Option<Found> {
        let (key, number) = self.pages.find(id, &self.by_key)?;
        let row = self.rows.read(number).clone()?;
        Some(Found { key, number, row })
    }

    /// The row that has so many before it.
    pub(crate) fn at(&self, before: usize) -> Option<Arc<Row>> {
        let number = self.order.iter_from(&self.pages.nodes, before).next()?;
        self.rows.read(number).clone()
    }

    /// All rows in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Arc<Row>> {
        self.order.iter_from(&self.pages.nodes, 0).filter_map(|number| self.rows.read(number).clone())
    }

    /// Ranks a portfolio by this row instead of the one that was found of it, if
    /// any was. Gives its key.
    pub(crate) fn set(&mut self, found: Option<&Found>, row: Arc<Row>) -> u32 {
        let Ranking { order, by_key, nodes, entries, rows, given, pages, views } = self;
        let (id, rank_key) = (row.id, row.rank_key());
        let place = |rank_key| PlaceByRank::of(rank_key, &pages.rows);
        let number = rows.add(Some(row), views.age());
        let Some(Found { key, number: before, row }) = found else {
            let key = by_key.push(entries, number);
            let given = pages.ids.add(given, id);
            debug_assert_eq!(key, given, "keys are given in their order");
            order.insert(nodes, &place(rank_key), number);
            return key;
        };
        by_key.set(entries, *key, number);
        if row.rank_key() == rank_key {
            order.replace(nodes, &place(rank_key), number);
        } else {
            order.remove(nodes, &place(row.rank_key()));
            order.insert(nodes, &place(rank_key), number);
        }
        rows.retire(*before, views.age());
        *key
    }
}
