//! Consumers that come, go, ACK and NACK at random, beside a model that knows what may happen to each message.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use hub_testkit::stomp::{Frame, StompClient, Version};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::consumer::{CARRIERS, answer, connect, consumer, expect_nothing, put};
use crate::support::{address, await_metric, fence};
use crate::{QUEUE, hub};

const STEPS: usize = 1_500;
const CLIENTS: usize = 4;
const MODES: [&str; 3] = ["auto", "client", "client-individual"];

/// Below the limit, so that nothing is dropped.
const NACKS_MAX: u32 = 12;

/// What decides: from the environment, where somebody wants to see a failure again.
fn seed() -> u64 {
    std::env::var("QUEUES_SEED").map_or(20_260_308, |seed| seed.parse().expect("a number in QUEUES_SEED"))
}

/// What the publisher and the consumers know of each message.
#[derive(Default)]
struct Model {
    published: usize,
    /// Delivered at least once.
    seen: BTreeSet<usize>,
    consumed: BTreeSet<usize>,
    /// Who holds what, as `client/subscription`.
    holders: BTreeMap<usize, String>,
    nacks: BTreeMap<usize, u32>,
}

impl Model {
    fn delivered(&mut self, n: usize, holder: &str, redelivered: bool) {
        assert!(n < self.published, "{n} was never published");
        assert!(!self.consumed.contains(&n), "{holder} got {n}, which was consumed");
        let other = self.holders.insert(n, holder.to_owned());
        assert_eq!(other, None, "{holder} got {n}, which another has");
        let is_new = self.seen.insert(n);
        assert!(is_new || redelivered, "{holder} got {n} again, as if for the first time");
    }

    fn consumed(&mut self, n: usize) {
        assert!(self.holders.remove(&n).is_some());
        assert!(self.consumed.insert(n));
    }

    fn returned(&mut self, n: usize) {
        assert!(self.holders.remove(&n).is_some());
    }
}

/// An ack mode, and what is held in it.
type Subscription = (&'static str, Vec<(usize, Frame)>);

/// A session, its subscriptions' modes and what each holds, in the order it came.
struct Client {
    stomp: StompClient,
    subscriptions: BTreeMap<String, Subscription>,
    made: usize,
    name: String,
}

impl Client {
    fn new(addr: SocketAddr, name: usize, rng: &mut ChaCha8Rng) -> Client {
        let stomp = connect(CARRIERS[rng.random_range(0..3)](addr), Version::V1_2);
        Client { stomp, subscriptions: BTreeMap::new(), made: 0, name: name.to_string() }
    }

    /// Takes up what has come.
    fn read(&mut self, model: &mut Model) {
        self.read_leaving(model, "none");
    }

    /// Takes up what has come. Those of `auto` are consumed; those of the subscription that ends meanwhile are with
    /// others, maybe of this session.
    fn read_leaving(&mut self, model: &mut Model, leaving: &str) {
        for frame in fence(&mut self.stomp) {
            assert_eq!(frame.command, "MESSAGE", "{frame}");
            let id = frame.require("subscription").unwrap().to_owned();
            let n: usize = frame.text().unwrap().parse().unwrap();
            let (ack, held) =
                self.subscriptions.get_mut(&id).unwrap_or_else(|| panic!("{id} is gone: {frame}"));
            model.delivered(n, &format!("{}/{id}", self.name), frame.header("redelivered").is_some());
            if *ack == "auto" {
                model.consumed(n);
            } else if id == leaving {
                model.returned(n);
            } else {
                held.push((n, frame));
            }
        }
    }

    fn subscribe(&mut self, rng: &mut ChaCha8Rng) {
        self.made += 1;
        let (id, ack) = (self.made.to_string(), MODES[rng.random_range(0..3)]);
        self.stomp.subscribe(&id, QUEUE, &[("ack", ack)]).unwrap();
        self.subscriptions.insert(id, (ack, Vec::new()));
    }

    /// Ends one, and takes up what came before the end.
    fn unsubscribe(&mut self, id: &str, model: &mut Model) {
        let (_, held) = self.subscriptions.get_mut(id).unwrap();
        held.drain(..).for_each(|(n, _)| model.returned(n));
        self.stomp.unsubscribe(id).unwrap();
        self.read_leaving(model, id);
        self.subscriptions.remove(id);
    }

    /// Answers for one of the messages it holds, or with `client` for those before it, too.
    fn settle(&mut self, command: &str, rng: &mut ChaCha8Rng, model: &mut Model) {
        let holding: Vec<_> = self.subscriptions.values_mut().filter(|(_, held)| !held.is_empty()).collect();
        let Some(chosen) = (!holding.is_empty()).then(|| rng.random_range(0..holding.len())) else { return };
        let (ack, held) = holding.into_iter().nth(chosen).unwrap();
        let at = rng.random_range(0..held.len());
        let range = if *ack == "client" { 0..=at } else { at..=at };
        let is_poison = |n: &usize| model.nacks.get(n).is_some_and(|nacks| *nacks >= NACKS_MAX);
        if command == "NACK" && held[range.clone()].iter().any(|(n, _)| is_poison(n)) {
            return;
        }
        self.stomp.send_frame(&answer(Version::V1_2, command, &held[at].1)).unwrap();
        for (n, _) in held.drain(range) {
            if command == "ACK" {
                model.consumed(n);
            } else {
                model.returned(n);
                *model.nacks.entry(n).or_default() += 1;
            }
        }
        // Done before anybody else does anything.
        self.read(model);
    }

    /// Ends the session one way or another.
    fn leave(mut self, abruptly: bool, model: &mut Model) {
        // What was written to an `auto` consumer and not read would be lost with the connection.
        let autos: Vec<_> = self
            .subscriptions
            .iter()
            .filter(|(_, (ack, _))| *ack == "auto")
            .map(|(id, _)| id.clone())
            .collect();
        for id in &autos {
            self.unsubscribe(id, model);
        }
        self.read(model);
        // Before it goes, as it may be with others before we hear of it.
        let held = self.subscriptions.values().flat_map(|(_, held)| held);
        held.for_each(|(n, _)| model.returned(*n));
        if !abruptly {
            // What still comes is not taken.
            self.stomp.disconnect_with_receipt().unwrap();
        }
    }
}

fn step(addr: SocketAddr, clients: &mut [Option<Client>], rng: &mut ChaCha8Rng, model: &mut Model) {
    let chosen = rng.random_range(0..clients.len());
    let slot = &mut clients[chosen];
    let mut client = slot.take().unwrap_or_else(|| Client::new(addr, chosen, rng));
    client.read(model);
    match rng.random_range(0..100) {
        0..35 => {
            for _ in 0..rng.random_range(1..4) {
                model.published += 1;
                let body = (model.published - 1).to_string();
                if rng.random() {
                    put(addr, QUEUE, [body]);
                } else {
                    client.stomp.send(QUEUE, &[], body.as_bytes()).unwrap();
                    client.read(model);
                }
            }
        }
        35..50 if client.subscriptions.len() < 2 => client.subscribe(rng),
        50..58 => {
            if let Some(id) = client.subscriptions.keys().next().cloned() {
                client.unsubscribe(&id, model);
            }
        }
        58..63 => {
            client.leave(rng.random(), model);
            return;
        }
        63..85 => client.settle("ACK", rng, model),
        85..100 => client.settle("NACK", rng, model),
        _ => {}
    }
    *slot = Some(client);
}

#[test]
fn whatever_consumers_do_nothing_is_lost_and_nothing_comes_twice_but_what_came_back() {
    let (hub, seed) = (hub(&[("LIMITS__QUEUE_PREFETCH", "5")]), seed());
    eprintln!("seed {seed}; QUEUES_SEED={seed} makes the same choices again");
    let addr = address(&hub);
    let (mut rng, mut model) = (ChaCha8Rng::seed_from_u64(seed), Model::default());
    let mut clients: Vec<Option<Client>> = (0..CLIENTS).map(|_| None).collect();
    for _ in 0..STEPS {
        step(addr, &mut clients, &mut rng, &mut model);
    }
    for client in clients.into_iter().flatten() {
        client.leave(rng.random(), &mut model);
    }
    for transport in ["websocket", "sockjs", "tcp"] {
        await_metric(addr, &format!("hub_connections{{service=\"analytics\",transport=\"{transport}\"}}"), 0);
    }
    assert_eq!(model.holders, BTreeMap::new());
    assert!(model.consumed.len() > STEPS / 10 && model.nacks.len() > STEPS / 20, "much has happened");

    // What is left is there, in the order in which it was published.
    let mut last = consumer(addr, "q", QUEUE, "auto");
    for n in (0..model.published).filter(|n| !model.consumed.contains(n)) {
        let message = last.next_message("q").unwrap_or_else(|error| panic!("{n} is lost: {error}"));
        assert_eq!(message.text().unwrap(), n.to_string());
        let redelivered = message.header("redelivered").is_some();
        assert!(redelivered || !model.seen.contains(&n), "{n} was seen, and comes as new");
    }
    expect_nothing(&mut last);
    await_metric(addr, r#"hub_errors_total{kind="ack"}"#, 0);
}
