//! One portfolio: its positions, and which of them its unrealised P&L lists.

use std::sync::Arc;

use hub_core::{PortfolioId, Timestamp};
use hub_fanout::{EncodedCell, RowKey};

use crate::listing::SymbolKey;

/// A portfolio's key in `/topic/unrealized-pnl`.
pub(crate) type PortfolioKey = RowKey;

/// Its version, kept by the table it lives in, is the offset of the last
/// record that changed one of its positions or let a closed one leave.
#[derive(Clone, Debug)]
pub(crate) struct Portfolio {
    pub(crate) id: PortfolioId,
    /// Its positions, ascending by row.
    members: Vec<Member>,
    /// The encoded mark of flushed views.
    pub(crate) flushed: Arc<EncodedCell>,
    /// The encoded mark of settled states, which run ahead of the flushes:
    /// in a cell of its own, so that neither evicts the other's.
    pub(crate) settled: Arc<EncodedCell>,
}

/// One position of a portfolio.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Member {
    pub(crate) row: RowKey,
    pub(crate) symbol: SymbolKey,
    pub(crate) membership: Membership,
}

/// State of a position in its portfolio's unrealised P&L.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Membership {
    /// Something is held.
    Open,
    /// Nothing is held since then; listed with 0 for the resume horizon, so
    /// that no interval or reconnect can skip the 0 (BUG-A7).
    Closed(Timestamp),
    /// Nothing is held, and it is listed no more.
    Gone,
}

impl Portfolio {
    pub(crate) fn new(id: PortfolioId) -> Portfolio {
        Portfolio { id, members: Vec::new(), flushed: Arc::default(), settled: Arc::default() }
    }

    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    /// Adds a position that holds nothing yet; rows are given out in
    /// ascending order.
    pub(crate) fn join(&mut self, row: RowKey, symbol: SymbolKey) {
        self.members.push(Member { row, symbol, membership: Membership::Gone });
    }

    pub(crate) fn membership(&self, row: RowKey) -> Option<Membership> {
        self.place(row).map(|at| self.members[at].membership)
    }

    pub(crate) fn set_membership(&mut self, row: RowKey, membership: Membership) {
        if let Some(at) = self.place(row) {
            self.members[at].membership = membership;
        }
    }

    fn place(&self, row: RowKey) -> Option<usize> {
        self.members.binary_search_by_key(&row, |member| member.row).ok()
    }
}
