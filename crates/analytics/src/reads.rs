//! Reading what was applied.

use hub_core::views::PortfolioPnl;
use hub_core::{Expired, Money, PortfolioId, Position};
use hub_fanout::{FeedId, Snapshot, StateReader};

use crate::fork::AnalyticsFork;
use crate::state::State;

/// The way to what has been applied. Cheap to clone.
#[derive(Clone)]
pub struct AnalyticsReads {
    states: StateReader<State>,
    /// `/topic/transactions`.
    executions: FeedId,
}

impl AnalyticsReads {
    pub(crate) fn new(states: StateReader<State>, executions: FeedId) -> AnalyticsReads {
        AnalyticsReads { states, executions }
    }

    /// The state as of the last batch: a caller finds in it every write that
    /// was acknowledged before. What topics show is in their flushes.
    pub fn settled(&self) -> Snapshot<State> {
        self.states.settled()
    }

    /// The state as of the newest flush, which is kept for a while (`analytics.flushes_kept_ms`).
    pub fn flushed(&self) -> Snapshot<State> {
        self.states.flushed()
    }

    /// The state as of the flush at this position, as long as it is kept (`analytics.flushes_kept_ms`).
    pub fn at(&self, position: Position) -> Result<Snapshot<State>, Expired> {
        let state = self.states.at(position)?;
        if state.has_expired() { Err(Expired) } else { Ok(state) }
    }

    /// A fork of a state, to be taken through records that nobody appends ([`DryRun`](hub_fanout::DryRun)).
    pub fn fork(&self, state: Snapshot<State>) -> AnalyticsFork {
        AnalyticsFork::of(state, self.executions)
    }
}

impl PortfolioPnl for AnalyticsReads {
    fn pnl(&self, id: PortfolioId) -> Option<Money> {
        // The newest state has not expired: this one was the newest a moment ago.
        loop {
            if let Ok(pnl) = self.states.look(|state| state.pnl(id)) {
                return pnl;
            }
        }
    }
}
