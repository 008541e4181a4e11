//! A subscriber that does not read: state conflates for it, a relay or a feed closes it, and nobody else
//! notices.

#[path = "../support/mod.rs"]
mod support;

mod feed;
mod market;
mod relay;
mod state;
mod wires;

use std::net::SocketAddr;

use hub_testkit::slow;
use hub_testkit::stomp::{Carrier, StompClient, StompOptions};
use hub_testkit::ws::WsOptions;

use support::PATIENCE;

const OUTBOX_BYTES: u64 = 16 << 10;
const OUTBOX: (&str, &str) = ("LIMITS__OUTBOX_BYTES", "16384");

/// The subscribers that were lost messages, and closed for it.
const CLOSED: &str = r#"hub_closed_total{code="4000"}"#;

/// Little room for the states of past flushes, whose bound is another: 400 positions of many lots that all change take
/// most of a megabyte a flush.
const FEW_PAST: (&str, &str) = ("LIMITS__VIEW_BYTES", "8388608");

/// What the hub may grow by while slow subscribers are owed everything. Far below what queues of what they
/// were sent would take (see the tests), and far above what outboxes and the state itself may.
const GROWTH_MAX_BYTES: u64 = 48 << 20;

/// A session that reads as little as can be.
fn slow_session(addr: SocketAddr) -> StompClient {
    let options = slow::tiny(WsOptions { deadline: PATIENCE, ..WsOptions::default() });
    let carrier = Carrier::websocket(addr, "/ws", &options).unwrap();
    StompClient::connect(carrier, &StompOptions::default()).unwrap()
}
