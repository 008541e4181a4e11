//! The rules of trading, one by one.

mod support;

use hub_core::event::Side;
use hub_core::event::trading::{OpenTrade, SessionId, TradingCommand};
use hub_core::settings::AutotraderSettings;
use hub_core::{Event, Outcome, Price, Quantity, Settings, Timestamp};
use support::{Fixture, close, command, create, fault, keyed, open, quote, stop};

/// One session with 1000, NIFTY at 100.
fn hub() -> Fixture {
    let mut hub = Fixture::new();
    hub.create("1000");
    hub.price("NIFTY", "100");
    hub
}

/// A field of the session's numbers.
fn number(hub: &Fixture, name: &str) -> String {
    let update: serde_json::Value = serde_json::from_str(&hub.numbers(1)[0]).unwrap();
    update["data"][name].to_string()
}

/// Reason and price of the exits that the last record told.
fn exits(hub: &Fixture) -> Vec<(u64, String, f64)> {
    let exit = |message: &&str| {
        let message: serde_json::Value = serde_json::from_str(message).unwrap();
        let data = &message["data"];
        let reason = data["exitReason"].as_str()?.to_owned();
        Some((data["tradeId"].as_u64()?, reason, data["price"].as_f64()?))
    };
    hub.messages().iter().filter_map(exit).collect()
}

#[test]
fn capital_in_open_trades_is_not_available_for_new_ones() {
    let mut hub = hub();
    assert_eq!(hub.send(open(1, "BUY NIFTY 6")), Outcome::Accepted);
    let refused = hub.send(open(1, "SELL NIFTY 4.000001"));
    assert_eq!(fault(&refused), "quantity");
    assert!(hub.told.is_empty(), "nothing was opened");
    assert_eq!(hub.send(open(1, "SELL NIFTY 4")), Outcome::Accepted, "to the last cent");
    assert_eq!(number(&hub, "totalTrades"), "2");
    hub.send(close(1, Some("90")));
    assert_eq!(number(&hub, "currentCapital"), "940", "what is lost is gone");
    assert_eq!(fault(&hub.send(open(1, "BUY NIFTY 5.5"))), "quantity");
    assert_eq!(hub.send(open(1, "BUY NIFTY 5.4")), Outcome::Accepted);
}

#[test]
fn the_entry_is_the_request_s_price_or_else_the_last() {
    let mut hub = hub();
    hub.send(open(1, "BUY NIFTY 1 @101"));
    hub.send(open(1, "BUY NIFTY 1"));
    let trades = hub.reads.settled().session(SessionId(1)).unwrap().trades();
    assert_eq!(trades.iter().map(|trade| trade.entry_price.to_string()).collect::<Vec<_>>(), ["101", "100"]);
    assert_eq!(fault(&hub.send(open(1, "BUY OTHER 1"))), "entryPrice");
    hub.send(open(1, "BUY OTHER 1 @1"));
    assert_eq!(fault(&hub.send(close(3, None))), "price");
    assert_eq!(hub.send(close(3, Some("2"))), Outcome::Accepted);
}

#[test]
fn levels_end_trades_at_the_price_that_crossed_them() {
    for (side, sl, target, price, reason) in [
        ("BUY", "95", "110", "95", "SL"),
        ("BUY", "95", "110", "94.5", "SL"),
        ("BUY", "95", "110", "110", "TARGET"),
        ("BUY", "95", "110", "200", "TARGET"),
        ("SELL", "105", "90", "105", "SL"),
        ("SELL", "105", "90", "106", "SL"),
        ("SELL", "105", "90", "90", "TARGET"),
        ("SELL", "105", "90", "1", "TARGET"),
    ] {
        let mut hub = hub();
        hub.send(open(1, &format!("{side} NIFTY 1 sl {sl} target {target}")));
        hub.price("NIFTY", "95.01");
        hub.price("NIFTY", "104.99");
        hub.price("OTHER", price);
        assert!(exits(&hub).is_empty());
        hub.price("NIFTY", price);
        assert_eq!(exits(&hub), [(1, reason.to_owned(), price.parse().unwrap())], "{side} at {price}");
        hub.price("NIFTY", price);
        assert!(exits(&hub).is_empty(), "once");
    }
}

#[test]
fn one_price_ends_trades_in_the_order_of_their_ids() {
    let mut hub = hub();
    hub.create("1000");
    hub.send(open(1, "SELL NIFTY 1 target 90"));
    hub.send(open(2, "BUY NIFTY 1 sl 91"));
    hub.send(open(1, "BUY NIFTY 1 sl 99"));
    hub.send(open(1, "BUY NIFTY 1 sl 80"));
    hub.price("NIFTY", "90");
    let ids: Vec<u64> = exits(&hub).iter().map(|exit| exit.0).collect();
    assert_eq!(ids, [1, 2, 3]);
    assert_eq!(hub.told.iter().map(|told| told.0).collect::<Vec<_>>(), [1, 2, 1], "each in its session");
}

#[test]
fn a_stale_price_triggers_nothing_and_a_confirmed_one_does() {
    let mut hub = hub();
    hub.send(open(1, "BUY NIFTY 1 @102 sl 101"));
    assert!(exits(&hub).is_empty(), "the price held at the opening triggers nothing");
    let stale = Timestamp::from_millis(hub.millis - 1).unwrap();
    assert_eq!(hub.send(quote("NIFTY", "50", Some(stale))), Outcome::Stale);
    assert!(exits(&hub).is_empty());
    let ahead = Timestamp::from_millis(hub.millis + 300_001).unwrap();
    assert_eq!(fault(&hub.send(quote("NIFTY", "50", Some(ahead)))), "timestamp");
    assert_eq!(hub.price("NIFTY", "100"), Outcome::Accepted);
    assert_eq!(exits(&hub), [(1, "SL".to_owned(), 100.0)]);
}

#[test]
fn a_price_ahead_of_the_hub_s_time_shuts_out_no_right_one() {
    let mut hub = hub();
    hub.send(open(1, "BUY NIFTY 1 @102 sl 90"));
    let ahead = Timestamp::from_millis(hub.millis + 240_000);
    assert_eq!(hub.send(quote("NIFTY", "101", ahead)), Outcome::Accepted);
    assert!(exits(&hub).is_empty());
    let now = Timestamp::from_millis(hub.millis);
    assert_eq!(hub.send(quote("NIFTY", "89", now)), Outcome::Accepted);
    assert_eq!(exits(&hub).len(), 1, "its stop loss is seen");
}

#[test]
fn levels_lie_on_either_side_of_the_entry() {
    let mut hub = hub();
    for (trade, field) in [
        ("BUY NIFTY 1 sl 100", "stopLoss"),
        ("BUY NIFTY 1 target 100", "target"),
        ("SELL NIFTY 1 sl 100", "stopLoss"),
        ("SELL NIFTY 1 target 101", "target"),
    ] {
        assert_eq!(fault(&hub.send(open(1, trade))), field, "{trade}");
    }
}

#[test]
fn win_rate_counts_closed_trades_and_a_draw_is_neither() {
    let mut hub = hub();
    assert_eq!(number(&hub, "winRate"), "0");
    for (trade, price) in (1..).zip(["101", "99", "100"]) {
        hub.send(open(1, "BUY NIFTY 1"));
        hub.send(close(trade, Some(price)));
    }
    assert_eq!((number(&hub, "winningTrades"), number(&hub, "losingTrades")), ("1".into(), "1".into()));
    assert_eq!(number(&hub, "winRate"), "33.33");
}

#[test]
fn today_ends_at_utc_midnight_whoever_ticks() {
    let mut hub = hub();
    hub.send(open(1, "BUY NIFTY 1"));
    hub.send(close(1, Some("101")));
    assert_eq!(number(&hub, "todayPnL"), "1");
    hub.pass(86_400_000 - hub.millis % 86_400_000 - 1);
    assert_eq!(number(&hub, "todayPnL"), "1");
    hub.pass(1);
    assert_eq!((number(&hub, "todayPnL"), number(&hub, "totalPnL")), ("0".into(), "1".into()));
}

#[test]
fn a_stop_closes_all_or_nothing() {
    let mut hub = hub();
    hub.send(open(1, "BUY NIFTY 1 sl 90"));
    hub.send(open(1, "BUY OTHER 1 @5"));
    let refused = fault(&hub.send(stop(1)));
    assert!(refused.contains("OTHER") && refused.contains("trade 2"), "{refused}");
    assert_eq!(hub.numbers(1).len(), 2, "nothing was closed");
    hub.price("OTHER", "7");
    assert_eq!(hub.send(stop(1)), Outcome::Accepted);
    assert_eq!(exits(&hub), [(1, "MANUAL".into(), 100.0), (2, "MANUAL".into(), 7.0)]);
    hub.price("NIFTY", "1");
    assert!(exits(&hub).is_empty());
    assert_eq!(fault(&hub.send(stop(1))), "session 1 is STOPPED");
    assert_eq!(fault(&hub.send(open(1, "BUY NIFTY 1"))), "session 1 is STOPPED");
    assert_eq!(fault(&hub.send(close(1, None))), "trade 1 is CLOSED");
}

#[test]
fn what_there_is_not_is_named() {
    let mut hub = hub();
    for (event, field) in [
        (open(2, "BUY NIFTY 1"), "sessionId"),
        (open(0, "BUY NIFTY 1"), "sessionId"),
        (stop(u64::MAX), "sessionId"),
        (close(1, None), "tradeId"),
        (close(0, None), "tradeId"),
    ] {
        assert_eq!(fault(&hub.send(event)), field);
    }
}

#[test]
fn a_log_written_by_something_else_breaks_no_rule() {
    let mut hub = hub();
    let trade = |quantity, entry, level| {
        command(TradingCommand::OpenTrade(OpenTrade {
            session_id: SessionId(1),
            symbol: "NIFTY".parse().unwrap(),
            side: Side::Buy,
            quantity: Quantity::from_units(quantity),
            entry_price: Some(Price::from_units(entry)),
            stop_loss: None,
            target: Some(Price::from_units(level)),
        }))
    };
    assert_eq!(fault(&hub.send(trade(-1, 1, 2))), "quantity");
    assert_eq!(fault(&hub.send(trade(1, 0, 2))), "entryPrice");
    assert_eq!(fault(&hub.send(trade(1, 1, -2))), "target");
    assert_eq!(fault(&hub.send(create("0"))), "initialCapital");
    hub.send(open(1, "BUY NIFTY 1"));
    assert_eq!(fault(&hub.send(close(1, Some("-1")))), "price");
    assert_eq!(fault(&hub.send(quote("NIFTY", "0", None))), "price");
}

#[test]
fn a_million_million_with_eight_places_is_traded_exactly() {
    let mut hub = Fixture::new();
    hub.create("1000000000000000000000");
    assert_eq!(hub.send(open(1, "BUY NIFTY 1000000000000.00000001 @100")), Outcome::Accepted);
    assert_eq!(hub.send(close(1, Some("100.00000001"))), Outcome::Accepted);
    let shown =
        r#""currentCapital":1000000000000000010000.0000000000000001,"totalPnL":10000.0000000000000001,"#;
    assert!(hub.numbers(1)[0].contains(shown), "{:?}", hub.numbers(1));
}

#[test]
fn what_can_not_be_represented_is_refused_by_field_and_changes_nothing() {
    let mut hub = Fixture::new();
    hub.create("17000000000000000000000");
    let refused = hub.send(open(1, "BUY NIFTY 1000000000000000 @92233720368"));
    assert!(
        matches!(&refused, Outcome::Rejected(it) if it.field.as_deref() == Some("quantity")),
        "{refused:?}"
    );
    // What it would earn is too much for money; what it would make of the capital is.
    for (quantity, id) in [("1000000000000000", 1), ("1000000000000", 2)] {
        assert_eq!(hub.send(open(1, &format!("BUY NIFTY {quantity} @1"))), Outcome::Accepted);
        let refused = hub.send(close(id, Some("9223372036")));
        assert!(
            matches!(&refused, Outcome::Rejected(it) if it.field.as_deref() == Some("price")),
            "{refused:?}"
        );
    }
    hub.send(quote("NIFTY", "9223372036", None));
    let refused = hub.send(stop(1));
    assert!(matches!(&refused, Outcome::Rejected(it) if it.field.is_none()), "{refused:?}");
    assert_eq!((number(&hub, "totalPnL"), number(&hub, "totalTrades")), ("0".into(), "2".into()));
    assert_eq!(hub.send(close(1, Some("1"))), Outcome::Accepted, "it is still open");
}

#[test]
fn a_command_with_a_key_is_done_once_within_the_horizon() {
    let mut hub = hub();
    hub.send(Event::Settings(Settings { idempotency_horizon_ms: 1000, ..Settings::default() }));
    let refused = keyed(1, open(1, "BUY NIFTY 11"));
    assert_eq!(fault(&hub.send(refused.clone())), "quantity");
    assert_eq!(hub.send(keyed(1, open(1, "BUY NIFTY 1"))), Outcome::Accepted, "a refused one may come again");
    assert_eq!(hub.send(keyed(1, open(1, "BUY NIFTY 1"))), Outcome::Duplicate);
    assert!(hub.told.is_empty());
    assert_eq!(fault(&hub.send(keyed(1, open(1, "BUY NIFTY 2")))), "requestId");
    assert_eq!(number(&hub, "totalTrades"), "1");
    hub.pass(999);
    assert_eq!(hub.send(keyed(1, open(1, "BUY NIFTY 1"))), Outcome::Duplicate);
    hub.pass(1);
    assert_eq!(hub.send(keyed(1, open(1, "BUY NIFTY 1"))), Outcome::Accepted);
}

#[test]
fn what_is_kept_is_bounded() {
    let mut hub = Fixture::new();
    let settings = AutotraderSettings {
        active_sessions_max: 2,
        stopped_sessions_kept: 1,
        open_trades_max: 2,
        closed_trades_kept: 1,
    };
    hub.configure(settings);
    hub.create("10");
    hub.create("10");
    assert!(fault(&hub.create("10")).contains("2 sessions are active"));
    for _ in 0..2 {
        hub.send(open(1, "BUY NIFTY 1 @1"));
    }
    assert!(fault(&hub.send(open(1, "BUY NIFTY 1 @1"))).contains("2 trades"));
    hub.send(close(2, Some("1")));
    hub.send(close(1, Some("1")));
    let trades = |hub: &Fixture| -> Vec<u64> {
        let state = hub.reads.settled();
        state.session(SessionId(1)).unwrap().trades().iter().map(|trade| trade.id.0).collect()
    };
    assert_eq!(trades(&hub), [1], "the one closed last");
    assert_eq!(number(&hub, "totalTrades"), "2");
    assert_eq!(fault(&hub.send(close(2, None))), "trade 2 is CLOSED", "known to have been");
    hub.send(stop(1));
    hub.send(stop(2));
    assert!(hub.session_document(1).is_none() && hub.session_document(2).is_some());
    hub.configure(AutotraderSettings { stopped_sessions_kept: 0, ..settings });
    assert!(hub.session_document(2).is_none());
    assert_eq!(hub.create("10"), Outcome::Accepted);
    assert!(hub.session_document(3).is_some(), "ids are not given out again");
}
