//! Deadlines of heart-beats, ours and the peer's.

use std::time::{Duration, Instant};

use super::Intervals;

/// The peer is silent after this many of its intervals. "The receiver SHOULD be tolerant": browsers
/// delay the timers of hidden pages, and stompjs waits as long for the server.
const TOLERATED_INTERVALS: u32 = 2;

/// A heart-beat is due this part of the interval early, as the sender MUST keep the interval and
/// whoever polls does so only now and then.
const EARLY_DIVISOR: u32 = 10;

/// Demand of [`HeartbeatTimer::poll`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// Nothing.
    Fine,
    /// Write [`crate::encode::HEARTBEAT`] and say so by [`HeartbeatTimer::on_sent`].
    SendHeartbeat,
    /// The peer sent nothing for twice its interval: close.
    PeerSilent,
}

/// Keeps both directions of one session.
#[derive(Debug, Clone, Copy)]
pub struct HeartbeatTimer {
    intervals: Intervals,
    last_sent: Instant,
    last_received: Instant,
}

impl HeartbeatTimer {
    /// Starts both directions at `now`, when CONNECTED is written.
    pub const fn new(intervals: Intervals, now: Instant) -> Self {
        Self { intervals, last_sent: now, last_received: now }
    }

    /// One that began before, when these were sent and received last.
    pub(crate) const fn running(intervals: Intervals, last_sent: Instant, last_received: Instant) -> Self {
        Self { intervals, last_sent, last_received }
    }

    /// Intervals agreed upon.
    pub const fn intervals(&self) -> Intervals {
        self.intervals
    }

    /// Any octet was received, whether it completes a frame or not.
    pub fn on_received(&mut self, now: Instant) {
        self.last_received = self.last_received.max(now);
    }

    /// Anything was written.
    pub fn on_sent(&mut self, now: Instant) {
        self.last_sent = self.last_sent.max(now);
    }

    /// Demand that is due at `now`. A silent peer comes before a heart-beat.
    pub fn poll(&self, now: Instant) -> Liveness {
        let due = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        if due(self.silence_deadline()) {
            Liveness::PeerSilent
        } else if due(self.send_deadline()) {
            Liveness::SendHeartbeat
        } else {
            Liveness::Fine
        }
    }

    /// Instant at which [`Self::poll`] next says something else than [`Liveness::Fine`], if nothing is sent or received
    /// until then. `None`: never.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.send_deadline().into_iter().chain(self.silence_deadline()).min()
    }

    fn send_deadline(&self) -> Option<Instant> {
        let interval = self.intervals.send?;
        self.last_sent.checked_add(interval.saturating_sub(interval / EARLY_DIVISOR))
    }

    fn silence_deadline(&self) -> Option<Instant> {
        let tolerated: Duration = self.intervals.receive?.saturating_mul(TOLERATED_INTERVALS);
        self.last_received.checked_add(tolerated)
    }
}
