//! How sockets end.

use std::fmt::Display;
use std::time::Duration;

use bytes::Bytes;
use hub_core::CloseReason;
use hub_stomp::{Refusal, Session};
use hub_ws::CloseCode;

use super::Shard;
use super::ending::Ending;
use super::socket::{Phase, Protocol};
use crate::metrics::{CodeLabels, ConnectionLabels, KindLabels};

impl Shard {
    /// Sends a frame to a socket that may still be written to.
    pub(super) fn send(&mut self, slot: usize, frame: Bytes) {
        if let Some(socket) = self.sockets.get_mut(slot)
            && socket.send(frame, self.now).is_err()
        {
            self.gone.push(slot);
        }
    }

    /// Closes a connection for a reason of ours: what waits is written first,
    /// then, on a WebSocket, a Close frame that says why.
    pub(super) fn close(&mut self, slot: usize, reason: CloseReason) {
        self.close_saying(slot, reason, reason.text);
    }

    /// The same, with a text of its own, under 124 bytes.
    pub(super) fn close_saying(&mut self, slot: usize, reason: CloseReason, text: &str) {
        let Some(socket) = self.sockets.get_mut(slot) else { return };
        if !socket.is_streaming() {
            return;
        }
        let Some(protocol) = &mut socket.protocol else {
            // Its input is being processed; see `finish_close`.
            socket.close_wanted.get_or_insert(reason);
            return;
        };
        if let Some(session) = protocol.stomp() {
            session.close();
        }
        let close = protocol.websocket.as_mut().and_then(|connection| {
            let close = connection.close(CloseCode::new(reason.code), text)?;
            Some([socket.wire.closing(reason.code, text), close].concat().into())
        });
        if let Some(session) = socket.stream.as_session() {
            session.part_with(reason);
        }
        tracing::debug!(connection = socket.id, code = reason.code, reason = text, "close");
        if reason != CloseReason::NORMAL && !socket.is_noted {
            let door = socket.wire.transport();
            let case = format_args!("connection {}: {text} ({})", socket.id, reason.code);
            self.chassis.metrics.refusals.note(door, reason.name, case, self.now);
        }
        self.count_close(u32::from(reason.code));
        self.leave(slot, close.unwrap_or_default());
        self.progress(slot);
    }

    /// Refuses a STOMP frame in its turn: an ERROR that names the cause, then
    /// the close that STOMP requires.
    pub(super) fn refuse(&mut self, slot: usize, refusal: Refusal) {
        self.refuse_with(slot, refusal, CloseReason::PROTOCOL_ERROR);
    }

    pub(super) fn refuse_with(&mut self, slot: usize, refusal: Refusal, reason: CloseReason) {
        self.count_error("stomp");
        self.note(slot, refusal.reason(), &refusal);
        self.end_in_turn(slot, Ending::refused(refusal, reason));
    }

    /// Ends the session whose input is being processed.
    pub(super) fn close_after(&mut self, slot: usize, session: &mut Session, reason: CloseReason) {
        session.close();
        self.close(slot, reason);
    }

    /// The last frame goes out; nothing is sent after it.
    pub(super) fn leave(&mut self, slot: usize, last: Bytes) {
        self.send(slot, last);
        self.unsubscribe_all(slot);
        let deadline = self.now + Duration::from_millis(self.chassis.limits.close_ms);
        if let Some(socket) = self.sockets.get_mut(slot) {
            socket.phase = Phase::Closing(deadline);
        }
    }

    /// The peer has shut its side. What waits for it is still written: a
    /// client may send its DISCONNECT, shut, and read the receipt.
    pub(super) fn half_closed(&mut self, slot: usize) {
        let Some(socket) = self.sockets.get_mut(slot) else { return };
        let session = socket.protocol.as_deref_mut().and_then(Protocol::stomp);
        let unfinished =
            session.and_then(|session| session.refuse_unfinished("unfinished frame", "the stream ended"));
        if let Some(refusal) = unfinished {
            // That it ends is seen again when this is written.
            socket.ready.list();
            self.refuse(slot, refusal);
        } else if let Some(sends) = &mut socket.sends {
            // What it sent is answered first.
            sends.half_closed = true;
        } else if socket.outbox.is_empty() {
            self.gone.push(slot);
        } else if socket.is_streaming() {
            self.leave(slot, Bytes::new());
        }
    }

    /// The close that became due while input was being processed.
    pub(super) fn finish_close(&mut self, slot: usize) {
        let wanted = self.sockets.get_mut(slot).and_then(|socket| socket.close_wanted.take());
        if let Some(reason) = wanted {
            self.close(slot, reason);
        }
    }

    /// Everything is written: shuts our side once the closing handshake is
    /// done, and then waits for the peer's end.
    pub(super) fn progress_closing(&mut self, slot: usize) {
        let Some(socket) = self.sockets.get_mut(slot) else { return };
        let Phase::Closing(deadline) = socket.phase else { return };
        let may_shut = socket
            .protocol
            .as_deref()
            .is_some_and(|protocol| protocol.websocket.as_ref().is_none_or(hub_ws::Connection::may_shut));
        if may_shut {
            match socket.shut() {
                Ok(true) => socket.phase = Phase::Lingering(deadline),
                Ok(false) => {}
                Err(_) => self.gone.push(slot),
            }
        }
    }

    /// The hub is shutting down: every subscriber gets what it is owed, as far
    /// as it reads within the deadline, and then 1001.
    pub(super) fn close_all(&mut self) {
        let deadline = self.now + Duration::from_millis(self.chassis.limits.close_ms);
        let slots: Vec<usize> = self.sockets.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            if let Some(socket) = self.sockets.get_mut(slot)
                && socket.is_streaming()
            {
                socket.phase = Phase::Draining(deadline);
            }
            self.progress(slot);
        }
    }

    /// Nothing is owed and nothing waits.
    pub(super) fn close_if_draining(&mut self, slot: usize) {
        if let Some(socket) = self.sockets.get(slot)
            && matches!(socket.phase, Phase::Draining(_))
        {
            self.close(slot, CloseReason::GOING_AWAY);
        }
    }

    /// Forgets the sockets whose peer is gone.
    pub(super) fn bury(&mut self) {
        while let Some(slot) = self.gone.pop() {
            if !self.sockets.contains(slot) {
                continue;
            }
            self.unsubscribe_all(slot);
            let socket = self.sockets.remove(slot);
            let life = self.now.saturating_duration_since(socket.opened);
            tracing::debug!(connection = socket.id, ?life, "gone");
            if socket.counted {
                let labels = ConnectionLabels { service: socket.service, transport: socket.wire.transport() };
                self.chassis.metrics.connections.get_or_create(&labels).dec();
                self.chassis.metrics.connection_seconds.observe(life.as_secs_f64());
            }
        }
    }

    /// Notes what a peer is refused.
    pub(super) fn note(&self, slot: usize, reason: &'static str, case: &dyn Display) {
        let Some(socket) = self.sockets.get(slot) else { return };
        let case = format_args!("connection {}: {case}", socket.id);
        self.chassis.metrics.refusals.note(socket.wire.transport(), reason, case, self.now);
    }

    pub(super) fn count_error(&self, kind: &'static str) {
        self.chassis.metrics.errors.get_or_create(&KindLabels { kind }).inc();
    }

    pub(super) fn count_close(&self, code: u32) {
        self.chassis.metrics.closed.get_or_create(&CodeLabels { code }).inc();
    }
}
