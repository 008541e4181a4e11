//! Members of an item: by which names they are read, and what becomes of those that nobody reads.

use std::collections::BTreeSet;

use hub_core::event::{Event, Provenance};
use hub_core::normalize::{self, BodyForm, Kind, Reading};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const ID: &str = "550e8400-e29b-41d4-a716-446655440000";

/// Items of each kind that have all its members between them; of a kind, the first has most.
fn samples() -> Vec<(Kind, Value)> {
    let time = 1_770_000_000_123_i64;
    vec![
        (
            Kind::Transactions,
            json!({"transactionId": ID, "portfolioId": ID, "symbol": "AAPL", "side": "SELL", "quantity": 10,
                "price": 15, "buyPrice": 10, "sellPrice": 15, "timestamp": time, "tradeId": ID}),
        ),
        (Kind::Prices, json!({"symbol": "AAPL", "price": 1.5, "timestamp": time})),
        (Kind::Portfolios, json!({"portfolioId": ID, "name": "Growth", "phoneNumber": "5", "address": "x"})),
        (Kind::Symbols, json!({"symbol": "AAPL", "sector": "Technology"})),
        (
            Kind::Risk,
            json!({"portfolioId": ID, "avgRateOfReturn": 0.1, "sharpeRatio": 1.5, "sortinoRatio": 2}),
        ),
        (Kind::Valuations, json!({"portfolioId": ID, "date": "2026-02-07", "portfolioValue": 125_000.5})),
        (
            Kind::Positions,
            json!({"portfolioId": ID, "symbol": "AAPL", "holdings": 10, "totalInvested": 1500.5,
                "realizedPnl": -3, "createdAt": time, "updatedAt": time}),
        ),
        (
            Kind::UnrealizedPnl,
            json!({"portfolioId": ID, "symbol": {"AAPL": 120.5}, "overallUnrealised_Pnl": 120.5,
                "unpriced": ["MSFT"], "stale": ["AAPL"], "asOf": time}),
        ),
        (
            Kind::TradeEvents,
            json!({"tradeId": ID, "serviceName": "capture", "eventType": "TRADE_RECEIVED",
                "eventStage": "RECEIVED", "eventStatus": "SUCCESS", "sourceQueue": "a", "targetQueue": "b",
                "topicName": "trades", "consumerGroup": "g", "partitionId": 3, "offsetValue": 42,
                "eventTime": time, "message": "hello"}),
        ),
        (
            Kind::QueueMetrics,
            json!({"serviceName": "capture", "topicName": "trades", "partitionId": 0, "producedOffset": 110,
                "consumedOffset": 100, "consumerGroup": "g", "snapshotTime": time}),
        ),
        (
            Kind::DlqEvents,
            json!({"tradeId": ID, "serviceName": "enricher", "topicName": "trades.dlq",
                "originalTopic": "trades", "reason": "no", "eventStage": "ENRICHED", "eventTime": time}),
        ),
        (
            Kind::ErrorEvents,
            json!({"tradeId": ID, "serviceName": "enricher", "errorType": "TIMEOUT", "errorMessage": "late",
                "eventStage": "ENRICHED", "eventTime": time}),
        ),
        (
            Kind::InvalidTrades,
            json!({"portfolioId": ID, "tradeId": ID, "symbol": "AAPL", "side": "BUY", "pricePerStock": -1.5,
                "quantity": 0, "timestamp": time, "validationErrors": "price"}),
        ),
        (
            Kind::Transactions,
            json!({"transactionId": ID, "portfolioId": ID, "symbol": "AAPL", "side": "SELL", "quantity": 10,
                "price": 15, "lotPrice": 0}),
        ),
    ]
}

fn read(kind: Kind, json: &str) -> Reading {
    let events = normalize::events(kind, json.as_bytes(), BodyForm::Json, 1, &Provenance::default());
    events.expect("JSON").remove(0)
}

/// Members as JSON, in this order and with repetitions.
fn object(members: &[(String, Value)]) -> String {
    let members: Vec<String> =
        members.iter().map(|(name, value)| format!("{}:{value}", Value::from(&**name))).collect();
    format!("{{{}}}", members.join(","))
}

fn members(item: &Value) -> Vec<(String, Value)> {
    item.as_object().unwrap().clone().into_iter().collect()
}

/// The same with one member more.
fn with(item: &Value, name: &str, value: impl Into<Value>) -> String {
    let mut members = members(item);
    members.push((name.to_owned(), value.into()));
    object(&members)
}

fn sample(kind: Kind) -> Value {
    samples().into_iter().find(|(of, _)| *of == kind).unwrap().1
}

fn fault(reading: &Reading) -> (Option<&str>, &str) {
    match &reading.event {
        Event::Rejected(input) => (input.rejection.field.as_deref(), &input.rejection.reason),
        other => panic!("accepted: {other:?}"),
    }
}

#[test]
fn the_samples_are_read_whole() {
    for (kind, item) in samples() {
        let reading = read(kind, &item.to_string());
        assert!(!matches!(reading.event, Event::Rejected(_)), "{reading:?}");
        assert_eq!(reading, reading.event.clone().into(), "{kind:?}");
    }
}

#[test]
fn the_samples_have_every_member_and_each_says_something() {
    // Of a sale they are one.
    let prices = ["price", "sellPrice"];
    for kind in Kind::ALL {
        let names: BTreeSet<_> = normalize::names(kind).map(|(name, _)| name.to_owned()).collect();
        let items = samples().into_iter().filter(|(of, _)| *of == kind);
        let given: BTreeSet<_> = items.flat_map(|(_, item)| members(&item)).map(|(name, _)| name).collect();
        assert_eq!(given, names, "{kind:?}");
    }
    for (kind, item) in samples() {
        let whole = read(kind, &item.to_string());
        for (name, _) in members(&item) {
            let one = |other: &str| prices.contains(&&*name) && prices.contains(&other);
            let stays = |other: &str| other != name && !one(other);
            let others: Vec<_> = members(&item).into_iter().filter(|(other, _)| stays(other)).collect();
            assert_ne!(read(kind, &object(&others)).event, whole.event, "{kind:?}: {name} goes nowhere");
        }
    }
}

#[test]
fn usual_names_are_read() {
    for (kind, name, others) in [
        (Kind::Transactions, "symbol", &["ticker", "Symbol"][..]),
        (Kind::Transactions, "quantity", &["qty", "QTY", "Quantity"]),
        (Kind::Transactions, "buyPrice", &["lotPrice", "lot_price", "buy-price", "BUY_PRICE"]),
        (Kind::Transactions, "price", &["pricePerStock", "price_per_stock"]),
        (Kind::Transactions, "transactionId", &["transaction_id", "transactionID"]),
        (Kind::Transactions, "portfolioId", &["portfolio_id", "PortfolioID"]),
        (Kind::Prices, "symbol", &["ticker"]),
        (Kind::Symbols, "sector", &["sectorName", "sector_name"]),
        (Kind::InvalidTrades, "quantity", &["qty"]),
        (Kind::InvalidTrades, "pricePerStock", &["price"]),
    ] {
        let item = sample(kind);
        for other in others {
            let renamed: Vec<_> = members(&item)
                .into_iter()
                .map(|(is, value)| if is == name { ((*other).to_owned(), value) } else { (is, value) })
                .collect();
            assert_eq!(read(kind, &object(&renamed)), read(kind, &item.to_string()), "{other} for {name}");
        }
    }
    let nested = json!({"id": {"portfolio_id": ID, "SYMBOL": "AAPL", "version": 3}, "transactionId": ID,
        "side": "BUY", "qty": 1, "price": 2});
    let reading = read(Kind::Transactions, &nested.to_string());
    assert!(matches!(&reading.event, Event::Transaction(it) if it.symbol.as_str() == "AAPL"), "{reading:?}");
    assert_eq!(reading.unread.names, ["id.version"]);
}

#[test]
fn what_nobody_reads_is_named() {
    let item = r#"{"symbol":"A","price":1,"fees":1.50,"account":null,"fees":2,"\u00fcber":{"a":[1]}}"#;
    let reading = read(Kind::Prices, item);
    assert!(matches!(reading.event, Event::Price(_)), "{reading:?}");
    assert_eq!(reading.unread.names, ["fees", "über"], "null says nothing");
    assert_eq!(reading.unread.json.as_deref(), Some(r#"{"fees":1.50,"fees":2,"über":{"a":[1]}}"#));
    let rejected = read(Kind::Prices, r#"{"symbol":"A","pirce":1}"#);
    assert_eq!((fault(&rejected).0, &*rejected.unread.names), (Some("price"), &["pirce".to_owned()][..]));
    let mut many: Map<String, Value> =
        (0..100).map(|n| (format!("{n}{}", "x".repeat(100)), n.into())).collect();
    many.insert("symbol".into(), "A".into());
    many.insert("price".into(), 1.into());
    let names = read(Kind::Prices, &Value::Object(many).to_string()).unread.names;
    assert_eq!((names.len(), names.iter().map(String::len).max()), (32, Some(64)));
}

#[test]
fn two_names_of_one_field_may_agree() {
    let transaction = sample(Kind::Transactions);
    for (name, value) in [
        ("qty", json!("10.0")),
        ("QUANTITY", json!(10)),
        ("quantity", json!(1e1)),
        ("lotPrice", json!("10.00")),
        ("transaction_id", json!(ID.to_uppercase())),
        ("Timestamp", json!("2026-02-02T02:40:00.123Z")),
        ("id", json!({"symbol": "AAPL"})),
        ("trade_id", json!("")),
        ("ticker", Value::Null),
    ] {
        let reading = read(Kind::Transactions, &with(&transaction, name, value));
        assert_eq!(reading, read(Kind::Transactions, &transaction.to_string()), "{name}");
    }
}

#[test]
fn two_values_of_one_field_are_refused_by_name() {
    let transaction = sample(Kind::Transactions);
    for (name, value, field) in [
        ("qty", json!(100), "quantity"),
        ("quantity", json!(11), "quantity"),
        ("lotPrice", json!(10.000_001), "buyPrice"),
        ("ticker", json!("aapl"), "symbol"),
        ("id", json!({"symbol": "MSFT"}), "symbol"),
        ("SIDE", json!("BUY"), "side"),
        ("time_stamp", json!(1_770_000_000_124_i64), "timestamp"),
    ] {
        let reading = read(Kind::Transactions, &with(&transaction, name, value));
        let (at_fault, reason) = fault(&reading);
        assert_eq!(at_fault, Some(field), "{name}");
        assert!(reason.ends_with("with different values"), "{reason}");
    }
    let prices = r#"{"symbol":"0700","ticker":"700","price":1}"#;
    assert_eq!(fault(&read(Kind::Prices, prices)).0, Some("symbol"), "not one number, but two symbols");
    let reading = read(Kind::Transactions, &with(&transaction, "qty", 100));
    assert_eq!(fault(&reading).1, "is given twice, as quantity and qty, with different values");
}

#[test]
fn a_price_and_the_price_of_the_side_are_one() {
    let buy = |price: &str, own: &str| {
        let item = json!({"transactionId": ID, "portfolioId": ID, "symbol": "A", "side": "BUY", "quantity": 1,
            "price": price, "buyPrice": own});
        read(Kind::Transactions, &item.to_string())
    };
    assert_eq!(fault(&buy("10", "12")), (Some("price"), "is 10, but buyPrice is 12"));
    for (price, own) in [("12.0", "12"), ("0", "12"), ("12", "0")] {
        assert_eq!(buy(price, own), buy("12", "12"), "{price} {own}");
    }
    let sale = with(&sample(Kind::Transactions), "sellPrice", 15);
    assert_eq!(
        fault(&read(Kind::Transactions, &sale.replace("\"price\":15", "\"price\":16"))).0,
        Some("price")
    );
}

#[test]
fn of_evidence_the_first_value_counts() {
    let reading = read(Kind::InvalidTrades, &with(&sample(Kind::InvalidTrades), "qty", 7));
    assert!(matches!(&reading.event, Event::InvalidTrade(it) if it.quantity.as_deref() == Some("0")));
    assert_eq!(reading.unread.names, ["qty"]);
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".{0,20}".prop_map(Into::into),
        Just(json!({"symbol": "X", "price": [1]})),
    ]
}

proptest! {
    /// Members that no kind reads, wherever they stand, never change the effect, and each is named.
    #[test]
    fn unknown_members_change_nothing(
        sample in prop::sample::select(samples()),
        unknown in prop::collection::vec(("x-[a-zA-Z0-9ü_.-]{0,12}", value(), any::<prop::sample::Index>()), 0..8),
    ) {
        let (kind, item) = sample;
        let plain = read(kind, &item.to_string());
        let mut members = members(&item);
        for (name, value, place) in &unknown {
            members.insert(place.index(members.len() + 1), (name.clone(), value.clone()));
        }
        let reading = read(kind, &object(&members));
        prop_assert_eq!(&reading.event, &plain.event);
        let said = unknown.iter().filter(|(_, value, _)| !value.is_null());
        let mut names: Vec<String> = said.map(|(name, ..)| name.clone()).collect();
        let mut told = reading.unread.names;
        names.sort();
        names.dedup();
        told.sort();
        prop_assert_eq!(told, names);
        let kept: Map<String, Value> =
            reading.unread.json.map_or_else(Map::new, |json| serde_json::from_str(&json).unwrap());
        prop_assert!(kept.keys().all(|name| unknown.iter().any(|(given, ..)| given == name)));
    }

    /// Numbers are compared by value, however they are written.
    #[test]
    fn equal_numbers_never_contradict(units in 1..10_i64.pow(15), zeros in 0..9_usize, exponent in -4..5_i32) {
        let plain = format!("{}.{:06}", units / 1_000_000, units % 1_000_000);
        let scaled = format!("{units}{}e{}", "0".repeat(zeros), -6 - i64::try_from(zeros).unwrap());
        let shifted = format!("{units}e{exponent}");
        let item = |one: &str, other: &str| {
            format!(r#"{{"transactionId":"{ID}","portfolioId":"{ID}","symbol":"A","side":"BUY","price":1,"quantity":{one},"qty":"{other}"}}"#)
        };
        let reading = read(Kind::Transactions, &item(&plain, &scaled));
        prop_assert!(matches!(reading.event, Event::Transaction(_)), "{} {}: {:?}", plain, scaled, reading);
        let reading = read(Kind::Transactions, &item(&plain, &shifted));
        prop_assert_eq!(fault(&reading).0, Some("quantity"), "{} {}", plain, shifted);
    }
}
