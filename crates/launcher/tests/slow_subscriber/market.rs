//! A market in which everything changes again and again.

use std::net::SocketAddr;

use hub_testkit::stomp::StompClient;
use serde_json::json;

use crate::support::watcher::{Picture, Totals};
use crate::support::{MARKS, POSITIONS, buy, ingest, subscriber, uuid};

/// Positions, each of a portfolio of its own, all of one symbol. Fewer than `limits.dirty_keys`.
pub(crate) const PORTFOLIOS: u64 = 400;
/// As many are enough: each changes every position, and then every unrealised P&L by one price.
pub(crate) const ROUNDS: u64 = 60;
/// A market that moves, and somebody who watches all of it.
pub(crate) struct Market {
    addr: SocketAddr,
    watcher: StompClient,
    pub(crate) picture: Picture,
    pub(crate) round: u64,
    /// What the watcher was sent.
    pub(crate) bytes: u64,
}

impl Market {
    pub(crate) fn open(addr: SocketAddr) -> Self {
        let watcher = subscriber(addr, &[("positions", POSITIONS), ("marks", MARKS)]);
        Self { addr, watcher, picture: Picture::default(), round: 0, bytes: 0 }
    }

    /// Changes everything, and waits until the watcher has seen all of it: nobody holds it up.
    pub(crate) fn go_round(&mut self) {
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
