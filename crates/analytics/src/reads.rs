//! Reading what was applied.

use std::sync::{Arc, OnceLock};

use hub_core::views::{PnlView, PortfolioPnl, PortfolioScores};
use hub_core::{Expired, Offset, Pnl, PortfolioId, Position};
use hub_fanout::{FeedId, Snapshot, StateReader};

use crate::fork::AnalyticsFork;
use crate::state::State;

/// The way to what has been applied. Cheap to clone.
#[derive(Clone)]
pub struct AnalyticsReads {
    states: StateReader<State>,
    /// `/topic/transactions`.
    executions: FeedId,
    /// Of a service that is put together later; none without it.
    scores: Arc<OnceLock<Arc<dyn PortfolioScores>>>,
}

impl AnalyticsReads {
    pub(crate) fn new(states: StateReader<State>, executions: FeedId) -> AnalyticsReads {
        AnalyticsReads { states, executions, scores: Arc::default() }
    }

    /// Tells, once, who ranks portfolios by their risk: receipts of scores say so.
    pub fn tell_scores(&self, scores: Arc<dyn PortfolioScores>) {
        let _ = self.scores.set(scores);
    }

    /// The view of who ranks portfolios, if anybody does.
    pub(crate) fn scores(&self) -> Option<&Arc<dyn PortfolioScores>> {
        self.scores.get()
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
    fn settled(&self) -> Box<dyn PnlView> {
        Box::new(Joined(self.settled()))
    }

    fn at(&self, flush: Position) -> Result<Box<dyn PnlView>, Expired> {
        // The newest knows all marks if anybody does, those that are kept for their positions do not.
        let newest = self.flushed();
        let state = if newest.applied().position == flush { newest } else { self.at(flush)? };
        Ok(Box::new(Joined(state)))
    }
}

/// P&L as it stands beside what others show.
struct Joined(Snapshot<State>);

impl PnlView for Joined {
    fn position(&self) -> Position {
        self.0.applied().position
    }

    fn pnl(&self, id: PortfolioId) -> Result<Option<Pnl>, Expired> {
        self.0.pnl(id)
    }

    fn version(&self, id: PortfolioId) -> Result<Offset, Expired> {
        self.0.key(id).map_or(Ok(Offset::START), |key| self.0.mark_version(key))
    }

    fn newest(&self) -> Offset {
        self.0.portfolios.newest().max(self.0.reference.listings.newest())
    }
}
