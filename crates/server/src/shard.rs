//! A shard: one per worker thread, it owns its sockets.
//!
//! It is a single task. What wakes it: a publication in its mailbox, a socket
//! with something to read or room to write, a newcomer, or the sweep, which
//! keeps every deadline and heart-beat of all its sockets. No lock is shared
//! with other shards.

mod closing;
mod deliver;
mod framing;
mod inbound;
mod ready;
mod socket;
mod subscribe;
mod sweep;

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hub_core::{Epoch, Offset, Position, TopicName};
use hub_fanout::{Mailbox, Publication, View};
use slab::Slab;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};

use self::framing::MessageIds;
use self::ready::{ReadyList, ReadySocket};
use self::socket::{Phase, Protocol, Read, Socket, SocketStart};
use self::subscribe::{Framings, Subscription};
use crate::chassis::Chassis;
use crate::metrics::ConnectionLabels;
use crate::newcomer::{Newcomer, NewcomerKind};
use crate::server::Stage;
use framing::Wire;

/// How often deadlines and heart-beats are looked at.
const SWEEP: Duration = Duration::from_millis(250);

/// The one read buffer of a shard.
const SCRATCH_BYTES: usize = 64 << 10;

/// Reads from one socket before the others get their turn.
const READS_PER_TURN: usize = 8;

/// Publications handed over before sockets get their turn, however many more
/// wait.
const PUBLICATIONS_PER_TURN: usize = 64;

/// One worker thread's sockets and subscriptions.
pub(crate) struct Shard {
    chassis: Arc<Chassis>,
    sockets: Slab<Socket>,
    subscriptions: Slab<Subscription>,
    framings: Framings,
    /// By topic id.
    topics: Vec<Topic>,
    relays: HashMap<TopicName, Vec<usize>>,
    position: Position,
    ids: MessageIds,
    ready: Arc<ReadyList>,
    scratch: Vec<u8>,
    now: Instant,
    /// Sockets whose peer turned out to be gone while others were served.
    gone: Vec<usize>,
    /// What this shard last added to `hub_outbox_bytes`.
    reported_outbox_bytes: i64,
}

/// A state topic as this shard sees it.
struct Topic {
    /// At the last flush; none before the first.
    view: Option<Arc<dyn View>>,
    subscribers: Vec<usize>,
}

/// What a shard is given by its worker.
pub(crate) struct ShardInputs {
    pub(crate) mailbox: Mailbox,
    pub(crate) newcomers: mpsc::UnboundedReceiver<Newcomer>,
    pub(crate) stage: watch::Receiver<Stage>,
}

impl Shard {
    /// Shard `index` of `shards`.
    pub(crate) fn new(chassis: Arc<Chassis>, started_millis: u64, index: usize, shards: usize) -> Shard {
        let topic = || Topic { view: None, subscribers: Vec::new() };
        Shard {
            topics: chassis.catalog.states().iter().map(|_| topic()).collect(),
            sockets: Slab::new(),
            subscriptions: Slab::new(),
            framings: Framings::default(),
            relays: HashMap::new(),
            position: Position { epoch: Epoch(0), offset: Offset::START },
            ids: MessageIds::new(started_millis, index as u64, shards as u64),
            ready: Arc::default(),
            scratch: vec![0; SCRATCH_BYTES],
            now: Instant::now(),
            gone: Vec::new(),
            reported_outbox_bytes: 0,
            chassis,
        }
    }

    /// Serves until it is told to drain and every socket is closed.
    pub(crate) async fn run(mut self, mut inputs: ShardInputs) {
        let mut sweep = interval(SWEEP);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let ready = Arc::clone(&self.ready);
        let mut woken = Vec::new();
        let mut draining = false;
        while !draining || !self.sockets.is_empty() {
            tokio::select! {
                Some(publication) = inputs.mailbox.next(), if !draining => {
                    self.now = Instant::now();
                    self.publish(&publication);
                    for _ in 1..PUBLICATIONS_PER_TURN {
                        let Some(publication) = inputs.mailbox.try_next() else { break };
                        self.publish(&publication);
                    }
                }
                () = poll_fn(|cx| ready.poll_take(cx, &mut woken)) => {
                    self.now = Instant::now();
                    for slot in woken.drain(..) {
                        self.serve(slot as usize);
                    }
                }
                Some(newcomer) = inputs.newcomers.recv(), if !draining => {
                    self.now = Instant::now();
                    self.welcome(newcomer);
                }
                _ = sweep.tick() => {
                    self.now = Instant::now();
                    self.sweep();
                }
                () = told_to_drain(&mut inputs.stage), if !draining => {
                    self.now = Instant::now();
                    draining = true;
                    self.drain(&mut inputs);
                }
            }
            self.bury();
            // The HTTP side of this thread gets its turn, however busy we are.
            tokio::task::yield_now().await;
        }
    }

    /// Takes up the last publications; every socket is then closed with 1001 as
    /// soon as it has what it is owed.
    fn drain(&mut self, inputs: &mut ShardInputs) {
        while let Some(publication) = inputs.mailbox.try_next() {
            self.publish(&publication);
        }
        inputs.newcomers.close();
        while let Ok(newcomer) = inputs.newcomers.try_recv() {
            self.welcome(newcomer);
        }
        self.close_all();
    }

    fn publish(&mut self, publication: &Publication) {
        match publication {
            Publication::Flush(flush) => self.deliver_flush(flush, true),
            Publication::FlushAfterGap(flush) => self.deliver_flush(flush, false),
            Publication::Relay(message) => self.deliver_relay(message),
            Publication::RelayGap => self.close_relay_subscribers(),
        }
    }

    /// Takes a socket over.
    fn welcome(&mut self, newcomer: Newcomer) {
        let limits = &self.chassis.limits;
        let close_deadline = self.now + Duration::from_millis(limits.close_ms);
        let opening = Phase::Opening(self.now + Duration::from_millis(limits.handshake_ms));
        let session = || hub_stomp::Session::new(Arc::clone(&self.chassis.stomp), self.now);
        let websocket = || Protocol::WebSocket(hub_ws::Connection::new(limits.message_bytes), session());
        let (protocol, wire, phase, counted) = match newcomer.kind {
            NewcomerKind::WebSocket => (websocket(), Wire::WebSocket, opening, true),
            NewcomerKind::Unwelcome(_) => (websocket(), Wire::WebSocket, opening, false),
            NewcomerKind::RawStomp => (Protocol::Tcp(session()), Wire::Tcp, opening, true),
            NewcomerKind::Refused => (Protocol::Refused, Wire::Tcp, Phase::Closing(close_deadline), false),
        };
        let entry = self.sockets.vacant_entry();
        let slot = entry.key();
        let start = SocketStart {
            id: newcomer.id,
            stream: newcomer.stream,
            protocol,
            wire,
            phase,
            service: newcomer.service,
            peer: newcomer.peer,
            counted,
        };
        let socket = entry.insert(Socket::new(start, ReadySocket::new(slot as u32, &self.ready), self.now));
        tracing::debug!(connection = socket.id, peer = ?socket.peer, service = socket.service, "open");
        if counted {
            let labels = ConnectionLabels { service: socket.service, transport: wire.transport() };
            self.chassis.metrics.connections.get_or_create(&labels).inc();
        }
        self.send(slot, newcomer.first);
        match newcomer.kind {
            NewcomerKind::Unwelcome(reason) => self.close(slot, reason),
            NewcomerKind::Refused => self.progress(slot),
            NewcomerKind::WebSocket | NewcomerKind::RawStomp => {
                let mut ahead = newcomer.ahead;
                self.receive(slot, &mut ahead);
            }
        }
        // The first look at the socket sets its waker.
        if let Some(socket) = self.sockets.get(slot) {
            socket.ready.list();
        }
    }

    /// Does what a socket was woken for: writes what waits, pulls what is
    /// owed, reads what came.
    fn serve(&mut self, slot: usize) {
        let Some(socket) = self.sockets.get_mut(slot) else { return };
        socket.ready.unlist();
        self.progress(slot);
        let mut scratch = std::mem::take(&mut self.scratch);
        for turn in 0..=READS_PER_TURN {
            let Some(socket) = self.sockets.get_mut(slot) else { break };
            if turn == READS_PER_TURN {
                socket.ready.list();
                break;
            }
            match socket.read(&mut scratch, self.now) {
                Read::Pending => break,
                Read::End => {
                    self.half_closed(slot);
                    break;
                }
                Read::Broken => {
                    self.gone.push(slot);
                    break;
                }
                Read::Bytes(count) => self.receive(slot, &mut scratch[..count]),
            }
        }
        self.scratch = scratch;
    }
}

/// Resolves once the server drains, or is gone.
async fn told_to_drain(stage: &mut watch::Receiver<Stage>) {
    // An error means that the server is gone: drain as well.
    let _ = stage.wait_for(|stage| *stage == Stage::Drain).await;
}
