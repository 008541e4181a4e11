//! The newest price by event time wins; nothing older is ever shown again.

mod support;

use hub_core::event::{PortfolioInfo, SymbolInfo};
use hub_core::{Event, Outcome, Timestamp};
use support::{Fixture, all_changed, field, keys, portfolio, quote};

#[test]
fn a_price_older_than_the_one_held_is_stale_and_changes_nothing() {
    let mut hub = Fixture::watched();
    hub.buy(1, "AAPL", "1", "10");
    let noon = hub.now();
    hub.millis += 10_000;
    assert_eq!(hub.send(quote("AAPL", "16", Some(noon.plus_millis(5)))), Outcome::Accepted);
    let mark = hub.mark();
    assert_eq!(hub.send(quote("AAPL", "99", Some(noon.plus_millis(4)))), Outcome::Stale);
    assert!(keys(&hub.publish()[1].changed).is_empty());
    assert_eq!(hub.mark(), mark);
}

#[test]
fn of_two_prices_at_one_time_the_later_record_wins() {
    let mut hub = Fixture::new();
    hub.buy(1, "AAPL", "1", "10");
    hub.price("AAPL", "16");
    assert_eq!(hub.price("AAPL", "17"), Outcome::Accepted);
    assert!(hub.mark().unwrap().contains(r#""AAPL":7"#));
}

#[test]
fn a_confirmed_price_is_newer_but_changes_no_mark() {
    let mut hub = Fixture::watched();
    hub.buy(1, "AAPL", "1", "10");
    let noon = hub.now();
    hub.millis += 1000;
    hub.send(quote("AAPL", "16", Some(noon)));
    let before = hub.publish()[1].view.element(0).unwrap().unwrap();

    assert_eq!(hub.send(quote("AAPL", "16", Some(noon.plus_millis(100)))), Outcome::Accepted);
    let [_, marks] = hub.publish();
    assert!(keys(&marks.changed).is_empty());
    assert_eq!(marks.view.element(0).unwrap().unwrap().as_ptr(), before.as_ptr(), "not even encoded again");
    assert_eq!(
        hub.send(quote("AAPL", "18", Some(noon.plus_millis(50)))),
        Outcome::Stale,
        "the time held advanced"
    );
}

#[test]
fn a_price_from_the_future_is_refused() {
    let mut hub = Fixture::new();
    let ahead = hub.now().plus_millis(300_001);
    assert_eq!(field(&hub.send(quote("AAPL", "16", Some(ahead)))), Some("timestamp"));
    assert_eq!(hub.price("AAPL", "15"), Outcome::Accepted, "it was not held");
}

#[test]
fn a_price_ahead_of_the_hub_s_time_shuts_out_no_right_one() {
    let mut hub = Fixture::watched();
    hub.buy(1, "AAPL", "1", "10");
    let ahead = hub.now().plus_millis(240_000);
    assert_eq!(hub.send(quote("AAPL", "16", Some(ahead))), Outcome::Accepted);
    hub.settle();
    assert_eq!(hub.reads.settled().quote(&"AAPL".parse().unwrap()).unwrap().time, hub.now(), "its record's");
    hub.millis += 1;
    for price in ["17", "18"] {
        let now = hub.now();
        assert_eq!(hub.send(quote("AAPL", price, Some(now))), Outcome::Accepted);
    }
    assert!(hub.mark().unwrap().contains(r#""AAPL":8"#));
    assert_eq!(hub.send(quote("AAPL", "19", Some(ahead))), Outcome::Accepted, "in the order of the log");
}

#[test]
fn a_wall_clock_that_was_set_back_shuts_out_no_right_price() {
    let mut hub = Fixture::new();
    hub.buy(1, "AAPL", "1", "10");
    // The log's time stands still until the clock is where it was; that of the senders goes on.
    let senders = hub.now();
    for (millis, price) in [(0, "16"), (60_000, "17"), (120_000, "18")] {
        assert_eq!(hub.send(quote("AAPL", price, Some(senders.plus_millis(millis)))), Outcome::Accepted);
        assert_eq!(hub.price("AAPL", price), Outcome::Accepted);
    }
    assert!(hub.mark().unwrap().contains(r#""AAPL":8"#));
}

#[test]
fn prices_of_one_millisecond_are_in_order() {
    let mut hub = Fixture::new();
    hub.buy(1, "AAPL", "1", "10");
    let micros = hub.now().micros();
    hub.millis += 1;
    for (after, price, outcome) in
        [(7, "16", Outcome::Accepted), (6, "99", Outcome::Stale), (8, "17", Outcome::Accepted)]
    {
        let time = Timestamp::from_micros(micros + after);
        assert_eq!(hub.send(quote("AAPL", price, time)), outcome, "{after}");
    }
    assert!(hub.mark().unwrap().contains(r#""AAPL":7"#));
}

#[test]
fn zero_is_no_price() {
    let mut hub = Fixture::new();
    assert_eq!(field(&hub.price("AAPL", "0")), Some("price"));
    hub.buy(1, "AAPL", "1", "10");
    assert_eq!(hub.mark(), None);
}

#[test]
fn a_price_that_nobody_holds_changes_no_mark() {
    for mut hub in [Fixture::watched(), Fixture::new()] {
        hub.buy(1, "AAPL", "1", "10");
        hub.price("AAPL", "16");
        hub.publish();
        let before = hub.offset;
        hub.price("MSFT", "400");
        assert!(all_changed(&*hub.publish()[1].view, before).is_empty());
    }
}

#[test]
fn a_symbol_without_a_price_is_listed_as_such() {
    let mut hub = Fixture::new();
    for (id, symbol) in [(1, "MSFT"), (2, "AAPL"), (3, "GOOG")] {
        hub.buy(id, symbol, "1", "10");
    }
    assert_eq!(hub.mark(), None, "wholly unpriced");
    hub.price("GOOG", "7");
    assert_eq!(
        hub.mark().unwrap(),
        r#"{"symbol":{"GOOG":-3},"overallUnrealised_Pnl":-3,"portfolio_id":"00000000-0000-0000-0000-000000000001","unpriced":["AAPL","MSFT"]}"#
    );
}

#[test]
fn rest_reads_prices_and_master_data_as_of_the_last_batch() {
    let mut hub = Fixture::new();
    let info = |name: &str| {
        Event::Portfolio(PortfolioInfo {
            portfolio_id: portfolio(1),
            name: name.into(),
            phone_number: None,
            address: None,
        })
    };
    let sector =
        |sector: &str| Event::Symbol(SymbolInfo { symbol: "AAPL".parse().unwrap(), sector: sector.into() });
    for event in [info("Growth"), info("Income"), sector("Tech"), sector("Technology")] {
        assert_eq!(hub.send(event), Outcome::Accepted);
    }
    hub.price("AAPL", "16");
    let early = hub.reads.settled();
    assert!(early.quotes().next().is_none() && early.applied().position.offset.0 == 0);
    hub.settle();
    let state = hub.reads.settled();
    assert_eq!(state.applied().position.offset.0, 5);
    assert_eq!(state.portfolio_info(portfolio(1)).unwrap().name, "Income");
    assert_eq!(state.symbol_info(&"AAPL".parse().unwrap()).unwrap().sector, "Technology");
    assert_eq!(state.quote(&"AAPL".parse().unwrap()).unwrap().price.to_string(), "16");
    assert!(early.quotes().next().is_none(), "a snapshot stays as it is");
}
