//! A subscriber that does not read: state conflates for it, a relay closes it, and nobody else notices.

mod support;

use std::net::SocketAddr;

use hub_testkit::OverSocket as _;
use hub_testkit::slow::{self, SlowPeer};
use hub_testkit::stomp::{Carrier, StompClient, StompOptions};
use hub_testkit::wait;
use hub_testkit::ws::{Close, WsOptions};
use serde_json::{Value, json};

use support::watcher::{Picture, Totals};
use support::{
    MARKS, PATIENCE, POSITIONS, address, analysis, buy, fence, holdings, hub, ingest, metric, publish,
    subscribe, subscriber, uuid,
};

const OUTBOX_BYTES: u64 = 16 << 10;
const OUTBOX: (&str, &str) = ("LIMITS__OUTBOX_BYTES", "16384");

/// Positions, each of a portfolio of its own, all of one symbol. Fewer than `limits.dirty_keys`.
const PORTFOLIOS: u64 = 400;
/// Each changes every position, and then every unrealised P&L by one price.
const ROUNDS: u64 = 60;
const SLOW_PEERS: usize = 12;

/// What the hub may grow by while slow subscribers are owed everything. Far below what queues of what they
/// were sent would take (see the test), and far above what outboxes and the state itself may.
const GROWTH_MAX_BYTES: u64 = 48 << 20;

/// A session that reads as little as can be.
fn slow_session(addr: SocketAddr) -> StompClient {
    let options = slow::tiny(WsOptions { deadline: PATIENCE, ..WsOptions::default() });
    let carrier = Carrier::websocket(addr, "/ws", &options).unwrap();
    StompClient::connect(carrier, &StompOptions::default()).unwrap()
}

/// A market that moves, and somebody who watches all of it.
struct Market {
    addr: SocketAddr,
    watcher: StompClient,
    picture: Picture,
    round: u64,
    /// What the watcher was sent.
    bytes: u64,
}

impl Market {
    fn open(addr: SocketAddr) -> Self {
        let watcher = subscriber(addr, &[("positions", POSITIONS), ("marks", MARKS)]);
        Self { addr, watcher, picture: Picture::default(), round: 0, bytes: 0 }
    }

    /// Changes everything, and waits until the watcher has seen all of it: nobody holds it up.
    fn go_round(&mut self) {
        let first = self.round * PORTFOLIOS;
        self.round += 1;
        let items = (0..PORTFOLIOS).map(|i| buy(first + i, &uuid(i), "ACME", 1)).collect();
        ingest(self.addr, "transactions", &items);
        let price = 10 + self.round;
        ingest(self.addr, "prices", &json!({"symbol": "ACME", "price": price}));
        let all = Totals {
            positions: PORTFOLIOS,
            holdings: PORTFOLIOS * self.round,
            portfolios: PORTFOLIOS,
            // Each bought at 10, one for each round.
            marks: PORTFOLIOS * (price - 10) * self.round,
        };
        while self.picture.totals() != all {
            let message = self.watcher.next_frame().unwrap();
            self.bytes += message.body.len() as u64;
            self.picture.see(&message);
        }
    }
}

/// Reads until it knows what the market's watcher knows.
fn catch_up(client: &mut StompClient, market: &Market) {
    let mut seen = Picture::default();
    while seen.totals() != market.picture.totals() {
        seen.see(&client.next_frame().unwrap());
    }
    for message in fence(client) {
        seen.see(&message);
    }
    assert_eq!(seen.totals(), market.picture.totals(), "nothing but repeats after the latest values");
    assert_eq!((seen.holdings, seen.marks), (market.picture.holdings.clone(), market.picture.marks.clone()));
}

#[test]
fn slow_state_subscribers_cost_bounded_memory_and_end_with_the_latest_where_a_flush_fits_an_outbox() {
    slow_state_subscribers(256 << 10);
}

#[test]
fn slow_state_subscribers_cost_bounded_memory_and_end_with_the_latest_where_no_flush_fits_an_outbox() {
    slow_state_subscribers(OUTBOX_BYTES);
}

fn slow_state_subscribers(outbox_bytes: u64) {
    let hub = hub(&[("LIMITS__OUTBOX_BYTES", &outbox_bytes.to_string())]);
    let addr = address(&hub);
    let mut market = Market::open(addr);
    market.go_round();
    let slow: Vec<_> = (0..SLOW_PEERS)
        .map(|peer| {
            let mut client = slow_session(addr);
            // Ids of their own, so that no two share the bytes of a frame.
            subscribe(&mut client, &format!("positions-{peer}"), POSITIONS);
            subscribe(&mut client, &format!("marks-{peer}"), MARKS);
            SlowPeer::pause(client)
        })
        .collect();
    market.go_round();
    let before = hub.rss_bytes().unwrap();
    market.bytes = 0;
    while market.round < ROUNDS {
        market.go_round();
    }
    let grown = hub.rss_bytes().unwrap().saturating_sub(before);
    let sent_in_all = market.bytes * SLOW_PEERS as u64;
    assert!(sent_in_all > 2 * GROWTH_MAX_BYTES, "a queue would have been found: {sent_in_all} bytes");
    assert!(grown < GROWTH_MAX_BYTES, "grew by {grown} bytes of the {sent_in_all} not read");
    let outboxes = metric(addr, "hub_outbox_bytes");
    // A chunk of a drain (64 KiB) may stand in an outbox beside what fits its limit.
    let bound = SLOW_PEERS as u64 * (outbox_bytes + 2 * (64 << 10));
    assert!(outboxes > 0 && outboxes < bound, "{outboxes} bytes wait, {bound} may");
    assert!(metric(addr, "hub_conflated_total") > 0, "what was replaced is counted");

    let rows: Value = serde_json::from_str(&analysis(addr)).unwrap();
    assert_eq!(holdings(&rows), market.picture.holdings);
    for slow in slow {
        catch_up(&mut slow.resume().unwrap(), &market);
    }
    assert_eq!(metric(addr, r#"hub_closed_total{code="4000"}"#), 0, "slowness alone closes nobody");
}

#[test]
fn a_slow_subscriber_with_more_dirty_keys_than_are_remembered_ends_with_the_latest_values() {
    let hub = hub(&[OUTBOX, ("LIMITS__DIRTY_KEYS", "10")]);
    let addr = address(&hub);
    let mut market = Market::open(addr);
    market.go_round();
    let mut client = slow_session(addr);
    subscribe(&mut client, "positions", POSITIONS);
    subscribe(&mut client, "marks", MARKS);
    let slow = SlowPeer::pause(client);
    wait::until(PATIENCE, "a full socket", || {
        market.go_round();
        (metric(addr, "hub_outbox_bytes") > 0).then_some(())
    })
    .unwrap();
    for _ in 0..5 {
        market.go_round();
    }
    catch_up(&mut slow.resume().unwrap(), &market);
}

#[test]
fn a_slow_subscriber_of_one_portfolio_ends_with_its_latest_values() {
    let hub = hub(&[OUTBOX]);
    let addr = address(&hub);
    let topic = format!("{POSITIONS}/{}", uuid(1));
    let mut live = subscriber(addr, &[("positions", &topic)]);
    let mut client = slow_session(addr);
    subscribe(&mut client, "positions", &topic);
    let slow = SlowPeer::pause(client);
    let symbols = 500;
    let mut latest = Picture::default();
    let mut trade = |round: u64, latest: &mut Picture| {
        let items = (0..symbols).map(|i| buy(round * symbols + i, &uuid(1), &format!("S{i}"), 1)).collect();
        ingest(addr, "transactions", &items);
        while latest.totals().holdings < symbols * (round + 1) {
            latest.see(&live.next_message("positions").unwrap());
        }
    };
    let mut rounds = 0..;
    wait::until(PATIENCE, "a full socket", || {
        trade(rounds.next()?, &mut latest);
        (metric(addr, "hub_outbox_bytes") > 0).then_some(())
    })
    .unwrap();
    for round in rounds.take(5) {
        trade(round, &mut latest);
    }
    let mut client = slow.resume().unwrap();
    let mut seen = Picture::default();
    while seen.totals() != latest.totals() {
        seen.see(&client.next_message("positions").unwrap());
    }
}

const RELAY: &str = "/topic/relay/ticker";

#[test]
fn a_slow_relay_subscriber_is_closed_with_4000_after_an_unbroken_run_and_nobody_else_is() {
    let hub = hub(&[OUTBOX, ("LIMITS__CLOSE_MS", "60000")]);
    let addr = address(&hub);
    let closed = r#"hub_closed_total{code="4000"}"#;
    let mut live = subscriber(addr, &[("relay", RELAY)]);
    let mut other = subscriber(addr, &[("relay", "/topic/relay/other")]);
    let mut client = slow_session(addr);
    subscribe(&mut client, "relay", RELAY);
    let slow = SlowPeer::pause(client);

    let mut sent = 0_u64;
    wait::until(PATIENCE, "the slow subscriber to be closed", || {
        sent += 1;
        let body = format!("{sent} {}", "x".repeat(32 << 10));
        publish(addr, RELAY, &[], body.as_bytes());
        // In step with the one that reads: it never has much to catch up with.
        assert_eq!(live.next_message("relay").unwrap().text().unwrap(), body);
        (metric(addr, closed) > 0).then_some(())
    })
    .unwrap();

    let mut client = slow.resume().unwrap();
    let mut got = 0;
    let close = loop {
        match client.next_message("relay") {
            Ok(message) => {
                got += 1;
                assert!(
                    message.text().unwrap().starts_with(&format!("{got} ")),
                    "a gap before message {got}"
                );
            }
            Err(hub_testkit::Error::Closed { code, reason, .. }) => break Close { code, reason },
            Err(error) => panic!("after {got} of {sent}: {error}"),
        }
    };
    assert_eq!(close, Close { code: 4000, reason: "Too slow: messages would have been lost".to_owned() });
    client.socket_mut().expect_end().unwrap();
    assert!((1..sent).contains(&got), "{got} of {sent}");
    assert_eq!(metric(addr, closed), 1);

    for (client, destination) in [(&mut live, RELAY), (&mut other, "/topic/relay/other")] {
        publish(addr, destination, &[], b"on");
        assert_eq!(client.next_message("relay").unwrap().body, b"on");
    }
}

#[test]
fn a_peer_that_makes_the_hub_answer_and_does_not_read_is_closed_with_4000() {
    let hub = hub(&[OUTBOX]);
    let addr = address(&hub);
    let mut live = subscriber(addr, &[("relay", RELAY)]);
    let mut flood = slow_session(addr);
    // Each is answered by its receipt, 7,000 bytes long.
    let request = format!("UNSUBSCRIBE\nid:x\nreceipt:{}\n\n\0", "r".repeat(7_000));
    let mut asked = 0_u64;
    wait::until(PATIENCE, "the flood to be closed", || {
        // Fails once the hub has closed it.
        asked += u64::from(flood.send_frame_text(&request).is_ok());
        (metric(addr, r#"hub_closed_total{code="4000"}"#) > 0).then_some(())
    })
    .unwrap();
    assert!(metric(addr, "hub_outbox_bytes") < 8 * OUTBOX_BYTES, "after {asked} requests");
    publish(addr, RELAY, &[], b"on");
    assert_eq!(live.next_message("relay").unwrap().body, b"on");
}
