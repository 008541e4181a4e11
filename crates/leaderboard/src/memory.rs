//! Everything that the leaderboard remembers of the log, and how a record
//! changes it.

use std::collections::{HashMap, HashSet};
use std::ops::Deref;
use std::sync::Arc;

use hub_core::event::{PortfolioInfo, RiskMetrics};
use hub_core::{Derived, Offset, Outcome, PortfolioId, Position, Rejection, Settings, Timestamp};
use hub_fanout::Step;

use crate::board::Board;
use crate::entry::{Entry, Metrics};
use crate::history::History;
use crate::row::Row;
use crate::state::State;

/// The part of the projection that is a function of the log: whoever has it
/// can go on from its position.
pub(crate) struct Memory {
    board: Board,
    history: History,
    /// Of all portfolios, ranked or not yet: looked up, never walked.
    names: HashMap<PortfolioId, Arc<str>>,
    /// Portfolios whose risk was ingested: they keep to ingested values. Looked
    /// up, never walked.
    ingested: HashSet<PortfolioId>,
    now: Timestamp,
}

impl Default for Memory {
    fn default() -> Memory {
        Memory {
            board: Board::default(),
            history: History::new(Settings::default().resume_horizon_ms),
            names: HashMap::new(),
            ingested: HashSet::new(),
            now: Timestamp::default(),
        }
    }
}

impl Memory {
    /// The state that readers see of it.
    pub(crate) fn state(&self, position: Position) -> State {
        State::new(position, self.board.clone(), self.history.clone())
    }

    /// Time passes; what earlier projections derived meanwhile is taken in.
    pub(crate) fn advance(&mut self, now: Timestamp, offset: Offset, step: &Step) {
        self.now = now;
        self.history.advance(now);
        self.take_derived(offset, step);
    }

    /// From now on changes are remembered for at least so long.
    pub(crate) fn configure(&mut self, horizon_millis: i64) {
        self.history.configure(horizon_millis, self.now);
    }

    /// Ingested metrics, from here on the only ones that count for this
    /// portfolio.
    pub(crate) fn ingest(&mut self, offset: Offset, event: &RiskMetrics) -> Outcome {
        match self.rank(offset, event) {
            Ok(()) => {
                self.ingested.insert(event.portfolio_id);
                Outcome::Accepted
            }
            Err(rejection) => Outcome::Rejected(rejection),
        }
    }

    /// Takes in what earlier projections derived at this boundary or record.
    pub(crate) fn take_derived(&mut self, offset: Offset, step: &Step) {
        for fact in step.derived() {
            match fact {
                Derived::Risk(metrics) if !self.ingested.contains(&metrics.portfolio_id) => {
                    // Metrics beyond what has a score rank nobody: there is
                    // no record to reject.
                    let _ = self.rank(offset, metrics);
                }
                Derived::Risk(_) => {}
            }
        }
    }

    /// The last metrics win. Those that change nothing change nothing at all:
    /// neither place nor `updatedAt`. Those that lead to the same score keep
    /// the place (against BUG-L11).
    fn rank(&mut self, offset: Offset, event: &RiskMetrics) -> Result<(), Rejection> {
        let metrics = Metrics::of(event);
        let score =
            metrics.score().ok_or_else(|| Rejection::whole("the score is too large to be represented"))?;
        let id = event.portfolio_id;
        let before = self.board.entry(id);
        if before.is_some_and(|before| before.metrics == metrics) {
            return Ok(());
        }
        let attained = before.filter(|before| before.score == score).map_or(offset, |before| before.attained);
        let name = self.names.get(&id).cloned();
        self.set(offset, Entry { id, name, metrics, score, attained, updated_at: self.now });
        Ok(())
    }

    /// The last name wins; a ranked portfolio's row changes with it, its place
    /// does not.
    pub(crate) fn rename(&mut self, offset: Offset, info: &PortfolioInfo) {
        let id = info.portfolio_id;
        if self.names.get(&id).is_some_and(|name| **name == *info.name) {
            return;
        }
        let name: Arc<str> = info.name.as_str().into();
        self.names.insert(id, Arc::clone(&name));
        if let Some(&Entry { metrics, score, attained, updated_at, .. }) =
            self.board.entry(id).map(Deref::deref)
        {
            self.set(offset, Entry { id, name: Some(name), metrics, score, attained, updated_at });
        }
    }

    fn set(&mut self, offset: Offset, entry: Entry) {
        let id = entry.id;
        let before = self.board.set(id, Some(Arc::new(Row::new(entry))));
        self.history.record(offset, id, before);
    }
}
