//! Ends of sessions that take too long.

use hub_core::CloseReason;

use crate::metrics::ReasonLabels;
use crate::shard::Shard;

impl Shard {
    /// A message that takes too long; a STOMP session is told so in its words,
    /// and what its frame lacks.
    pub(in crate::shard) fn time_message_out(&mut self, slot: usize) {
        let detail =
            format!("a frame must be whole within limits.message_ms = {}", self.chassis.limits.message_ms);
        let refusal = self.sockets.stomp(slot).map(|session| {
            let unfinished = session.refuse_unfinished("message timeout", &detail);
            unfinished.unwrap_or_else(|| session.refuse("message timeout", detail)).because("message_timeout")
        });
        match refusal {
            Some(refusal) => self.refuse_with(slot, refusal, CloseReason::MESSAGE_TIMEOUT),
            None => self.close(slot, CloseReason::MESSAGE_TIMEOUT),
        }
    }

    /// No CONNECT came in time. One that came in part is told what it lacks.
    pub(in crate::shard) fn time_handshake_out(&mut self, slot: usize) {
        let labels = ReasonLabels { reason: "handshake_timeout" };
        self.chassis.metrics.connections_failed.get_or_create(&labels).inc();
        let detail =
            format!("a CONNECT must come within limits.handshake_ms = {}", self.chassis.limits.handshake_ms);
        let unfinished = self
            .sockets
            .stomp(slot)
            .and_then(|session| session.refuse_unfinished("handshake timeout", &detail))
            .map(|refusal| refusal.because("handshake_timeout"));
        match unfinished {
            Some(refusal) => self.refuse_with(slot, refusal, CloseReason::HANDSHAKE_TIMEOUT),
            None => self.close(slot, CloseReason::HANDSHAKE_TIMEOUT),
        }
    }
}
