//! A session: what outlives the HTTP requests of one client.
//!
//! Frames go out through a *receiver*, one request (or WebSocket) at a time,
//! and wait where there is none; messages come in through requests of their
//! own and wait for the application. Time comes in as an argument;
//! [`Session::deadline`] says when [`Session::tick`] has something to do.
//!
//! What changed for whom is told by [`Session::take_changes`], so that an owner
//! with several threads knows whom to wake.

mod inbound;
mod outbound;
mod reason;
mod timing;

use std::time::Instant;

use bytes::Bytes;

use self::inbound::Inbound;
use self::outbound::Outbound;
use crate::frame;
use crate::limits::Limits;

pub use self::inbound::MESSAGE_COST_BYTES;
pub use self::outbound::FRAME_COST_BYTES;
pub use self::reason::{BUSY, GO_AWAY, INTERRUPTED, Reason};
pub use self::timing::Tick;

/// Which of a session's receivers one is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReceiverId(u64);

/// Next thing for a receiver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// A frame.
    Frame(Bytes),
    /// The close frame: nothing follows, and the receiver is detached.
    Last(Bytes),
    /// Nothing for now.
    Nothing,
    /// It is not, or no longer, the session's receiver.
    Detached,
}

/// Reason why a frame or messages are not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// As much waits as may.
    #[error("as much waits as may")]
    Full,
    /// The session is closed.
    #[error("the session is closed")]
    Closed,
}

/// Changes since they were last asked for.
#[expect(clippy::struct_excessive_bools, reason = "each is for somebody else")]
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Changes {
    /// The receiver has something to take.
    pub outbound: bool,
    /// The application has room to send, or learns that it can't any more.
    pub outbound_room: bool,
    /// The application has something to receive, the end included.
    pub inbound: bool,
    /// Messages that were refused may fit now.
    pub inbound_room: bool,
}

impl Changes {
    const ALL: Changes = Changes { outbound: true, outbound_room: true, inbound: true, inbound_room: true };
}

#[derive(Debug)]
enum Phase {
    Open,
    Closed {
        reason: Reason,
        /// Since when everything before the close frame is taken and it is
        /// told to whoever asks.
        told: Option<Instant>,
    },
    /// Nobody will ask again.
    Over(Reason),
}

#[derive(Debug)]
struct Receiver {
    id: ReceiverId,
    /// Instant at which it came or last got something.
    served: Instant,
}

/// The state of one session.
#[derive(Debug)]
pub struct Session {
    limits: Limits,
    phase: Phase,
    /// The opening frame is not taken yet.
    opening: bool,
    outbound: Outbound,
    inbound: Inbound,
    receiver: Option<Receiver>,
    receivers: u64,
    /// Instant at which the last receiver left.
    absent_since: Instant,
    /// Since when something waits that a receiver could have taken.
    waiting_since: Instant,
    heartbeats: bool,
    changes: Changes,
}

impl Session {
    /// A session that a client's first request opens.
    pub fn new(limits: Limits, now: Instant) -> Session {
        Session {
            limits,
            phase: Phase::Open,
            opening: true,
            outbound: Outbound::default(),
            inbound: Inbound::default(),
            receiver: None,
            receivers: 0,
            absent_since: now,
            waiting_since: now,
            heartbeats: true,
            changes: Changes::default(),
        }
    }

    /// Makes a request the receiver; else it is to be told why not, and then
    /// to end.
    pub fn attach(&mut self, now: Instant) -> Result<ReceiverId, Reason> {
        match &mut self.phase {
            Phase::Over(reason) => return Err(reason.clone()),
            // A session that is closing knows no other connection (protocol,
            // "Handling close").
            Phase::Closed { reason, told } if told.is_some() || self.receiver.is_some() => {
                return Err(reason.clone());
            }
            Phase::Open if self.receiver.is_some() => return Err(BUSY),
            Phase::Open | Phase::Closed { .. } => {}
        }
        let id = ReceiverId(self.receivers);
        self.receivers += 1;
        self.receiver = Some(Receiver { id, served: now });
        self.waiting_since = now;
        Ok(id)
    }

    /// The next frame for a receiver. Array frames that wait are put together
    /// up to `join_bytes`.
    pub fn next(&mut self, id: ReceiverId, join_bytes: usize, now: Instant) -> Next {
        let Some(receiver) = self.receiver.as_mut().filter(|receiver| receiver.id == id) else {
            return Next::Detached;
        };
        if std::mem::take(&mut self.opening) {
            receiver.served = now;
            return Next::Frame(Bytes::from_static(frame::OPEN.as_bytes()));
        }
        if let Some(frame) = self.outbound.pop(join_bytes) {
            receiver.served = now;
            self.waiting_since = now;
            self.changes.outbound_room = true;
            return Next::Frame(frame);
        }
        match &mut self.phase {
            Phase::Open => Next::Nothing,
            Phase::Over(_) => Next::Detached,
            Phase::Closed { reason, told } => {
                *told = Some(now);
                let frame = reason.frame();
                self.detach(id, now);
                Next::Last(frame)
            }
        }
    }

    /// A receiver's response is whole; the next may come.
    pub fn detach(&mut self, id: ReceiverId, now: Instant) {
        if self.receiver.as_ref().is_some_and(|receiver| receiver.id == id) {
            self.receiver = None;
            self.absent_since = now;
        }
    }

    /// A receiver went before its response was whole. What it took may be lost,
    /// so the session is closed (protocol, "Handling close"); what the client
    /// sent before can still be received.
    pub fn interrupt(&mut self, id: ReceiverId, now: Instant) {
        if self.receiver.as_ref().is_none_or(|receiver| receiver.id != id) {
            return;
        }
        self.detach(id, now);
        match &mut self.phase {
            Phase::Open => self.phase = Phase::Closed { reason: INTERRUPTED, told: Some(now) },
            Phase::Closed { told, .. } => *told = Some(now),
            Phase::Over(_) => {}
        }
        self.outbound.clear();
        self.changes = Changes::ALL;
    }

    /// The client will not come back, as after the end of a WebSocket: the
    /// session is over at once.
    pub fn end(&mut self) {
        let reason = match std::mem::replace(&mut self.phase, Phase::Over(INTERRUPTED)) {
            Phase::Open => INTERRUPTED,
            Phase::Closed { reason, .. } | Phase::Over(reason) => reason,
        };
        self.phase = Phase::Over(reason);
        self.receiver = None;
        self.outbound.clear();
        self.changes = Changes::ALL;
    }

    /// The same, after what the client sent last: it is taken whatever waits.
    pub fn end_with(&mut self, messages: Vec<String>) {
        if !self.is_closed() {
            // All fits where there is no limit.
            let _ = self.inbound.push(messages, usize::MAX);
        }
        self.end();
    }

    /// Adds a frame for the client: `a[...]`, or `h`. An empty array says
    /// nothing and is not sent, nor is a heart-beat behind what waits.
    pub fn send(&mut self, frame: &Bytes, now: Instant) -> Result<(), Refused> {
        self.check_room(frame.len())?;
        self.push(frame.clone(), now);
        Ok(())
    }

    /// The same of bytes that are the caller's: they are copied if they are
    /// taken.
    pub fn send_slice(&mut self, frame: &[u8], now: Instant) -> Result<(), Refused> {
        self.check_room(frame.len())?;
        self.push(Bytes::copy_from_slice(frame), now);
        Ok(())
    }

    fn push(&mut self, frame: Bytes, now: Instant) {
        if self.outbound.is_empty() {
            self.waiting_since = now;
        }
        if self.outbound.push(frame) {
            self.changes.outbound = true;
        }
    }

    /// Checks that a frame of so many bytes would be taken.
    pub fn check_room(&self, bytes: usize) -> Result<(), Refused> {
        if self.is_closed() {
            return Err(Refused::Closed);
        }
        let fits =
            self.outbound.is_empty() || self.outbound.cost_bytes_with(bytes) <= self.limits.outbound_bytes;
        if fits { Ok(()) } else { Err(Refused::Full) }
    }

    /// Bytes that wait for receivers.
    pub fn buffered_bytes(&self) -> usize {
        self.outbound.bytes()
    }

    /// Closes the session on the application's behalf. The client gets what
    /// waits, then the reason, however often it asks; what it sent and nobody
    /// received is dropped.
    pub fn close(&mut self, reason: Reason, now: Instant) {
        if self.is_closed() {
            return;
        }
        if self.outbound.is_empty() {
            self.waiting_since = now;
        }
        self.phase = Phase::Closed { reason, told: None };
        self.inbound.clear();
        self.changes = Changes::ALL;
    }

    /// Takes messages from the client: all of them or none. After a close they
    /// are dropped: the client is about to learn of it.
    pub fn offer(&mut self, messages: Vec<String>) -> Result<(), Vec<String>> {
        if self.is_closed() || messages.is_empty() {
            return Ok(());
        }
        self.inbound.push(messages, self.limits.inbound_bytes)?;
        self.changes.inbound = true;
        Ok(())
    }

    /// The next message for the application.
    pub fn receive(&mut self) -> Option<String> {
        let message = self.inbound.pop();
        self.changes.inbound_room |= message.is_some();
        message
    }

    /// True if no message will come any more: the session is closed, and what had arrived is received.
    pub fn is_ended(&self) -> bool {
        self.is_closed() && self.inbound.is_empty()
    }

    /// True once nothing can be sent any more.
    pub fn is_closed(&self) -> bool {
        !matches!(self.phase, Phase::Open)
    }

    /// True while the client may still come for something: it has not been told of a close.
    pub fn is_awaited(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::Closed { told: None, .. })
    }

    /// Reason for the close, once it is closed.
    pub fn reason(&self) -> Option<&Reason> {
        match &self.phase {
            Phase::Open => None,
            Phase::Closed { reason, .. } | Phase::Over(reason) => Some(reason),
        }
    }

    /// Changes since the last call.
    pub fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }
}
