//! Deadlines and heart-beats: one pass over all sockets instead of a timer
//! for each.

use std::time::{Duration, Instant};

use hub_core::CloseReason;
use hub_core::heartbeat::{self, Sign};
use hub_core::limits::Limits;
use hub_sockjs::frame as sockjs;
use hub_stomp::{Liveness, encode};
use hub_ws::frame;

use super::Shard;
use super::socket::{Phase, Protocol, Socket};
use super::wire::Carrier;
use crate::metrics::ReasonLabels;

/// What a socket needs now.
enum Due {
    Nothing,
    /// Its deadline passed while it was closing.
    End,
    /// It was to end when what it sent is answered, and its time is over.
    EndUnanswered,
    /// The same, and its peer took nothing of what waits for it.
    EndUnread,
    Close(CloseReason),
    Heartbeat,
    /// The `h` of `SockJS`.
    Beacon,
    Ping,
    PingAndBeacon,
}

impl Shard {
    pub(super) fn sweep(&mut self) {
        let now = self.now;
        if self.index == 0 {
            self.chassis.metrics.refusals.tell(now);
        }
        let mut due = Vec::new();
        let mut outbox_bytes = 0;
        for (slot, socket) in &mut self.sockets {
            outbox_bytes += i64::try_from(socket.outbox.bytes()).unwrap_or(i64::MAX);
            match due_of(socket, &self.chassis.limits, now) {
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
            Due::EndUnanswered => self.end_overdue(slot),
            Due::EndUnread => {
                if let Some(socket) = self.sockets.get(slot) {
                    socket.stream.forget_unread();
                }
                self.gone.push(slot);
            }
            Due::Heartbeat => self.send(slot, wire.wrap(encode::HEARTBEAT)),
            Due::Beacon => self.send(slot, frame::text(sockjs::HEARTBEAT.as_bytes())),
            Due::Ping => self.send(slot, frame::ping(b"")),
            Due::PingAndBeacon => {
                let beacon = frame::text(sockjs::HEARTBEAT.as_bytes());
                self.send(slot, [beacon, frame::ping(b"")].concat().into());
            }
            Due::Close(CloseReason::MESSAGE_TIMEOUT) => self.time_message_out(slot),
            Due::Close(CloseReason::HANDSHAKE_TIMEOUT) => self.time_handshake_out(slot),
            Due::Close(reason) => self.close(slot, *reason),
        }
    }

    /// A message that takes too long; a STOMP session is told so in its words,
    /// and what its frame lacks.
    fn time_message_out(&mut self, slot: usize) {
        let detail =
            format!("a frame must be whole within limits.message_ms = {}", self.chassis.limits.message_ms);
        let refusal = self.stomp_of(slot).map(|session| {
            let unfinished = session.refuse_unfinished("message timeout", &detail);
            unfinished.unwrap_or_else(|| session.refuse("message timeout", detail)).because("message_timeout")
        });
        match refusal {
            Some(refusal) => self.refuse_with(slot, refusal, CloseReason::MESSAGE_TIMEOUT),
            None => self.close(slot, CloseReason::MESSAGE_TIMEOUT),
        }
    }

    /// No CONNECT came in time. One that came in part is told what it lacks.
    fn time_handshake_out(&mut self, slot: usize) {
        let labels = ReasonLabels { reason: "handshake_timeout" };
        self.chassis.metrics.connections_failed.get_or_create(&labels).inc();
        let detail =
            format!("a CONNECT must come within limits.handshake_ms = {}", self.chassis.limits.handshake_ms);
        let unfinished = self
            .stomp_of(slot)
            .and_then(|session| session.refuse_unfinished("handshake timeout", &detail))
            .map(|refusal| refusal.because("handshake_timeout"));
        match unfinished {
            Some(refusal) => self.refuse_with(slot, refusal, CloseReason::HANDSHAKE_TIMEOUT),
            None => self.close(slot, CloseReason::HANDSHAKE_TIMEOUT),
        }
    }

    fn stomp_of(&mut self, slot: usize) -> Option<&mut hub_stomp::Session> {
        self.sockets.get_mut(slot)?.protocol.as_deref_mut().and_then(Protocol::stomp)
    }
}

fn due_of(socket: &mut Socket, limits: &Limits, now: Instant) -> Due {
    let unread_ms = socket.unread_for(now).as_millis();
    match socket.phase {
        Phase::Closing(deadline) if now >= deadline && unread_ms >= u128::from(limits.close_ms) => {
            return Due::EndUnread;
        }
        Phase::Closing(deadline) | Phase::Lingering(deadline) if now >= deadline => return Due::End,
        Phase::Opening(deadline) if now >= deadline => return Due::Close(CloseReason::HANDSHAKE_TIMEOUT),
        Phase::Draining(deadline) if now >= deadline => return Due::Close(CloseReason::GOING_AWAY),
        Phase::Open => {}
        _ => return Due::Nothing,
    }
    if socket.sends.as_ref().is_some_and(|sends| sends.is_overdue(now)) {
        return Due::EndUnanswered;
    }
    if socket.sends.is_some() || socket.backlog.is_some() {
        // While it is not read, because of what it sent, it is neither silent
        // nor slow to go on.
        socket.last_received = now;
        socket.message_since = socket.message_since.map(|_| now);
    }
    if unread_ms >= u128::from(limits.stall_ms) {
        return Due::Close(CloseReason::STALLED);
    }
    let under_way = |since| now.saturating_duration_since(since).as_millis();
    if socket.message_since.is_some_and(|since| under_way(since) >= u128::from(limits.message_ms)) {
        return Due::Close(CloseReason::MESSAGE_TIMEOUT);
    }
    let (last_sent, last_received) = (socket.last_sent, socket.last_received);
    let mut promised = hub_stomp::Intervals::default();
    if let Some(session) = socket.protocol.as_deref_mut().and_then(Protocol::stomp) {
        session.on_sent(last_sent);
        session.on_received(last_received);
        promised = session.intervals();
        match session.poll(now) {
            Liveness::PeerSilent => return Due::Close(CloseReason::PEER_SILENT),
            // Bytes that wait for a full socket keep it alive as well as a beat.
            Liveness::SendHeartbeat if socket.outbox.is_empty() => return Due::Heartbeat,
            Liveness::SendHeartbeat => return Due::Nothing,
            Liveness::Fine => {}
        }
    }
    silence(socket, promised, now)
}

/// Looks for signs of life only where no heart-beats were agreed upon, and
/// nothing waits: behind other bytes a ping would arrive no sooner than they
/// do.
fn silence(socket: &Socket, promised: hub_stomp::Intervals, now: Instant) -> Due {
    if !socket.wire.is_websocket() || !socket.outbox.is_empty() {
        return Due::Nothing;
    }
    let silent = now.saturating_duration_since(socket.last_received);
    let unsent = now.saturating_duration_since(socket.last_sent);
    let sign = match promised.receive {
        None => heartbeat::sign_of_life(silent, unsent),
        Some(_) => Sign::None,
    };
    // One-sided: it keeps proxies, not peers.
    let beacon = socket.wire.carrier == Carrier::SockJs
        && promised.send.is_none()
        && unsent >= Duration::from_secs(sockjs::HEARTBEAT_SECONDS);
    match sign {
        Sign::Ping if beacon => Due::PingAndBeacon,
        Sign::Ping => Due::Ping,
        Sign::GiveUp => Due::Close(CloseReason::PEER_SILENT),
        Sign::None if beacon => Due::Beacon,
        Sign::None => Due::Nothing,
    }
}
