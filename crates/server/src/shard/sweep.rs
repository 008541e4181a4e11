//! Deadlines and heart-beats: one pass over all sockets instead of a timer
//! for each.

use std::time::Instant;

use bytes::Bytes;
use hub_core::CloseReason;
use hub_core::heartbeat::{self, Sign};
use hub_stomp::{Liveness, encode};
use hub_ws::frame;

use super::Shard;
use super::framing::Wire;
use super::socket::{Phase, Protocol, Socket};
use crate::metrics::ReasonLabels;

/// What a socket needs now.
enum Due {
    Nothing,
    /// Its deadline passed while it was closing.
    End,
    Close(CloseReason),
    Heartbeat,
    Ping,
}

impl Shard {
    pub(super) fn sweep(&mut self) {
        let now = self.now;
        let mut due = Vec::new();
        let mut outbox_bytes = 0;
        for (slot, socket) in &mut self.sockets {
            outbox_bytes += i64::try_from(socket.outbox.bytes()).unwrap_or(i64::MAX);
            match due_of(socket, now) {
                Due::Nothing => {}
                other => due.push((slot, other)),
            }
        }
        self.chassis.metrics.outbox_bytes.inc_by(outbox_bytes - self.reported_outbox_bytes);
        self.reported_outbox_bytes = outbox_bytes;
        for (slot, due) in due {
            self.attend(slot, &due);
        }
    }

    fn attend(&mut self, slot: usize, due: &Due) {
        let Some(wire) = self.sockets.get(slot).map(|socket| socket.wire) else { return };
        match due {
            Due::Nothing => {}
            Due::End => self.gone.push(slot),
            Due::Heartbeat => self.send(slot, wire.wrap(Bytes::from_static(encode::HEARTBEAT))),
            Due::Ping => self.send(slot, frame::ping(b"")),
            Due::Close(reason) => {
                if *reason == CloseReason::HANDSHAKE_TIMEOUT {
                    let labels = ReasonLabels { reason: "handshake_timeout" };
                    self.chassis.metrics.connections_failed.get_or_create(&labels).inc();
                }
                self.close(slot, *reason);
            }
        }
    }
}

fn due_of(socket: &mut Socket, now: Instant) -> Due {
    match socket.phase {
        Phase::Closing(deadline) | Phase::Lingering(deadline) if now >= deadline => return Due::End,
        Phase::Opening(deadline) if now >= deadline => return Due::Close(CloseReason::HANDSHAKE_TIMEOUT),
        Phase::Draining(deadline) if now >= deadline => return Due::Close(CloseReason::GOING_AWAY),
        Phase::Open => {}
        _ => return Due::Nothing,
    }
    let (last_sent, last_received) = (socket.last_sent, socket.last_received);
    let Some(session) = socket.protocol.as_deref_mut().and_then(Protocol::session) else {
        return Due::Nothing;
    };
    session.on_sent(last_sent);
    session.on_received(last_received);
    match session.poll(now) {
        Liveness::PeerSilent => Due::Close(CloseReason::PEER_SILENT),
        // Bytes that wait for a full socket keep it alive as well as a beat.
        Liveness::SendHeartbeat if socket.outbox.is_empty() => Due::Heartbeat,
        Liveness::Fine if session.intervals().receive.is_none() => silence(socket, now),
        Liveness::SendHeartbeat | Liveness::Fine => Due::Nothing,
    }
}

/// Pings only where no heart-beats were agreed upon, and nothing waits: behind
/// other bytes a ping would arrive no sooner than they do.
fn silence(socket: &Socket, now: Instant) -> Due {
    if socket.wire != Wire::WebSocket || !socket.outbox.is_empty() {
        return Due::Nothing;
    }
    let silent = now.saturating_duration_since(socket.last_received);
    let unsent = now.saturating_duration_since(socket.last_sent);
    match heartbeat::sign_of_life(silent, unsent) {
        Sign::None => Due::Nothing,
        Sign::Ping => Due::Ping,
        Sign::GiveUp => Due::Close(CloseReason::PEER_SILENT),
    }
}
