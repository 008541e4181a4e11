//! Endings in their turn: a session that is to end for what its peer sent is
//! told first what became of all it sent before.
//!
//! Nothing may follow an ERROR or a Close, so these wait for the answers of
//! SENDs that are under way, but no longer than `limits.close_ms`. The RECEIPT
//! of a DISCONNECT waits as long as it takes: it says that all was processed.

use std::fmt::Display;

use bytes::Bytes;
use hub_core::CloseReason;
use hub_stomp::{Refusal, Session};

use crate::metrics::KindLabels;
use crate::shard::Shard;
use crate::shard::pending::{Close, Ending, LastWord};
use crate::shard::sockets::HalfClosed;

impl Shard {
    /// Closes a connection for a reason of ours.
    pub(in crate::shard) fn close(&mut self, slot: usize, reason: CloseReason) {
        self.close_saying(slot, reason, reason.text);
    }

    /// The same, with a text of its own, under 124 bytes.
    pub(in crate::shard) fn close_saying(&mut self, slot: usize, reason: CloseReason, text: &str) {
        if self.sockets.close(slot, reason, text) {
            self.subscriptions.end_all(slot);
            self.progress(slot);
        }
    }

    /// The close that became due while input was being processed.
    pub(super) fn finish_close(&mut self, slot: usize) {
        if let Some(reason) = self.sockets.take_close_wanted(slot) {
            self.close(slot, reason);
        }
    }

    /// Answers the Close of a peer.
    pub(super) fn answer_close(&mut self, slot: usize, reply: Bytes) {
        self.sockets.leave_uncounted(slot, reply);
        self.subscriptions.end_all(slot);
    }

    /// Ends the session whose input is being processed.
    pub(super) fn close_after(&mut self, slot: usize, session: &mut Session, reason: CloseReason) {
        session.close();
        self.close(slot, reason);
    }

    /// The peer has shut its side.
    pub(in crate::shard) fn half_closed(&mut self, slot: usize) {
        match self.sockets.half_closed(slot) {
            HalfClosed::Goes => {}
            HalfClosed::Leaves => self.subscriptions.end_all(slot),
            HalfClosed::Refused(refusal) => self.refuse(slot, refusal),
        }
    }

    /// Refuses a STOMP frame in its turn: an ERROR that names the cause, then
    /// the close that STOMP requires.
    pub(super) fn refuse(&mut self, slot: usize, refusal: Refusal) {
        self.refuse_with(slot, refusal, CloseReason::PROTOCOL_ERROR);
    }

    pub(in crate::shard) fn refuse_with(&mut self, slot: usize, refusal: Refusal, reason: CloseReason) {
        self.count_error("stomp");
        self.note(slot, refusal.reason(), &refusal);
        self.end_in_turn(slot, Ending::refused(refusal, reason));
    }

    /// Ends a session once what it sent is answered, which may be now. Nothing
    /// more is read from it, and no subscription of its goes on.
    pub(super) fn end_in_turn(&mut self, slot: usize, ending: Ending) {
        match self.sockets.end_behind_sends(slot, ending) {
            Some(ending) => self.end(slot, ending),
            None => self.subscriptions.end_all(slot),
        }
    }

    /// Ends a session for a SEND that is rejected, once those behind it are
    /// answered.
    pub(super) fn end_rejected(&mut self, slot: usize, refusal: Refusal, reason: CloseReason) {
        self.count_error("stomp");
        self.note(slot, refusal.reason(), &refusal);
        if let Some(session) = self.sockets.stomp(slot) {
            session.close();
        }
        match self.sockets.refuse_behind_sends(slot, refusal, reason) {
            Some(ending) => self.end(slot, ending),
            None => self.subscriptions.end_all(slot),
        }
    }

    /// The ending that waited: all is answered, or the time is over.
    pub(super) fn end_pending(&mut self, slot: usize, ending: Ending) {
        if self.sockets.is_streaming(slot) {
            // There may be more to read: the peer's Close, or its end.
            self.sockets.relist(slot);
            self.end(slot, ending);
        }
    }

    /// Ends a session although not all that it sent is answered.
    pub(in crate::shard) fn end_unanswered(&mut self, slot: usize) {
        if let Some(ending) = self.sockets.take_unanswered(slot) {
            self.end_pending(slot, ending);
        }
    }

    fn end(&mut self, slot: usize, ending: Ending) {
        match ending.last_word {
            LastWord::None => {}
            LastWord::Receipt(reply) => self.acknowledge(slot, &reply),
            LastWord::Error(refusal) => {
                if let Some(wire) = self.sockets.wire(slot) {
                    self.sockets.send(slot, wire.wrap(&refusal.error_frame()));
                }
                self.sockets.end_is_noted(slot);
            }
        }
        match ending.close {
            Close::Because(reason) => self.close(slot, reason),
            Close::Failed(close, code) => {
                self.sockets.leave(slot, u32::from(code), close);
                self.subscriptions.end_all(slot);
            }
        }
    }

    /// Notes what a peer is refused.
    pub(super) fn note(&self, slot: usize, reason: &'static str, case: &dyn Display) {
        if let (Some(id), Some(wire)) = (self.sockets.id(slot), self.sockets.wire(slot)) {
            let case = format_args!("connection {id}: {case}");
            self.chassis.metrics.refusals.note(wire.transport(), reason, case, self.sockets.now());
        }
    }

    pub(super) fn count_error(&self, kind: &'static str) {
        self.chassis.metrics.errors.get_or_create(&KindLabels { kind }).inc();
    }
}
