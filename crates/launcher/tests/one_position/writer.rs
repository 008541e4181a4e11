//! What happens, and where in the log it stands.

use std::net::SocketAddr;

use hub_testkit::http::HttpConnection;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use crate::support::ledger::{Event, History, Ledger, Trade};
use crate::support::session::offsets;
use crate::support::{PATIENCE, uuid};

const SEED: u64 = 20_260_207;
const PORTFOLIOS: u64 = 5;
const SYMBOLS: u64 = 4;
/// Held, and never priced.
const UNPRICED: &str = "DARK";

/// One writer: what it is answered is all that happens.
pub(crate) struct Writer {
    connection: HttpConnection,
    rng: ChaCha8Rng,
    /// To know what may be sold.
    ledger: Ledger,
    pub(crate) history: History,
    trades: u64,
}

impl Writer {
    pub(crate) fn new(addr: SocketAddr) -> Writer {
        let connection = HttpConnection::connect(addr, PATIENCE).unwrap();
        let (ledger, history) = (Ledger::default(), History::new());
        Writer { connection, rng: ChaCha8Rng::seed_from_u64(SEED), ledger, history, trades: 0 }
    }

    /// Prices everything but one symbol, and has everybody hold that one and another.
    pub(crate) fn open(&mut self) {
        let prices = (0..SYMBOLS).map(|name| Event::Price(format!("S{name}"), 25)).collect();
        self.post("prices", prices);
        let held = (0..PORTFOLIOS).flat_map(|owner| [(owner, UNPRICED), (owner, "S0")]);
        let trades = held.map(|(owner, symbol)| Event::Trade(self.buy(owner, symbol))).collect();
        self.post("transactions", trades);
    }

    /// So many requests at random, each with several items.
    pub(crate) fn move_on(&mut self, requests: usize) {
        for _ in 0..requests {
            let count = self.rng.random_range(1..=6);
            if self.rng.random() {
                let trades = (0..count).map(|_| Event::Trade(self.trade())).collect();
                self.post("transactions", trades);
            } else {
                let prices = (0..count).map(|_| self.price()).collect();
                self.post("prices", prices);
            }
        }
    }

    /// Trades for everybody; the offset of the last trade.
    pub(crate) fn trade_everywhere(&mut self) -> u64 {
        let trades = (0..PORTFOLIOS).map(|owner| Event::Trade(self.buy(owner, "S0"))).collect();
        self.post("transactions", trades)
    }

    /// Gives what everybody holds this price; its offset.
    pub(crate) fn price_everywhere(&mut self, price: u64) -> u64 {
        self.post("prices", vec![Event::Price("S0".to_owned(), price)])
    }

    /// Ingests; the offset of the last item.
    fn post(&mut self, kind: &str, events: Vec<Event>) -> u64 {
        let items: Value = events.iter().map(Event::item).collect();
        let answer = self.connection.post_json(&format!("/api/ingest/{kind}"), &items).unwrap();
        assert_eq!(answer.status, 200, "{:?}", answer.text());
        let answer = answer.json().unwrap();
        self.history.extend(offsets(&answer).into_iter().zip(events));
        *self.history.last_key_value().expect("there are items").0
    }

    fn buy(&mut self, owner: u64, symbol: &str) -> Trade {
        self.trades += 1;
        let (quantity, price) = (self.rng.random_range(1..=9), self.rng.random_range(1..=50));
        let (id, portfolio, symbol) = (uuid(self.trades), uuid(owner), symbol.to_owned());
        let trade = Trade { id, portfolio, symbol, is_buy: true, quantity, price };
        self.ledger.trade(&trade);
        trade
    }

    /// A BUY, or a SELL of all that is held or of one.
    fn trade(&mut self) -> Trade {
        let (owner, name) = (self.rng.random_range(0..PORTFOLIOS), self.rng.random_range(0..SYMBOLS));
        let symbol = format!("S{name}");
        let held = self.ledger.holdings(&(uuid(owner), symbol.clone()));
        let quantity = match self.rng.random_range(0..4) {
            0 => held,
            1 => held.min(1),
            _ => 0,
        };
        if quantity == 0 {
            return self.buy(owner, &symbol);
        }
        self.trades += 1;
        let price = self.rng.random_range(1..=99);
        let trade =
            Trade { id: uuid(self.trades), portfolio: uuid(owner), symbol, is_buy: false, quantity, price };
        self.ledger.trade(&trade);
        trade
    }

    fn price(&mut self) -> Event {
        let symbol = format!("S{}", self.rng.random_range(0..SYMBOLS));
        Event::Price(symbol, self.rng.random_range(1..=99))
    }
}
