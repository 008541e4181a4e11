//! All projections, taken through the log together.

mod walk;

use hub_core::{Epoch, Event, Offset, Outcome, Position, Record, Settings, Timestamp};
use serde::{Deserialize, Serialize};

use crate::flush::{Flush, FlushBuilder};
use crate::projection::{Applied, Projection, Step};
use crate::resume::Horizon;

/// The projections in their order, and how far they have come: a function of
/// the log alone. The [runner](crate::runner) feeds it; so does the driver of
/// tests.
pub(crate) struct StateMachine {
    projections: Vec<Box<dyn Projection>>,
    memory: Memory,
}

/// The machine's own part of what is remembered.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Memory {
    applied: Applied,
    settings: Settings,
    horizon: Horizon,
}

impl StateMachine {
    /// Before the first record of the log of this epoch.
    pub(crate) fn new(epoch: Epoch, projections: Vec<Box<dyn Projection>>) -> StateMachine {
        let position = Position { epoch, offset: Offset::START };
        StateMachine {
            projections,
            memory: Memory {
                applied: Applied { position, at: Timestamp::default() },
                settings: Settings::default(),
                horizon: Horizon::default(),
            },
        }
    }

    /// The last record applied, and the log time.
    pub(crate) fn applied(&self) -> Applied {
        self.memory.applied
    }

    /// Takes in the next record: time first, boundary by boundary, then what
    /// it says. What follows is in `step`, which was empty.
    pub(crate) fn apply(&mut self, record: &Record, step: &mut Step) {
        // The effective value of `at` is the running maximum: time never goes
        // back.
        let at = self.memory.applied.at.max(record.at);
        self.advance(at, record.offset, step);
        debug_assert!(step.outcome().is_none(), "an outcome is the record's, not the time's");
        self.memory.applied.position.offset = record.offset;
        match &record.event {
            Event::Settings(settings) => self.memory.settings = settings.clone(),
            Event::Rejected(input) => step.decide(Outcome::Rejected(input.rejection.clone())),
            _ => {}
        }
        self.memory.horizon.advance(at, record.offset, self.memory.settings.resume_horizon_ms);
        step.begin();
        for projection in &mut self.projections {
            projection.apply(record, step);
        }
    }

    /// Moves the state that readers see to the last record applied.
    pub(crate) fn settle(&mut self) {
        for projection in &mut self.projections {
            projection.settle(self.memory.applied);
        }
    }

    /// All state topics as they are now. `oldest` is when the oldest record
    /// that no flush has covered yet was taken in.
    pub(crate) fn flush(&mut self, oldest: Option<Timestamp>) -> Flush {
        let Applied { position, at } = self.memory.applied;
        let (horizon, recent) = (self.memory.horizon.oldest(), self.memory.horizon.recent());
        let flush = Flush { position, at, horizon, recent, oldest, states: Vec::new() };
        let mut builder = FlushBuilder { flush };
        for projection in &mut self.projections {
            projection.flush(&mut builder);
        }
        builder.flush.states.sort_by_key(|state| state.topic);
        builder.flush
    }

    /// Time passes to `at` through every boundary before it. One step goes
    /// through all projections, so that whatever happens at one boundary has
    /// happened everywhere before the next.
    fn advance(&mut self, at: Timestamp, offset: Offset, step: &mut Step) {
        let mut stopped = None;
        while let Some(boundary) = self.next_boundary(stopped, at) {
            self.advance_to(boundary, offset, step);
            stopped = Some(boundary);
        }
        self.advance_to(at, offset, step);
    }

    /// The next boundary of any projection before `at`: one that has passed
    /// already is due now. Each stop is later than the one before, whatever a
    /// projection says, so there is an end.
    fn next_boundary(&self, stopped: Option<Timestamp>, at: Timestamp) -> Option<Timestamp> {
        let next = self.projections.iter().filter_map(|projection| projection.next_boundary());
        let due = next.map(|boundary| boundary.max(self.memory.applied.at));
        due.filter(|boundary| *boundary < at && stopped.is_none_or(|stopped| *boundary > stopped)).min()
    }

    fn advance_to(&mut self, now: Timestamp, offset: Offset, step: &mut Step) {
        step.begin();
        for projection in &mut self.projections {
            projection.advance(now, offset, step);
        }
        self.memory.applied.at = now;
    }
}
