//! A feed closes whoever would lose a message, and nobody else.

use std::net::SocketAddr;

use hub_testkit::slow::{SlowPeer, TINY_RECEIVE_BYTES};
use hub_testkit::{Error, OverSocket as _, wait};
use serde_json::Value;

use crate::support::session::{Options, Session, Topic, Update, Wire};
use crate::support::{PATIENCE, address, await_metric, buy, hub, ingest, metric, uuid};
use crate::{CLOSED, OUTBOX};

/// Transactions of one request.
const BATCH: u64 = 50;

/// The quantity of a transaction, which is its number.
fn number(text: &str) -> u64 {
    let transaction: Value = serde_json::from_str(text).unwrap();
    transaction["quantity"].as_u64().unwrap()
}

fn numbers(updates: &[Update]) -> Vec<u64> {
    updates.iter().flat_map(|update| &update.elements).map(|text| number(text)).collect()
}

/// So many transactions after the ones before.
fn trade(addr: SocketAddr, so_far: u64) {
    let items = (so_far + 1..=so_far + BATCH).map(|n| buy(n, &uuid(n % 5), "ACME", n)).collect();
    ingest(addr, "transactions", &items);
}

/// What it had been sent, up to the Close.
fn read_to_close(session: &mut Session) -> (Vec<u64>, u16, String) {
    let mut updates = Vec::new();
    loop {
        match session.next() {
            Ok(update) => updates.push(update),
            Err(Error::Closed { code, reason, .. }) => return (numbers(&updates), code, reason),
            Err(error) => panic!("after {} messages: {error}", updates.len()),
        }
    }
}

#[test]
fn a_stuck_subscriber_of_the_feed_is_closed_with_4000_after_an_unbroken_run_and_nobody_else_is() {
    let hub = hub(&[OUTBOX, ("LIMITS__FEED_BYTES", "65536"), ("LIMITS__CLOSE_MS", "60000")]);
    let addr = address(&hub);
    let mut live = Session::to(addr, Wire::WebSocket, Topic::Transactions, &Options::default());
    let mut positions = Session::to(addr, Wire::SockJs, Topic::Positions, &Options::default());
    let stuck = [Wire::WebSocket, Wire::SockJs].map(|wire| {
        let mut session = Session::open(addr, wire, Some(TINY_RECEIVE_BYTES)).unwrap();
        session.subscribe(Topic::Transactions, &Options::default()).unwrap();
        assert_eq!(session.fence(), []);
        SlowPeer::pause(session)
    });

    let mut sent = 0;
    wait::until(PATIENCE, "the stuck ones to be closed", || {
        trade(addr, sent);
        // In step with the one that reads: it never has much to catch up with.
        let heard: Vec<_> = (0..BATCH).map(|_| live.next_of(Topic::Transactions)).collect();
        assert!(numbers(&heard).into_iter().eq(sent + 1..=sent + BATCH));
        sent += BATCH;
        (metric(addr, CLOSED) == 2).then_some(())
    })
    .unwrap();
    for stuck in stuck {
        let mut session = stuck.resume().unwrap();
        let (heard, code, reason) = read_to_close(&mut session);
        assert_eq!(
            (code, reason.as_str()),
            (
                4000,
                "Too slow: messages would have been lost (limits.outbox_bytes, limits.feed_bytes, limits.feed_events)"
            )
        );
        assert!((1..sent).contains(&(heard.len() as u64)), "{} of {sent}", heard.len());
        assert!(heard.iter().copied().eq(1..=heard.len() as u64), "a gap: {heard:?}");
        session.socket_mut().expect_end().unwrap();
    }

    trade(addr, sent);
    assert_eq!(numbers(&[live.next_of(Topic::Transactions)]), [sent + 1]);
    while !positions.next_of(Topic::Positions).elements.iter().any(|text| text.contains(&uuid(4))) {}
    await_metric(addr, CLOSED, 2);
}

#[test]
fn a_subscriber_that_is_slow_and_within_the_window_loses_nothing_and_is_not_closed() {
    let hub = hub(&[OUTBOX]);
    let addr = address(&hub);
    for wire in [Wire::WebSocket, Wire::SockJs, Wire::Tcp] {
        let mut session = Session::open(addr, wire, Some(TINY_RECEIVE_BYTES)).unwrap();
        let options = Options { no_snapshot: true, ..Options::default() };
        session.subscribe(Topic::Transactions, &options).unwrap();
        assert_eq!(session.fence(), []);
        let slow = SlowPeer::pause(session);
        let first = 100_000 * (1 + wire as u64);
        let mut sent = first;
        wait::until(PATIENCE, "a full socket", || {
            trade(addr, sent);
            sent += BATCH;
            (metric(addr, "hub_outbox_bytes") > 0).then_some(())
        })
        .unwrap();
        // Beyond what an outbox may hold.
        for _ in 0..5 {
            trade(addr, sent);
            sent += BATCH;
        }
        let mut session = slow.resume().unwrap();
        for n in first + 1..=sent {
            assert_eq!(numbers(&[session.next_of(Topic::Transactions)]), [n], "{wire:?}");
        }
    }
    assert_eq!(metric(addr, CLOSED), 0);
}
