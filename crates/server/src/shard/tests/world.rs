//! A shard, and the rest of the hub as far as it sees any.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use hub_core::limits::Limits;
use hub_core::schema::Schema;
use hub_core::{Epoch, Offset, Position, Timestamp};
use hub_fanout::feed::EventKey;
use hub_fanout::{
    Catalog, Changed, Composition, FeedId, FeedItem, Flush, Publisher, PublisherLimits, RowKey, StateFlush,
    Topic, TopicId, View, WindowLimits,
};
use tokio::sync::{mpsc, watch};

use super::chassis::chassis;
use super::peer::{Peer, Speaks};
use super::still_log::EPOCH;
use super::topics::{Follower, Table, Tally, Turn, portfolio_of};
use crate::chassis::Chassis;
use crate::http::in_flight::InFlight;
use crate::native::Query;
use crate::new_connection::{ConnectionKind, Negotiated, NewConnection};
use crate::service::{Defaults, Endpoint};
use crate::shard::moment::Moment;
use crate::shard::{SWEEP, Shard, ShardInputs, ShardParts, Wake};
use crate::sockjs::NewSession;
use crate::stage::Stage;
use crate::stream::{Stream, memory};

/// Events that the feed's window holds.
pub(super) const FEED_EVENTS: usize = 32;

/// Offset of the first event.
pub(super) const FIRST_EVENT: Offset = Offset(1_000);

/// Time on the wall when a world begins.
pub(super) const BEGIN: Duration = Duration::from_secs(1_700_000_000);

/// Number of inputs that may wake a shard.
const INPUTS: u64 = 9;

/// One shard with its inputs.
pub(super) struct World {
    pub(super) chassis: Arc<Chassis>,
    pub(super) shard: Shard,
    inputs: ShardInputs,
    woken: Vec<u32>,
    new_connections: mpsc::UnboundedSender<NewConnection>,
    stage: watch::Sender<Stage>,
    pub(super) sessions: mpsc::UnboundedSender<NewSession>,
    pub(super) now: Moment,
    next_sweep: Instant,
    draining: bool,
    /// The shard is busy elsewhere.
    held: bool,
    /// Where the next look for a wake begins, as it comes from a seed; `None`:
    /// always at the first.
    order: Option<u64>,
    /// They show the same.
    states: [TopicId; 3],
    feed: FeedId,
    pub(super) tally: Arc<Tally>,
    /// By turns.
    pub(super) turns: [Arc<Turn>; 2],
    pub(super) table: Table,
    next_expires: Option<u64>,
    /// Where the last flush stands.
    pub(super) position: Position,
    /// How many events there were.
    pub(super) events: u64,
    /// Usual where `WebSockets` of STOMP are opened from now on.
    pub(super) defaults: Defaults,
    /// Behind it stands what the next flush calls recent.
    pub(super) recent: Offset,
}

impl World {
    pub(super) fn new(change: impl FnOnce(&mut Limits)) -> World {
        let mut limits = Limits::default();
        change(&mut limits);
        let relays = ["/topic/relay/**", "/queue/**"].map(|pattern| pattern.parse().expect("a pattern"));
        let mut catalog = Catalog::new(relays.into());
        let states = ["/topic/state", "/topic/second", "/topic/third"].map(|name| {
            let (topic, _) = catalog.state(Topic::new(name, "", Schema::default), Composition::Each);
            topic
        });
        let feed = catalog.feed(Topic::new("/topic/feed", "", Schema::default));
        let window = WindowLimits { events: FEED_EVENTS, bytes: 1 << 20 };
        let kept = PublisherLimits { relay_bytes: 1 << 20, feeds: 1, window };
        let (publisher, mut mailboxes) = Publisher::new(1, Epoch(1), kept);
        let chassis = Arc::new(chassis(limits, catalog, publisher));
        let (shard, replies) = Shard::new(ShardParts {
            chassis: Arc::clone(&chassis),
            started_millis: 0,
            index: 0,
            shards: 1,
            in_flight: InFlight::default(),
        });
        let (new_connections, receiver) = mpsc::unbounded_channel();
        let (sessions, sessions_receiver) = mpsc::unbounded_channel();
        let (told, stage) = watch::channel(Stage::Serve);
        let inputs = ShardInputs {
            mailbox: mailboxes.remove(0),
            new_connections: receiver,
            stage,
            replies,
            sessions: sessions_receiver,
        };
        let now = Moment { instant: Instant::now(), wall: BEGIN };
        let tally = Arc::<Tally>::default();
        World {
            chassis,
            shard,
            inputs,
            woken: Vec::new(),
            new_connections,
            stage: told,
            sessions,
            now,
            next_sweep: now.instant + SWEEP,
            draining: false,
            held: false,
            order: None,
            states,
            feed,
            turns: Turn::two(&tally),
            tally,
            table: Table::default(),
            next_expires: None,
            position: Position { epoch: EPOCH, offset: Offset::START },
            events: 0,
            defaults: Defaults::default(),
            recent: Offset::START,
        }
    }

    /// A new connection on which `capacity` bytes may be on their way to the
    /// peer; its STOMP session is connected.
    pub(super) fn connect(&mut self, speaks: Speaks, capacity: usize) -> Peer {
        self.connect_with(speaks, capacity, "0,0")
    }

    /// The same, with heart-beats.
    pub(super) fn connect_with(&mut self, speaks: Speaks, capacity: usize, heart_beat: &str) -> Peer {
        let mut peer = self.arrive(speaks, capacity);
        if speaks != Speaks::Native {
            peer.send(&format!("CONNECT\naccept-version:1.2\nheart-beat:{heart_beat}\n\n\0"));
        }
        self.settle();
        peer.take_all(self);
        if speaks != Speaks::Native {
            assert_eq!(peer.received.remove(0).command, "CONNECTED");
        }
        peer
    }

    /// A new connection that says nothing yet.
    pub(super) fn arrive(&mut self, speaks: Speaks, capacity: usize) -> Peer {
        let (stream, peer) = memory::pair(capacity);
        let permit = self.chassis.addresses.enter(([127, 0, 0, 1], 0).into()).expect("room");
        let endpoint = match speaks {
            Speaks::Native => Some(Endpoint::Native(Arc::new(Follower {
                tally: Arc::clone(&self.tally),
                turns: self.turns.clone(),
                feed: self.feed,
            }))),
            Speaks::Stomp => Some(Endpoint::Stomp(self.defaults.clone())),
            Speaks::RawStomp => None,
        };
        let kind = endpoint.map_or(ConnectionKind::RawStomp, |endpoint| ConnectionKind::WebSocket {
            endpoint,
            query: Query::default(),
            negotiated: Negotiated::default(),
            early_close: None,
        });
        let connection = NewConnection {
            id: self.chassis.connection_ids.next(),
            stream: Stream::memory(stream, permit),
            ahead: BytesMut::new(),
            first: Bytes::new(),
            kind,
            service: "test",
        };
        assert!(self.new_connections.send(connection).is_ok(), "the shard is there");
        self.settle();
        Peer::new(peer, speaks)
    }

    /// Runs the loop until there is nothing left to do now.
    pub(super) fn settle(&mut self) {
        if self.held {
            return;
        }
        while self.step() {}
    }

    /// Runs the loop once; false: there is nothing left to do now.
    pub(super) fn step(&mut self) -> bool {
        let Some(wake) = self.next_wake() else { return false };
        self.shard.turn(wake, &mut self.inputs, &mut self.woken, self.now);
        if self.shard.sockets.round_is_over() {
            self.shard.observe_delivered(self.now);
        }
        self.shard.sockets.relist_paused();
        true
    }

    /// Does something while the shard is busy elsewhere.
    pub(super) fn held(&mut self, meanwhile: impl FnOnce(&mut World)) {
        self.hold();
        meanwhile(self);
        self.release();
    }

    /// The shard is busy elsewhere, until it is released.
    pub(super) fn hold(&mut self) {
        self.held = true;
    }

    /// It is no more: what came meanwhile comes in one turn.
    pub(super) fn release(&mut self) {
        self.held = false;
        self.settle();
    }

    /// The same, and the test has it [step](World::step).
    pub(super) fn release_to_step(&mut self) {
        self.held = false;
    }

    /// Has the shard look for what wakes it in the order of a seed, as the
    /// loop looks in one that it draws.
    pub(super) fn shuffle_wakes(&mut self, seed: u64) {
        self.order = Some(seed);
    }

    /// Has the shard write a round in parts of so many sockets.
    pub(super) fn slice_rounds(&mut self, writes: usize) {
        self.shard.writes_per_slice = writes;
    }

    fn next_wake(&mut self) -> Option<Wake> {
        let first = self.order.map_or(0, |order| {
            // Knuth's MMIX generator, whose upper bits are good enough.
            let next = order.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            self.order = Some(next);
            next >> 33
        });
        (0..INPUTS).find_map(|input| self.wake_by((first + input) % INPUTS))
    }

    /// A wake by one of the inputs, in the order of the loop.
    fn wake_by(&mut self, input: u64) -> Option<Wake> {
        let (inputs, serves) = (&mut self.inputs, !self.draining);
        match input {
            0 if serves && self.shard.sockets.round_is_over() => {
                inputs.mailbox.try_next().map(Wake::Publication)
            }
            1 => {
                let mut cx = Context::from_waker(Waker::noop());
                let woken = self.shard.sockets.woken().poll_take(&mut cx, &mut self.woken);
                woken.is_ready().then_some(Wake::Sockets)
            }
            2 if serves => inputs
                .new_connections
                .try_recv()
                .ok()
                .map(|connection| Wake::NewConnection(connection.into())),
            3 if serves => inputs.sessions.try_recv().ok().map(Wake::Session),
            4 => inputs.replies.try_recv().ok().map(Wake::Reply),
            5 => {
                let due = self.shard.subscriptions.next_due();
                due.is_some_and(|due| due <= self.now.instant).then_some(Wake::Timer)
            }
            6 if self.next_sweep <= self.now.instant => {
                self.next_sweep += SWEEP;
                Some(Wake::Sweep)
            }
            7 if serves && *self.stage.borrow() == Stage::Drain => {
                self.draining = true;
                Some(Wake::Drain)
            }
            8 => (!self.shard.sockets.round_is_over()).then_some(Wake::Round),
            _ => None,
        }
    }

    /// Lets time pass, with whatever is due on the way.
    pub(super) fn pass(&mut self, duration: Duration) {
        let until = self.now.instant + duration;
        while self.now.instant < until {
            let due = self.shard.subscriptions.next_due().into_iter().chain([self.next_sweep, until]);
            // A shard that is busy elsewhere does nothing on the way.
            let due = due.min().filter(|_| !self.held).unwrap_or(until);
            let next = due.clamp(self.now.instant, until);
            self.now.wall += next - self.now.instant;
            self.now.instant = next;
            self.settle();
        }
    }

    /// A flush in which these keys change, to values that grow.
    pub(super) fn flush(&mut self, keys: &[RowKey]) {
        self.position.offset = self.position.offset.next();
        for key in keys {
            self.table.rows.insert(*key, (self.position.offset, self.position.offset.0));
        }
        self.publish_flush(&Changed::Keys(keys.into()), Offset::START);
    }

    /// The same, and `horizon` is the oldest offset to resume from.
    pub(super) fn publish_flush(&mut self, changed: &Changed, horizon: Offset) {
        self.tally.total.store(self.position.offset.0, Ordering::Relaxed);
        self.table.expires = Arc::new(Mutex::new(self.next_expires.take()));
        let view = Arc::new(self.table.clone());
        let state =
            |topic| StateFlush { topic, view: Arc::clone(&view) as Arc<dyn View>, changed: changed.clone() };
        let states = self.states.map(state).into();
        let (position, at) = (self.position, Timestamp::default());
        let flush =
            Flush { position, at, horizon, recent: self.recent, oldest: Some(self.now.timestamp()), states };
        self.chassis.publisher.flush(&Arc::new(flush));
        self.settle();
    }

    /// The next flush's view expires after so many looks at it.
    pub(super) fn expire_next(&mut self, looks: u64) {
        self.next_expires = Some(looks);
    }

    /// The next event of the feed; its JSON is its ordinal, from 0.
    pub(super) fn emit(&mut self) {
        self.emit_padded(0);
    }

    /// The same, behind so many blanks.
    pub(super) fn emit_padded(&mut self, blanks: usize) {
        let json = Bytes::from(format!("{}{}", " ".repeat(blanks), self.events)).into();
        let offset = Offset(FIRST_EVENT.0 + self.events);
        let item =
            FeedItem { feed: self.feed, key: EventKey::from(portfolio_of(self.events as RowKey)), json };
        self.events += 1;
        self.chassis.publisher.feed(vec![(offset, item)], true);
        self.settle();
    }

    /// Publishes to a relay topic or queue.
    pub(super) fn relay(&mut self, destination: &str, body: &str) {
        let target =
            self.chassis.catalog.publishable(&destination.parse().expect("a name")).expect("a relay");
        let published = self.chassis.publish(target, Vec::new(), Bytes::copy_from_slice(body.as_bytes()));
        published.expect("room");
        self.settle();
    }

    /// Tells the shard to drain.
    pub(super) fn drain(&mut self) {
        self.stage.send_replace(Stage::Drain);
        self.settle();
    }

    /// Says whether it drains.
    pub(super) fn is_draining(&self) -> bool {
        self.draining
    }

    /// Whether anybody is subscribed to the first state topic, as projections see
    /// it.
    pub(super) fn is_state_followed(&self) -> bool {
        self.chassis.catalog.states()[usize::from(self.states[0].0)].interest().any()
    }

    /// How much waits for all sockets, in bytes.
    pub(super) fn outbox_bytes(&self) -> usize {
        let sockets = &self.shard.sockets;
        sockets.slots().into_iter().map(|slot| sockets.outbox_bytes(slot)).sum()
    }

    /// Nothing is left of anybody who was here.
    pub(super) fn assert_deserted(&self) {
        let subscriptions = &self.shard.subscriptions;
        assert!(self.shard.sockets.is_empty());
        assert!(subscriptions.is_empty() && subscriptions.holds_nothing());
        assert_eq!(subscriptions.next_due(), None);
        assert!(!self.is_state_followed());
    }

    /// Gives up the shard with its inputs, and what ends it.
    pub(super) fn into_parts(self) -> (Shard, ShardInputs, watch::Sender<Stage>) {
        (self.shard, self.inputs, self.stage)
    }
}
