//! WebSocket: a handshake is refused in HTTP, a frame by a Close that says why (RFC 6455, section 7.4).

use std::net::SocketAddr;

use hub_testkit::http::{HttpConnection, Response};
use hub_testkit::stomp::{Carrier, StompClient, StompOptions};
use hub_testkit::ws::frame::{self, masked};
use hub_testkit::ws::{WsClient, WsOptions};

use crate::support::bystander::Bystander;
use crate::support::{PATIENCE, address, await_metric, hub, metric, problem, stomp};

const KEY: (&str, &str) = ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
const UPGRADE: (&str, &str) = ("Upgrade", "websocket");
const CONNECTION: (&str, &str) = ("Connection", "Upgrade");
const VERSION: (&str, &str) = ("Sec-WebSocket-Version", "13");

type Headers<'a> = &'a [(&'a str, &'a str)];

fn handshake(addr: SocketAddr, method: &str, path: &str, headers: Headers) -> Response {
    let mut connection = HttpConnection::connect(addr, PATIENCE).unwrap();
    let answer = connection.request(method, path, headers, b"").unwrap();
    connection.into_socket().expect_end().unwrap();
    answer
}

#[test]
fn a_handshake_that_is_none_is_refused_by_the_header_at_fault() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let whole = [UPGRADE, CONNECTION, VERSION, KEY];
    let detail = problem(&handshake(addr, "GET", "/nowhere", &whole), 404);
    assert_eq!(detail, "there is no WebSocket at /nowhere");
    for path in ["/WS", "/ws/positions/x", "/api/analysis/all"] {
        problem(&handshake(addr, "GET", path, &whole), 404);
    }
    let old = ("Sec-WebSocket-Version", "8");
    let cases: [(Headers, u16, &str); 7] = [
        (&[UPGRADE, CONNECTION, old, KEY], 426, "header Sec-WebSocket-Version is not 13"),
        (&[UPGRADE, CONNECTION, KEY], 426, "header Sec-WebSocket-Version is not 13"),
        (&[UPGRADE, CONNECTION, VERSION], 400, "header Sec-WebSocket-Key is not 16 bytes in base64"),
        (
            &[UPGRADE, CONNECTION, VERSION, KEY, KEY],
            400,
            "header Sec-WebSocket-Key is not 16 bytes in base64",
        ),
        (
            &[UPGRADE, CONNECTION, VERSION, ("Sec-WebSocket-Key", "c2hvcnQ=")],
            400,
            "header Sec-WebSocket-Key is not 16 bytes in base64",
        ),
        (&[UPGRADE, VERSION, KEY], 400, "header Connection does not contain \"Upgrade\""),
        (
            &[UPGRADE, ("Connection", "close"), VERSION, KEY],
            400,
            "header Connection does not contain \"Upgrade\"",
        ),
    ];
    for (headers, status, detail) in cases {
        let answer = handshake(addr, "GET", "/ws", headers);
        assert_eq!(problem(&answer, status), detail);
        let wanted = (status == 426).then_some("13");
        assert_eq!(answer.header("sec-websocket-version"), wanted, "{detail}");
        bystander.assert_unharmed(detail);
    }
    let answer = handshake(addr, "PUT", "/ws", &whole);
    problem(&answer, 405);
    assert_eq!(answer.header("allow"), Some("GET"));
}

#[test]
fn a_page_from_elsewhere_is_let_in_and_told_1008_at_once() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    for origin in ["https://evil.example", "null", "http://localhost.evil.example", "https://localhost:4200"]
    {
        let mut ws = WsClient::connect(addr, "/ws", &WsOptions::from_origin(origin)).unwrap();
        let told = format!("Origin not allowed: {origin} is not in server.allowed_origins");
        assert_eq!(ws.expect_close().unwrap(), (1008, told));
        bystander.assert_unharmed(origin);
    }
    await_metric(addr, r#"hub_connections_failed_total{reason="origin"}"#, 4);
    await_metric(addr, r#"hub_closed_total{code="1008"}"#, 4);
    for origin in ["http://localhost:4200", "http://127.0.0.1:8080", "http://localhost"] {
        let mut ws = WsClient::connect(addr, "/ws", &WsOptions::from_origin(origin)).unwrap();
        assert_eq!(ws.fence().unwrap(), [], "{origin}");
    }
}

#[test]
fn one_session_too_many_from_an_address_is_told_so_until_another_leaves() {
    let hub = hub(&[("LIMITS__SESSIONS_PER_ADDRESS", "3")]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let raw = StompClient::connect(Carrier::tcp(addr, PATIENCE).unwrap(), &StompOptions::default()).unwrap();
    let leaves = stomp(addr);
    let connect = || WsClient::connect(addr, "/ws", &WsOptions::default()).unwrap();
    let crowded = (1013, "Too many sessions from this address (limits.sessions_per_address)".to_owned());
    assert_eq!(connect().expect_close().unwrap(), crowded);
    let mut refused = StompClient::unconnected(Carrier::tcp(addr, PATIENCE).unwrap());
    refused.send_connect("CONNECT", &StompOptions::default()).unwrap();
    // TCP has no close that says why.
    let error = refused.next_frame().unwrap();
    assert_eq!((error.command.as_str(), error.header("message")), ("ERROR", Some(&*crowded.1)));
    assert_eq!(refused.expect_end().unwrap(), None);
    await_metric(addr, r#"hub_connections_failed_total{reason="sessions_per_address"}"#, 2);

    drop(leaves);
    let free = || connect().fence().ok();
    hub_testkit::wait::until(PATIENCE, "a place", free).unwrap();
    drop(raw);
    bystander.assert_unharmed("a crowd");
}

/// A text frame's header with a 64-bit length, masked by zeros.
fn announced(len: u64) -> Vec<u8> {
    [&[0x81, 0xff][..], &len.to_be_bytes(), &[0; 4]].concat()
}

#[test]
fn a_frame_that_breaks_rfc_6455_is_answered_by_its_close_code_and_reason() {
    let hub = hub(&[("LIMITS__MESSAGE_BYTES", "16384")]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let half =
        [masked(false, frame::TEXT, &[b'x'; 10_000]), masked(true, frame::CONTINUATION, &[b'x'; 10_000])];
    let nested = [masked(false, frame::TEXT, b"x"), masked(true, frame::TEXT, b"x")];
    let cases: [(Vec<u8>, u16, &str); 16] = [
        (b"\x81\x01x".to_vec(), 1002, "frame is not masked"),
        (vec![0xc1, 0x80, 0, 0, 0, 0], 1002, "reserved bit set"),
        (vec![0x91, 0x80, 0, 0, 0, 0], 1002, "reserved bit set"),
        (masked(true, 0x3, b""), 1002, "reserved opcode"),
        (masked(true, 0xb, b""), 1002, "reserved opcode"),
        (vec![0x81, 0xfe, 0, 1, 0, 0, 0, 0, b'x'], 1002, "length not minimal"),
        (announced(1 << 63), 1002, "length out of range"),
        (announced(8 << 30), 1009, "message too big: limits.message_bytes = 16384"),
        (vec![0x81, 0xfe, 0x40, 0x01, 0, 0, 0, 0], 1009, "message too big: limits.message_bytes = 16384"),
        (half.concat(), 1009, "message too big: limits.message_bytes = 16384"),
        (masked(true, frame::TEXT, b"\xc3\x28"), 1007, "invalid UTF-8"),
        (masked(false, frame::PING, b""), 1002, "control frame fragmented"),
        (masked(true, frame::PING, &[0; 126]), 1002, "control frame too long"),
        (masked(true, frame::CONTINUATION, b"x"), 1002, "continuation without a message"),
        (nested.concat(), 1002, "message within a message"),
        (masked(true, frame::CLOSE, &1005_u16.to_be_bytes()), 1002, "invalid close code"),
    ];
    for (bytes, code, reason) in cases {
        let mut ws = WsClient::connect(addr, "/ws", &WsOptions::default()).unwrap();
        ws.send_raw(&bytes).unwrap();
        assert_eq!(ws.expect_close().unwrap(), (code, reason.to_owned()), "{:02x?}", bytes.get(..8));
        bystander.assert_unharmed(reason);
    }
    await_metric(addr, r#"hub_errors_total{kind="websocket"}"#, 16);
}

#[test]
fn the_limit_itself_still_fits_and_so_does_a_message_in_pieces_around_pings() {
    let hub = hub(&[("LIMITS__MESSAGE_BYTES", "16384")]);
    let mut ws = WsClient::connect(address(&hub), "/ws", &WsOptions::default()).unwrap();
    // A CONNECT of exactly 16,384 bytes: it may have a body, which says nothing.
    let connect = "CONNECT\naccept-version:1.2\nhost:x\n\n";
    let whole = format!("{connect}{}\0", "x".repeat(16_383 - connect.len()));
    let (first, rest) = whole.as_bytes().split_at(7_000);
    ws.send_frame(false, frame::TEXT, first).unwrap();
    assert_eq!(ws.fence().unwrap(), [], "not whole yet");
    ws.send_frame(false, frame::CONTINUATION, &rest[..1]).unwrap();
    ws.send_frame(true, frame::CONTINUATION, &rest[1..]).unwrap();
    assert!(ws.next_text().unwrap().starts_with("CONNECTED\n"));
}

#[test]
fn a_close_is_answered_by_the_same_code_and_the_end() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for code in [1000, 1001, 3000, 4321] {
        let mut ws = WsClient::connect(addr, "/", &WsOptions::default()).unwrap();
        ws.send_close(code, "bye").unwrap();
        assert_eq!(ws.expect_close().unwrap().0, code);
    }
    let mut ws = WsClient::connect(addr, "/", &WsOptions::default()).unwrap();
    ws.send_close(1005, "").unwrap();
    assert_eq!(ws.expect_close().unwrap().0, 1005, "without a code");
}

#[test]
fn peers_that_vanish_in_the_middle_of_anything_leave_nothing_behind() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let open = || metric(addr, r#"hub_connections{service="analytics",transport="websocket"}"#);
    for bytes in [&b"\x81"[..], &announced(100)[..], b"\x81\x85\0\0\0\0CO"] {
        let mut ws = WsClient::connect(addr, "/ws", &WsOptions::default()).unwrap();
        ws.send_raw(bytes).unwrap();
        hub_testkit::OverSocket::socket_mut(&mut ws).reset_on_drop().unwrap();
    }
    drop(stomp(addr));
    hub_testkit::wait::until(PATIENCE, "only the bystander", || (open() == 1).then_some(())).unwrap();
    bystander.assert_unharmed("resets");
}
