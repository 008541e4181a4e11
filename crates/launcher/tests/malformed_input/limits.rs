//! Whoever goes beyond a limit is told the key by which its operator sets it, at every door.

use std::net::SocketAddr;

use hub_testkit::http::{self, HttpConnection};
use hub_testkit::stomp::{StompClient, StompOptions};
use hub_testkit::ws::{WsClient, WsOptions, frame};
use serde_json::json;

use crate::support::carriers::tcp;
use crate::support::{PATIENCE, address, buy, hub, uuid};

const SETTINGS: [(&str, &str); 12] = [
    ("RELAY__CLIENT_SEND", "true"),
    ("LIMITS__MESSAGE_BYTES", "16384"),
    ("LIMITS__QUEUE_BYTES", "16384"),
    ("LIMITS__QUEUE_MESSAGES", "2"),
    ("LIMITS__INGEST_ITEMS", "2"),
    ("LIMITS__PORTFOLIOS_PER_SUBSCRIPTION", "1"),
    ("LIMITS__SUBSCRIPTIONS_PER_SESSION", "1"),
    ("LIMITS__STOMP_HEADERS", "8"),
    ("LIMITS__STOMP_HEADER_LINE_BYTES", "256"),
    ("LIMITS__HANDSHAKE_MS", "400"),
    ("LIMITS__BODY_MS", "300"),
    ("LIMITS__MESSAGE_MS", "300"),
];

/// The body of the ERROR for these frames.
fn stomp(addr: SocketAddr, frames: &str) -> String {
    let mut client = StompClient::connect(tcp(addr), &StompOptions::default()).unwrap();
    client.send_frame_text(frames).unwrap();
    client.expect_error().unwrap().0.text().unwrap().to_owned()
}

/// The last of the answers to these requests.
fn post(addr: SocketAddr, requests: &[(&str, &[u8])]) -> String {
    let answer = |(path, body): &(&str, &[u8])| http::request(addr, "POST", path, &[], body).unwrap();
    let answers: Vec<_> = requests.iter().map(answer).collect();
    answers.last().unwrap().text().unwrap().to_owned()
}

fn websocket(addr: SocketAddr, path: &str) -> WsClient {
    WsClient::connect(addr, path, &WsOptions { deadline: PATIENCE, ..WsOptions::default() }).unwrap()
}

fn items(count: u64) -> String {
    json!((1..=count).map(|n| buy(n, &uuid(n), "ACME", 1)).collect::<Vec<_>>()).to_string()
}

fn unfinished_body(addr: SocketAddr) -> String {
    let mut connection = HttpConnection::connect(addr, PATIENCE).unwrap();
    connection
        .send_raw(b"POST /api/ingest/prices HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n[")
        .unwrap();
    connection.receive().unwrap().text().unwrap().to_owned()
}

fn unfinished_message(addr: SocketAddr) -> String {
    let mut ws = websocket(addr, "/ws/positions?topics=");
    ws.send_frame(false, frame::TEXT, b"{").unwrap();
    ws.expect_close().unwrap().1
}

#[test]
fn whoever_goes_beyond_a_limit_is_told_its_key() {
    let hub = hub(&SETTINGS);
    let addr = address(&hub);
    let large = vec![b'x'; 16_385];
    let half = vec![b'x'; 9_000];
    let two = format!("{},{}", uuid(1), uuid(2));
    let subscribe =
        |id: u8, more: &str| format!("SUBSCRIBE\nid:{id}\ndestination:/topic/position-update\n{more}\n\0");
    let send = |to: &str, body: &str| format!("SEND\ndestination:{to}\n\n{body}\0");
    let told = [
        ("message_bytes", post(addr, &[("/api/ingest/prices", &large)])),
        ("message_bytes", post(addr, &[("/api/publish/topic/relay/x", &large)])),
        ("message_bytes", post(addr, &[("/ws/000/big/xhr", b""), ("/ws/000/big/xhr_send", &large)])),
        ("message_bytes", stomp(addr, &send("/topic/relay/x", &"x".repeat(16_384)))),
        (
            "message_bytes",
            stomp(addr, "SEND\ndestination:/topic/relay/x\ncontent-length:99999999999999999999\n\n"),
        ),
        ("message_bytes", {
            let mut ws = websocket(addr, "/ws/positions?topics=");
            ws.send_binary(&large).unwrap();
            ws.expect_close().unwrap().1
        }),
        ("stomp_headers", stomp(addr, &format!("SEND\n{}\n\0", "a:b\n".repeat(9)))),
        ("stomp_header_line_bytes", stomp(addr, &format!("SEND\na:{}\n\n\0", "b".repeat(256)))),
        ("subscriptions_per_session", stomp(addr, &(subscribe(0, "") + &subscribe(1, "")))),
        ("portfolios_per_subscription", stomp(addr, &subscribe(0, &format!("portfolio-ids:{two}\n")))),
        ("portfolios_per_subscription", {
            websocket(addr, &format!("/ws/positions?portfolio-ids={two}")).next_text().unwrap()
        }),
        ("ingest_items", post(addr, &[("/api/ingest/transactions", items(3).as_bytes())])),
        ("ingest_items", stomp(addr, &send("/app/transactions", &items(3)))),
        ("queue_messages", post(addr, &[("/api/publish/queue/relay/x", &b"x"[..]); 3])),
        ("queue_messages", stomp(addr, &send("/queue/relay/x", "x"))),
        ("queue_bytes", post(addr, &[("/api/publish/queue/relay/y", &half[..]); 2])),
        ("body_ms", unfinished_body(addr)),
        ("message_ms", unfinished_message(addr)),
        ("message_ms", stomp(addr, "SEND\ndestination:/topic/relay/x\n\n")),
        ("handshake_ms", websocket(addr, "/ws").expect_close().unwrap().1),
    ];
    for (key, text) in told {
        assert!(text.contains(&format!("limits.{key}")), "{key}: {text}");
    }
}
