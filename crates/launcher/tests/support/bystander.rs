//! Somebody who has nothing to do with what a test does to the hub.

use std::net::SocketAddr;

use hub_testkit::stomp::StompClient;
use serde_json::json;

use super::{POSITIONS, buy, ingest, publish, subscriber};

/// Its own portfolio; no test trades for it.
const PORTFOLIO: &str = "b0000000-0000-4000-8000-000000000000";
const RELAY: &str = "/topic/relay/bystander";
/// Where the ids of its transactions begin.
const FIRST_ID: u64 = 0xb000_0000_0000;

/// A subscriber of a computed and of a relay topic, on the same hub.
pub(crate) struct Bystander {
    addr: SocketAddr,
    client: StompClient,
    holdings: u64,
}

impl Bystander {
    pub(crate) fn new(addr: SocketAddr) -> Self {
        let positions = format!("{POSITIONS}/{PORTFOLIO}");
        let client = subscriber(addr, &[("positions", &positions), ("relay", RELAY)]);
        Self { addr, client, holdings: 0 }
    }

    /// Whatever came before, what happens now reaches it, and nothing else does.
    pub(crate) fn assert_unharmed(&mut self, after: &str) {
        self.holdings += 1;
        ingest(self.addr, "transactions", &buy(FIRST_ID + self.holdings, PORTFOLIO, "SAFE", 1));
        let rows = self.client.next_message("positions").unwrap_or_else(|error| panic!("{after}: {error}"));
        let held = json!(rows.json().unwrap()[0]["holdings"]);
        assert_eq!(held, self.holdings, "after {after}");

        publish(self.addr, RELAY, &[], after.as_bytes());
        let message = self.client.next_message("relay").unwrap_or_else(|error| panic!("{after}: {error}"));
        assert_eq!(message.text().unwrap(), after);
    }
}
