//! Documents: what a native socket shows that is no keyed map, whole or
//! what changed of them, composed by the service.

use std::sync::Arc;

use bytes::Bytes;
use hub_core::{Offset, Timestamp};

/// One thing to watch, with its parameters (the top 10; what surrounds one
/// portfolio; one trading session). Its subscribers share what it composes.
///
/// It reads what its service has applied (as REST does), never waits, and
/// keeps no memory of who has seen what: a subscriber is a watermark.
pub trait Document: Send + Sync {
    /// The pace at which its subscribers are sent something.
    fn cadence(&self) -> Cadence;

    /// The messages for a subscriber, none if there is nothing to say, and how
    /// far they reach. `now` is the wall clock, for ages and `generatedAt`.
    fn compose(&self, occasion: Occasion, now: Timestamp) -> Composed;

    /// True if what it sends by its period is all that there is to see: whoever was sent it has everything up to there, as at
    /// the beginning. Otherwise what changed on the way is told, too.
    fn period_is_whole(&self) -> bool {
        false
    }

    /// The crowd that it is one of. `None`: it is asked whether anything changed
    /// whenever something was applied.
    fn member(&self) -> Option<Member> {
        None
    }
}

/// Documents of which few change at once: so many are followed that asking each
/// of them would cost more than what is told.
pub trait Crowd: Send + Sync {
    /// The members that may show something else now than as of `since`.
    fn touched(&self, since: Offset) -> Touched;
}

/// A document's place in a crowd.
#[derive(Clone)]
pub struct Member {
    /// The crowd, the same `Arc` for all of it.
    pub crowd: Arc<dyn Crowd>,
    /// Its number there, which no other document has while this one is held.
    pub number: u64,
}

/// The answer of a [`Crowd`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Touched {
    /// Numbers of those that may have changed, each once, ascending. `None`: any of
    /// them may have.
    pub members: Option<Arc<[u64]>>,
    /// Up to here nothing changed of the members, unless it was told of in an answer before. That is the offset that was
    /// asked about, or before it where some of what changes is told later, with more of its kind.
    pub stood: Offset,
    /// All others show the same as of here.
    pub upto: Offset,
}

/// A pace: on change, by a period, or both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cadence {
    /// On change, at most once in so many milliseconds (0: at every flush);
    /// `None`: only by the period.
    pub on_change_ms: Option<u64>,
    /// Every so many milliseconds, whether or not anything changed.
    pub period_ms: Option<u64>,
}

/// A reason to compose something.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Occasion {
    /// The subscription begins: everything.
    Opened,
    /// Something was applied; the subscriber has everything up to `after`.
    Changed {
        /// The offset that the last composed messages reached.
        after: Offset,
    },
    /// The period has passed.
    Period,
}

/// Composed messages, and how far they reach.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Composed {
    /// Whole message bodies (JSON texts), in order.
    pub messages: Vec<Bytes>,
    /// They show everything applied up to here.
    pub upto: Offset,
}
