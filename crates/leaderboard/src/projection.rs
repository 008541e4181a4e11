//! The leaderboard as a projection: records in, snapshots out.

use hub_core::{Event, Offset, Record, Timestamp};
use hub_fanout::{Applied, FlushBuilder, Projection, Remembered, StateWriter, Step, WalkError, Walked, walk};

use crate::memory::{FORM, Memory};
use crate::rounds::Rounds;
use crate::rules;
use crate::state::State;

/// The ranking, derived from portfolios' names and risk metrics: those that
/// were ingested, or else those that an earlier projection derived.
pub struct LeaderboardProjection {
    published: StateWriter<State>,
    memory: Memory,
    rounds: Rounds,
}

impl LeaderboardProjection {
    pub(crate) fn new(published: StateWriter<State>, rounds: Rounds) -> LeaderboardProjection {
        LeaderboardProjection { published, memory: Memory::default(), rounds }
    }
}

impl Projection for LeaderboardProjection {
    fn advance(&mut self, now: Timestamp, offset: Offset, step: &mut Step) {
        self.memory.advance(now, offset, step);
    }

    fn apply(&mut self, record: &Record, step: &mut Step) {
        rules::apply(&mut self.memory, record, step);
        if let Event::Settings(settings) = &record.event {
            self.memory.configure(settings.resume_horizon_ms);
        }
    }

    fn settle(&mut self, applied: Applied) {
        self.published.settle(self.memory.state(applied, self.rounds.first(applied)));
    }

    /// There are no state topics here; what sockets show are documents.
    fn flush(&mut self, _: &mut FlushBuilder) {
        let state = self.published.flush();
        self.rounds.flushed(state.applied());
        self.memory.flushed(&state);
    }

    fn remembered(&self) -> Remembered<'_> {
        Remembered { form: FORM, memory: &self.memory }
    }

    fn restore(&mut self, from: Walked<'_, '_>) -> Result<(), WalkError> {
        self.memory = walk::read(from)?;
        Ok(())
    }
}
