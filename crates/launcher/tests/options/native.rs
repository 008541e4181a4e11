//! `/ws/positions`: JSON for those without STOMP.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use hub_testkit::http;
use hub_testkit::ws::{Message, WsClient, WsOptions};
use serde_json::{Value, json};

use crate::support::session::{Topic, offset};
use crate::support::{PATIENCE, address, analysis, await_metric, buy, hub, ingest, uuid};
use crate::{fill, parse, reprice};

/// A socket with this query (or none), which has not been read.
pub(crate) fn socket(addr: SocketAddr, query: &str) -> WsClient {
    let options = WsOptions { deadline: PATIENCE, ..WsOptions::default() };
    WsClient::connect(addr, &format!("/ws/positions{query}"), &options).unwrap()
}

/// What had come before an answer to a second ping, so that whatever the first was read together with has
/// had its effect.
pub(crate) fn before_pong(ws: &mut WsClient) -> Vec<Value> {
    let mut before = Vec::new();
    for _ in 0..2 {
        ws.send_json(&json!({"type": "ping"})).unwrap();
        loop {
            match ws.next_json().unwrap() {
                answer if answer == json!({"type": "pong"}) => break,
                message => before.push(message),
            }
        }
    }
    before
}

/// Each message's type, once.
pub(crate) fn types(messages: &[Value]) -> BTreeSet<&str> {
    messages.iter().map(|message| message["type"].as_str().unwrap()).collect()
}

fn members(message: &Value) -> BTreeSet<&str> {
    message.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn whoever_connects_is_told_of_both_topics_and_then_what_changes() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    let mut ws = socket(addr, "");
    assert_eq!(ws.protocol(), None);
    let messages = [(); 4].map(|()| ws.next_json().unwrap());
    let (positions, marks): (Vec<_>, Vec<_>) =
        messages.iter().partition(|message| message["type"] == "position-update");
    assert_eq!(positions.len(), 1);
    assert_eq!(positions[0]["data"], parse(&analysis(addr)));
    for (n, mark) in (1..).zip(&marks) {
        let wanted = json!({"symbol": {"ACME": n}, "overallUnrealised_Pnl": n, "portfolio_id": uuid(n)});
        assert_eq!((&mark["type"], &mark["data"]), (&json!("unrealized-pnl"), &wanted));
        let is_last = n == 3;
        assert_eq!(mark.get("resume").is_some(), is_last, "only the last of a drain says where to resume");
    }
    let last = [positions[0], marks[2]];
    for message in last {
        assert_eq!(members(message), BTreeSet::from(["data", "resume", "type"]));
        offset(message["resume"].as_str().unwrap());
    }

    ingest(addr, "transactions", &buy(10, &uuid(2), "ACME", 1));
    let messages = [(); 2].map(|()| ws.next_json().unwrap());
    assert_eq!(types(&messages), BTreeSet::from(["position-update", "unrealized-pnl"]));
    assert!(messages.iter().all(|message| message["data"].to_string().contains(&uuid(2))));
    reprice(addr, 20);
    let marks = [(); 3].map(|()| ws.next_json().unwrap());
    assert_eq!(types(&marks), BTreeSet::from(["unrealized-pnl"]));
}

#[test]
fn numbers_and_texts_are_those_of_the_stomp_topics() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let odd = "A\"\\/\u{e9}\u{1f4c8}";
    let items = json!([{"transactionId": uuid(1), "portfolioId": uuid(1), "symbol": odd, "side": "BUY",
                        "quantity": "0.00000001", "price": "123456789.125"}]);
    ingest(addr, "transactions", &items);
    ingest(addr, "prices", &json!({"symbol": odd, "price": "0.10"}));
    let mut ws = socket(addr, "?batch=true");
    let mut stomp = crate::support::stomp(addr);
    for topic in Topic::STATE {
        stomp.subscribe(topic.name(), topic.destination(), &[("batch", "true")]).unwrap();
    }
    for _ in Topic::STATE {
        let text = ws.next_text().unwrap();
        let kind = serde_json::from_str::<Value>(&text).unwrap()["type"].as_str().unwrap().to_owned();
        let message = stomp.next_message(&kind).unwrap();
        assert!(text.contains(message.text().unwrap()), "the same to the byte: {message} {text}");
    }
}

#[test]
fn a_ping_is_answered_and_a_token_is_taken_in_silence() {
    let hub = hub(&[]);
    let mut ws = socket(address(&hub), "");
    ws.send_json(&json!({"type": "auth", "token": "secret"})).unwrap();
    assert_eq!(before_pong(&mut ws), [] as [Value; 0]);
    ws.send_ping(b"are you there").unwrap();
    assert_eq!(ws.next().unwrap(), Message::Pong(b"are you there".to_vec()));
}

#[test]
fn a_page_from_elsewhere_is_let_in_only_to_be_told_that_it_may_not_enter() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut evil =
        WsClient::connect(addr, "/ws/positions", &WsOptions::from_origin("https://evil.example")).unwrap();
    assert_eq!(
        evil.expect_close().unwrap(),
        (1008, "Origin not allowed: https://evil.example is not in server.allowed_origins".to_owned())
    );
    let page = WsOptions::from_origin("http://localhost:4200");
    WsClient::connect(addr, "/ws/positions", &page).unwrap().fence().unwrap();
}

#[test]
fn it_is_a_websocket_among_others_to_those_who_count() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let sample = r#"hub_connections{service="analytics",transport="websocket"}"#;
    let mut sockets = [(); 3].map(|()| socket(addr, ""));
    for ws in &mut sockets {
        before_pong(ws);
    }
    await_metric(addr, sample, 3);
    let [mut one, rest @ ..] = sockets;
    one.send_close(1000, "").unwrap();
    assert_eq!(one.expect_close().unwrap().0, 1000);
    drop(rest);
    await_metric(addr, sample, 0);
}

#[test]
fn when_the_hub_stops_it_gets_what_is_pending_and_then_1001() {
    let mut hub = hub(&[("SERVER__FLUSH_MS", "60000")]);
    let addr = address(&hub);
    let mut ws = socket(addr, "");
    before_pong(&mut ws);
    ingest(addr, "transactions", &buy(1, &uuid(1), "ACME", 2));
    reprice(addr, 15);
    hub.signal_terminate().unwrap();
    let messages = [(); 2].map(|()| ws.next_json().unwrap());
    assert_eq!(types(&messages), BTreeSet::from(["position-update", "unrealized-pnl"]));
    assert_eq!(ws.expect_close().unwrap(), (1001, "Going away".to_owned()));
    assert_eq!(hub.wait_for_exit().unwrap().code(), Some(0));
}

#[test]
fn without_an_upgrade_it_is_no_page() {
    let hub = hub(&[]);
    let answer = http::get(address(&hub), "/ws/positions").unwrap();
    assert!((400..500).contains(&answer.status), "{}", answer.status);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
}
