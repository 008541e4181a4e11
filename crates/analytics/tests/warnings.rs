//! Hints for senders: what they may have meant instead. They change nothing.

mod support;

use hub_core::event::{Event, SymbolInfo, Trade};
use hub_core::{Outcome, TradeId};
use proptest::prelude::*;

use support::{Fixture, quote, trade};

fn buy(id: u8, symbol: &str, quantity: &str) -> Event {
    trade(id, 1, symbol, quantity, Trade::Buy { price: "10".parse().unwrap() })
}

fn sell(id: u8, symbol: &str, quantity: &str) -> Event {
    trade(id, 1, symbol, quantity, Trade::Sell { price: "10".parse().unwrap(), lot_price: None })
}

#[test]
fn an_id_that_comes_again_with_other_content_is_a_duplicate_that_says_so() {
    let mut hub = Fixture::new();
    hub.send(buy(1, "AAPL", "5"));
    assert_eq!((hub.send(buy(1, "AAPL", "5.0")), hub.warnings().len()), (Outcome::Duplicate, 0));
    let Event::Transaction(mut named) = buy(1, "AAPL", "5") else { panic!("another kind") };
    named.trade_id = Some(TradeId::from_bytes([7; 16]));
    for other in [buy(1, "AAPL", "6"), sell(1, "AAPL", "5"), buy(1, "MSFT", "5"), Event::Transaction(named)] {
        assert_eq!(hub.send(other.clone()), Outcome::Duplicate, "{other:?}");
        assert_eq!(hub.warnings(), ["transactionId: was applied before, with other content"], "{other:?}");
    }
    // What was refused may come again with whatever content.
    assert!(matches!(hub.send(sell(2, "AAPL", "50")), Outcome::Rejected(_)));
    assert_eq!((hub.send(sell(2, "AAPL", "5")), hub.warnings().len()), (Outcome::Accepted, 0));
}

#[test]
fn a_symbol_that_differs_only_in_case_is_told_with_the_one_that_was_known_before() {
    let mut hub = Fixture::new();
    let told = ["symbol: aapl differs only in case from AAPL, which was known before"];
    hub.send(buy(1, "AAPL", "5"));
    assert!(hub.warnings().is_empty());
    assert!(matches!(hub.send(sell(2, "aapl", "5")), Outcome::Rejected(_)));
    assert_eq!(hub.warnings(), told, "it was meant to sell what is held");
    let sector = |symbol: &str| {
        Event::Symbol(SymbolInfo { symbol: symbol.parse().unwrap(), sector: "Technology".into() })
    };
    hub.send(sector("aapl"));
    assert_eq!(hub.warnings(), told);
    for _ in 0..2 {
        assert_eq!(hub.send(quote("aapl", "11", None)), Outcome::Accepted);
        assert_eq!(hub.warnings(), told);
    }
    for known in [quote("AAPL", "11", None), buy(3, "AAPL", "1"), sector("AAPL"), buy(4, "MSFT", "1")] {
        hub.send(known.clone());
        assert!(hub.warnings().is_empty(), "{known:?}");
    }
}

proptest! {
    /// Whatever is held and priced, each item is told the first symbol that it may have meant, and has its effect.
    #[test]
    fn each_item_is_told_of_the_symbol_that_was_first(
        items in prop::collection::vec((0..5_usize, 0..4_u8), 1..60),
    ) {
        const SYMBOLS: [&str; 5] = ["AAPL", "aapl", "Aapl", "MSFT", "mSFT"];
        let mut hub = Fixture::new();
        let mut known: Vec<&str> = Vec::new();
        for (n, (symbol, what)) in items.into_iter().enumerate() {
            let (symbol, id) = (SYMBOLS[symbol], u8::try_from(n).unwrap());
            let outcome = hub.send(match what {
                0 => quote(symbol, "3", None),
                1 => buy(id, symbol, "5"),
                2 => sell(id, symbol, "7"),
                _ => quote(symbol, "4", None),
            });
            let is_known = known.contains(&symbol);
            let first = known.iter().find(|other| other.eq_ignore_ascii_case(symbol));
            let told = first.filter(|first| **first != symbol).map(|first| {
                format!("symbol: {symbol} differs only in case from {first}, which was known before")
            });
            let seen: Vec<String> = hub.warnings().iter().map(ToString::to_string).collect();
            prop_assert_eq!(seen, told.into_iter().collect::<Vec<_>>());
            if !is_known && !matches!(outcome, Outcome::Rejected(_)) {
                known.push(symbol);
            }
        }
    }
}
