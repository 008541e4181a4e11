//! The ranking as it is edited.

mod walk;

use std::sync::Arc;

use hub_core::PortfolioId;

use crate::board::{Board, BoardPages};
use crate::ids::{Given, Ids};
use crate::known::{Known, Named};
use crate::order::{Nodes, Order};
use crate::pages::{Pages, Views};
use crate::places::PlaceByRank;
use crate::row::Row;
use crate::rules::Found;
use crate::table::{Table, TablePages};

/// The ranking of now. One thread edits it, and hands out [boards](Board).
pub(crate) struct Ranking {
    order: Order,
    by_key: Table,
    nodes: Nodes,
    entries: TablePages,
    rows: Pages<Option<Known>>,
    given: Given,
    /// The way to read all of it.
    pages: Arc<BoardPages>,
    views: Views,
}

/// The way back to a portfolio that was found: its key, and the number of the page that the table had of it.
pub(crate) struct Location {
    key: u32,
    number: u32,
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

    /// A portfolio of which anything is known.
    pub(crate) fn find(&self, id: PortfolioId) -> Option<Found<Location>> {
        let (key, number, known) = self.pages.find(id, &self.by_key, Known::clone)?;
        Some(Found { known, place: Location { key, number } })
    }

    /// The row that has so many before it.
    pub(crate) fn at(&self, before: usize) -> Option<Arc<Row>> {
        self.rows_from(before).next()
    }

    /// All rows in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Arc<Row>> {
        self.rows_from(0)
    }

    fn rows_from(&self, before: usize) -> impl Iterator<Item = Arc<Row>> {
        let numbers = self.order.iter_from(&self.pages.nodes, before);
        numbers.filter_map(|number| self.rows.read(number).as_ref()?.row().cloned())
    }

    /// Ranks a portfolio by this row instead of what was found of it, if anything
    /// was.
    pub(crate) fn set(&mut self, found: Option<&Found<Location>>, row: Arc<Row>) {
        let (id, rank_key) = (row.id, row.rank_key());
        let number = self.know(id, found, Known::Ranked(row));
        let Ranking { order, nodes, pages, .. } = self;
        let place = |rank_key| PlaceByRank::of(rank_key, &pages.rows);
        match found.and_then(|found| found.known.row()) {
            Some(before) if before.rank_key() == rank_key => order.replace(nodes, &place(rank_key), number),
            Some(before) => {
                order.remove(nodes, &place(before.rank_key()));
                order.insert(nodes, &place(rank_key), number);
            }
            None => order.insert(nodes, &place(rank_key), number),
        }
        self.retire(found);
    }

    /// Names a portfolio that is not ranked.
    pub(crate) fn name(&mut self, found: Option<&Found<Location>>, named: Named) {
        self.know(named.id, found, Known::Named(Arc::new(named)));
        self.retire(found);
    }

    /// Enters what is known of a portfolio from here on. Gives the number of its page.
    fn know(&mut self, id: PortfolioId, found: Option<&Found<Location>>, known: Known) -> u32 {
        let number = self.rows.add(Some(known), self.views.age());
        if let Some(Found { place, .. }) = found {
            self.by_key.set(&mut self.entries, place.key, number);
        } else {
            let key = self.by_key.push(&mut self.entries, number);
            let given = self.pages.ids.add(&mut self.given, id);
            debug_assert_eq!(key, given, "keys are given in their order");
        }
        number
    }

    /// Forgets what was found.
    fn retire(&mut self, found: Option<&Found<Location>>) {
        if let Some(Found { place, .. }) = found {
            self.rows.retire(place.number, self.views.age());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_portfolio_that_is_not_ranked_take_the_room_of_one() {
        let (mut ranking, id) = (Ranking::default(), PortfolioId::from_bytes([1; 16]));
        for number in 0..1000 {
            let found = ranking.find(id);
            ranking.name(found.as_ref(), Named { id, name: number.to_string().into() });
            ranking.board();
        }
        let name = ranking.find(id).and_then(|found| found.known.name().cloned());
        assert_eq!((name.as_deref(), ranking.board().len()), (Some("999"), 0));
        assert!(ranking.rows.len() <= 3, "{} pages", ranking.rows.len());
    }
}
