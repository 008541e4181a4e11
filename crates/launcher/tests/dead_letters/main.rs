//! A dead letter's payload, posted again where the dead letter says, does what the original would have done.

mod doors;
#[path = "../support/mod.rs"]
mod support;

use std::net::SocketAddr;

use doors::{DOORS, Door, auto_trader, command, newest_letter, payload, post_again};
use hub_testkit::http;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use support::{address, buy, hub, ingest, metric, problem, uuid};

fn refused_kinds() -> Vec<(&'static str, &'static str, &'static str)> {
    vec![
        ("transactions", r#"{"transactionId":"7","symbol":"\u00fc","note":"\\ 1e400 "}"#, "transactionId"),
        ("prices", r#"{"symbol":"ACME","price":"NaN","timestamp":1770460200000}"#, "price"),
        ("portfolios", r#"{"portfolioId":"mine","name":"\ud83d\ude00"}"#, "portfolioId"),
        ("symbols", r#"{"symbol":"ACME","sector":" "}"#, "sector"),
        (
            "risk",
            r#"{"portfolioId":"00000000-0000-4000-8000-000000000001","sharpeRatio":1}"#,
            "avgRateOfReturn",
        ),
        ("trade-events", r#"{"tradeId":"42"}"#, "tradeId"),
        ("queue-metrics", r#"{"serviceName":"capture"}"#, "topicName"),
        ("dlq-events", r#"{"serviceName":"capture","eventStage":"NOWHERE"}"#, "eventStage"),
        ("error-events", r#"{"serviceName":"capture","errorType":"SAD"}"#, "errorType"),
        ("invalid-trades", r#"{"validationErrors":"x"}"#, "tradeId"),
    ]
}

#[test]
fn what_the_door_refuses_is_refused_again_in_the_same_words() {
    let hub = hub(&[]);
    for door in DOORS {
        for (kind, item, field) in refused_kinds() {
            door.send(address(&hub), kind, "application/json", item.as_bytes());
            let letter = newest_letter(&hub);
            assert_eq!((&letter["raw"], &letter["rawForm"]), (&json!(item), &json!("sent")), "{door:?}");
            assert_eq!((&letter["kind"], &letter["field"]), (&json!(kind), &json!(field)), "{item}");
            assert_eq!(
                (&letter["door"], &letter["contentType"]),
                (&json!(door.name()), &json!("application/json"))
            );
            assert!(letter["sender"].as_str().unwrap().starts_with("127.0.0.1:"), "{letter}");
            assert_eq!(post_again(&hub, &letter).status, 422);
            assert_alike(&newest_letter(&hub), &letter);
        }
        // A line that is no JSON, and one that is no UTF-8.
        for line in
            [b"{\"symbol\":\"ACME\"".as_slice(), b"{\"symbol\":\"\xfc\"}", b"\xef\xbb\xbf\xff", b"[1,2]"]
        {
            if door == Door::SockJs && std::str::from_utf8(line).is_err() {
                continue; // It carries texts alone.
            }
            door.send(address(&hub), "prices", "application/x-ndjson", line);
            let letter = newest_letter(&hub);
            assert_eq!(post_again(&hub, &letter).status, 422);
            assert_alike(&newest_letter(&hub), &letter);
        }
    }
}

/// Bodies of no items: broken off, with one byte of Latin-1 among good items, nested too deep, two of them.
fn unreadable_bodies() -> Vec<Vec<u8>> {
    let good = r#"{"symbol":"ACME","price":"1.5"}"#;
    let many = format!("[{},{{\"symbol\":\"Z\u{fc}RICH\",\"price\":2}}]", vec![good; 100].join(","));
    let latin = many.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect();
    let large = format!("[\"{}\"", "x".repeat(900_000));
    vec![
        latin,
        b"\xef\xbb\xbf{\"symbol\":".to_vec(),
        "[".repeat(1_000).into(),
        format!("{good}\n{good}").into(),
        b"price=1".to_vec(),
        large.into(),
    ]
}

#[test]
fn a_body_that_can_not_be_read_is_one_dead_letter_that_is_refused_again_in_the_same_words() {
    let hub = hub(&[]);
    let mut count = 0;
    for door in DOORS {
        for body in unreadable_bodies() {
            let is_text = std::str::from_utf8(&body).is_ok();
            if door == Door::SockJs && !is_text {
                continue; // It carries texts alone.
            }
            let answer = door.send_unreadable(address(&hub), "prices", &body);
            let letter = newest_letter(&hub);
            let reason = letter["reason"].as_str().unwrap();
            assert!(reason.starts_with("the body is not JSON: "), "{reason}");
            assert!(answer.contains(reason), "{door:?} {reason}: {answer}");
            assert_eq!((&letter["kind"], &letter["field"]), (&json!("prices"), &Value::Null));
            assert_eq!((&letter["door"], &letter["rawForm"]), (&json!(door.name()), &json!("sent")));
            assert!(letter["sender"].as_str().unwrap().starts_with("127.0.0.1:"));
            assert_eq!(letter["rawEncoding"] == "base64", !is_text);
            assert!(payload(&letter) == body, "{door:?}: {reason}");
            assert_eq!(post_again(&hub, &letter).status, 400);
            assert_alike(&newest_letter(&hub), &letter);
            count += 2;
        }
    }
    assert_eq!(metric(address(&hub), r#"hub_ingest_total{kind="prices",status="rejected"}"#), count);
}

#[test]
fn a_body_that_is_no_command_is_a_dead_letter_that_is_posted_where_it_was() {
    let hub = hub(&[]);
    let at = auto_trader(&hub);
    let sessions = "/api/auto-trader/sessions";
    for (path, body, reason) in [
        (sessions, b"{\"name\":\"Z\xfcrich\"}".as_slice(), "the body is not JSON: "),
        (sessions, b"5", "the body must be one JSON object"),
        (sessions, b"\xef\xbb\xbf[{\"initialCapital\":1}]", "the body must be one JSON object"),
        ("/api/auto-trader/sessions/1/trades", b"{\"symbol\":", "the body is not JSON: "),
        ("/api/auto-trader/trades/1/close", b"null", "the body must be one JSON object"),
    ] {
        let answer = http::request(at, "POST", path, &[("Content-Type", "application/json")], body).unwrap();
        let (detail, letter) = (problem(&answer, 400), newest_letter(&hub));
        assert!(detail.starts_with(reason), "{detail}");
        assert_eq!((&letter["reason"], &letter["kind"]), (&json!(detail), &json!("auto-trader")));
        assert_eq!((&letter["postTo"]["path"], &letter["door"]), (&json!(path), &json!("http")));
        assert_eq!(payload(&letter), body);
        assert_eq!(post_again(&hub, &letter).status, 400);
        assert_alike(&newest_letter(&hub), &letter);
    }
    assert_eq!(metric(at, r#"hub_ingest_total{kind="auto-trader",status="rejected"}"#), 10);
}

#[track_caller]
fn assert_alike(one: &Value, other: &Value) {
    assert_ne!(one["id"], other["id"]);
    for name in ["kind", "reason", "field", "raw", "rawEncoding", "rawForm", "contentType", "postTo"] {
        assert_eq!(one[name], other[name], "{name}");
    }
}

#[test]
fn a_large_item_is_given_back_whole() {
    let hub = hub(&[]);
    let item = format!(r#"{{"symbol":"ACME","price":"{}"}}"#, "9".repeat(900_000));
    for door in DOORS {
        door.send(address(&hub), "prices", "application/json", item.as_bytes());
        assert!(newest_letter(&hub)["raw"] == item, "{door:?}");
    }
}

/// A SELL that can be met by lots of 4 at 10 and at 12, but not by the first alone: of the lot at 12 that it names, or
/// of more than 4. Numbers are numbers or texts.
fn sale(rng: &mut ChaCha8Rng, id: u64, portfolio: &str) -> Value {
    let mut decimal = |whole: std::ops::Range<u32>| {
        let digits = format!("{}.{:08}", rng.random_range(whole), rng.random_range(1..100_000_000_u32));
        if rng.random() { json!(digits) } else { serde_json::from_str(&digits).unwrap() }
    };
    let price = decimal(0..10_000);
    let (named, unnamed) = (decimal(0..4), decimal(4..8));
    let (quantity, lot) = if rng.random() { (named, json!("12.00")) } else { (unnamed, Value::Null) };
    json!({"transactionId": uuid(id), "portfolioId": portfolio, "symbol": "ACME", "side": "SELL",
           "quantity": quantity, "sellPrice": price, "buyPrice": lot, "timestamp": "2026-02-07T10:30:00.123456Z"})
}

fn lot_at(id: u64, portfolio: &str, price: u64) -> Value {
    let mut bought = buy(id, portfolio, "ACME", 4);
    bought["buyPrice"] = price.into();
    bought
}

/// What a portfolio holds, paid and earned.
fn position(addr: SocketAddr, portfolio: &str) -> Value {
    let answer = http::get(addr, "/api/analysis/all").unwrap().json().unwrap();
    let row = answer.as_array().unwrap().iter().find(|row| row["id"]["portfolioId"] == portfolio).unwrap();
    json!([row["holdings"], row["totalInvested"], row["realizedPnl"]])
}

#[test]
fn a_sale_that_a_rule_refused_has_its_effect_once_the_cause_is_gone() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut next = 100;
    let mut id = || {
        next += 1;
        next
    };
    for (seed, door) in (1..).zip(DOORS) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        for _ in 0..4 {
            let (refused, control) = (uuid(id()), uuid(id()));
            for portfolio in [&refused, &control] {
                ingest(addr, "transactions", &json!([lot_at(id(), portfolio, 10)]));
            }
            let sold = sale(&mut rng, id(), &refused);
            door.send(addr, "transactions", "application/json", sold.to_string().as_bytes());
            let letter = newest_letter(&hub);
            assert_eq!((&letter["kind"], &letter["rawForm"]), (&json!("transactions"), &json!("canonical")));
            assert_eq!(post_again(&hub, &letter).status, 422, "the cause is still there");
            assert_eq!(newest_letter(&hub)["reason"], letter["reason"]);
            for portfolio in [&refused, &control] {
                ingest(addr, "transactions", &json!([lot_at(id(), portfolio, 12)]));
            }
            let mut original = sold.clone();
            (original["transactionId"], original["portfolioId"]) =
                (uuid(id()).into(), control.clone().into());
            ingest(addr, "transactions", &original);
            assert_eq!(post_again(&hub, &letter).status, 200, "{letter}");
            assert_eq!(position(addr, &refused), position(addr, &control), "{sold}: {letter}");
            let again = post_again(&hub, &letter).json().unwrap();
            assert_eq!(again["duplicates"], 1, "it is the same transaction");
        }
    }
}

#[test]
fn what_is_too_far_ahead_is_given_back_with_its_time() {
    let hub = hub(&[]);
    for door in DOORS {
        let item = r#"{"symbol":"ACME","price":"1.50","timestamp":"9999-12-31T23:59:59.123456Z"}"#;
        door.send(address(&hub), "prices", "application/json", item.as_bytes());
        let letter = newest_letter(&hub);
        let raw = r#"{"symbol":"ACME","price":"1.5","timestamp":"9999-12-31T23:59:59.123456Z"}"#;
        assert_eq!((&letter["field"], &letter["raw"]), (&json!("timestamp"), &json!(raw)));
        assert_eq!(post_again(&hub, &letter).status, 422);
        assert_eq!(newest_letter(&hub)["reason"], letter["reason"]);
    }
}

#[test]
fn a_command_is_posted_again_where_it_was_posted() {
    let hub = hub(&[]);
    let at = auto_trader(&hub);
    let sessions = "/api/auto-trader/sessions";
    command(at, sessions, &json!({"initialCapital": 100}), 201);
    let first = json!({"symbol": "ACME", "quantity": 8, "entryPrice": 10});
    command(at, &format!("{sessions}/1/trades"), &first, 201);
    // There is no capital for it while the first is open.
    let key = uuid(7);
    let second = json!({"symbol": "ACME", "quantity": "5.0", "side": "sell", "entryPrice": "10.50",
                        "stop_loss": 11, "target": 9.5, "requestId": key});
    command(at, &format!("{sessions}/1/trades"), &second, 422);
    let letter = newest_letter(&hub);
    assert_eq!((&letter["kind"], &letter["rawForm"]), (&json!("auto-trader"), &json!("canonical")));
    assert_eq!(letter["postTo"], json!({"method": "POST", "path": format!("{sessions}/1/trades")}));
    assert_eq!(post_again(&hub, &letter).status, 422, "the cause is still there");
    command(at, "/api/auto-trader/trades/1/close", &json!({"price": 10}), 200);
    let opened = post_again(&hub, &letter).json().unwrap();
    for (name, value) in [("side", json!("SELL")), ("quantity", json!(5)), ("entryPrice", json!(10.5))] {
        assert_eq!(opened[name], value, "{opened}");
    }
    assert_eq!((&opened["stopLoss"], &opened["target"]), (&json!(11), &json!(9.5)));
    let again = command(at, &format!("{sessions}/1/trades"), &second, 201);
    assert_eq!(again["tradeId"], opened["tradeId"], "it has its key");

    for (path, body, field) in [
        (sessions.to_owned(), json!({"initialCapital": -1, "name": "x"}), "initialCapital"),
        (format!("{sessions}/1/trades"), json!({"symbol": "ACME", "quantity": 0}), "quantity"),
        (format!("{sessions}/1/stop"), json!({"requestId": "7"}), "requestId"),
        ("/api/auto-trader/trades/2/close".to_owned(), json!({"pirce": 1}), "pirce"),
    ] {
        command(at, &path, &body, 422);
        let letter = newest_letter(&hub);
        assert_eq!((&letter["field"], &letter["raw"]), (&json!(field), &json!(body.to_string())));
        assert_eq!((&letter["postTo"]["path"], &letter["door"]), (&json!(path), &json!("http")));
        assert_eq!(post_again(&hub, &letter).status, 422);
        assert_alike(&newest_letter(&hub), &letter);
    }
    // A trade that is not there yet.
    command(at, "/api/auto-trader/trades/3/close", &json!({"price": "11"}), 404);
    let letter = newest_letter(&hub);
    command(
        at,
        &format!("{sessions}/1/trades"),
        &json!({"symbol": "ACME", "quantity": 1, "entryPrice": 10}),
        201,
    );
    assert_eq!(post_again(&hub, &letter).json().unwrap()["pnl"], 1);
}

#[test]
fn the_log_shows_what_was_sent() {
    let hub = hub(&[]);
    Door::Http.send(address(&hub), "prices", "application/x-ndjson", b"{\"symbol\":\"\xfc\"}\n{\"price\":1}");
    let lines = doors::shown(&hub, "prices");
    assert_eq!(
        (&lines[0]["event"]["rejected"]["raw"], &lines[0]["event"]["rejected"]["rawEncoding"]),
        (&json!("eyJzeW1ib2wiOiL8In0="), &json!("base64"))
    );
    let second = &lines[1]["event"]["rejected"];
    assert_eq!((&second["raw"], &second["rawEncoding"]), (&json!("{\"price\":1}"), &Value::Null));
    assert_eq!((&second["door"], &second["contentType"]), (&json!("http"), &json!("application/x-ndjson")));
}
