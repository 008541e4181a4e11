//! State conflates for whoever is slow.

use hub_testkit::slow::SlowPeer;
use hub_testkit::stomp::StompClient;
use hub_testkit::wait;
use serde_json::Value;

use crate::market::{Market, ROUNDS};
use crate::support::watcher::Picture;
use crate::support::{
    MARKS, PATIENCE, POSITIONS, address, analysis, buy, fence, holdings, hub, ingest, metric, subscribe,
    subscriber, uuid,
};
use crate::{CLOSED, FEW_PAST, GROWTH_MAX_BYTES, OUTBOX, OUTBOX_BYTES, slow_session};

const SLOW_PEERS: usize = 12;

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
    let hub = hub(&[("LIMITS__OUTBOX_BYTES", &outbox_bytes.to_string()), FEW_PAST]);
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
    assert_eq!(metric(addr, CLOSED), 0, "slowness alone closes nobody");
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
