//! Timers of subscriptions and documents: an interval is over, a
//! period has passed.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// An interval that a subscription asked for. It delays drains and changes
/// nothing else: what happens meanwhile conflates as it does for a slow
/// reader.
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

/// Subscription or document that is to be woken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Timer {
    /// A subscription that is owed something and had to wait for its interval.
    Subscription(usize),
    /// A document of which something may be due.
    Document(usize),
}

/// Everybody who is to be woken, by time.
#[derive(Default)]
pub(super) struct Timers(BTreeSet<(Instant, Timer)>);

impl Timers {
    pub(super) fn add(&mut self, at: Instant, timer: Timer) {
        self.0.insert((at, timer));
    }

    pub(super) fn remove(&mut self, at: Instant, timer: Timer) {
        self.0.remove(&(at, timer));
    }

    /// Wakes the subscription `key` when its interval is over.
    pub(super) fn schedule(&mut self, key: usize, pace: &mut Pace) {
        if !pace.scheduled {
            pace.scheduled = true;
            self.add(pace.not_before, Timer::Subscription(key));
        }
    }

    /// The subscription ends, or is drained before its time.
    pub(super) fn unschedule(&mut self, key: usize, pace: &mut Pace) {
        if std::mem::take(&mut pace.scheduled) {
            self.remove(pace.not_before, Timer::Subscription(key));
        }
    }

    /// Gives the time at which the next one is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.first().map(|(at, _)| *at)
    }

    /// Somebody who is due.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        self.0.first().filter(|(at, _)| *at <= now)?;
        self.0.pop_first().map(|(_, timer)| timer)
    }
}
