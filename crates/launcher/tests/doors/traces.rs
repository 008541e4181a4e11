//! Refusals leave a trace: each counts, and the log tells of each reason.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use hub_testkit::Socket;
use hub_testkit::http;
use hub_testkit::stomp::Frame;
use hub_testkit::wait;
use hub_testkit::ws::{WsClient, WsOptions};

use crate::all_answers;
use crate::support::{PATIENCE, address, await_metric, hub, metric, stomp};

fn refusals(door: &str, reason: &str) -> String {
    format!(r#"hub_refusals_total{{door="{door}",reason="{reason}"}}"#)
}

/// What is done, and at which door and for which reason it counts.
type Way = (&'static str, &'static str, fn(SocketAddr));

/// Ways to be refused, each for a reason of its own: they are counted.
const WAYS: &[Way] = &[
    ("http", "not_found", |addr| drop(http::get(addr, "/nowhere").unwrap())),
    ("http", "method", |addr| drop(http::request(addr, "DELETE", "/health", &[], b"").unwrap())),
    ("http", "no_upgrade", |addr| drop(http::get(addr, "/ws/positions").unwrap())),
    ("http", "bad_request", |addr| {
        drop(http::request(addr, "POST", "/api/ingest/prices", &[], b"{").unwrap());
    }),
    ("http", "rejected", |addr| {
        drop(http::request(addr, "POST", "/api/ingest/prices", &[], b"[{}]").unwrap());
    }),
    ("http", "origin", |addr| {
        drop(http::request(addr, "GET", "/health", &[("Origin", "https://evil.example")], b"").unwrap());
    }),
    ("http", "malformed", |addr| drop(all_answers(addr, b"\x16\x03\x01\r\n\r\n"))),
    ("websocket", "path", |addr| {
        drop(WsClient::connect(addr, "/nowhere", &WsOptions::default()).unwrap_err());
    }),
    ("websocket", "origin", |addr| {
        let options = WsOptions::from_origin("https://evil.example");
        WsClient::connect(addr, "/ws", &options).unwrap().expect_close().unwrap();
    }),
    ("websocket", "command", |addr| {
        let mut ws = WsClient::connect(addr, "/ws/positions", &WsOptions::default()).unwrap();
        ws.send_text("nonsense").unwrap();
        ws.fence().unwrap();
    }),
    ("websocket", "websocket_protocol", |addr| {
        let mut ws = WsClient::connect(addr, "/ws/positions", &WsOptions::default()).unwrap();
        ws.send_raw(b"\x81\x00").unwrap();
        ws.drain_to_close().unwrap();
    }),
    ("websocket", "rejected", |addr| {
        let mut client = stomp(addr);
        let send =
            Frame::new("SEND", &[("destination", "/app/prices"), ("content-type", "application/json")]);
        client.send_frame(&Frame { body: b"[{}]".to_vec(), ..send }).unwrap();
        assert_eq!(client.next_frame().unwrap().command, "ERROR");
    }),
    ("websocket", "message_refused", |addr| {
        let mut client = stomp(addr);
        client.send_frame(&Frame::new("SEND", &[("destination", "/app/dreams")])).unwrap();
        assert_eq!(client.next_frame().unwrap().command, "ERROR");
    }),
    ("websocket", "bad_destination", |addr| {
        let mut client = stomp(addr);
        client.send_frame(&Frame::new("SEND", &[("destination", "nowhere")])).unwrap();
        assert_eq!(client.next_frame().unwrap().command, "ERROR");
    }),
    ("websocket", "subscription_refused", |addr| {
        let mut client = stomp(addr);
        client.send_frame(&Frame::new("SUBSCRIBE", &[("id", "1"), ("destination", "/nowhere")])).unwrap();
        assert_eq!(client.next_frame().unwrap().command, "ERROR");
    }),
    ("sockjs", "broken_json", |addr| {
        let mut ws = WsClient::connect(addr, "/ws/0/x/websocket", &WsOptions::default()).unwrap();
        ws.send_text("[1]").unwrap();
        ws.drain_to_close().unwrap();
    }),
    ("sockjs-http", "not_found", |addr| {
        drop(http::request(addr, "POST", "/ws/0/nobody/xhr_send", &[], b"[]").unwrap());
    }),
    ("sockjs-http", "unknown_command", |addr| {
        static SESSIONS: AtomicU64 = AtomicU64::new(0);
        let session = format!("/ws/0/s{}", SESSIONS.fetch_add(1, Ordering::Relaxed));
        let post = |transport: &str, body: &[u8]| {
            http::request(addr, "POST", &format!("{session}/{transport}"), &[], body).unwrap().status
        };
        assert_eq!(post("xhr", b""), 200);
        assert_eq!(post("xhr_send", br#"["DANCE\n\n\u0000"]"#), 204);
    }),
    ("connection", "handshake_timeout", |addr| {
        let mut socket = Socket::connect(addr, PATIENCE).unwrap();
        socket.send(b"GET / HT").unwrap();
        socket.receive_to_end().unwrap();
    }),
    ("tcp", "unknown_command", |addr| {
        let mut socket = Socket::connect(addr, PATIENCE).unwrap();
        socket.send(b"CONNECT\naccept-version:1.2\nhost:x\n\n\0DANCE\n\n\0").unwrap();
        socket.receive_to_end().unwrap();
    }),
];

/// How often each reason was counted at each door.
fn counted(addr: SocketAddr) -> Vec<String> {
    let text = http::get(addr, "/metrics").unwrap();
    let lines = text.text().unwrap().lines().filter(|line| line.starts_with("hub_refusals_total"));
    lines.map(ToOwned::to_owned).collect()
}

#[test]
fn a_refusal_counts_once_by_its_door_and_reason() {
    let hub = hub(&[("LIMITS__HANDSHAKE_MS", "1000")]);
    let addr = address(&hub);
    for (door, reason, refuse) in WAYS {
        let sample = refusals(door, reason);
        for times in 1..=2 {
            refuse(addr);
            await_metric(addr, &sample, times);
        }
    }
    // Nothing else was, and nothing twice: what ends by an ERROR is no second refusal.
    let mut wanted: Vec<_> =
        WAYS.iter().map(|(door, reason, _)| format!("{} 2", refusals(door, reason))).collect();
    let mut all = counted(addr);
    wanted.sort();
    all.sort();
    assert_eq!(all, wanted);
}

#[test]
fn a_reason_is_one_line_a_second_with_how_many_there_were() {
    const TIMES: u64 = 500;
    let hub = hub(&[]);
    let addr = address(&hub);
    for _ in 0..TIMES {
        drop(http::get(addr, "/nowhere").unwrap());
    }
    let lines = || -> Vec<String> {
        let told = |line: &String| line.contains("refused") && line.contains("not_found");
        hub.stderr().into_iter().filter(told).collect()
    };
    let told = |lines: &[String]| -> u64 {
        let times = |line: &String| line.split("times=").nth(1)?.split(' ').next()?.parse::<u64>().ok();
        lines.iter().map(|line| times(line).unwrap_or_else(|| panic!("{line}"))).sum()
    };
    wait::until(PATIENCE, "all to be told", || (told(&lines()) == TIMES).then_some(())).unwrap();
    // However slow the machine is: far fewer lines than refusals.
    assert!((lines().len() as u64) < TIMES / 5, "{} lines", lines().len());
    assert!(lines()[0].contains("GET /nowhere"), "{}", lines()[0]);
    assert_eq!(metric(addr, &refusals("http", "not_found")), TIMES);
}
