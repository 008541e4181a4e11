//! Deterministic state derived from the log.

use std::mem;

use hub_core::{Derived, Epoch, Offset, Outcome, Position, Record, Timestamp, Verdict, Warning};
use serde::{Deserialize, Serialize};

use crate::feed::{EventJson, EventKey, FeedId};
use crate::flush::FlushBuilder;
use crate::walk::{Remembered, WalkError, Walked};

/// State derived from the log, one record at a time.
///
/// The contract, on which replay, resume and every second node depend:
///
/// - **Deterministic.** No clock, no I/O, no randomness, no iteration over a
///   randomly seeded map where its order could show. Same log, same state.
/// - **Order.** For every record, exactly once per process, in log order, on
///   one thread: [`advance`](Projection::advance) through each boundary of any
///   projection up to the record's time and to that time itself, then
///   [`apply`](Projection::apply). Each of these steps goes through all
///   projections, in their order, before the next one begins: so a later
///   projection finds in the [`Step`] what an earlier one decided and derived
///   in it.
/// - **Totality.** `apply` never fails: what breaks a rule is an
///   [`Outcome::Rejected`] and changes nothing.
/// - **Shareable.** A [`Sync`] value, though one thread alone uses it: a service, which workers
///   share, brings it to the runner.
pub trait Projection: Send + Sync {
    /// The next time, after that of the last call of
    /// [`advance`](Projection::advance), at which time alone does something
    /// here that can be seen: an item emitted, a fact derived, a value changed.
    /// All projections stop there. One that has passed already (settings can
    /// bring that about) is due before anything else. O(1): it is asked before
    /// each step.
    ///
    /// What may as well happen later (forgetting what is too old to matter) is
    /// no boundary; nor is a time at which nothing would change, so that a
    /// night in which nothing happened costs nothing.
    fn next_boundary(&self) -> Option<Timestamp> {
        None
    }

    /// Log time passes to `now`: a boundary, of whichever projection, or the
    /// effective time of the record at `offset` that is about to be applied.
    /// Changes count as made at `offset`. Takes in what earlier projections
    /// derived; decides no outcome, for that is the record's.
    fn advance(&mut self, now: Timestamp, offset: Offset, step: &mut Step);

    /// Applies one record; a projection that is not concerned leaves `step`
    /// as it is. Takes in what earlier projections derived.
    fn apply(&mut self, record: &Record, step: &mut Step);

    /// A batch has been applied up to `applied`: what readers outside this
    /// thread see moves there, before any caller is told of it. Of a replay this comes once, at its end.
    fn settle(&mut self, applied: Applied);

    /// Adds one entry per state topic of this projection, changed or not, to
    /// the flush that is about to be published.
    fn flush(&mut self, flush: &mut FlushBuilder);

    /// All that it remembers: whoever has it can go on from its position.
    ///
    /// A function of the log alone: same log, same walk, to the byte, whoever looked at it and whenever anything was
    /// settled or flushed. What follows from the rest is not walked, nor what is of this process (views, encoded bytes,
    /// who subscribes to what).
    fn remembered(&self) -> Remembered<'_>;

    /// Takes back what was walked, in place of what it remembers. Readers see it from the next
    /// [`settle`](Projection::settle) on; what is of this process begins anew. After an error all is as it was.
    /// What is read may be anything: it is checked as far as going on from it needs, and no room is made for what it
    /// only claims.
    fn restore(&mut self, from: Walked<'_, '_>) -> Result<(), WalkError>;
}

/// The runner's place in the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Applied {
    /// The last record applied.
    pub position: Position,
    /// Its effective time.
    pub at: Timestamp,
}

impl Default for Applied {
    /// Before anything was settled: offset 0 of epoch 0.
    fn default() -> Applied {
        let position = Position { epoch: Epoch(0), offset: Offset::START };
        Applied { position, at: Timestamp::default() }
    }
}

/// The consequences of one record so far: filled by the projections in their
/// order, so that a later one sees what an earlier one decided and derived.
#[derive(Default, Debug)]
pub struct Step {
    outcome: Option<Outcome>,
    warnings: Vec<Warning>,
    items: Vec<FeedItem>,
    derived: Vec<Derived>,
}

/// An event for a feed, as a projection emits it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedItem {
    /// Its feed.
    pub feed: FeedId,
    /// Its subject.
    pub key: EventKey,
    /// Its JSON.
    pub json: EventJson,
}

impl Step {
    /// Decides the record's outcome; the first projection to do so wins.
    pub fn decide(&mut self, outcome: Outcome) {
        self.outcome.get_or_insert(outcome);
    }

    /// The outcome decided so far.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Adds a hint for the record's sender, whatever its outcome.
    pub fn warn(&mut self, warning: impl Into<Warning>) {
        self.warnings.push(warning.into());
    }

    /// Emits an item for the subscribers of a feed: it follows from this record.
    pub fn emit(&mut self, feed: FeedId, key: EventKey, json: impl Into<EventJson>) {
        self.items.push(FeedItem { feed, key, json: json.into() });
    }

    /// Items emitted so far, in order.
    pub fn items(&self) -> &[FeedItem] {
        &self.items
    }

    /// Hands a fact on to the later projections, at this boundary or record.
    pub fn derive(&mut self, fact: Derived) {
        self.derived.push(fact);
    }

    /// Facts that were derived at this boundary or from this record so far, in
    /// order. Each is here in one call of a later projection and in no other.
    pub fn derived(&self) -> &[Derived] {
        &self.derived
    }

    /// Forgets the facts of the boundary before: every projection has seen
    /// them.
    pub(crate) fn begin(&mut self) {
        self.derived.clear();
    }

    /// Takes the verdict on the record and its feed items, so that nothing is left. A record that no projection cares
    /// about (a tick) is simply accepted.
    pub(crate) fn take(&mut self) -> (Verdict, impl Iterator<Item = FeedItem>) {
        self.derived.clear();
        let outcome = self.outcome.take().unwrap_or(Outcome::Accepted);
        (Verdict { outcome, warnings: mem::take(&mut self.warnings) }, self.items.drain(..))
    }
}
