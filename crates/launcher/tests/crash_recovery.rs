//! kill -9 during a steady ingest: what was acknowledged is there after each restart, and nothing twice.

mod support;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use hub_testkit::http::HttpConnection;
use hub_testkit::process::HubProcess;
use hub_testkit::wait;
use serde_json::{Value, json};

use support::{PATIENCE, address, analysis, holdings, hub, ingest, uuid};

const ROUNDS: u64 = 10;
const CONNECTIONS: u64 = 8;
/// Acknowledged transactions in each round before the kill, at least.
const ACKNOWLEDGED: usize = 3_000;
const BATCH: u64 = 20;
/// What a position holds when each transaction of its batch was counted exactly once.
const WHOLE: u64 = (1 << BATCH) - 1;

/// One request: its transactions are all of one position that nobody else trades, and the i-th buys `2^i`,
/// so that what the position holds tells which of them were counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Batch {
    round: u64,
    connection: u64,
    number: u64,
}

impl Batch {
    fn key(self) -> (String, String) {
        (uuid(self.connection), format!("R{}B{}", self.round, self.number))
    }

    fn body(self) -> Value {
        let (portfolio, symbol) = self.key();
        let first = ((self.round * CONNECTIONS + self.connection) << 32) | (self.number * BATCH);
        let item = |i| {
            json!({"transactionId": uuid(first + i), "portfolioId": portfolio, "symbol": symbol,
                   "side": "BUY", "quantity": 1_u64 << i, "price": 1})
        };
        (0..BATCH).map(item).collect()
    }
}

/// What one connection did in a round.
struct Sent {
    acknowledged: Vec<Batch>,
    /// Sent, and never answered.
    in_flight: Batch,
}

/// Sends batch after batch until the hub is gone.
fn send_until_it_is_gone(addr: SocketAddr, mut batch: Batch, acknowledged: &AtomicUsize) -> Sent {
    let mut connection = HttpConnection::connect(addr, PATIENCE).unwrap();
    let mut sent = Vec::new();
    loop {
        let Ok(answer) = connection.post_json("/api/ingest/transactions", &batch.body()) else {
            return Sent { acknowledged: sent, in_flight: batch };
        };
        assert_eq!(answer.status, 200, "{:?}", answer.text());
        assert_eq!(answer.json().unwrap()["accepted"], BATCH);
        sent.push(batch);
        acknowledged.fetch_add(BATCH as usize, Ordering::Relaxed);
        batch.number += 1;
    }
}

/// Ingests from all connections and kills the hub, `further` acknowledgements after it has to have given
/// enough of them.
fn round(hub: &mut HubProcess, round: u64, further: usize) -> Vec<Sent> {
    let addr = address(hub);
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let send = |connection| {
        let acknowledged = Arc::clone(&acknowledged);
        let first = Batch { round, connection, number: 0 };
        thread::spawn(move || send_until_it_is_gone(addr, first, &acknowledged))
    };
    let senders: Vec<JoinHandle<Sent>> = (0..CONNECTIONS).map(send).collect();
    let enough = ACKNOWLEDGED + further;
    let steady = || (acknowledged.load(Ordering::Relaxed) >= enough).then_some(());
    wait::until(PATIENCE, "enough acknowledged transactions", steady).unwrap();
    hub.kill_9().unwrap();
    senders.into_iter().map(|sender| sender.join().unwrap()).collect()
}

fn status_counts(answer: &Value) -> (u64, u64) {
    (answer["accepted"].as_u64().unwrap(), answer["duplicates"].as_u64().unwrap())
}

/// Everything acknowledged is there once; of what was in flight, a request is there whole or not at all, and
/// is counted once when it is sent again.
fn check(addr: SocketAddr, expected: &mut BTreeMap<(String, String), u64>, round: &[Sent]) {
    let acknowledged = round.iter().flat_map(|sent| &sent.acknowledged);
    expected.extend(acknowledged.map(|batch| (batch.key(), WHOLE)));
    let mut found = holdings(&serde_json::from_str(&analysis(addr)).unwrap());
    for Sent { in_flight, .. } in round {
        let survived = found.remove(&in_flight.key());
        let answer = status_counts(&ingest(addr, "transactions", &in_flight.body()));
        match survived {
            None => assert_eq!(answer, (BATCH, 0), "{in_flight:?} was lost whole"),
            Some(held) => assert_eq!((held, answer), (WHOLE, (0, BATCH)), "{in_flight:?} survived whole"),
        }
    }
    let wrong: Vec<_> = expected.iter().filter(|(key, held)| found.get(key) != Some(held)).collect();
    assert!(wrong.is_empty(), "lost or counted twice: {wrong:?}");
    assert_eq!(found.len(), expected.len(), "nothing was made up");

    for sent in round {
        let last = sent.acknowledged.last().expect("each connection was answered");
        for batch in [sent.acknowledged[0], *last, sent.in_flight] {
            let answer = status_counts(&ingest(addr, "transactions", &batch.body()));
            assert_eq!(answer, (0, BATCH), "{batch:?} sent again");
        }
    }
    expected.extend(round.iter().map(|sent| (sent.in_flight.key(), WHOLE)));
    assert_eq!(holdings(&serde_json::from_str(&analysis(addr)).unwrap()), *expected);
}

#[test]
fn ten_times_kill_9_during_a_steady_ingest_lose_and_double_nothing() {
    let mut hub = hub(&[]);
    let mut expected = BTreeMap::new();
    // Where in a batch, a commit, a checkpoint it hits: some 800 transactions, in steps that repeat late.
    let further = |round: u64| (round * 7919 % 797) as usize;
    for number in 0..ROUNDS {
        let sent = round(&mut hub, number, further(number));
        let acknowledged: usize = sent.iter().map(|sent| sent.acknowledged.len() * BATCH as usize).sum();
        assert!(acknowledged >= ACKNOWLEDGED, "a steady ingest: {acknowledged} acknowledged");
        hub.restart().unwrap();
        check(address(&hub), &mut expected, &sent);
    }
}
