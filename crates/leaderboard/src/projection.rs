//! The leaderboard as a projection: records in, snapshots out.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use hub_core::event::{PortfolioInfo, RiskMetrics};
use hub_core::{Event, Offset, Outcome, PortfolioId, Position, Record, Rejection, Settings, Timestamp};
use hub_fanout::{Applied, FlushBuilder, Projection, Step};

use crate::board::Board;
use crate::entry::{Entry, Metrics};
use crate::history::History;
use crate::reads::LeaderboardReads;
use crate::row::Row;
use crate::state::State;

/// The ranking, derived from risk metrics and portfolios' names.
pub struct LeaderboardProjection {
    reads: LeaderboardReads,
    board: Board,
    history: History,
    /// Of all portfolios, ranked or not yet: looked up, never walked.
    names: HashMap<PortfolioId, Arc<str>>,
    now: Timestamp,
}

impl LeaderboardProjection {
    pub(crate) fn new(reads: LeaderboardReads) -> LeaderboardProjection {
        LeaderboardProjection {
            reads,
            board: Board::default(),
            history: History::new(Settings::default().resume_horizon_ms),
            names: HashMap::new(),
            now: Timestamp::default(),
        }
    }

    /// What [`flush`](Projection::flush) does: sockets are sent this from here
    /// on.
    pub fn publish(&self, position: Position) {
        self.reads.publish(self.state(position));
    }

    fn state(&self, position: Position) -> Arc<State> {
        Arc::new(State::new(position, self.board.clone(), self.history.clone()))
    }

    /// The last metrics win. Those that change nothing change nothing at all:
    /// neither place nor `updatedAt`. Those that lead to the same score keep
    /// the place (against BUG-L11).
    fn rank(&mut self, offset: Offset, event: &RiskMetrics) -> Result<Outcome, Rejection> {
        let metrics = Metrics::of(event);
        let score =
            metrics.score().ok_or_else(|| Rejection::whole("the score is too large to be represented"))?;
        let id = event.portfolio_id;
        let before = self.board.entry(id);
        if before.is_some_and(|before| before.metrics == metrics) {
            return Ok(Outcome::Accepted);
        }
        let attained = before.filter(|before| before.score == score).map_or(offset, |before| before.attained);
        let name = self.names.get(&id).cloned();
        self.set(offset, Entry { id, name, metrics, score, attained, updated_at: self.now });
        Ok(Outcome::Accepted)
    }

    /// The last name wins; a ranked portfolio's row changes with it, its place
    /// does not.
    fn rename(&mut self, offset: Offset, info: &PortfolioInfo) {
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

impl Projection for LeaderboardProjection {
    fn advance(&mut self, now: Timestamp, _: Offset) {
        self.now = now;
        self.history.advance(now);
    }

    fn apply(&mut self, record: &Record, step: &mut Step) {
        match &record.event {
            Event::Risk(event) => {
                let outcome = self.rank(record.offset, event);
                step.decide(outcome.unwrap_or_else(Outcome::Rejected));
            }
            Event::Portfolio(info) => self.rename(record.offset, info),
            Event::Settings(settings) => self.history.configure(settings.resume_horizon_ms, self.now),
            _ => {}
        }
    }

    fn settle(&mut self, applied: Applied) {
        self.reads.settle(self.state(applied.position));
    }

    fn flush(&mut self, flush: &mut FlushBuilder) {
        self.publish(flush.position());
    }
}
