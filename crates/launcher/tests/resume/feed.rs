//! The feed of transactions: the sum of what comes before and after all cuts is everything, once, in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use hub_testkit::wait;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::book::Book;
use crate::crowd::{seed, shown};
use crate::cutter::Shown;
use crate::poster::Poster;
use crate::reader::Reader;
use crate::support::{PATIENCE, address, hub};
use crate::whereabouts::Whereabouts;

/// Every combination of wire, filter and batch.
const READERS: usize = 12;
/// Fewer than the feed retains, so that nobody is ever too late.
const TRANSACTIONS: usize = 4_000;
const RESTARTS: usize = 3;

/// Trades until there are so many transactions, and then once more for each portfolio.
fn trade(mut poster: Poster, seed: u64, progress: &AtomicUsize) -> Book {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut book = Book::default();
    while book.accepted.len() < TRANSACTIONS {
        if rng.random_range(0..20) == 0 {
            book.oversell(&mut poster);
        }
        let count = rng.random_range(1..=12);
        book.trade(&mut poster, &mut rng, count);
        progress.store(book.accepted.len(), Ordering::Relaxed);
    }
    book.ring_the_bell(&mut poster);
    book
}

fn read(mut reader: Reader, hub: &Whereabouts) -> Reader {
    let _shown = Shown(reader.to_string());
    loop {
        let place = hub.now();
        match reader.cut(place.addr) {
            Ok(true) => {}
            Ok(false) => return reader,
            Err(error) => drop(hub.after(place, &error)),
        }
    }
}

/// Everybody reads, cut and cut again, while transactions flow and the hub is killed so many times.
fn feed_across(restarts: usize) {
    let seed = seed();
    let _shown = shown(seed);
    let mut hub = hub(&[]);
    let whereabouts = Whereabouts::new(address(&hub));
    let readers: Vec<JoinHandle<Reader>> = (0..READERS)
        .map(|n| {
            let hub = whereabouts.clone();
            thread::spawn(move || read(Reader::new(n, seed), &hub))
        })
        .collect();
    let progress = Arc::new(AtomicUsize::new(0));
    let (poster, told) = (Poster::new(&whereabouts), Arc::clone(&progress));
    let trader = thread::spawn(move || trade(poster, seed, &told));
    for round in 1..=restarts {
        let far_enough = TRANSACTIONS * round / (restarts + 1);
        let look = || (progress.load(Ordering::Relaxed) >= far_enough || trader.is_finished()).then_some(());
        wait::until(PATIENCE, "transactions to flow", look).unwrap();
        hub.restart().unwrap();
        whereabouts.moved(address(&hub));
    }
    let book = trader.join().unwrap();
    let readers: Vec<_> = readers.into_iter().map(|reader| reader.join().unwrap()).collect();
    for reader in &readers {
        reader.assert_complete(&book);
    }
    let cuts: usize = readers.iter().map(|reader| reader.cuts).sum();
    assert!(cuts > 200, "{cuts} cuts");
}

#[test]
fn the_feed_is_complete_and_in_order_over_all_cuts() {
    feed_across(0);
}

#[test]
fn the_feed_is_complete_and_in_order_over_all_cuts_and_restarts() {
    feed_across(RESTARTS);
}
