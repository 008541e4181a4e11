//! Deadlines and heart-beats: one pass over all sockets instead of a timer
//! for each.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hub_core::CloseReason;
use hub_core::heartbeat::{self, Sign};
use hub_core::limits::Limits;
use hub_sockjs::frame as sockjs;
use hub_stomp::{Liveness, encode};
use hub_ws::frame;

use super::socket::Socket;
use super::{Phase, Protocol, Sockets};
use crate::shard::moment::Stamp;
use crate::shard::wire::Carrier;

/// Attention that a socket needs now.
#[derive(Clone, Copy)]
enum Upkeep {
    Nothing,
    /// Its deadline passed while it was closing.
    End,
    /// The same, and its peer took nothing of what waits for it.
    EndUnread,
    Heartbeat,
    /// The `h` of `SockJS`.
    Beacon,
    Ping,
    PingAndBeacon,
    /// STOMP does not see a ping: its own heart-beat goes beside it.
    PingAndHeartbeat,
    Overdue(Overdue),
}

/// Reason to end a socket now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::shard) enum Overdue {
    /// It was to end when what it sent is answered, and its time is over.
    Unanswered,
    /// For this reason.
    Close(CloseReason),
}

impl Sockets {
    /// Looks at every socket's deadlines and signs of life; gives those that
    /// are to be ended.
    pub(in crate::shard) fn sweep(&mut self) -> Vec<(usize, Overdue)> {
        let now = self.now.instant;
        let mut needed = Vec::new();
        let mut outbox_bytes = 0;
        for (slot, socket) in &mut self.slab {
            outbox_bytes += i64::try_from(socket.outbox().bytes()).unwrap_or(i64::MAX);
            match upkeep(socket, &self.chassis.limits, now) {
                Upkeep::Nothing => {}
                other => needed.push((slot, other)),
            }
        }
        self.chassis.metrics.outbox_bytes.inc_by(outbox_bytes - self.reported_outbox_bytes);
        self.reported_outbox_bytes = outbox_bytes;
        needed.into_iter().filter_map(|(slot, upkeep)| Some((slot, self.keep_up(slot, upkeep)?))).collect()
    }

    fn keep_up(&mut self, slot: usize, upkeep: Upkeep) -> Option<Overdue> {
        let beacon = || frame::text(sockjs::HEARTBEAT.as_bytes());
        match upkeep {
            Upkeep::Nothing => {}
            Upkeep::End => self.lost(slot),
            Upkeep::EndUnread => {
                if let Some(socket) = self.at_mut(slot) {
                    socket.stream().forget_unread();
                }
                self.lost(slot);
            }
            Upkeep::Heartbeat => self.beat(slot),
            Upkeep::Beacon => self.send(slot, beacon()),
            Upkeep::Ping => self.ping(slot),
            Upkeep::PingAndHeartbeat => {
                self.beat(slot);
                self.ping(slot);
            }
            Upkeep::PingAndBeacon => {
                self.send(slot, beacon());
                self.ping(slot);
            }
            Upkeep::Overdue(overdue) => return Some(overdue),
        }
        None
    }
}

impl Sockets {
    fn beat(&mut self, slot: usize) {
        let heartbeat = self.wire(slot).map_or_else(Bytes::new, |wire| wire.wrap(encode::HEARTBEAT));
        self.send(slot, heartbeat);
    }

    fn ping(&mut self, slot: usize) {
        let now = Stamp::of(self.now.instant);
        if let Some(socket) = self.at_mut(slot) {
            (socket.pings, socket.pinged) = (socket.pings.saturating_add(1), now);
        }
        self.send(slot, frame::ping(b""));
    }
}

fn upkeep(socket: &mut Socket, limits: &Limits, now: Instant) -> Upkeep {
    let unread_ms = socket.unread_for(now).as_millis();
    let stamp = Stamp::of(now);
    match socket.phase {
        Phase::Closing(deadline) if stamp >= deadline && unread_ms >= u128::from(limits.close_ms) => {
            return Upkeep::EndUnread;
        }
        Phase::Closing(deadline) | Phase::Lingering(deadline) if stamp >= deadline => return Upkeep::End,
        Phase::Opening(deadline) if stamp >= deadline => {
            return Upkeep::Overdue(Overdue::Close(CloseReason::HANDSHAKE_TIMEOUT));
        }
        Phase::Draining(deadline) if stamp >= deadline => {
            return Upkeep::Overdue(Overdue::Close(CloseReason::GOING_AWAY));
        }
        Phase::Open => {}
        _ => return Upkeep::Nothing,
    }
    if socket.inbound.sends.as_ref().is_some_and(|sends| sends.is_overdue(now)) {
        return Upkeep::Overdue(Overdue::Unanswered);
    }
    if socket.inbound.sends.is_some() || socket.inbound.backlog.is_some() {
        // While it is not read, because of what it sent, it is neither silent
        // nor slow to go on.
        socket.last_received = stamp;
        socket.inbound.message_since = socket.inbound.message_since.map(|_| stamp);
    }
    if unread_ms >= u128::from(limits.stall_ms) {
        return Upkeep::Overdue(Overdue::Close(CloseReason::STALLED));
    }
    let under_way = |since: Stamp| now.saturating_duration_since(since.instant()).as_millis();
    if socket.inbound.message_since.is_some_and(|since| under_way(since) >= u128::from(limits.message_ms)) {
        return Upkeep::Overdue(Overdue::Close(CloseReason::MESSAGE_TIMEOUT));
    }
    let (last_sent, last_received) = (socket.last_sent, socket.last_received);
    let mut promised = hub_stomp::Intervals::default();
    if let Some(session) = socket.inbound.protocol.as_deref_mut().and_then(Protocol::stomp) {
        session.on_sent(last_sent.instant());
        session.on_received(last_received.instant());
        promised = session.intervals();
        match session.poll(now) {
            Liveness::PeerSilent => return Upkeep::Overdue(Overdue::Close(CloseReason::PEER_SILENT)),
            // Bytes that wait for a full socket keep it alive as well as a beat.
            Liveness::SendHeartbeat if socket.outbox().is_empty() => return Upkeep::Heartbeat,
            Liveness::SendHeartbeat => return Upkeep::Nothing,
            Liveness::Fine => {}
        }
    }
    silence(socket, promised, now)
}

/// Looks for signs of life only where no heart-beats were agreed upon, and
/// nothing waits for its peer: behind other bytes a ping would arrive no
/// sooner than they do.
fn silence(socket: &Socket, promised: hub_stomp::Intervals, now: Instant) -> Upkeep {
    if !socket.wire().is_websocket() || socket.is_blocked() {
        return Upkeep::Nothing;
    }
    let silent = now.saturating_duration_since(socket.last_received.instant());
    let unsent = now.saturating_duration_since(socket.last_sent.instant());
    let sign = match promised.receive {
        None => {
            let since_ping = now.saturating_duration_since(socket.pinged.instant());
            heartbeat::sign_of_life(silent, socket.pings, since_ping)
        }
        Some(_) => Sign::None,
    };
    // One-sided: it keeps proxies, not peers.
    let beacon = socket.wire().carrier == Carrier::SockJs
        && promised.send.is_none()
        && unsent >= Duration::from_secs(sockjs::HEARTBEAT_SECONDS);
    match sign {
        Sign::Ping if beacon => Upkeep::PingAndBeacon,
        Sign::Ping if promised.send.is_some() => Upkeep::PingAndHeartbeat,
        Sign::Ping => Upkeep::Ping,
        Sign::GiveUp => Upkeep::Overdue(Overdue::Close(CloseReason::PEER_SILENT)),
        Sign::None if beacon => Upkeep::Beacon,
        Sign::None => Upkeep::Nothing,
    }
}
