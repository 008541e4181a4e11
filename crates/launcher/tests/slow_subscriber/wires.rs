//! Whatever carries it: `SockJS` and the native JSON are as slow a subscriber's wires as any.

use std::net::SocketAddr;

use hub_testkit::slow::{SlowPeer, TINY_RECEIVE_BYTES};

use crate::market::{Market, ROUNDS};
use crate::support::session::{Options, Session, Topic, Wire};
use crate::support::watcher::Picture;
use crate::support::{address, hub, metric};
use crate::{CLOSED, FEW_PAST, GROWTH_MAX_BYTES, OUTBOX, OUTBOX_BYTES};

const SLOW_PEERS: u64 = 12;

/// The n-th session that reads as little as can be, with both topics.
fn slow_session(addr: SocketAddr, wire: Wire, n: u64) -> SlowPeer<Session> {
    let mut session = Session::open(addr, wire, Some(TINY_RECEIVE_BYTES)).unwrap();
    for topic in Topic::STATE {
        match &mut session {
            // Ids of their own, so that no two share the bytes of a frame.
            Session::Stomp(client) => {
                client.subscribe(&format!("{}-{n}", topic.name()), topic.destination(), &[]).unwrap();
            }
            native @ Session::Native(_) => native.subscribe(topic, &Options::default()).unwrap(),
        }
    }
    SlowPeer::pause(session)
}

/// Reads until it knows what the market's watcher knows.
fn catch_up(session: &mut Session, market: &Market) {
    let mut seen = Picture::default();
    while seen.totals() != market.picture.totals() {
        seen.see_update(&session.next().unwrap());
    }
    for update in session.fence() {
        seen.see_update(&update);
    }
    assert_eq!((&seen.holdings, &seen.marks), (&market.picture.holdings, &market.picture.marks));
}

fn slow_subscribers_over(wire: Wire) {
    let hub = hub(&[OUTBOX, FEW_PAST]);
    let addr = address(&hub);
    let mut market = Market::open(addr);
    market.go_round();
    let slow: Vec<_> = (0..SLOW_PEERS).map(|n| slow_session(addr, wire, n)).collect();
    market.go_round();
    let before = hub.rss_bytes().unwrap();
    market.bytes = 0;
    while market.round < ROUNDS {
        market.go_round();
    }
    let grown = hub.rss_bytes().unwrap().saturating_sub(before);
    let not_read = market.bytes * SLOW_PEERS;
    assert!(not_read > 2 * GROWTH_MAX_BYTES, "a queue would have been found: {not_read} bytes");
    assert!(grown < GROWTH_MAX_BYTES, "grew by {grown} bytes of the {not_read} not read");
    let outboxes = metric(addr, "hub_outbox_bytes");
    // A chunk of a drain (64 KiB), and what it takes to quote it, may stand in an outbox beside its limit.
    let bound = SLOW_PEERS * (OUTBOX_BYTES + 3 * (64 << 10));
    assert!(outboxes > 0 && outboxes < bound, "{outboxes} bytes wait, {bound} may");
    assert!(metric(addr, "hub_conflated_total") > 0, "what was replaced is counted");
    for slow in slow {
        catch_up(&mut slow.resume().unwrap(), &market);
    }
    assert_eq!(metric(addr, CLOSED), 0, "slowness alone closes nobody");
}

#[test]
fn slow_subscribers_over_sockjs_cost_bounded_memory_delay_nobody_and_end_with_the_latest() {
    slow_subscribers_over(Wire::SockJs);
}

#[test]
fn slow_subscribers_to_compressed_messages_cost_bounded_memory_delay_nobody_and_end_with_the_latest() {
    slow_subscribers_over(Wire::Deflated);
}

#[test]
fn slow_native_subscribers_cost_bounded_memory_delay_nobody_and_end_with_the_latest() {
    slow_subscribers_over(Wire::Native);
}
