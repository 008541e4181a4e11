//! A market in which everything changes again and again, for those who don't read it.

use std::net::SocketAddr;

use crate::support::{buy, ingest, uuid};

/// Positions of a grown market.
const GROWN: u64 = 16_000;

/// Positions; the rows of all of them are some 80 KB.
const PORTFOLIOS: u64 = 400;

pub(crate) struct Market {
    addr: SocketAddr,
    round: u64,
}

impl Market {
    pub(crate) fn new(addr: SocketAddr) -> Self {
        Self { addr, round: 0 }
    }

    /// Changes every position.
    pub(crate) fn go_round(&mut self) {
        let first = self.round * PORTFOLIOS;
        self.round += 1;
        let items = (0..PORTFOLIOS).map(|i| buy(first + i, &uuid(i), "ACME", 1)).collect();
        ingest(self.addr, "transactions", &items);
    }

    /// Makes so many positions that an answer with all of them, some MB, is more than buffers of sockets
    /// hold.
    pub(crate) fn grow(addr: SocketAddr) {
        Market::change_all(addr, 0);
    }

    /// Changes each of those positions, for the n-th time.
    pub(crate) fn change_all(addr: SocketAddr, nth: u64) {
        for batch in 0..GROWN / 2000 {
            let ids = batch * 2000..(batch + 1) * 2000;
            let items = ids.map(|i| buy(nth * GROWN + i, &uuid(i), "ACME", 1));
            ingest(addr, "transactions", &items.collect());
        }
    }
}
