//! A market that moves while subscribers come and go: transactions and prices over HTTP, without a pause.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::book::{BUY_PRICE_MAX, Book, SYMBOLS, symbol};
use crate::poster::Poster;
use crate::support::ledger::{Event, History};
use crate::whereabouts::Whereabouts;

/// The threads that keep it moving; they end with it.
pub(crate) struct Market {
    stop: Arc<AtomicBool>,
    threads: Option<(Writer<Book>, Writer<History>)>,
}

/// What it gives is what it has written, and how.
type Writer<T> = JoinHandle<(T, Poster)>;

/// What has happened in it.
pub(crate) struct Past {
    /// Transactions and prices.
    pub(crate) book: Book,
    /// Where in the log it is not known exactly what had happened.
    pub(crate) uncertain: Vec<Range<u64>>,
}

impl Market {
    /// Every portfolio holds every symbol, and all are priced; then whatever happens.
    pub(crate) fn open(hub: &Whereabouts, seed: u64) -> Market {
        let (mut poster, mut book) = (Poster::new(hub), Book::default());
        book.buy_everything(&mut poster);
        let prices: Vec<_> = (0..SYMBOLS).map(|n| Event::Price(symbol(n), 60)).collect();
        book.history.extend(poster.post("prices", &prices).offsets.into_iter().zip(prices));

        let stop = Arc::new(AtomicBool::new(false));
        let (quoting, stopped) = (Poster::new(hub), Arc::clone(&stop));
        let quoter = thread::spawn(move || quote(quoting, &stopped, seed));
        let stopped = Arc::clone(&stop);
        let trader = thread::spawn(move || trade(book, poster, &stopped, seed));
        Market { stop, threads: Some((trader, quoter)) }
    }

    /// Ends the flow.
    pub(crate) fn close(mut self) -> Past {
        self.stop.store(true, Ordering::Relaxed);
        let (trader, quoter) = self.threads.take().expect("closed once");
        let (prices, quoter) = quoter.join().unwrap();
        let (mut book, trader) = trader.join().unwrap();
        book.history.extend(prices);
        Past { book, uncertain: [trader.uncertain, quoter.uncertain].concat() }
    }
}

impl Drop for Market {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn trade(mut book: Book, mut poster: Poster, stop: &AtomicBool, seed: u64) -> (Book, Poster) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    while !stop.load(Ordering::Relaxed) {
        match rng.random_range(0..40) {
            0 => book.oversell(&mut poster),
            1 => book.buy_everything(&mut poster),
            _ => {
                let count = rng.random_range(1..=8);
                book.trade(&mut poster, &mut rng, count);
            }
        }
    }
    (book, poster)
}

/// Prices of a few symbols at a time.
fn quote(mut poster: Poster, stop: &AtomicBool, seed: u64) -> (History, Poster) {
    let mut rng = ChaCha8Rng::seed_from_u64(!seed);
    let mut history = History::new();
    while !stop.load(Ordering::Relaxed) {
        let count = rng.random_range(1..=4);
        let prices: Vec<_> = (0..count).map(|_| random_price(&mut rng)).collect();
        history.extend(poster.post("prices", &prices).offsets.into_iter().zip(prices));
    }
    (history, poster)
}

fn random_price(rng: &mut ChaCha8Rng) -> Event {
    Event::Price(symbol(rng.random_range(0..SYMBOLS)), rng.random_range(BUY_PRICE_MAX + 1..1_000))
}
