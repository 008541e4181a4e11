//! `/ws/positions`: what may be asked for on an open socket.

use std::collections::BTreeSet;

use hub_testkit::ws::WsClient;
use serde_json::{Value, json};

use crate::native::{before_pong, socket, types};
use crate::support::session::Topic;
use crate::support::{address, buy, hub, ingest, uuid};
use crate::{fill, reprice};

/// Sends a request, and gives what had come of it by the time of a pong.
fn ask(ws: &mut WsClient, request: &Value) -> Vec<Value> {
    ws.send_json(request).unwrap();
    before_pong(ws)
}

#[test]
fn a_topic_is_subscribed_to_with_its_options_and_answered_first() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    let mut ws = socket(addr, "?topics=");
    let request = json!({"type": "subscribe", "topic": "unrealized-pnl", "portfolioIds": [uuid(1), uuid(2)],
                         "interval": 0, "snapshot": true, "batch": true});
    let messages = ask(&mut ws, &request);
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert_eq!(messages[0], json!({"type": "subscribed", "topic": "unrealized-pnl"}));
    assert_eq!(messages[1]["data"].as_array().unwrap().len(), 2);
    let resume = messages[1]["resume"].clone();

    let mut back = socket(addr, "?topics=");
    let request = json!({"type": "subscribe", "topic": "unrealized-pnl", "resume": resume});
    assert_eq!(ask(&mut back, &request), [json!({"type": "subscribed", "topic": "unrealized-pnl"})]);
    reprice(addr, 12);
    assert_eq!(ws.next_json().unwrap()["data"].as_array().unwrap().len(), 2);
    assert_eq!(back.next_json().unwrap()["data"]["overallUnrealised_Pnl"], 2);
}

#[test]
fn without_a_topic_both_are_subscribed_to() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    let mut ws = socket(addr, "?topics=");
    let messages = ask(&mut ws, &json!({"type": "subscribe", "batch": true, "portfolioIds": [uuid(3)]}));
    assert_eq!(messages.len(), 4, "{messages:?}");
    for topic in Topic::STATE {
        let answer = json!({"type": "subscribed", "topic": topic.name()});
        let answered = messages.iter().position(|message| *message == answer).expect("an answer");
        let told = messages.iter().position(|message| message["type"] == topic.name()).expect("a message");
        assert!(answered < told, "first the answer, then what it is about: {messages:?}");
        assert!(messages[told]["data"][0].to_string().contains(&uuid(3)));
    }
}

#[test]
fn subscribing_again_replaces_what_there_was() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    let mut ws = socket(addr, "?topics=position-update");
    assert_eq!(before_pong(&mut ws)[0]["data"].as_array().unwrap().len(), 3);
    let request = json!({"type": "subscribe", "topic": "position-update", "portfolioIds": [uuid(2)]});
    let messages = ask(&mut ws, &request);
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert_eq!(messages[0], json!({"type": "subscribed", "topic": "position-update"}));
    assert_eq!(messages[1]["data"].as_array().unwrap().len(), 1);

    ingest(addr, "transactions", &(1..=3).map(|n| buy(10 + n, &uuid(n), "ACME", 1)).collect());
    let update = ws.next_json().unwrap();
    let rows = update["data"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["holdings"]), (1, &json!(3)), "once, and of nobody else");
    assert_eq!(before_pong(&mut ws), [] as [Value; 0]);
}

#[test]
fn an_unsubscribed_topic_is_silent_and_the_other_goes_on() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    let mut ws = socket(addr, "");
    before_pong(&mut ws);
    let messages = ask(&mut ws, &json!({"type": "unsubscribe", "topic": "position-update"}));
    assert_eq!(messages, [json!({"type": "unsubscribed", "topic": "position-update"})]);
    ingest(addr, "transactions", &buy(10, &uuid(1), "ACME", 1));
    let mark = ws.next_json().unwrap();
    assert_eq!(
        (&mark["type"], &mark["data"]["overallUnrealised_Pnl"]),
        (&json!("unrealized-pnl"), &json!(2))
    );
    assert_eq!(before_pong(&mut ws), [] as [Value; 0]);

    let messages = ask(&mut ws, &json!({"type": "subscribe", "topic": "position-update", "snapshot": false}));
    assert_eq!(messages, [json!({"type": "subscribed", "topic": "position-update"})]);
    ingest(addr, "transactions", &buy(11, &uuid(1), "ACME", 1));
    let messages = [(); 2].map(|()| ws.next_json().unwrap());
    assert_eq!(types(&messages), BTreeSet::from(["position-update", "unrealized-pnl"]));
}

/// What is no request, and a piece of what has to be said about it.
fn wrong() -> Vec<(String, &'static str)> {
    let subscribe = |option: &str, value: Value| {
        let mut request = json!({"type": "subscribe", "topic": "position-update"});
        request[option] = value;
        request.to_string()
    };
    let texts = [
        ("", ""),
        ("ping", ""),
        ("{\"type\":\"ping\"", ""),
        ("[]", ""),
        ("\"ping\"", ""),
        ("null", ""),
        ("{}", "type"),
        ("{\"type\":7}", "type"),
        ("{\"type\":\"dance\"}", "dance"),
        ("{\"type\":\"subscribe\",\"topic\":\"prices\"}", "prices"),
        ("{\"type\":\"subscribe\",\"topic\":7}", "7"),
        ("{\"type\":\"unsubscribe\",\"topic\":\"prices\"}", "prices"),
    ];
    let options = [
        ("interval", json!("soon"), "interval"),
        ("interval", json!(-1), "interval"),
        ("interval", json!(3_600_001), "interval"),
        ("portfolioIds", json!(["x"]), "portfolio"),
        ("portfolioIds", json!([]), "portfolio"),
        ("portfolioIds", json!(uuid(1) + "x"), "01x"),
        ("snapshot", json!("no"), "snapshot"),
        ("resume", json!("1"), "resume"),
        ("batch", json!(1), "batch"),
    ];
    let texts = texts.into_iter().map(|(text, piece)| (text.to_owned(), piece));
    texts.chain(options.map(|(option, value, piece)| (subscribe(option, value), piece))).collect()
}

#[test]
fn anything_else_is_answered_by_what_is_wrong_with_it_and_nothing_ends() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    let mut ws = socket(addr, "?topics=position-update");
    before_pong(&mut ws);
    for (text, piece) in wrong() {
        ws.send_text(&text).unwrap();
        let messages = before_pong(&mut ws);
        let [error] = messages.as_slice() else { panic!("{text}: {messages:?}") };
        let told = error["message"].as_str().unwrap();
        assert!(error["type"] == "error" && !told.is_empty() && told.contains(piece), "{text}: {error}");
    }
    ws.send_binary(b"{\"type\":\"ping\"}").unwrap();
    let messages = before_pong(&mut ws);
    assert_eq!(types(&messages), BTreeSet::from(["error"]), "{messages:?}");

    ingest(addr, "transactions", &buy(10, &uuid(1), "ACME", 1));
    let update = ws.next_json().unwrap();
    assert_eq!(update["data"].as_array().unwrap().len(), 1, "what it had subscribed to goes on");
}
