//! Subscriptions with an interval: when they may be drained again.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// An interval that was asked for. It delays drains and changes nothing else:
/// what happens meanwhile conflates as it does for a slow reader.
pub(super) struct Pace {
    interval: Duration,
    not_before: Instant,
    /// Among the shard's timers, at `not_before`.
    scheduled: bool,
}

impl Pace {
    /// The first drain is due at once. `None` where no interval was asked for.
    pub(super) fn new(interval: Duration, now: Instant) -> Option<Pace> {
        (!interval.is_zero()).then_some(Pace { interval, not_before: now, scheduled: false })
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.not_before <= now
    }

    /// A drain has ended.
    pub(super) fn drained(&mut self, now: Instant) {
        debug_assert!(!self.scheduled, "what is drained was due");
        self.not_before = now + self.interval;
    }
}

/// When which subscriptions are to be drained: those that are owed something
/// and must wait for their interval.
#[derive(Default)]
pub(super) struct Timers(BTreeSet<(Instant, usize)>);

impl Timers {
    /// Wakes the subscription `key` when its interval is over.
    pub(super) fn schedule(&mut self, key: usize, pace: &mut Pace) {
        if !pace.scheduled {
            pace.scheduled = true;
            self.0.insert((pace.not_before, key));
        }
    }

    /// The subscription ends, or is drained before its time.
    pub(super) fn cancel(&mut self, key: usize, pace: &Pace) {
        if pace.scheduled {
            self.0.remove(&(pace.not_before, key));
        }
    }

    /// As [`Timers::cancel`], of one that goes on.
    pub(super) fn unschedule(&mut self, key: usize, pace: &mut Pace) {
        self.cancel(key, pace);
        pace.scheduled = false;
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.first().map(|(due, _)| *due)
    }

    /// A subscription that is due.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<usize> {
        self.0.first().filter(|(due, _)| *due <= now)?;
        self.0.pop_first().map(|(_, key)| key)
    }
}
