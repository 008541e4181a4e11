//! Ends of sockets.

use std::time::Duration;

use bytes::Bytes;
use hub_core::CloseReason;
use hub_stomp::Refusal;
use hub_ws::CloseCode;

use super::{Phase, Protocol, Sockets};
use crate::metrics::CodeLabels;
use crate::shard::moment::Stamp;

/// Outcome for a socket whose peer has shut its side.
pub(in crate::shard) enum HalfClosed {
    /// It goes on: something is to be answered or written first.
    Goes,
    /// Nothing is sent any more but what waits.
    Leaves,
    /// The stream ended within a frame.
    Refused(Refusal),
}

impl Sockets {
    /// Closes a connection for a reason of ours: what waits is written first,
    /// then, on a WebSocket, a Close frame that says why in `text`, under 124
    /// bytes. False: it ends already, or its input is being processed and the
    /// close becomes due [when that is done](Sockets::take_close_wanted).
    pub(in crate::shard) fn close(&mut self, slot: usize, reason: CloseReason, text: &str) -> bool {
        let now = self.now.instant;
        // A bug, which `at_mut` tells of.
        let Some(socket) = self.at_mut(slot) else { return false };
        if !socket.is_streaming() {
            return false;
        }
        let (id, wire) = (socket.id(), socket.wire());
        let Some(protocol) = &mut socket.inbound.protocol else {
            socket.inbound.close_wanted.get_or_insert_with(|| Box::new(reason));
            return false;
        };
        if let Some(session) = protocol.stomp() {
            session.close();
        }
        let close = protocol.websocket.as_mut().and_then(|connection| {
            let close = connection.close(CloseCode::new(reason.code), text)?;
            Some([wire.closing(reason.code, text), close].concat().into())
        });
        let is_noted = socket.inbound.is_noted;
        if let Some(session) = socket.stream().as_session() {
            session.set_close_reason(reason);
        }
        tracing::debug!(connection = id, code = reason.code, reason = text, "close");
        if reason != CloseReason::NORMAL && !is_noted {
            let case = format_args!("connection {id}: {text} ({})", reason.code);
            self.chassis.metrics.refusals.note(wire.transport(), reason.name, case, now);
        }
        self.leave(slot, u32::from(reason.code), close.unwrap_or_default());
        true
    }

    /// Counts a close by `code` and sends the last frame; nothing is sent
    /// after it.
    pub(in crate::shard) fn leave(&mut self, slot: usize, code: u32, last: Bytes) {
        self.chassis.metrics.closed.get_or_create(&CodeLabels { code }).inc();
        self.leave_uncounted(slot, last);
    }

    /// The same for a close that is the peer's.
    pub(in crate::shard) fn leave_uncounted(&mut self, slot: usize, last: Bytes) {
        self.send(slot, last);
        let deadline = Stamp::of(self.now.instant + Duration::from_millis(self.chassis.limits.close_ms));
        if let Some(socket) = self.at_mut(slot) {
            socket.phase = Phase::Closing(deadline);
        }
    }

    /// The peer has shut its side. What waits for it is still written: a
    /// client may send its DISCONNECT, shut, and read the receipt.
    pub(in crate::shard) fn half_closed(&mut self, slot: usize) -> HalfClosed {
        // What was only staged does not hold its end up.
        self.write(slot);
        // A bug, which `at_mut` tells of.
        let Some(socket) = self.at_mut(slot) else { return HalfClosed::Goes };
        let session = socket.inbound.protocol.as_deref_mut().and_then(Protocol::stomp);
        let unfinished =
            session.and_then(|session| session.refuse_unfinished("unfinished frame", "the stream ended"));
        if let Some(refusal) = unfinished {
            // That it ends is seen again when this is written.
            socket.relist();
            return HalfClosed::Refused(refusal);
        }
        if let Some(sends) = &mut socket.inbound.sends {
            // What it sent is answered first.
            sends.half_closed = true;
        } else if socket.outbox().is_empty() {
            self.lost(slot);
        } else if socket.is_streaming() {
            self.leave_uncounted(slot, Bytes::new());
            return HalfClosed::Leaves;
        }
        HalfClosed::Goes
    }

    /// Everything is written: shuts our side once the closing handshake is
    /// done, and then waits for the peer's end.
    pub(super) fn progress_closing(&mut self, slot: usize) {
        // A bug, which `at_mut` tells of.
        let Some(socket) = self.at_mut(slot) else { return };
        // One that lingers has nothing left to do.
        let Phase::Closing(deadline) = socket.phase else { return };
        let protocol = socket.inbound.protocol.as_deref();
        let may_shut = protocol
            .is_some_and(|protocol| protocol.websocket.as_ref().is_none_or(hub_ws::Connection::may_shut));
        if may_shut {
            match socket.shut() {
                Ok(true) => socket.phase = Phase::Lingering(deadline),
                Ok(false) => {}
                Err(_) => self.lost(slot),
            }
        }
    }

    /// The hub is shutting down: the socket gets what it is owed, as far as it
    /// reads within the deadline, and is then to be closed.
    pub(in crate::shard) fn drain(&mut self, slot: usize) {
        let deadline = Stamp::of(self.now.instant + Duration::from_millis(self.chassis.limits.close_ms));
        if let Some(socket) = self.at_mut(slot)
            && socket.is_streaming()
        {
            socket.phase = Phase::Draining(deadline);
        }
    }
}
