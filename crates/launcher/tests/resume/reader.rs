//! A subscriber of the feed whose connection is cut again and again.

use std::fmt;
use std::net::SocketAddr;

use hub_testkit::{OverSocket as _, Result};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::book::{BELL, Book, PORTFOLIOS, portfolio};
use crate::cutter::some_portfolios;
use crate::support::ledger::Trade;
use crate::support::session::{Options, Session, Topic, Wire, offset};

/// What it has heard outlives its connections.
pub(crate) struct Reader {
    name: String,
    wire: Wire,
    options: Options,
    rng: ChaCha8Rng,
    heard: Vec<Value>,
    pub(crate) cuts: usize,
}

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Reader {
    /// The n-th of all combinations of wire, filter and batch.
    pub(crate) fn new(n: usize, seed: u64) -> Reader {
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ ((n as u64 + 1) << 40));
        let wire = [Wire::WebSocket, Wire::SockJs, Wire::Tcp][n % 3];
        let portfolios = if n / 3 % 2 == 1 { some_portfolios(&mut rng) } else { Vec::new() };
        let interval_ms = (n % 5 == 4).then_some(10);
        let options = Options { portfolios, interval_ms, batch: n / 6 % 2 == 1, ..Options::default() };
        let name = format!("reader {n} of seed {seed}, {wire:?} {options:?}");
        Reader { name, wire, options, rng, heard: Vec::new(), cuts: 0 }
    }

    /// Comes back where it left off, reads so and so many messages, and vanishes. `false`: it has heard the
    /// last of them.
    pub(crate) fn cut(&mut self, addr: SocketAddr) -> Result<bool> {
        let mut session = Session::open(addr, self.wire, None)?;
        session.subscribe(Topic::Transactions, &self.options)?;
        for _ in 0..self.rng.random_range(0..40) {
            if self.has_heard_the_bell() {
                return Ok(false);
            }
            let update = session.next()?;
            assert_eq!(update.snapshot, None, "every resume can be honoured");
            assert_eq!(update.is_array, self.options.batch);
            let resume = update.resume.expect("each message says where to resume");
            let before = self.options.resume.replace(resume.clone());
            assert!(before.is_none_or(|before| offset(&before) < offset(&resume)), "fell to {resume}");
            self.heard
                .extend(update.elements.iter().map(|text| serde_json::from_str::<Value>(text).unwrap()));
        }
        if self.rng.random() {
            session.socket_mut().reset_on_drop()?;
        }
        self.cuts += 1;
        Ok(true)
    }

    /// It has heard every transaction that it asked for once, in the order of the log.
    pub(crate) fn assert_complete(&self, book: &Book) {
        let mut wanted = book.accepted.iter().filter(|(trade, _)| self.wants(&trade.portfolio));
        for (n, heard) in self.heard.iter().enumerate() {
            let (trade, earned) = wanted.next().unwrap_or_else(|| panic!("{self}: made up: {heard}"));
            assert_eq!(without_time(heard), as_heard(trade, *earned), "{self}: message {n}");
        }
        assert_eq!(wanted.count(), 0, "{self}: of the end nothing is missing");
    }

    fn wants(&self, portfolio: &String) -> bool {
        self.options.portfolios.is_empty() || self.options.portfolios.contains(portfolio)
    }

    /// The bell of the last portfolio that it wants is the last it will hear.
    fn has_heard_the_bell(&self) -> bool {
        let last = (0..PORTFOLIOS).rev().map(portfolio).find(|portfolio| self.wants(portfolio));
        self.heard.last().is_some_and(|heard| heard["symbol"] == BELL && heard["portfolioId"] == json!(last))
    }
}

/// A transaction as the feed tells it, but for its time.
fn as_heard(trade: &Trade, earned: i64) -> Value {
    json!({"transactionId": trade.id, "portfolioId": trade.portfolio, "symbol": trade.symbol,
           "side": trade.side(), "quantity": trade.quantity, "price": trade.price, "realizedPnl": earned})
}

fn without_time(heard: &Value) -> Value {
    let mut rest = heard.clone();
    let time = rest.as_object_mut().unwrap().remove("timestamp");
    assert!(time.is_some_and(|time| time.is_string()), "{heard}");
    rest
}
