//! What the outside may read.

use std::sync::Arc;

use arc_swap::ArcSwap;
use hub_core::views::PortfolioPnl;
use hub_core::{Money, PortfolioId};

use crate::state::State;

/// The way to what has been applied. Cheap to clone; wait-free, and however
/// long a state is held, it never holds up `apply`.
#[derive(Clone)]
pub struct LeaderboardReads {
    cells: Arc<Cells>,
    pnl: Option<Arc<dyn PortfolioPnl>>,
}

struct Cells {
    settled: ArcSwap<State>,
    published: ArcSwap<State>,
}

impl LeaderboardReads {
    pub(crate) fn new(pnl: Option<Arc<dyn PortfolioPnl>>) -> LeaderboardReads {
        let cells = Cells {
            settled: ArcSwap::from_pointee(State::start()),
            published: ArcSwap::from_pointee(State::start()),
        };
        LeaderboardReads { cells: Arc::new(cells), pnl }
    }

    /// As of the last batch, for REST: a caller finds in it every write that
    /// was acknowledged before.
    pub fn settled(&self) -> Arc<State> {
        self.cells.settled.load_full()
    }

    /// As of the last flush, for sockets: everything sent between two flushes
    /// belongs to one position, and what is worked out for it is shared.
    pub fn flushed(&self) -> Arc<State> {
        self.cells.published.load_full()
    }

    /// What the portfolio has earned, where anybody knows.
    pub fn pnl(&self, id: PortfolioId) -> Option<Money> {
        self.pnl.as_ref()?.pnl(id)
    }

    pub(crate) fn settle(&self, state: Arc<State>) {
        self.cells.settled.store(state);
    }

    pub(crate) fn publish(&self, state: Arc<State>) {
        self.cells.published.store(state);
    }
}
