//! A shard: one per worker thread, it owns its sockets.
//!
//! It is a single task. What wakes it: a publication in its mailbox, a socket
//! with something to read or room to write, a newcomer, or the sweep, which
//! keeps every deadline and heart-beat of all its sockets. No lock is shared
//! with other shards.

mod backlog;
mod channels;
mod closing;
mod deliver;
mod ending;
mod feeds;
mod framing;
mod inbound;
mod native;
mod pace;
mod press;
mod pull;
mod queues;
mod ready;
mod send;
mod socket;
mod stomp;
mod subscribe;
mod sweep;
mod welcome;
mod wire;

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hub_core::{Epoch, Offset, Position, TopicName};
use hub_fanout::{Mailbox, Publication, View};
use hub_ws::deflate::Inflater;
use slab::Slab;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use self::backlog::TURN_BYTES;
use self::channels::Channel;
use self::feeds::Feed;
use self::framing::{Encoder, MessageIds};
use self::pace::Timers;
use self::press::Press;
use self::ready::ReadyList;
use self::send::Sent;
use self::socket::{Read, Socket};
use self::subscribe::{Framings, Subscription};
use crate::chassis::Chassis;
use crate::http::in_flight::InFlight;
use crate::ingest::Ingest;
use crate::newcomer::Newcomer;
use crate::sockjs::NewSession;
use crate::stage::Stage;

/// How often deadlines and heart-beats are looked at.
const SWEEP: Duration = Duration::from_millis(250);

/// The one read buffer of a shard.
const SCRATCH_BYTES: usize = 64 << 10;

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
    /// By feed id.
    feeds: Vec<Feed>,
    relays: HashMap<TopicName, Vec<usize>>,
    /// Subscriptions to queues, by the key of their consumer.
    consumers: HashMap<u64, usize>,
    consumers_made: u64,
    index: usize,
    /// Of documents that somebody follows.
    channels: Slab<Channel>,
    /// By the addresses of their documents.
    channels_by_address: HashMap<usize, usize>,
    position: Position,
    /// The oldest offset to resume from, as of the last flush.
    horizon: Offset,
    timers: Timers,
    ingest: Ingest,
    in_flight: InFlight,
    /// Where answers to what sessions sent come back.
    sent: mpsc::UnboundedSender<Sent>,
    encoder: Encoder,
    inflater: Inflater,
    ready: Arc<ReadyList>,
    scratch: Vec<u8>,
    /// What is left of the turn of the socket that is being served.
    turn_bytes: usize,
    now: Instant,
    /// Sockets whose turn was over before they were.
    paused: Vec<usize>,
    /// Sockets whose peer turned out to be gone while others were served.
    gone: Vec<usize>,
    /// What this shard last added to `hub_outbox_bytes`.
    reported_outbox_bytes: i64,
}

/// A state topic as this shard sees it.
#[derive(Default)]
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
    pub(crate) answers: mpsc::UnboundedReceiver<Sent>,
    pub(crate) sessions: mpsc::UnboundedReceiver<NewSession>,
}

/// What a shard is made of.
pub(crate) struct ShardParts {
    pub(crate) chassis: Arc<Chassis>,
    pub(crate) started_millis: u64,
    /// Which of how many shards it is.
    pub(crate) index: usize,
    pub(crate) shards: usize,
    /// Counts what is being taken in.
    pub(crate) in_flight: InFlight,
}

impl Shard {
    /// A shard, and where the answers to what its sessions sent arrive.
    pub(crate) fn new(parts: ShardParts) -> (Shard, mpsc::UnboundedReceiver<Sent>) {
        let ShardParts { chassis, started_millis, index, shards, in_flight } = parts;
        let (sent, answers) = mpsc::unbounded_channel();
        let feed = |window| Feed { window, subscribers: Vec::new() };
        let shard = Shard {
            topics: chassis.catalog.states().iter().map(|_| Topic::default()).collect(),
            feeds: chassis.publisher.windows().into_iter().map(feed).collect(),
            sockets: Slab::new(),
            subscriptions: Slab::new(),
            framings: Framings::default(),
            relays: HashMap::new(),
            consumers: HashMap::new(),
            consumers_made: 0,
            index,
            channels: Slab::new(),
            channels_by_address: HashMap::new(),
            position: Position { epoch: Epoch(0), offset: Offset::START },
            horizon: Offset::START,
            timers: Timers::default(),
            ingest: Ingest::new(Arc::clone(&chassis)),
            in_flight,
            sent,
            encoder: Encoder {
                ids: MessageIds::new(started_millis, index as u64, shards as u64),
                press: Press::new(chassis.compression, chassis.metrics.deflate.clone()),
            },
            inflater: Inflater::default(),
            ready: Arc::default(),
            scratch: vec![0; SCRATCH_BYTES],
            turn_bytes: TURN_BYTES,
            now: Instant::now(),
            paused: Vec::new(),
            gone: Vec::new(),
            reported_outbox_bytes: 0,
            chassis,
        };
        (shard, answers)
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
                Some(session) = inputs.sessions.recv(), if !draining => {
                    self.now = Instant::now();
                    self.welcome_session(session);
                }
                Some(sent) = inputs.answers.recv() => {
                    self.now = Instant::now();
                    self.answer(sent);
                    while let Ok(sent) = inputs.answers.try_recv() {
                        self.answer(sent);
                    }
                }
                () = due(self.timers.next()) => {
                    self.now = Instant::now();
                    self.wake_due();
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
            self.go_on();
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
        inputs.sessions.close();
        while let Ok(session) = inputs.sessions.try_recv() {
            self.welcome_session(session);
        }
        while let Ok(sent) = inputs.answers.try_recv() {
            self.answer(sent);
        }
        self.hurry_channels();
        self.close_all();
    }

    fn publish(&mut self, publication: &Publication) {
        match publication {
            Publication::Flush(flush) => self.deliver_flush(flush, true),
            Publication::FlushAfterGap(flush) => self.deliver_flush(flush, false),
            Publication::Feed(batch) => self.deliver_feed(batch),
            Publication::FeedGap => self.reload_feeds(),
            Publication::Relay(message) => self.deliver_relay(message),
            Publication::Queue(delivery) => self.deliver_queue(delivery),
            Publication::RelayGap => self.close_relay_subscribers(),
        }
    }

    /// Has the sockets looked at again whose turn was over. Not sooner: while
    /// this task is woken already, the runtime does not look for what the
    /// others have to say.
    fn go_on(&mut self) {
        for slot in self.paused.drain(..) {
            if let Some(socket) = self.sockets.get(slot) {
                socket.ready.list();
            }
        }
    }

    /// Does what a socket was woken for: writes what waits, pulls what is
    /// owed, reads what came.
    fn serve(&mut self, slot: usize) {
        let Some(socket) = self.sockets.get_mut(slot) else { return };
        socket.ready.unlist();
        self.progress(slot);
        self.turn_bytes = TURN_BYTES;
        let mut scratch = std::mem::take(&mut self.scratch);
        while let Some(socket) = self.sockets.get_mut(slot) {
            if self.turn_bytes == 0 {
                self.paused.push(slot);
                break;
            }
            if socket.sends.as_ref().is_some_and(|sends| sends.must_wait()) {
                // Listed again when some of it is answered.
                break;
            }
            if let Some(backlog) = socket.backlog.take() {
                self.take_up(slot, *backlog);
                continue;
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
                Read::Bytes(count) => {
                    self.spend(count);
                    self.receive(slot, &mut scratch[..count]);
                }
            }
        }
        self.scratch = scratch;
    }
}

/// Resolves at `instant`, if there is one.
async fn due(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant.into()).await,
        None => std::future::pending().await,
    }
}

/// Resolves once the server drains, or is gone.
async fn told_to_drain(stage: &mut watch::Receiver<Stage>) {
    // An error means that the server is gone: drain as well.
    let _ = stage.wait_for(|stage| *stage == Stage::Drain).await;
}
