//! The transactions of a made-up market, and what became of them.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use crate::poster::{PostOutcome, Poster};
use crate::support::ledger::{Event, History, Ledger, Trade};
use crate::support::uuid;

pub(crate) const PORTFOLIOS: u64 = 12;
/// With as many positions as this gives, a snapshot is several messages.
pub(crate) const SYMBOLS: u64 = 40;
/// Every quoted price and every price of a SELL is above, so that each SELL earns something and no position
/// is ever again what it once was.
pub(crate) const BUY_PRICE_MAX: u64 = 50;
/// Where the ids begin of transactions that were refused.
const REFUSED_FROM: u64 = 1 << 40;
/// What everybody buys last.
pub(crate) const BELL: &str = "BELL";

/// What has been accepted, in the order of the log: there is one who writes.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) ledger: Ledger,
    /// Each with what it earned.
    pub(crate) accepted: Vec<(Trade, i64)>,
    /// The same by where it stands in the log.
    pub(crate) history: History,
    refused: u64,
}

pub(crate) fn portfolio(n: u64) -> String {
    uuid(n)
}

pub(crate) fn symbol(n: u64) -> String {
    format!("S{n}")
}

impl Book {
    /// A BUY by every portfolio of every symbol: more than fits an outbox or one message.
    pub(crate) fn buy_everything(&mut self, poster: &mut Poster) {
        let positions = (0..PORTFOLIOS).flat_map(|owner| (0..SYMBOLS).map(move |name| (owner, name)));
        let trades: Vec<_> =
            positions.map(|(owner, name)| self.buy(owner, &symbol(name), 1 + name % 9, 7)).collect();
        self.post(poster, trades);
    }

    /// A BUY by every portfolio, the last in this book; their offsets.
    pub(crate) fn ring_the_bell(&mut self, poster: &mut Poster) -> Vec<u64> {
        let trades = (0..PORTFOLIOS).map(|owner| self.buy(owner, BELL, 1, 1)).collect();
        self.post(poster, trades)
    }

    /// So many transactions at random.
    pub(crate) fn trade(&mut self, poster: &mut Poster, rng: &mut ChaCha8Rng, count: usize) {
        let trades = (0..count).map(|_| self.random_trade(rng)).collect();
        self.post(poster, trades);
    }

    /// Is refused, and changes nothing for anybody.
    pub(crate) fn oversell(&mut self, poster: &mut Poster) {
        self.refused += 1;
        let held = self.ledger.holdings(&(portfolio(0), symbol(0)));
        let id = uuid(REFUSED_FROM + self.refused);
        let (portfolio, symbol) = (portfolio(0), symbol(0));
        let trade = Trade { id, portfolio, symbol, is_buy: false, quantity: held + 1, price: 60 };
        let answer = poster.post("transactions", &[Event::Trade(trade)]).body;
        assert_eq!(answer["rejected"], 1, "{answer}");
    }

    /// Ingests what has been booked; the offsets.
    fn post(&mut self, poster: &mut Poster, trades: Vec<Trade>) -> Vec<u64> {
        let events: Vec<_> = trades.into_iter().map(Event::Trade).collect();
        let PostOutcome { body, offsets, is_second } = poster.post("transactions", &events);
        let all = |status: &str| body[status] == events.len();
        assert!(all("accepted") || (is_second && all("duplicates")), "{body}");
        self.history.extend(offsets.iter().copied().zip(events));
        offsets
    }

    fn buy(&mut self, owner: u64, symbol: &str, quantity: u64, price: u64) -> Trade {
        let (portfolio, symbol) = (portfolio(owner), symbol.to_owned());
        self.enter(Trade { id: String::new(), portfolio, symbol, is_buy: true, quantity, price })
    }

    /// A BUY, or a SELL of a part or of all that is held.
    fn random_trade(&mut self, rng: &mut ChaCha8Rng) -> Trade {
        let (portfolio, symbol) =
            (portfolio(rng.random_range(0..PORTFOLIOS)), symbol(rng.random_range(0..SYMBOLS)));
        let held = self.ledger.holdings(&(portfolio.clone(), symbol.clone()));
        let price = rng.random_range(1..=BUY_PRICE_MAX);
        let sold = match rng.random_range(0..4) {
            0 => held,
            1 if held > 0 => rng.random_range(1..=held),
            _ => 0,
        };
        let is_buy = sold == 0;
        let (quantity, price) =
            if is_buy { (rng.random_range(1..=9), price) } else { (sold, price + BUY_PRICE_MAX) };
        self.enter(Trade { id: String::new(), portfolio, symbol, is_buy, quantity, price })
    }

    /// Books a transaction, under the next id.
    fn enter(&mut self, trade: Trade) -> Trade {
        let trade = Trade { id: uuid(self.accepted.len() as u64), ..trade };
        let earned = self.ledger.trade(&trade).expect("no more is sold than is held");
        self.accepted.push((trade.clone(), earned));
        trade
    }
}
