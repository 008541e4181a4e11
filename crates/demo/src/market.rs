//! A made-up market, as the raw items that any other source would send.
//!
//! It is a pure generator: no clock, no I/O. Whoever runs it passes the time
//! that went by and feeds what comes out to ingest, so that the demo walks the
//! same path as real data. The same seed and the same sequence of calls make
//! the same items, on every machine.
//!
//! A hub that starts again keeps its log, so the same opening comes to it a
//! second time: its transactions have the ids they had, and are duplicates.
//! (Not beyond `analytics.idempotency_hours`, where that is not for ever.)

mod book;
mod id;
mod item;
mod listing;
mod mistake;
mod name;
mod object;
mod opening;
mod pace;
mod past;
mod pipeline;
mod quote;
mod risk;
mod spelling;
#[cfg(feature = "autotrader")]
mod trader;

use std::collections::VecDeque;
use std::time::Duration;

use hub_core::normalize::Kind;
use hub_core::{Date, Timestamp};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::config::DemoConfig;
use book::{Book, Lot};
use id::{Domain, Ids};
use listing::Listing;
use mistake::Mistake;
use pace::Pace;
use pipeline::Pipeline;
use quote::Quote;
use risk::Risk;
use spelling::Spelling;

#[cfg(feature = "autotrader")]
pub use trader::Trader;

/// Items of one kind, each a JSON object, in the order in which they happened.
pub type Batch = (Kind, Vec<String>);

/// Items in one batch, at most; well below `limits.ingest_items`.
pub const BATCH_MAX_ITEMS: usize = 1000;

/// The longest time one step makes up for. A machine that slept for a day
/// goes on where it was, rather than do a day's trading at once.
pub const STEP_MAX: Duration = Duration::from_secs(60);

/// Earlier items that a sender may send again.
const RECENT_MAX_ITEMS: usize = 64;

/// Symbols, portfolios, what they hold and what happens to them.
pub struct Market {
    config: DemoConfig,
    ids: Ids,
    listings: Vec<Listing>,
    quotes: Vec<Quote>,
    book: Book,
    price_pace: Pace,
    transaction_pace: Pace,
    /// Prices move alike whether or not anyone trades.
    price_rng: ChaCha8Rng,
    trade_rng: ChaCha8Rng,
    transactions: u64,
    recent: VecDeque<String>,
    risk: Risk,
    pipeline: Option<Pipeline>,
}

impl Market {
    /// The market of `config.seed`; the configuration's values are within the
    /// ranges that `configs/default.toml` gives. `run` tells one start of the hub from the
    /// next: with it the ids of transactions change, and nothing else does.
    pub fn new(config: &DemoConfig, run: u64) -> Market {
        let listings: Vec<Listing> = (0..config.symbols).map(listing::listing).collect();
        let mut setup_rng = stream(config.seed, 1);
        let quotes = listings.iter().map(|listing| Quote::new(listing.cents, &mut setup_rng)).collect();
        Market {
            ids: Ids::new(config.seed, run),
            listings,
            quotes,
            book: Book::default(),
            price_pace: Pace::new(config.prices_per_second),
            transaction_pace: Pace::new(config.transactions_per_second),
            price_rng: stream(config.seed, 2),
            trade_rng: stream(config.seed, 3),
            transactions: 0,
            recent: VecDeque::new(),
            risk: Risk::new(config),
            pipeline: Pipeline::new(config),
            config: config.clone(),
        }
    }

    /// Everything there is before anything moves: symbols, portfolios, a price for
    /// each symbol, and for each portfolio a few positions and its risk. The
    /// same for every run, and whatever has happened since.
    pub fn opening(&self) -> Vec<Batch> {
        let (portfolios, purchases, _) = self.first();
        let mut batches = Vec::new();
        push(&mut batches, Kind::Symbols, opening::symbols(&self.listings));
        push(&mut batches, Kind::Portfolios, portfolios);
        push(&mut batches, Kind::Prices, opening::prices(&self.listings));
        push(&mut batches, Kind::Transactions, purchases);
        push(&mut batches, Kind::Risk, Risk::new(&self.config).all(&self.ids));
        batches
    }

    /// Portfolios, what they buy first, and what each is worth then.
    fn first(&self) -> (Vec<String>, Vec<String>, Vec<f64>) {
        let rng = &mut stream(self.config.seed, 4);
        let portfolios = opening::portfolios(&self.config, &self.ids, rng);
        let (purchases, worths) = opening::purchases(&self.config, &self.ids, &self.listings, rng);
        (portfolios, purchases, worths)
    }

    /// Values of portfolios at the ends of the days before that of the [opening](Market::opening), for a hub that has
    /// seen none of them end.
    pub fn past(&self, today: Date) -> Vec<Batch> {
        let (.., worths) = self.first();
        let rng = &mut stream(self.config.seed, 9);
        let mut batches = Vec::new();
        let valuations = past::valuations(&self.ids, &worths, self.config.history_days, today, rng);
        push(&mut batches, Kind::Valuations, valuations);
        batches
    }

    /// The items of the `elapsed` before `now`, at the configured rates; of
    /// a time longer than [`STEP_MAX`], only in as much. Only the pipeline's
    /// services say when something happened.
    pub fn step(&mut self, elapsed: Duration, now: Timestamp) -> Vec<Batch> {
        let elapsed = elapsed.min(STEP_MAX);
        let prices = (0..self.price_pace.due(elapsed)).filter_map(|_| self.tick()).collect();
        let transactions = (0..self.transaction_pace.due(elapsed)).filter_map(|_| self.trade()).collect();
        let mut batches = Vec::new();
        push(&mut batches, Kind::Prices, prices);
        push(&mut batches, Kind::Transactions, transactions);
        push(&mut batches, Kind::Risk, self.risk.step(elapsed, &self.ids));
        if let Some(pipeline) = &mut self.pipeline {
            batches.extend(pipeline.step(elapsed, now, &self.ids, &self.listings));
        }
        batches
    }

    /// One symbol's price moves.
    fn tick(&mut self) -> Option<String> {
        let rng = &mut self.price_rng;
        let symbol = rng.random_range(0..self.config.symbols) as usize;
        let price = self.quotes.get_mut(symbol)?.step(rng);
        Some(item::price(&self.listings.get(symbol)?.symbol, price, Spelling::pick(rng)))
    }

    /// One transaction is sent, right or wrong.
    fn trade(&mut self) -> Option<String> {
        if self.trade_rng.random_bool(self.config.invalid_share) {
            return self.blunder();
        }
        let transaction = if let Some(sale) = self.sale() {
            sale
        } else {
            let (purchase, lot) = self.purchase()?;
            self.book.buy(lot);
            purchase
        };
        let item = transaction.spell(Spelling::pick(&mut self.trade_rng));
        self.recent.truncate(RECENT_MAX_ITEMS - 1);
        self.recent.push_front(item.clone());
        Some(item)
    }

    /// Something that is not to be accepted.
    fn blunder(&mut self) -> Option<String> {
        let mistake = Mistake::pick(&mut self.trade_rng);
        let again = self.trade_rng.random_range(0..RECENT_MAX_ITEMS) % self.recent.len().max(1);
        if let (Mistake::SentTwice, Some(item)) = (mistake, self.recent.get(again)) {
            return Some(item.clone());
        }
        let (mut wrong, _) = self.purchase()?;
        mistake.make(&mut wrong);
        Some(wrong.spell(Spelling::pick(&mut self.trade_rng)))
    }

    /// Somebody buys something near its price; the book does not know yet.
    fn purchase(&mut self) -> Option<(item::Transaction, Lot)> {
        let rng = &mut self.trade_rng;
        let portfolio = rng.random_range(0..self.config.portfolios);
        let symbol = rng.random_range(0..self.config.symbols) as usize;
        let price = self.quotes.get(symbol)?.dealt(rng);
        let lot = Lot { portfolio, symbol, price, quantity: book::order_size(rng) };
        let transaction = item::Transaction {
            id: self.next_id(),
            portfolio_id: self.ids.get(Domain::Portfolio, portfolio.into()),
            symbol: self.listings.get(symbol)?.symbol.clone(),
            side: "BUY".to_owned(),
            quantity: lot.quantity.to_string(),
            price: price.to_string(),
            lot_price: None,
        };
        Some((transaction, lot))
    }

    /// Perhaps somebody sells some of what they bought.
    fn sale(&mut self) -> Option<item::Transaction> {
        let rng = &mut self.trade_rng;
        let sale = self.book.sell(rng)?;
        let price = self.quotes.get(sale.lot.symbol)?.dealt(rng);
        Some(item::Transaction {
            id: self.next_id(),
            portfolio_id: self.ids.get(Domain::Portfolio, sale.lot.portfolio.into()),
            symbol: self.listings.get(sale.lot.symbol)?.symbol.clone(),
            side: "SELL".to_owned(),
            quantity: sale.lot.quantity.to_string(),
            price: price.to_string(),
            lot_price: sale.names_lot.then(|| sale.lot.price.to_string()),
        })
    }

    fn next_id(&mut self) -> String {
        self.transactions += 1;
        self.ids.get(Domain::Step, self.transactions)
    }
}

/// One of several independent sequences of random numbers.
fn stream(seed: u64, number: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    rng
}

fn push(batches: &mut Vec<Batch>, kind: Kind, items: Vec<String>) {
    let mut items = items.into_iter().peekable();
    while items.peek().is_some() {
        batches.push((kind, items.by_ref().take(BATCH_MAX_ITEMS).collect()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_long_it_runs_the_book_is_bounded() {
        let mut market = Market::new(&DemoConfig::default(), 1);
        for _ in 0..20_000 {
            market.trade().unwrap();
            assert!(market.book.lots.len() <= book::LOTS_MAX);
            assert!(market.recent.len() <= RECENT_MAX_ITEMS);
        }
        assert!((150..350).contains(&market.book.lots.len()), "{}", market.book.lots.len());
    }
}
