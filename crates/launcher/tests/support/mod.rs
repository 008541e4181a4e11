//! A hub on free ports, and what every test says to it.
#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod bystander;
pub(crate) mod carriers;
pub(crate) mod described;
pub(crate) mod ledger;
pub(crate) mod session;
pub(crate) mod watcher;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use hub_testkit::http::{self, Response};
use hub_testkit::process::HubProcess;
use hub_testkit::stomp::{Carrier, Frame, StompClient, StompOptions};
use hub_testkit::wait;
use hub_testkit::ws::WsOptions;
use serde_json::{Value, json};

pub(crate) const POSITIONS: &str = "/topic/position-update";
pub(crate) const MARKS: &str = "/topic/unrealized-pnl";
pub(crate) const TRANSACTIONS: &str = "/topic/transactions";

/// How long anything that is not immediate is awaited on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Two workers on every machine, so that subscribers are on different shards; flushes soon after each other,
/// so that tests don't wait for them. Whoever takes compressed messages gets them, however short.
pub(crate) const CONFIG: &str = r#"
[server]
workers = 2
flush_ms = 5
deflate_min_bytes = 0
[analytics]
bind = "127.0.0.1:0"
[leaderboard]
bind = "127.0.0.1:0"
[rttm]
bind = "127.0.0.1:0"
[autotrader]
bind = "127.0.0.1:0"
[gateway]
bind = "127.0.0.1:0"
[log]
path = "{data}/hub.db"
"#;

/// Starts a hub; `settings` are environment variables without their prefix, such as
/// `("LIMITS__HANDSHAKE_MS", "200")`.
pub(crate) fn hub(settings: &[(&str, &str)]) -> HubProcess {
    let env: Vec<_> = settings.iter().map(|(name, value)| (format!("PMS_HUB__{name}"), *value)).collect();
    let env: Vec<_> = env.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    HubProcess::spawn(Path::new(env!("CARGO_BIN_EXE_pms-hub")), CONFIG, &[], &env).unwrap()
}

/// Where analytics listens; another port after each start.
pub(crate) fn address(hub: &HubProcess) -> SocketAddr {
    hub.addr("analytics").unwrap()
}

/// The n-th of some UUIDs.
pub(crate) fn uuid(n: u64) -> String {
    format!("00000000-0000-4000-8000-{n:012x}")
}

/// A BUY of `quantity` at 10.
pub(crate) fn buy(id: u64, portfolio: &str, symbol: &str, quantity: u64) -> Value {
    json!({"transactionId": uuid(id), "portfolioId": portfolio, "symbol": symbol, "side": "BUY",
           "quantity": quantity, "buyPrice": 10})
}

/// Has items taken in, all of which are in order; the answer.
pub(crate) fn ingest(addr: SocketAddr, kind: &str, items: &Value) -> Value {
    let answer = http::post_json(addr, &format!("/api/ingest/{kind}"), items).unwrap();
    assert_eq!(answer.status, 200, "{:?}", answer.text());
    answer.json().unwrap()
}

/// Publishes to a relay destination; the id that the message got.
pub(crate) fn publish(addr: SocketAddr, destination: &str, headers: &[(&str, &str)], body: &[u8]) -> String {
    let answer = http::request(addr, "POST", &format!("/api/publish{destination}"), headers, body).unwrap();
    assert_eq!(answer.status, 200, "{:?}", answer.text());
    answer.json().unwrap()["messageId"].as_str().unwrap().to_owned()
}

/// All positions, as text.
pub(crate) fn analysis(addr: SocketAddr) -> String {
    let answer = http::get(addr, "/api/analysis/all").unwrap();
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    answer.text().unwrap().to_owned()
}

/// The holdings in an array of positions, by portfolio and symbol.
pub(crate) fn holdings(rows: &Value) -> BTreeMap<(String, String), u64> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let held = |row: &Value| {
        let key = (text(&row["id"]["portfolioId"]), text(&row["id"]["symbol"]));
        (key, row["holdings"].as_u64().unwrap())
    };
    rows.as_array().unwrap().iter().map(held).collect()
}

/// A whole number in `/metrics`, by its name and labels as they are written there; 0 where there is none.
pub(crate) fn metric(addr: SocketAddr, sample: &str) -> u64 {
    let answer = http::get(addr, "/metrics").unwrap();
    let text = answer.text().unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    value.map_or(0, |value| value.parse().unwrap())
}

/// Waits until a number in `/metrics` is this: the hub may count just after the peer has seen why.
pub(crate) fn await_metric(addr: SocketAddr, sample: &str, wanted: u64) {
    let what = format!("{sample} to be {wanted}");
    wait::until(PATIENCE, &what, || (metric(addr, sample) == wanted).then_some(())).unwrap();
}

/// A STOMP session over a WebSocket.
pub(crate) fn stomp(addr: SocketAddr) -> StompClient {
    let options = WsOptions { deadline: PATIENCE, ..WsOptions::offering(&["v12.stomp"]) };
    let carrier = Carrier::websocket(addr, "/ws", &options).unwrap();
    StompClient::connect(carrier, &StompOptions::default()).unwrap()
}

/// A STOMP session over a WebSocket with these subscriptions (id, destination) made.
pub(crate) fn subscriber(addr: SocketAddr, subscriptions: &[(&str, &str)]) -> StompClient {
    let mut client = stomp(addr);
    for (id, destination) in subscriptions {
        subscribe(&mut client, id, destination);
    }
    client
}

/// Subscribes and waits until the hub has done so.
pub(crate) fn subscribe(client: &mut StompClient, id: &str, destination: &str) {
    let receipt = format!("subscribed-{id}");
    client.subscribe(id, destination, &[("receipt", &receipt)]).unwrap();
    client.await_receipt(&receipt).unwrap();
}

/// What the hub had written before it answered this, in order: proves that something was *not* sent.
pub(crate) fn fence(client: &mut StompClient) -> Vec<Frame> {
    let request = Frame::new("UNSUBSCRIBE", &[("id", "nothing"), ("receipt", "fence")]);
    client.send_frame(&request).unwrap();
    let mut before = Vec::new();
    loop {
        let frame = client.next_frame().unwrap();
        if frame.command == "RECEIPT" && frame.header("receipt-id") == Some("fence") {
            return before;
        }
        before.push(frame);
    }
}

/// Requires an error in the documented form (RFC 9457); its detail.
pub(crate) fn problem(answer: &Response, status: u16) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, status, "{text}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{status}: {text}");
    let body = answer.json().unwrap();
    assert_eq!(body["status"], status, "{text}");
    assert!(body["title"].as_str().is_some_and(|title| !title.is_empty()), "{text}");
    body["detail"].as_str().unwrap().to_owned()
}
