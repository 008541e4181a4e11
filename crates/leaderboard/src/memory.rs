//! Everything that the leaderboard remembers of the log, and how a record
//! changes it.

use std::collections::HashMap;
use std::sync::Arc;

use hub_core::event::{PortfolioInfo, RiskMetrics};
use hub_core::{Derived, Offset, Outcome, PortfolioId, Position, Rejection, Settings, Timestamp};
use hub_fanout::Step;

use crate::entry::{Entry, Metrics};
use crate::history::History;
use crate::ranking::{Found, Ranking};
use crate::row::Row;
use crate::state::State;

/// The part of the projection that is a function of the log: whoever has it
/// can go on from its position.
pub(crate) struct Memory {
    ranking: Ranking,
    history: History,
    /// Of all portfolios, ranked or not yet: looked up, never walked.
    names: HashMap<PortfolioId, Arc<str>>,
    /// By key, whether a portfolio's risk was ingested: it keeps to ingested
    /// values.
    ingested: Vec<bool>,
    now: Timestamp,
}

impl Default for Memory {
    fn default() -> Memory {
        Memory {
            ranking: Ranking::default(),
            history: History::new(Settings::default().resume_horizon_ms),
            names: HashMap::new(),
            ingested: Vec::new(),
            now: Timestamp::default(),
        }
    }
}

impl Memory {
    /// The state that readers see of it.
    pub(crate) fn state(&mut self, position: Position) -> State {
        self.history.settle(&self.ranking);
        State::new(position, self.ranking.board(), self.history.clone())
    }

    /// This state was flushed.
    pub(crate) fn flushed(&mut self, state: &State) {
        self.history.keep(state.board());
    }

    /// Time passes; what earlier projections derived meanwhile is taken in.
    pub(crate) fn advance(&mut self, now: Timestamp, offset: Offset, step: &Step) {
        self.now = now;
        self.history.advance(now, &self.ranking);
        self.take_derived(offset, step);
    }

    /// From now on changes are remembered for at least so long.
    pub(crate) fn configure(&mut self, horizon_millis: i64) {
        self.history.configure(horizon_millis, self.now);
    }

    /// Ingested metrics, from here on the only ones that count for this
    /// portfolio.
    pub(crate) fn ingest(&mut self, offset: Offset, event: &RiskMetrics) -> Outcome {
        let found = self.ranking.find(event.portfolio_id);
        match self.rank(offset, event, found.as_ref()) {
            Ok(key) => {
                let key = key as usize;
                self.ingested.resize(self.ingested.len().max(key + 1), false);
                self.ingested[key] = true;
                Outcome::Accepted
            }
            Err(rejection) => Outcome::Rejected(rejection),
        }
    }

    /// Takes in what earlier projections derived at this boundary or record.
    pub(crate) fn take_derived(&mut self, offset: Offset, step: &Step) {
        for Derived::Risk(metrics) in step.derived() {
            let found = self.ranking.find(metrics.portfolio_id);
            let key = found.as_ref().map(|found| found.key as usize);
            if !key.and_then(|key| self.ingested.get(key)).is_some_and(|ingested| *ingested) {
                // Metrics beyond what has a score rank nobody: there is
                // no record to reject.
                let _ = self.rank(offset, metrics, found.as_ref());
            }
        }
    }

    /// The last metrics win. Those that change nothing change nothing at all:
    /// neither place nor `updatedAt`. Those that lead to the same score keep
    /// the place (against BUG-L11). Gives the portfolio's key.
    fn rank(&mut self, offset: Offset, event: &RiskMetrics, found: Option<&Found>) -> Result<u32, Rejection> {
        let metrics = Metrics::of(event);
        let score =
            metrics.score().ok_or_else(|| Rejection::whole("the score is too large to be represented"))?;
        let id = event.portfolio_id;
        let (name, attained) = match found {
            Some(Found { key, row, .. }) if row.metrics == metrics => return Ok(*key),
            Some(Found { row, .. }) if row.score == score => (row.name.clone(), row.attained),
            Some(Found { row, .. }) => (row.name.clone(), offset),
            None => (self.names.get(&id).cloned(), offset),
        };
        let entry = Entry { id, name, metrics, score, attained, updated_at: self.now };
        Ok(self.set(offset, found, entry))
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
        if let Some(found) = self.ranking.find(id) {
            let entry = Entry { name: Some(name), ..(**found.row).clone() };
            self.set(offset, Some(&found), entry);
        }
    }

    fn set(&mut self, offset: Offset, found: Option<&Found>, entry: Entry) -> u32 {
        let row = Arc::new(Row::new(entry));
        self.history.begin(offset, &self.ranking);
        let key = self.ranking.set(found, Arc::clone(&row));
        self.history.record(offset, found.map(|found| &found.row), &row, &self.ranking);
        key
    }
}
