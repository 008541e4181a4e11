//! The pipeline as a projection: records in, snapshots out.

use hub_core::{Offset, Outcome, Record, Timestamp};
use hub_fanout::walk::{self, damaged};
use hub_fanout::{
    Applied, FlushBuilder, Projection, Remembered, StateWriter, Step, WalkError, Walked, published,
};

use crate::memory::{FORM, Memory};
use crate::state::{RttmReads, State};

/// The pipeline's health, derived from what its services report and from what
/// the hub itself rejected. It has to come last among the projections: an
/// earlier one's rejection is a dead letter.
pub struct RttmProjection {
    published: StateWriter<State>,
    memory: Memory,
}

/// The projection, and the way to read what it has applied.
pub(crate) fn new() -> (RttmProjection, RttmReads) {
    let memory = Memory::default();
    let (published, reader) = published(memory.state(Applied::default()));
    (RttmProjection { published, memory }, RttmReads(reader))
}

impl Projection for RttmProjection {
    fn next_boundary(&self) -> Option<Timestamp> {
        self.memory.next_evaluation()
    }

    fn advance(&mut self, now: Timestamp, offset: Offset, _: &mut Step) {
        self.memory.advance(now, offset);
    }

    /// A record's outcome is how a rejection is handed on, whoever decided it:
    /// at the door, or by a rule of any service.
    fn apply(&mut self, record: &Record, step: &mut Step) {
        if let Some(outcome) = self.memory.apply(record) {
            step.decide(outcome);
        }
        if let Some(Outcome::Rejected(rejection)) = step.outcome() {
            self.memory.add_dead_letter(record, rejection.clone());
        }
    }

    fn settle(&mut self, applied: Applied) {
        self.published.settle(self.memory.state(applied));
    }

    /// There are no state topics here; what sockets show are documents.
    fn flush(&mut self, _: &mut FlushBuilder) {
        self.published.flush();
    }

    fn remembered(&self) -> Remembered<'_> {
        Remembered { form: FORM, memory: &self.memory }
    }

    fn restore(&mut self, from: Walked<'_, '_>) -> Result<(), WalkError> {
        self.memory = walk::read::<Memory>(from)?.checked().map_err(damaged)?;
        Ok(())
    }
}
