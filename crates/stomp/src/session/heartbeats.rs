//! Heart-beats of a session, in little memory.

use std::time::{Duration, Instant};

use crate::{HeartbeatTimer, Intervals};

/// A [`HeartbeatTimer`] with what was negotiated in whole milliseconds, as that always is: there is one in every session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heartbeats {
    /// 0: none in that direction.
    send_ms: u32,
    receive_ms: u32,
    last_sent: Instant,
    last_received: Instant,
}

impl Heartbeats {
    /// Starts both directions at `now`.
    pub(super) fn new(negotiated: Intervals, now: Instant) -> Self {
        let ms = |interval: Option<Duration>| {
            interval.map_or(0, |interval| u32::try_from(interval.as_millis()).unwrap_or(u32::MAX))
        };
        let (send_ms, receive_ms) = (ms(negotiated.send), ms(negotiated.receive));
        Self { send_ms, receive_ms, last_sent: now, last_received: now }
    }

    pub(super) const fn intervals(&self) -> Intervals {
        Intervals { send: interval(self.send_ms), receive: interval(self.receive_ms) }
    }

    pub(super) fn on_sent(&mut self, now: Instant) {
        self.last_sent = self.last_sent.max(now);
    }

    pub(super) fn on_received(&mut self, now: Instant) {
        self.last_received = self.last_received.max(now);
    }

    pub(super) const fn timer(&self) -> HeartbeatTimer {
        HeartbeatTimer::running(self.intervals(), self.last_sent, self.last_received)
    }
}

const fn interval(ms: u32) -> Option<Duration> {
    if ms == 0 { None } else { Some(Duration::from_millis(ms as u64)) }
}
