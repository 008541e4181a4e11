//! However publications, subscriptions, takes, stalls and ends interleave,
//! every peer gets what its subscriptions promise: of state the current
//! values, of a feed every event in order, of a relay topic every message, of a
//! queue each message once; or it is told that it has lost something, and only
//! if it lagged too far. And whoever is gone leaves nothing behind.

mod client;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hub_fanout::RowKey;
use proptest::prelude::*;

use self::client::{Client, Kind};
use super::peer::Speaks;
use super::world::World;

/// What may wait for a socket of the model's world.
const OUTBOX_BYTES: usize = 4096;

/// Relayed messages that fill an outbox at the least.
const OVERFLOW_MESSAGES: u64 = 10;

/// Peers at a time.
const PEERS: usize = 4;

#[derive(Clone, Debug)]
enum Action {
    /// These keys of the state topic change.
    Flush(Vec<RowKey>),
    /// Each of these keys changes in a flush of its own while the shard is busy.
    Busy(Vec<RowKey>),
    /// A flush in which these keys change, whose view expires after so many looks.
    FlushThatExpires(Vec<RowKey>, u64),
    /// All of these happen while the shard is busy: they come in one turn.
    Meanwhile(Vec<Action>),
    /// So many events happen.
    Emit(usize),
    /// So many messages are relayed.
    Relay(usize),
    /// So many messages are put into the queue.
    Queue(usize),
    Subscribe(usize, Kind),
    Unsubscribe(usize, Kind),
    /// A peer takes so many bytes. One that does not take stalls.
    Take(usize, usize),
    TakeAll(usize),
    /// So many milliseconds pass.
    Pass(u64),
    /// A connection breaks, and another one comes.
    Cut(usize),
}

/// What is published at a time.
fn publication() -> impl Strategy<Value = Action> {
    let keys = || proptest::collection::vec(0_u32..20, 0..8).prop_map(distinct);
    prop_oneof![
        4 => keys().prop_map(Action::Flush),
        1 => (keys(), 0_u64..12).prop_map(|(keys, looks)| Action::FlushThatExpires(keys, looks)),
        4 => (1_usize..6).prop_map(Action::Emit),
        4 => (1_usize..6).prop_map(Action::Relay),
        4 => (1_usize..6).prop_map(Action::Queue),
    ]
}

fn distinct(keys: Vec<RowKey>) -> Vec<RowKey> {
    BTreeSet::from_iter(keys).into_iter().collect()
}

fn action() -> impl Strategy<Value = Action> {
    let kind = prop_oneof![
        Just(Kind::State),
        Just(Kind::PacedState),
        Just(Kind::OwnState),
        Just(Kind::Feed),
        Just(Kind::OwnFeed),
        Just(Kind::Relay),
        Just(Kind::Queue),
        Just(Kind::Document),
    ];
    prop_oneof![
        8 => publication(),
        3 => proptest::collection::vec(publication(), 2..6).prop_map(Action::Meanwhile),
        1 => proptest::collection::vec(0_u32..20, 10..25).prop_map(Action::Busy),
        4 => (0..PEERS, kind.clone()).prop_map(|(peer, kind)| Action::Subscribe(peer, kind)),
        1 => (0..PEERS, kind).prop_map(|(peer, kind)| Action::Unsubscribe(peer, kind)),
        4 => (0..PEERS, 1_usize..400).prop_map(|(peer, bytes)| Action::Take(peer, bytes)),
        2 => (0..PEERS).prop_map(Action::TakeAll),
        2 => (1_u64..300).prop_map(Action::Pass),
        1 => (0..PEERS).prop_map(Action::Cut),
    ]
}

/// All that was published, and who should have it.
struct Model {
    world: World,
    clients: Vec<Client>,
    /// The offsets at which each key changed: they are its values.
    history: BTreeMap<RowKey, Vec<u64>>,
    relayed: u64,
    queued: u64,
    /// A consumer went, and may have had messages.
    returned: bool,
    /// What came of the queue, and whether as a redelivery.
    consumed: Vec<(u64, bool)>,
    subscriptions_made: usize,
    /// Views expired, or might have: a flush follows for whoever still needs one.
    has_expiring: bool,
}

impl Model {
    /// Nothing yet; the seed is of the order in which the shard is woken.
    fn new(seed: u64) -> Model {
        let mut world = World::new(|limits| {
            limits.outbox_bytes = OUTBOX_BYTES;
            limits.dirty_keys = 6;
            limits.queue_prefetch = 3;
        });
        world.shuffle_wakes(seed);
        // Half of the worlds write a round in parts.
        world.slice_rounds(if seed.is_multiple_of(2) { 1 } else { PEERS });
        let clients = (0..PEERS).map(|index| connect(&mut world, index)).collect();
        let (history, consumed) = (BTreeMap::new(), Vec::new());
        let (relayed, queued, returned, has_expiring) = (0, 0, false, false);
        Model {
            world,
            clients,
            history,
            relayed,
            queued,
            returned,
            consumed,
            subscriptions_made: 0,
            has_expiring,
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Flush(keys) => {
                self.world.flush(&keys);
                self.changed(&keys, self.world.position.offset.0);
            }
            Action::FlushThatExpires(keys, looks) => {
                self.has_expiring = true;
                self.world.expire_next(looks);
                self.act(Action::Flush(keys));
            }
            Action::Busy(keys) => {
                let before = self.world.position.offset.0;
                self.world.held(|world| keys.iter().for_each(|key| world.flush(&[*key])));
                keys.iter().zip(before + 1..).for_each(|(key, offset)| self.changed(&[*key], offset));
            }
            Action::Meanwhile(publications) => {
                self.world.hold();
                for publication in publications {
                    self.act(publication);
                }
                self.world.release();
            }
            Action::Emit(times) => (0..times).for_each(|_| self.world.emit()),
            Action::Relay(times) => {
                for _ in 0..times {
                    self.world.relay("/topic/relay/model", &format!("{:>100}", self.relayed));
                    self.relayed += 1;
                }
            }
            Action::Queue(times) => {
                for _ in 0..times {
                    self.world.relay("/queue/model", &format!("{:>100}", self.queued));
                    self.queued += 1;
                }
            }
            Action::Subscribe(peer, kind) => {
                self.subscriptions_made += 1;
                let made = self.subscriptions_made;
                self.clients[peer].subscribe(kind, made, self.relayed, &mut self.world);
            }
            Action::Unsubscribe(peer, kind) => {
                self.returned |= kind == Kind::Queue;
                self.clients[peer].unsubscribe(kind, self.relayed, &mut self.world);
            }
            Action::Take(peer, bytes) => {
                self.clients[peer].peer.take(bytes);
                self.world.settle();
            }
            Action::TakeAll(peer) => self.take_all(peer),
            Action::Pass(millis) => self.world.pass(Duration::from_millis(millis)),
            Action::Cut(peer) => {
                self.returned |= self.clients[peer].has_followed(Kind::Queue);
                self.clients[peer] = connect(&mut self.world, peer);
                self.world.settle();
            }
        }
        for client in &mut self.clients {
            client.digest(&self.history, &mut self.consumed);
        }
        assert!(self.world.outbox_bytes() <= PEERS * 4 * OUTBOX_BYTES, "memory is bounded");
    }

    fn changed(&mut self, keys: &[RowKey], offset: u64) {
        for key in keys {
            self.history.entry(*key).or_default().push(offset);
        }
    }

    fn take_all(&mut self, peer: usize) {
        let client = &mut self.clients[peer];
        client.peer.take_all(&mut self.world);
        client.drained(self.world.events, self.relayed + self.queued);
    }

    /// Everybody takes everything, as time passes or as the shard drains; what
    /// was promised must be there.
    fn check(mut self, drain: bool) {
        if self.has_expiring {
            self.world.flush(&[]);
        }
        if drain {
            self.world.drain();
        } else {
            self.world.pass(Duration::from_secs(1));
        }
        for _ in 0..2 {
            // What a consumer takes makes room for more.
            for peer in 0..PEERS {
                self.clients[peer].peer.take_all(&mut self.world);
            }
        }
        for client in &mut self.clients {
            client.digest(&self.history, &mut self.consumed);
            assert!(client.is_closed() || !drain, "a drain ends everybody");
            client.check(&self.world, &self.history, self.relayed, self.relayed + self.queued);
            self.returned |= client.is_closed() && client.has_followed(Kind::Queue);
        }
        let first: Vec<u64> =
            self.consumed.iter().filter(|(_, again)| !again).map(|(message, _)| *message).collect();
        let distinct: BTreeSet<u64> = first.iter().copied().collect();
        assert_eq!(distinct.len(), first.len(), "a message was handed out twice: {first:?}");
        let consumer = self.clients.iter().any(|client| client.follows(Kind::Queue));
        if consumer && !self.returned {
            assert_eq!(self.consumed.len() as u64, self.queued, "each message is consumed");
        }
        self.clients.clear();
        self.world.settle();
        self.world.assert_deserted();
    }
}

fn connect(world: &mut World, index: usize) -> Client {
    let speaks = [Speaks::RawStomp, Speaks::Stomp, Speaks::Native, Speaks::Stomp][index];
    let peer = world.connect(speaks, [64, 4096, 100, 1000][index]);
    Client::new(peer, speaks, world.events)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn everybody_gets_what_was_promised_or_is_told(
        actions in proptest::collection::vec(action(), 1..80),
        drain: bool,
        seed: u64,
    ) {
        let mut model = Model::new(seed);
        for action in actions {
            model.act(action);
        }
        model.check(drain);
    }
}
