//! Every message of the socket, to the byte (AT).

mod support;

use hub_core::event::trading::{CreateSession, TradingCommand};
use hub_core::{Offset, Timestamp};
use hub_fanout::{Cadence, Occasion};
use support::{Fixture, close, command, compose, document, open, quote, stop};

/// Session 6, with its trades 9 and 10, as documented.
fn documented() -> Fixture {
    let mut hub = Fixture::new();
    for _ in 0..6 {
        hub.create("50000");
    }
    for trade in 1..=8 {
        hub.send(open(1, "BUY NIFTY 1 @1"));
        hub.send(close(trade, Some("1")));
    }
    hub.price("BANKNIFTY", "195.25");
    hub
}

#[test]
fn a_trade_opens_and_closes_at_its_target() {
    let mut hub = documented();
    hub.send(open(6, "BUY NIFTY 50 @100 target 124.9"));
    assert_eq!(hub.told, [(6, concat!(
        r#"{"type":"trade_opened","data":{"tradeId":9,"sessionId":6,"symbol":"NIFTY","status":"OPEN","#,
        r#""timestamp":"2026-02-12T13:30:45.123Z","quantity":50,"side":"BUY","entryPrice":100,"price":100}}"#
    ).to_owned())]);
    hub.pass(2_675_333);
    assert!(hub.told.is_empty());
    hub.price("NIFTY", "124.915");
    assert_eq!(hub.told, [(6, concat!(
        r#"{"type":"trade_closed","data":{"tradeId":9,"sessionId":6,"symbol":"NIFTY","status":"CLOSED","#,
        r#""pnl":1245.75,"exitReason":"TARGET","timestamp":"2026-02-12T14:15:20.456Z","#,
        r#""quantity":50,"side":"BUY","entryPrice":100,"price":124.915}}"#
    ).to_owned())]);
}

#[test]
fn a_session_with_one_win_and_one_open_trade() {
    let mut hub = documented();
    hub.send(open(6, "BUY NIFTY 50 @100 target 124.9"));
    hub.price("NIFTY", "124.915");
    hub.send(open(6, "BUY BANKNIFTY 50"));
    hub.pass(2_675_333);
    hub.price("BANKNIFTY", "196.30");
    assert_eq!(
        hub.numbers(6),
        [
            concat!(
                r#"{"type":"session_update","data":{"sessionId":6,"currentCapital":51245.75,"totalPnL":1245.75,"#,
                r#""todayPnL":1245.75,"totalTrades":2,"winRate":100,"status":"ACTIVE","#,
                r#""timestamp":"2026-02-12T14:15:20.456Z","winningTrades":1,"losingTrades":0}}"#
            ),
            concat!(
                r#"{"type":"pnl_update","data":{"sessionId":6,"tradeId":10,"symbol":"BANKNIFTY","#,
                r#""currentPrice":196.3,"entryPrice":195.25,"unrealizedPnL":52.5,"pnlPercent":0.54,"#,
                r#""timestamp":"2026-02-12T14:15:20.456Z"}}"#
            ),
        ]
    );
}

#[test]
fn a_session_that_was_stopped() {
    let mut hub = documented();
    hub.send(open(6, "SELL BANKNIFTY 2 @200"));
    hub.send(stop(6));
    assert_eq!(
        hub.messages(),
        [concat!(
            r#"{"type":"trade_closed","data":{"tradeId":9,"sessionId":6,"symbol":"BANKNIFTY","status":"CLOSED","#,
            r#""pnl":9.5,"exitReason":"MANUAL","timestamp":"2026-02-12T13:30:45.123Z","#,
            r#""quantity":2,"side":"SELL","entryPrice":200,"price":195.25}}"#
        )]
    );
    assert_eq!(
        hub.numbers(6),
        [concat!(
            r#"{"type":"session_update","data":{"sessionId":6,"currentCapital":50009.5,"totalPnL":9.5,"#,
            r#""todayPnL":9.5,"totalTrades":1,"winRate":100,"status":"STOPPED","#,
            r#""timestamp":"2026-02-12T13:30:45.123Z","winningTrades":1,"losingTrades":0}}"#
        )]
    );
}

#[test]
fn a_price_goes_out_when_it_changed() {
    let mut hub = Fixture::new();
    hub.price("NIFTY", "22150.50");
    let json = r#"{"symbols":["NIFTY","UNKNOWN"],"priceInterval":250}"#;
    let document = document(hub.socket().command("subscribe_prices", json).unwrap()).unwrap();
    assert_eq!(document.cadence(), Cadence { on_change_ms: Some(250), period_ms: None });
    let nifty = r#"{"type":"price_update","data":{"symbol":"NIFTY","price":22150.5,"timestamp":"2026-02-12T13:30:45.123Z"}}"#;
    assert_eq!(compose(&*document, Occasion::Opened, hub.now()), [nifty]);
    let upto = document.compose(Occasion::Opened, hub.now()).upto;
    assert_eq!(upto, Offset(1));
    // Confirmed, not changed.
    hub.pass(1000);
    hub.price("NIFTY", "22150.5");
    assert!(compose(&*document, Occasion::Changed { after: upto }, hub.now()).is_empty());
    let quoted = Timestamp::from_millis(hub.millis + 7).unwrap();
    hub.millis += 1000;
    hub.send(quote("NIFTY", "22151", Some(quoted)));
    assert_eq!(
        compose(&*document, Occasion::Changed { after: upto }, hub.now()),
        [
            r#"{"type":"price_update","data":{"symbol":"NIFTY","price":22151,"timestamp":"2026-02-12T13:30:46.130Z"}}"#
        ],
        "when it was quoted"
    );
    assert_eq!(document.compose(Occasion::Changed { after: upto }, hub.now()).upto, Offset(hub.offset));
}

#[test]
fn a_price_that_is_old_says_so_and_what_is_worked_out_with_it() {
    let mut hub = Fixture::new();
    hub.create("1000");
    hub.price("NIFTY", "100");
    hub.send(open(1, "BUY NIFTY 1"));
    let json = r#"{"symbols":["NIFTY"],"priceInterval":250}"#;
    let document = document(hub.socket().command("subscribe_prices", json).unwrap()).unwrap();
    hub.pass(59_999);
    let upto = document.compose(Occasion::Opened, hub.now()).upto;
    assert!(!hub.numbers(1)[1].contains("stale"));
    hub.pass(1);
    hub.settle();
    let stale = r#","stale":true,"asOf":"2026-02-12T13:30:45.123Z"}}"#;
    let old = r#"{"type":"price_update","data":{"symbol":"NIFTY","price":100,"timestamp":"2026-02-12T13:30:45.123Z""#;
    assert_eq!(compose(&*document, Occasion::Changed { after: upto }, hub.now()), [format!("{old}{stale}")]);
    assert!(hub.numbers(1)[1].ends_with(stale), "{:?}", hub.numbers(1));
    let upto = document.compose(Occasion::Opened, hub.now()).upto;
    hub.pass(100_000);
    hub.settle();
    assert!(compose(&*document, Occasion::Changed { after: upto }, hub.now()).is_empty(), "said once");
    hub.price("NIFTY", "100");
    hub.settle();
    let fresh = compose(&*document, Occasion::Changed { after: upto }, hub.now());
    assert!(fresh.len() == 1 && !fresh[0].contains("stale"), "{fresh:?}");
    assert!(!hub.numbers(1)[1].contains("stale"));
}

#[test]
fn a_symbol_is_escaped_and_a_trade_without_a_price_is_silent() {
    let mut hub = Fixture::new();
    let name = Some("A \"name\"".to_owned());
    let initial_capital = "10".parse().unwrap();
    hub.send(command(TradingCommand::CreateSession(CreateSession { name, initial_capital })));
    hub.send(open(1, "BUY \"\\ 1 @1"));
    let message: serde_json::Value = serde_json::from_str(hub.messages()[0]).unwrap();
    assert_eq!(message["data"]["symbol"], "\"\\");
    assert_eq!(hub.numbers(1).len(), 1, "no price, no P&L");
    let document = hub.session_document(1).unwrap();
    assert_eq!(document.cadence(), Cadence { on_change_ms: None, period_ms: Some(2000) });
}
