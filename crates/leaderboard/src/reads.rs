//! Reading what was applied.

use std::sync::Arc;

use hub_core::views::PortfolioPnl;
use hub_core::{Money, PortfolioId};
use hub_fanout::{Snapshot, StateReader};

use crate::config::LeaderboardConfig;
use crate::state::State;

/// The way to what has been applied, and what there is to know to show it. Cheap to clone.
#[derive(Clone)]
pub struct LeaderboardReads {
    pub(crate) states: StateReader<State>,
    pub(crate) pnl: Option<Arc<dyn PortfolioPnl>>,
    pub(crate) config: Arc<LeaderboardConfig>,
}

impl LeaderboardReads {
    /// The state as of the last batch, for REST: a caller finds in it every
    /// write that was acknowledged before.
    pub fn settled(&self) -> Snapshot<State> {
        self.states.settled()
    }

    /// The state as of the last flush, for sockets: everything sent between two
    /// flushes belongs to one position, and what is worked out for it is shared.
    pub fn flushed(&self) -> Snapshot<State> {
        self.states.flushed()
    }

    /// The portfolio's P&L, where anybody knows.
    pub fn pnl(&self, id: PortfolioId) -> Option<Money> {
        self.pnl.as_ref()?.pnl(id)
    }
}
