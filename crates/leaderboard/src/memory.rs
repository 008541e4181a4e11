//! Everything that the leaderboard remembers of the log.

mod walk;

use std::sync::Arc;

use hub_core::{Offset, PortfolioId, Settings, Timestamp};
use hub_fanout::{Applied, Step};
use serde::Deserialize;

use crate::entry::Entry;
use crate::history::History;
use crate::known::Named;
use crate::ranking::{Location, Ranking};
use crate::row::Row;
use crate::rules::{self, Found, Standings};
use crate::state::State;

/// The part of the projection that is a function of the log: whoever has it
/// can go on from its position. How a record changes it is told by the [rules].
#[derive(Deserialize)]
#[serde(try_from = "walk::Walked")]
pub(crate) struct Memory {
    ranking: Ranking,
    history: History,
    now: Timestamp,
}

/// The form in which it is walked.
pub(crate) const FORM: &str = "leaderboard/2";

impl Default for Memory {
    fn default() -> Memory {
        Memory {
            ranking: Ranking::default(),
            history: History::new(Settings::default().resume_horizon_ms),
            now: Timestamp::default(),
        }
    }
}

impl Memory {
    /// The state that readers see of it.
    pub(crate) fn state(&mut self, applied: Applied, round: Offset) -> State {
        self.history.settle(&self.ranking);
        State::new(applied, round, self.ranking.board(), self.history.clone())
    }

    /// This state was flushed.
    pub(crate) fn flushed(&mut self, state: &State) {
        self.history.keep(state.board());
    }

    /// Time passes; what earlier projections derived meanwhile is taken in.
    pub(crate) fn advance(&mut self, now: Timestamp, offset: Offset, step: &Step) {
        self.now = now;
        self.history.advance(now, &self.ranking);
        rules::take_derived(self, offset, step);
    }

    /// From now on changes are remembered for at least so long.
    pub(crate) fn configure(&mut self, horizon_millis: i64) {
        self.history.configure(horizon_millis, self.now);
    }
}

impl Standings for Memory {
    type Place = Location;

    fn now(&self) -> Timestamp {
        self.now
    }

    fn find(&self, id: PortfolioId) -> Option<Found<Location>> {
        self.ranking.find(id)
    }

    fn set(&mut self, offset: Offset, found: Option<&Found<Location>>, entry: Entry) {
        let row = Arc::new(Row::new(entry));
        self.history.begin(offset, &self.ranking);
        self.ranking.set(found, Arc::clone(&row));
        self.history.record(offset, found.and_then(|found| found.known.row()), &row, &self.ranking);
    }

    fn name(&mut self, found: Option<&Found<Location>>, named: Named) {
        self.ranking.name(found, named);
    }

    fn keep_to_ingested(&mut self, found: &Found<Location>, entry: Entry) {
        // People see the same row: nothing changed in the history of what they saw.
        self.ranking.set(Some(found), Arc::new(Row::new(entry)));
    }
}
