//! Reading what was applied.

use std::sync::Arc;

use hub_core::event::RiskMetrics;
use hub_core::views::{PortfolioPnl, PortfolioScores, RankedBy};
use hub_core::{PortfolioId, Position, Ratio};
use hub_fanout::{Snapshot, StateReader};

use crate::config::LeaderboardConfig;
use crate::entry::Metrics;
use crate::joined::Joined;
use crate::state::State;

/// Times that are looked for a ranking and P&L of one position, before those of two are shown together.
const LOOKS: usize = 64;

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

    /// The view that others have of it.
    pub fn scores(&self) -> Arc<dyn PortfolioScores> {
        Arc::new(Scores(self.states.clone()))
    }

    /// The last flush, and P&L as of there.
    pub(crate) fn flushed_with_pnl(&self) -> (Snapshot<State>, Joined) {
        self.joined(LeaderboardReads::flushed, Joined::at)
    }

    /// The last batch, and P&L as of there.
    pub(crate) fn settled_with_pnl(&self) -> (Snapshot<State>, Joined) {
        self.joined(LeaderboardReads::settled, |pnl, position| {
            Some(Joined::settled(pnl)).filter(|joined| joined.position() == Some(position))
        })
    }

    /// P&L is put out a moment before the ranking: who looks between the two looks again.
    fn joined(
        &self,
        state: impl Fn(&LeaderboardReads) -> Snapshot<State>,
        join: impl Fn(&Arc<dyn PortfolioPnl>, Position) -> Option<Joined>,
    ) -> (Snapshot<State>, Joined) {
        let Some(pnl) = &self.pnl else { return (state(self), Joined::none()) };
        for _ in 0..LOOKS {
            let state = state(self);
            if let Some(joined) = join(pnl, state.position()) {
                return (state, joined);
            }
        }
        (state(self), Joined::settled(pnl))
    }
}

/// The ranking, and nothing that is shown beside it.
struct Scores(StateReader<State>);

impl PortfolioScores for Scores {
    fn ranked_by(&self, id: PortfolioId) -> RankedBy {
        let state = self.0.settled();
        let row = state.board().entry(id);
        let ingested = row.as_ref().map(|row| row.ingested).filter(|ingested| ingested.is_any());
        RankedBy {
            position: state.position(),
            metrics: row.map(|row| row.metrics.event(id)),
            ingested: ingested.map(|ingested| [ingested.first, ingested.newest]),
        }
    }

    fn score(&self, metrics: &RiskMetrics) -> Option<Ratio> {
        Metrics::of(metrics).score()
    }
}
