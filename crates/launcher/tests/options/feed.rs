//! `/topic/transactions`: what each message says, and what is none of its business.

use serde_json::{Value, json};

use crate::parse;
use crate::support::session::{Options, Session, Topic, Wire, of_frame};
use crate::support::{TRANSACTIONS, address, buy, fence, hub, ingest, stomp, uuid};

fn trade(id: u64, side: &str, quantity: u64, price: &Value, buy_price: &Value) -> Value {
    json!({"transactionId": uuid(id), "portfolioId": uuid(7), "symbol": "ACME", "side": side,
           "quantity": quantity, "price": price, "buyPrice": buy_price,
           "timestamp": format!("2026-02-07T10:30:0{id}.250Z")})
}

/// Vector V1 (docs/platform.md).
fn vector() -> Value {
    json!([
        trade(1, "BUY", 100, &json!(10), &Value::Null),
        trade(2, "BUY", 50, &json!(12), &Value::Null),
        trade(3, "SELL", 100, &json!(15), &json!(10)),
        trade(4, "SELL", 20, &json!("15.5"), &json!("12")),
        trade(5, "SELL", 30, &json!(11), &json!(12)),
    ])
}

/// As the feed tells it.
fn told(id: u64, side: &str, quantity: u64, price: &Value, earned: i64) -> Value {
    json!({"transactionId": uuid(id), "portfolioId": uuid(7), "symbol": "ACME", "side": side,
           "quantity": quantity, "price": price, "realizedPnl": earned,
           "timestamp": format!("2026-02-07T10:30:0{id}.250Z")})
}

fn vector_told() -> [Value; 5] {
    [
        told(1, "BUY", 100, &json!(10), 0),
        told(2, "BUY", 50, &json!(12), 0),
        told(3, "SELL", 100, &json!(15), 500),
        told(4, "SELL", 20, &json!(15.5), 70),
        told(5, "SELL", 30, &json!(11), -30),
    ]
}

#[test]
fn each_accepted_transaction_is_told_once_in_order_with_what_it_earned_and_where_it_stands() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut live = stomp(addr);
    live.subscribe("transactions", TRANSACTIONS, &[]).unwrap();
    assert_eq!(fence(&mut live), []);
    let answer = ingest(addr, "transactions", &vector());
    // What changes nothing is no news: again the same, and more than is held.
    ingest(addr, "transactions", &vector());
    let oversell = trade(6, "SELL", 1, &json!(11), &Value::Null);
    let refused = hub_testkit::http::post_json(addr, "/api/ingest/transactions", &oversell).unwrap();
    assert_eq!(refused.status, 422);

    let mut late = stomp(addr);
    late.subscribe("transactions", &format!("{TRANSACTIONS}/{}", uuid(7)), &[]).unwrap();
    for client in [&mut live, &mut late] {
        for (result, wanted) in answer["results"].as_array().unwrap().iter().zip(vector_told()) {
            let message = client.next_message("transactions").unwrap();
            assert_eq!(message.json().unwrap(), wanted);
            assert_eq!(message.header("content-type"), Some("application/json"));
            let position = result["position"].as_str().unwrap();
            assert!(message.require("message-id").unwrap().starts_with(&format!("{position}-")), "{message}");
            assert_eq!(message.header("resume"), Some(position));
            assert_eq!(message.header("snapshot"), None);
        }
        assert_eq!(fence(client), []);
    }
}

#[test]
fn it_is_sent_at_once_and_waits_for_no_flush() {
    let hub = hub(&[("SERVER__FLUSH_MS", "60000")]);
    let addr = address(&hub);
    for wire in [Wire::WebSocket, Wire::SockJs, Wire::Tcp] {
        let options = Options { no_snapshot: true, ..Options::default() };
        let mut session = Session::to(addr, wire, Topic::Transactions, &options);
        assert_eq!(session.fence(), []);
        let id = 1 + wire as u64;
        ingest(addr, "transactions", &buy(id, &uuid(7), "ACME", 1));
        assert_eq!(parse(&session.next_of(Topic::Transactions).elements[0])["transactionId"], uuid(id));
    }
}

#[test]
fn a_portfolio_s_own_feed_is_its_own() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut client = stomp(addr);
    let own = format!("{TRANSACTIONS}/{}", uuid(2).to_uppercase());
    client.subscribe("transactions", &own, &[("batch", "true")]).unwrap();
    ingest(addr, "transactions", &(1..=9).map(|n| buy(n, &uuid(n % 3), "ACME", n)).collect());
    let mut heard = Vec::new();
    while heard.len() < 3 {
        let message = client.next_message("transactions").unwrap();
        assert_eq!(message.header("destination"), Some(own.as_str()), "as the subscriber named it");
        heard.extend(of_frame(&message).unwrap().elements);
    }
    let quantities: Vec<_> = heard.iter().map(|text| parse(text)["quantity"].clone()).collect();
    assert_eq!(quantities, [2, 5, 8]);
}

#[test]
fn no_more_events_are_retained_than_are_configured() {
    let hub = hub(&[("LIMITS__FEED_EVENTS", "2")]);
    let addr = address(&hub);
    ingest(addr, "transactions", &vector());
    let told = Session::to(addr, Wire::WebSocket, Topic::Transactions, &Options::default()).fence();
    let told: Vec<_> = told.iter().map(|update| parse(&update.elements[0])).collect();
    assert_eq!(told, vector_told()[3..]);
}

#[test]
fn a_new_subscriber_is_told_what_is_retained_after_a_restart_too() {
    let mut hub = hub(&[]);
    ingest(address(&hub), "transactions", &vector());
    hub.restart().unwrap();
    let addr = address(&hub);
    let mut session = Session::to(addr, Wire::WebSocket, Topic::Transactions, &Options::default());
    let mut resumes = Vec::new();
    for wanted in vector_told() {
        let update = session.next_of(Topic::Transactions);
        assert_eq!(parse(&update.elements[0]), wanted);
        resumes.push(update.resume.unwrap());
    }
    for (n, resume) in resumes.into_iter().enumerate() {
        let options = Options { resume: Some(resume), ..Options::default() };
        let rest = Session::to(addr, Wire::WebSocket, Topic::Transactions, &options).fence();
        let rest: Vec<_> = rest.iter().map(|update| parse(&update.elements[0])).collect();
        assert_eq!(rest, vector_told()[n + 1..], "exactly after it");
    }
}
