//! Effects of time on a session.

use std::time::Instant;

use bytes::Bytes;

use super::{Phase, Session};
use crate::frame::HEARTBEAT;

/// State after a tick.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tick {
    /// The session lives.
    Alive,
    /// It is over and can be forgotten.
    Over,
}

impl Session {
    /// Switches the session's own heart-beats off or on: who has others, such
    /// as a protocol above, needs none.
    pub fn set_heartbeats(&mut self, on: bool) {
        self.heartbeats = on;
    }

    /// Does what is due. To be called at [`Session::deadline`], or every now
    /// and then.
    pub fn tick(&mut self, now: Instant) -> Tick {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return Tick::Alive;
        }
        match (&self.phase, &self.receiver) {
            (Phase::Over(_), _) => return Tick::Over,
            (_, None) => {
                self.end();
                return Tick::Over;
            }
            (_, Some(receiver)) if self.has_waiting() => {
                let id = receiver.id;
                self.interrupt(id, now);
            }
            (_, Some(_)) => self.beat(now),
        }
        Tick::Alive
    }

    /// Instant at which [`Session::tick`] has something to do next; `None` if only an event can change that.
    pub fn deadline(&self) -> Option<Instant> {
        match (&self.phase, &self.receiver) {
            (Phase::Over(_), _) => Some(self.absent_since),
            (Phase::Closed { told: Some(told), .. }, None) => told.checked_add(self.limits.absence),
            (_, None) => self.absent_since.checked_add(self.limits.absence),
            (_, Some(_)) if self.has_waiting() => self.waiting_since.checked_add(self.limits.stall),
            (Phase::Open, Some(receiver)) if self.heartbeats => {
                receiver.served.checked_add(self.limits.heartbeat)
            }
            (_, Some(_)) => None,
        }
    }

    /// True if the receiver could take something.
    fn has_waiting(&self) -> bool {
        self.opening || !self.outbound.is_empty() || self.is_closed()
    }

    fn beat(&mut self, now: Instant) {
        if self.outbound.push(Bytes::from_static(HEARTBEAT.as_bytes())) {
            self.waiting_since = now;
            self.changes.outbound = true;
        }
    }
}
