//! A portfolio's P&L is kept by difference, and is what adding up its positions gives.

mod support;

use hub_core::event::Trade;
use hub_core::{Event, Money, Pnl, PortfolioId};
use proptest::prelude::*;
use support::script::{PORTFOLIOS, history};
use support::{Fixture, portfolio, quote, trade};

/// Of all portfolios, and of one that never had a position.
fn pnl(hub: &Fixture) -> Vec<Option<Pnl>> {
    let state = hub.reads.settled();
    (0..=PORTFOLIOS).map(|n| state.pnl(portfolio(n)).unwrap()).collect()
}

/// What is kept, and what is added up: nobody subscribes to the one that is never flushed.
struct Both {
    kept: Fixture,
    added_up: Fixture,
}

impl Both {
    fn new() -> Both {
        Both { kept: Fixture::watched(), added_up: Fixture::new() }
    }

    fn send(&mut self, event: &Event) {
        self.kept.send(event.clone());
        self.added_up.send(event.clone());
    }

    #[track_caller]
    fn agree(&mut self) -> Vec<Option<Pnl>> {
        self.kept.publish();
        self.added_up.settle();
        let kept = pnl(&self.kept);
        assert_eq!(kept, pnl(&self.added_up));
        kept
    }

    #[track_caller]
    fn agree_on(&mut self, event: &Event) -> Option<Money> {
        self.send(event);
        self.agree()[1].map(|pnl| pnl.amount)
    }
}

proptest! {
    #[test]
    fn pnl_is_that_of_the_positions_one_by_one(
        records in history(300), every in 1..20_u64, interest in prop::collection::vec(0..9_u8, 300),
    ) {
        let mut both = Both::new();
        let mut watched = true;
        for (record, interest) in records.iter().zip(interest) {
            both.kept.apply(record);
            both.added_up.apply(record);
            if record.offset.0 % every == 0 {
                both.agree();
            }
            // Whoever comes and goes begins from scratch.
            let topic = &both.kept.catalog.states()[1];
            match interest {
                0 if watched => topic.interest().leave(),
                0 => topic.interest().enter(),
                _ => continue,
            }
            watched = !watched;
        }
        both.agree();
    }
}

fn buy(id: u8, symbol: &str, quantity: &str, price: &str) -> Event {
    trade(id, 1, symbol, quantity, Trade::Buy { price: price.parse().unwrap() })
}

fn sell(id: u8, symbol: &str, quantity: &str, price: &str) -> Event {
    trade(id, 1, symbol, quantity, Trade::Sell { price: price.parse().unwrap(), lot_price: None })
}

#[test]
fn amounts_grow_large_and_small_again() {
    // 2^92 units of money are 495,176,015,714.1520...
    let mut both = Both::new();
    both.agree_on(&buy(1, "A", "50000000000", "1"));
    both.agree_on(&buy(2, "B", "1", "1"));
    both.agree_on(&quote("B", "3", None));
    for price in ["2", "9.9", "9.91", "92233720368.54775807", "9.9", "0.00000001", "9.91", "1"] {
        let gained = both.agree_on(&quote("A", price, None)).unwrap();
        let price: Money = price.parse().unwrap();
        let two = 20_000_000_000_000_000;
        assert_eq!(gained.units(), (price.units() - two / 2) * 50_000_000_000 + two, "at {price}");
    }
    assert_eq!(both.agree_on(&sell(3, "A", "50000000000", "1")), "2".parse().ok());
}

#[test]
fn a_sum_that_money_does_not_hold_is_none_and_comes_back() {
    let (dear, many) = ("92233720368.54775807", "99000000000.00000001");
    let mut both = Both::new();
    both.agree_on(&buy(1, "A", many, "1"));
    both.agree_on(&buy(2, "B", many, "1"));
    both.agree_on(&quote("A", dear, None));
    assert_eq!(both.agree_on(&quote("B", dear, None)), None, "twice what money holds once");
    let once = both.agree_on(&quote("B", "1", None));
    assert!(once.is_some());
    // What was realised is large whatever the price; then it is taken away again.
    assert_eq!(both.agree_on(&sell(3, "A", many, dear)), once);
    assert_eq!(both.agree_on(&quote("B", dear, None)), None);
    assert_eq!(both.agree_on(&sell(4, "B", many, "1")), once);
}

#[test]
fn what_was_traded_and_priced_in_one_flush_counts_once() {
    let mut both = Both::new();
    let id: PortfolioId = portfolio(1);
    both.agree_on(&buy(1, "A", "10", "1"));
    both.agree_on(&quote("A", "2", None));
    for event in [quote("A", "3", None), buy(2, "A", "5", "3"), quote("A", "4", None), sell(3, "A", "2", "4")]
    {
        both.send(&event);
    }
    assert_eq!(
        both.agree()[1].map(|pnl| pnl.amount),
        "35".parse().ok(),
        "of {id}: 6 realised, 29 of the 13 that are left"
    );
}

#[test]
fn pnl_is_partial_while_something_that_is_held_has_no_price() {
    let mut both = Both::new();
    let mut is_partial = |event: &Event| {
        both.send(event);
        both.agree()[1].map(|pnl| pnl.is_partial)
    };
    assert_eq!(is_partial(&buy(1, "A", "10", "1")), None, "nothing has a price");
    assert_eq!(is_partial(&quote("A", "2", None)), Some(false));
    assert_eq!(is_partial(&buy(2, "B", "10", "1")), Some(true));
    assert_eq!(is_partial(&sell(3, "B", "4", "2")), Some(true));
    assert_eq!(is_partial(&sell(4, "B", "6", "2")), Some(false), "it is not held any more");
    assert_eq!(is_partial(&buy(5, "B", "1", "1")), Some(true));
    assert_eq!(is_partial(&quote("B", "1", None)), Some(false));
}
