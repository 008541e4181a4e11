//! The room of the sockets: it owns every socket of a shard, and with it all
//! that is read from one and written to one.
//!
//! Nobody else touches a stream or an outbox. What is sent is staged, and
//! written once per socket and turn: see [`round`]. A slot stays its socket's
//! until [`Sockets::reap`], which the loop calls at the end of each turn:
//! within a turn, a slot that was seen leads to its socket.

mod closing;
mod inbound;
mod ready;
mod round;
mod sends;
mod socket;
mod sweep;
mod unanswered;

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use hub_core::event::{Provenance, Sender};
use hub_stomp::Session;
use slab::Slab;

pub(super) use self::closing::HalfClosed;
use self::inbound::Inbound;
pub(super) use self::inbound::{Dialogue, Protocol, Stomp};
use self::ready::{ReadyList, ReadySocket};
pub(super) use self::round::Part;
use self::round::Round;
pub(super) use self::sends::AllAnswered;
use self::socket::Socket;
pub(super) use self::socket::{Phase, Read, SocketStart};
pub(super) use self::sweep::Overdue;
use super::missing::missing;
use super::moment::Moment;
use super::wire::{Frames, Wire};
use crate::chassis::Chassis;
use crate::metrics::ConnectionLabels;

/// The sockets of one shard, by slot.
pub(super) struct Sockets {
    chassis: Arc<Chassis>,
    slab: Slab<Socket>,
    ready: Arc<ReadyList>,
    round: Round,
    /// Those whose turn was over before they were.
    paused: Vec<usize>,
    /// Those whose peer turned out to be gone while others were served.
    gone: Vec<usize>,
    /// Begin of this turn of the loop.
    now: Moment,
    /// Bytes this shard last added to `hub_outbox_bytes`.
    reported_outbox_bytes: i64,
}

/// Sockets that were woken, for a task that awaits them.
#[derive(Clone)]
pub(super) struct Woken(Arc<ReadyList>);

impl Woken {
    /// Moves the woken slots to `into`; pending while there are none.
    pub(super) fn poll_take(&self, cx: &mut Context<'_>, into: &mut Vec<u32>) -> Poll<()> {
        self.0.poll_take(cx, into)
    }
}

/// A socket whose peer takes what comes.
pub(super) struct IdleSocket<'a> {
    slot: usize,
    socket: &'a mut Socket,
    round: &'a mut Round,
}

impl IdleSocket<'_> {
    /// Gives the wire of its messages.
    pub(super) fn wire(&self) -> Wire {
        self.socket.wire()
    }

    /// Sends frames, at the end of this turn.
    pub(super) fn send(self, frames: &Frames) {
        self.round.stage(self.slot, self.socket, frames);
    }
}

/// Progress of a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Progress {
    /// Everything is written and it may be given more.
    Room,
    /// Something waits still, or it ends.
    Busy,
}

impl Sockets {
    pub(super) fn new(chassis: Arc<Chassis>, now: Moment) -> Sockets {
        Sockets {
            chassis,
            slab: Slab::new(),
            ready: Arc::default(),
            round: Round::default(),
            paused: Vec::new(),
            gone: Vec::new(),
            now,
            reported_outbox_bytes: 0,
        }
    }

    /// Begins a turn of the loop.
    pub(super) fn begin_turn(&mut self, now: Moment) {
        self.now = now;
        self.round.begin_turn();
    }

    /// Begin of this turn of the loop, by which everything is due.
    pub(super) fn now(&self) -> Instant {
        self.now.instant
    }

    /// The same, on the wall's clock, too.
    pub(super) fn moment(&self) -> Moment {
        self.now
    }

    /// Tells who was woken.
    pub(super) fn woken(&self) -> Woken {
        Woken(Arc::clone(&self.ready))
    }

    /// Takes a socket over; gives its slot. It is looked at once in any case:
    /// that sets its waker.
    pub(super) fn adopt(&mut self, start: SocketStart) -> usize {
        let entry = self.slab.vacant_entry();
        let slot = entry.key();
        if let Some(labels) = labels(start.counted, start.service, start.wire) {
            self.chassis.metrics.connections.get_or_create(&labels).inc();
        }
        let socket =
            entry.insert(Socket::new(start, ReadySocket::new(slot as u32, &self.ready), self.now.instant));
        socket.relist();
        slot
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slab.is_empty()
    }

    /// Says whether the slot is taken. A wake may come after its socket is gone.
    pub(super) fn contains(&self, slot: usize) -> bool {
        self.slab.contains(slot)
    }

    /// Says whether the slot is still that of this connection.
    pub(super) fn is_connection(&self, slot: usize, id: u64) -> bool {
        self.slab.get(slot).is_some_and(|socket| socket.id() == id)
    }

    /// Lists the slots that are taken.
    pub(super) fn slots(&self) -> Vec<usize> {
        self.slab.iter().map(|(slot, _)| slot).collect()
    }

    /// The socket's id, for logs and answers.
    pub(super) fn id(&self, slot: usize) -> Option<u64> {
        Some(self.at(slot)?.id())
    }

    /// The way by which what the socket's peer sends comes.
    pub(super) fn provenance(&self, slot: usize) -> Provenance<'static> {
        let Some(socket) = self.at(slot) else { return Provenance::default() };
        let connection = Some(socket.id());
        let sender = Some(Sender { address: socket.peer(), connection });
        Provenance { door: socket.wire().transport(), sender, ..Provenance::default() }
    }

    /// The socket's wire.
    pub(super) fn wire(&self, slot: usize) -> Option<Wire> {
        Some(self.at(slot)?.wire())
    }

    /// Gives what its peer has under way with us.
    fn inbound(&mut self, slot: usize) -> Option<&mut Inbound> {
        Some(&mut self.at_mut(slot)?.inbound)
    }

    /// Its STOMP session, where it has one that is not out.
    pub(super) fn stomp(&mut self, slot: usize) -> Option<&mut Session> {
        self.inbound(slot)?.protocol.as_deref_mut().and_then(Protocol::stomp)
    }

    /// Says whether new messages may be added.
    pub(super) fn is_streaming(&self, slot: usize) -> bool {
        self.at(slot).is_some_and(Socket::is_streaming)
    }

    /// Its STOMP session is connected. `heartbeats`: it keeps its own, so that
    /// liveness has one owner.
    pub(super) fn connected(&mut self, slot: usize, heartbeats: bool) {
        if let Some(socket) = self.at_mut(slot) {
            socket.connected(heartbeats);
        }
    }

    /// Says whether the hub is shutting down and it is to get what it is owed,
    /// and what waits for its time, too.
    pub(super) fn is_draining(&self, slot: usize) -> bool {
        self.at(slot).is_some_and(|socket| matches!(socket.phase, Phase::Draining(_)))
    }

    /// Memory that waits for it, in bytes.
    pub(super) fn outbox_bytes(&self, slot: usize) -> usize {
        self.at(slot).map_or(0, |socket| socket.outbox().bytes())
    }

    /// Reads into `scratch`.
    pub(super) fn read(&mut self, slot: usize, scratch: &mut [u8]) -> Read {
        let now = self.now.instant;
        self.at_mut(slot).map_or(Read::Broken, |socket| socket.read(scratch, now))
    }

    /// The loop is about to look at the socket: from now on a wake counts
    /// again.
    pub(super) fn unlist(&mut self, slot: usize) {
        if let Some(socket) = self.at(slot) {
            socket.unlist();
        }
    }

    /// Has the loop look at the socket once more.
    pub(super) fn relist(&mut self, slot: usize) {
        if let Some(socket) = self.at(slot) {
            socket.relist();
        }
    }

    /// Its turn is over before it is.
    pub(super) fn pause(&mut self, slot: usize) {
        self.paused.push(slot);
    }

    /// Has the sockets looked at again whose turn was over. Not sooner than
    /// the loop has yielded: while its task is woken already, the runtime does
    /// not look for what the others have to say.
    pub(super) fn relist_paused(&mut self) {
        for slot in self.paused.drain(..) {
            // It may have been reaped since.
            if let Some(socket) = self.slab.get(slot) {
                socket.relist();
            }
        }
    }

    /// Its peer is gone.
    pub(super) fn lost(&mut self, slot: usize) {
        self.gone.push(slot);
    }

    /// Removes a socket whose peer is gone; gives its slot, which is to be
    /// forgotten before the next one comes. `None`: no more are gone.
    pub(super) fn reap(&mut self) -> Option<usize> {
        loop {
            let slot = self.gone.pop()?;
            // It may have turned out twice.
            let Some(socket) = self.slab.try_remove(slot) else { continue };
            let life = self.now.instant.saturating_duration_since(socket.opened.instant());
            tracing::debug!(connection = socket.id(), ?life, "gone");
            if let Some(labels) = labels(socket.counted, socket.service, socket.wire()) {
                self.chassis.metrics.connections.get_or_create(&labels).dec();
                self.chassis.metrics.connection_seconds.observe(life.as_secs_f64());
            }
            return Some(slot);
        }
    }

    /// The socket of a slot that must have one.
    fn at(&self, slot: usize) -> Option<&Socket> {
        let socket = self.slab.get(slot);
        if socket.is_none() {
            missing(&self.chassis.metrics, "socket", slot);
        }
        socket
    }

    /// The socket of a slot that must have one.
    fn at_mut(&mut self, slot: usize) -> Option<&mut Socket> {
        let socket = self.slab.get_mut(slot);
        if socket.is_none() {
            missing(&self.chassis.metrics, "socket", slot);
        }
        socket
    }
}

/// Under which labels `hub_connections` counts the socket, if it does.
fn labels(counted: bool, service: &'static str, wire: Wire) -> Option<ConnectionLabels> {
    counted.then(|| ConnectionLabels { service, transport: wire.transport() })
}
