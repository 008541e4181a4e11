//! Whatever happens, the projection says what plain arithmetic says.

mod support;

use std::collections::BTreeSet;

use hub_core::event::trading::SessionId;
use hub_core::{Offset, Outcome, Price, Record, Timestamp};
use hub_fanout::Occasion;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use support::model::Model;
use support::model::numbers::as_of;
use support::script::{SYMBOLS, history};
use support::{Fixture, compose, document};

proptest! {
    #[test]
    fn same_outcomes_same_events_same_numbers(records in history(250)) {
        let mut hub = Fixture::new();
        let mut model = Model::default();
        for record in &records {
            let outcome = hub.apply(record);
            let field = match &outcome {
                Outcome::Rejected(rejection) => rejection.field.as_deref(),
                _ => None,
            };
            let verdict = model.apply(record);
            prop_assert_eq!((outcome.status(), field), verdict, "{:?}: {:?}", record, outcome);
            prop_assert_eq!(&hub.told, &model.told, "{:?}", record);
            if record.offset.0.is_multiple_of(5) {
                compare(&mut hub, &model);
            }
        }
        compare(&mut hub, &model);
    }

    #[test]
    fn a_price_is_sent_when_it_changed_and_only_then(records in history(100), questions in prop::collection::vec(0..110_u64, 20)) {
        let mut hub = Fixture::new();
        let mut model = Model::default();
        for record in &records {
            hub.apply(record);
            model.apply(record);
        }
        hub.settle();
        let json = format!(r#"{{"symbols":{SYMBOLS:?}}}"#);
        let document = document(hub.socket().command("subscribe_prices", &json).unwrap()).unwrap();
        for after in questions {
            let changed = compose(&*document, Occasion::Changed { after: Offset(after) }, hub.now());
            prop_assert_eq!(changed, prices(&model, after), "after {}", after);
        }
        prop_assert_eq!(compose(&*document, Occasion::Opened, hub.now()), prices(&model, 0));
    }
}

fn prices(model: &Model, after: u64) -> Vec<String> {
    let changed = model.shown.iter().filter(|(_, (.., version))| *version > after);
    let message = |(symbol, (price, stale, _)): (&hub_core::Symbol, &(i64, Option<i64>, u64))| {
        let (price, tail) = (Price::from_units(*price), as_of(*stale));
        let time = Timestamp::from_millis(model.prices[symbol].1).unwrap();
        format!(
            r#"{{"type":"price_update","data":{{"symbol":"{symbol}","price":{price},"timestamp":"{time}"{tail}}}}}"#
        )
    };
    changed.map(message).collect()
}

fn compare(hub: &mut Fixture, model: &Model) {
    hub.settle();
    for (place, session) in model.sessions.iter().enumerate() {
        let id = place as u64 + 1;
        let shown = hub.session_document(id).is_some();
        assert_eq!(shown, !session.forgotten, "session {id}");
        if shown {
            assert_eq!(hub.numbers(id), model.numbers(place, hub.now()));
            compare_trades(hub, model, place);
        }
    }
    assert!(hub.session_document(model.sessions.len() as u64 + 1).is_none());
}

fn compare_trades(hub: &Fixture, model: &Model, place: usize) {
    let state = hub.reads.settled();
    let trades = state.session(SessionId(place as u64 + 1)).unwrap().trades();
    let exit = |trade: &hub_autotrader::Trade| {
        trade.exit.map(|exit| (exit.price.units(), exit.pnl.units(), exit.reason.as_str(), exit.at.millis()))
    };
    let got: Vec<_> =
        trades.iter().map(|trade| (trade.id.0, trade.entry_price.units(), exit(trade))).collect();
    let of_session = (1..).zip(&model.trades).filter(|(_, trade)| trade.session == place && !trade.forgotten);
    let expected: Vec<_> = of_session
        .map(|(id, trade)| {
            let exit = trade.exit.as_ref().map(|exit| (exit.price, exit.pnl, exit.reason, exit.at));
            (id, trade.entry, exit)
        })
        .collect();
    assert_eq!(got, expected);
}

/// The random histories reach what they are meant to reach.
#[test]
fn the_histories_are_worth_their_while() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut verdicts, mut reasons, mut stuck, mut stale) = (BTreeSet::new(), vec![], 0, 0);
    for _ in 0..120 {
        let records: Vec<Record> = history(250).new_tree(&mut runner).unwrap().current();
        let mut model = Model::default();
        for record in &records {
            verdicts.insert(model.apply(record));
            stuck += model.stuck();
        }
        stale += model.shown.values().filter(|shown| shown.1.is_some()).count();
        reasons.extend(model.trades.iter().filter_map(|trade| trade.exit.as_ref()).map(|exit| exit.reason));
    }
    for field in
        ["sessionId", "tradeId", "entryPrice", "stopLoss", "target", "quantity", "price", "requestId"]
    {
        assert!(verdicts.contains(&("rejected", Some(field))), "{field}: {verdicts:?}");
    }
    for verdict in [("duplicate", None), ("stale", None), ("rejected", None), ("rejected", Some("timestamp"))]
    {
        assert!(verdicts.contains(&verdict), "{verdict:?}");
    }
    for reason in ["SL", "TARGET", "MANUAL"] {
        let count = reasons.iter().filter(|given| **given == reason).count();
        assert!(count >= 20, "{count} exits by {reason}");
    }
    assert!(stale >= 20, "{stale} prices are stale");
    assert!(stuck > 0, "no exit was ever prevented by an overflow");
}
