//! An element is encoded when somebody reads it, once, for all who do.

mod support;

use std::thread;

use bytes::Bytes;
use hub_core::event::Trade;
use support::{Fixture, elements, portfolio, trade};

/// Where the bytes lie: while they live, one place means one encoding.
fn places(elements: &[Option<Bytes>]) -> Vec<*const u8> {
    elements.iter().flatten().map(|json| json.as_ptr()).collect()
}

#[test]
fn a_row_that_changed_is_encoded_once_for_all_who_read_its_flush() {
    let mut hub = Fixture::new();
    hub.buy(1, "AAPL", "1", "10");
    let [first, _] = hub.publish();
    hub.buy(2, "MSFT", "1", "10");
    let [second, _] = hub.publish();
    for (flush, key) in [(&first, 0), (&second, 1), (&first, 0)] {
        let read = || flush.view.element(key).unwrap().unwrap();
        let held = read();
        assert_eq!(held.as_ptr(), read().as_ptr());
    }
    let value = second.view.element(0);
    assert_eq!(value, first.view.element(0), "what did not change is the same, whoever encodes it");
}

#[test]
fn a_mark_is_encoded_again_only_for_the_portfolios_it_changed_for() {
    for mut hub in [Fixture::watched(), Fixture::new()] {
        for (of, symbol) in [(1, "AAPL"), (2, "MSFT")] {
            hub.send(trade(of, of, symbol, "1", Trade::Buy { price: "10".parse().unwrap() }));
            hub.price(symbol, "11");
        }
        let before = elements(&*hub.publish()[1].view);
        hub.price("MSFT", "12");
        let after = elements(&*hub.publish()[1].view);
        assert_eq!(places(&before)[0], places(&after)[0]);
        assert_ne!(places(&before)[1], places(&after)[1]);
    }
}

#[test]
fn rest_shares_what_the_topic_encoded_and_evicts_nothing_when_it_runs_ahead() {
    let mut hub = Fixture::watched();
    hub.buy(1, "AAPL", "1", "10");
    hub.price("AAPL", "11");
    let [_, marks] = hub.publish();
    let published = marks.view.element(0).unwrap().unwrap();
    hub.settle();
    let read = |hub: &Fixture| hub.reads.settled().mark(portfolio(1)).unwrap().unwrap();
    assert_eq!(read(&hub).as_ptr(), published.as_ptr());

    hub.price("AAPL", "12");
    hub.settle();
    let ahead = read(&hub);
    assert_ne!(ahead, published);
    assert_eq!(read(&hub).as_ptr(), ahead.as_ptr());
    assert_eq!(marks.view.element(0).unwrap().unwrap().as_ptr(), published.as_ptr());
}

#[test]
fn shards_that_read_at_once_get_the_same_bytes() {
    let mut hub = Fixture::new();
    for id in 1..=200 {
        let buy = Trade::Buy { price: "10".parse().unwrap() };
        hub.send(trade(id, id, "AAPL", "1", buy));
    }
    for price in ["11", "12", "13"] {
        hub.price("AAPL", price);
        // Positions changed before the first of these flushes alone.
        let flush = hub.publish();
        let shared = if price == "11" { &flush[..] } else { &flush[1..] };
        let read = || shared.iter().map(|topic| elements(&*topic.view)).collect::<Vec<_>>();
        let all: Vec<_> = thread::scope(|scope| {
            let shards: Vec<_> = (0..4).map(|_| scope.spawn(read)).collect();
            shards.into_iter().map(|shard| shard.join().unwrap()).collect()
        });
        for shard in &all[1..] {
            for (one, other) in all[0].iter().zip(shard) {
                assert_eq!(one.len(), 200);
                assert_eq!(places(one), places(other));
            }
        }
    }
}

#[test]
fn a_reader_that_lags_behind_still_reads_its_own_flush() {
    let mut hub = Fixture::watched();
    hub.buy(1, "AAPL", "1", "10");
    hub.price("AAPL", "11");
    let [_, old] = hub.publish();
    hub.price("AAPL", "12");
    assert!(hub.mark().unwrap().contains(r#""AAPL":2"#));
    assert!(support::text(old.view.element(0).unwrap().unwrap()).contains(r#""AAPL":1"#));
}
