//! Deterministic state derived from the log.

use bytes::Bytes;
use hub_core::{Offset, Outcome, Position, Record, Timestamp};

use crate::feed::{EventKey, FeedId};
use crate::flush::FlushBuilder;

/// State derived from the log, one record at a time.
///
/// The contract, on which replay, resume and every second node depend:
///
/// - **Deterministic.** No clock, no I/O, no randomness, no iteration over a
///   randomly seeded map where its order could show. Same log, same state.
/// - **Order.** [`advance`](Projection::advance) then
///   [`apply`](Projection::apply) for every record, each exactly once per
///   process, in log order, on one thread.
/// - **Totality.** `apply` never fails: what breaks a rule is an
///   [`Outcome::Rejected`] and changes nothing.
pub trait Projection: Send {
    /// Log time passes to `now`, the effective time of the record at `offset`
    /// that is about to be applied. Everything that time drives happens here,
    /// boundary by boundary, and counts as changed at `offset`.
    fn advance(&mut self, now: Timestamp, offset: Offset);

    /// Applies one record; a projection that is not concerned leaves `step`
    /// as it is.
    fn apply(&mut self, record: &Record, step: &mut Step);

    /// A batch has been applied up to `applied`: what readers outside this
    /// thread see moves there, before any caller is told of it.
    fn settle(&mut self, applied: Applied);

    /// Adds one entry per state topic of this projection, changed or not, to
    /// the flush that is about to be published.
    fn flush(&mut self, flush: &mut FlushBuilder);
}

/// How far the runner has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Applied {
    /// The last record applied.
    pub position: Position,
    /// Its effective time.
    pub at: Timestamp,
}

/// What one record has led to so far: filled by the projections in their
/// order, so that a later one sees what an earlier one decided.
#[derive(Default, Debug)]
pub struct Step {
    outcome: Option<Outcome>,
    items: Vec<FeedItem>,
}

/// An event for a feed, as a projection emits it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedItem {
    /// Which feed.
    pub feed: FeedId,
    /// What it is about.
    pub key: EventKey,
    /// As JSON.
    pub json: Bytes,
}

impl Step {
    /// Decides the record's outcome; the first projection to do so wins.
    pub fn decide(&mut self, outcome: Outcome) {
        self.outcome.get_or_insert(outcome);
    }

    /// What has been decided so far.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Emits an item for the subscribers of a feed: it follows from this record.
    pub fn emit(&mut self, feed: FeedId, key: EventKey, json: Bytes) {
        self.items.push(FeedItem { feed, key, json });
    }

    /// Items emitted so far, in order.
    pub fn items(&self) -> &[FeedItem] {
        &self.items
    }

    /// Splits into the record's outcome and its feed items. A record that no
    /// projection cares about (a tick) is simply accepted.
    pub fn into_parts(self) -> (Outcome, Vec<FeedItem>) {
        (self.outcome.unwrap_or(Outcome::Accepted), self.items)
    }
}
