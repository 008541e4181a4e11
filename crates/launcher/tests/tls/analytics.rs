//! What analytics promises without TLS, it keeps with it.

use hub_testkit::Socket;
use hub_testkit::http::{self, HttpConnection};
use hub_testkit::stomp::{Carrier, StompClient, StompOptions};
use hub_testkit::ws::Close;
use serde_json::Value;

use super::hub::TlsHub;
use super::support::{
    PATIENCE, POSITIONS, analysis, await_metric, buy, holdings, ingest, stomp, subscribe, subscriber, uuid,
};

#[test]
fn https_answers_what_http_does() {
    let hub = TlsHub::start(&[]);
    let tunnel = hub.tunnel();
    assert_eq!(http::get(tunnel.addr(), "/health").unwrap().json().unwrap()["status"], "UP");
    ingest(tunnel.addr(), "transactions", &buy(1, &uuid(1), "ACME", 5));
    let rows: Value = serde_json::from_str(&analysis(tunnel.addr())).unwrap();
    assert_eq!(rows[0]["holdings"], 5);
    assert!(hub.process.stdout().iter().any(|line| line.contains("STOMP") && line.contains("wss://")));
}

#[test]
fn stomp_over_wss_gets_snapshot_and_deltas_and_a_whole_closing_handshake() {
    let mut hub = TlsHub::start(&[]);
    let tunnel = hub.tunnel();
    ingest(tunnel.addr(), "transactions", &buy(1, &uuid(1), "ACME", 5));
    let mut client = subscriber(tunnel.addr(), &[("0", POSITIONS)]);
    assert_eq!(client.next_message("0").unwrap().json().unwrap()[0]["holdings"], 5);
    ingest(tunnel.addr(), "transactions", &buy(2, &uuid(1), "ACME", 6));
    assert_eq!(client.next_message("0").unwrap().json().unwrap()[0]["holdings"], 11);

    let mut leaves = stomp(tunnel.addr());
    leaves.disconnect_with_receipt().unwrap();
    assert_eq!(leaves.expect_end().unwrap(), Some(Close { code: 1000, reason: String::new() }));
    hub.process.signal_terminate().unwrap();
    let going_away = Close { code: 1001, reason: "Going away".to_owned() };
    assert_eq!(client.expect_end().unwrap(), Some(going_away));
    drop((client, leaves));
    assert_eq!(hub.process.wait_for_exit().unwrap().code(), Some(0));
    assert_eq!(tunnel.truncated(), 0, "TLS was ended, too (RFC 8446, section 6.1)");
}

#[test]
fn raw_stomp_over_tls_works_as_well() {
    let hub = TlsHub::start(&[]);
    let tunnel = hub.tunnel();
    let carrier = Carrier::tcp(tunnel.addr(), PATIENCE).unwrap();
    let mut client = StompClient::connect(carrier, &StompOptions::default()).unwrap();
    subscribe(&mut client, "0", POSITIONS);
    ingest(tunnel.addr(), "transactions", &buy(1, &uuid(1), "ACME", 5));
    assert_eq!(client.next_message("0").unwrap().json().unwrap()[0]["holdings"], 5);
}

#[test]
fn a_snapshot_far_larger_than_any_buffer_comes_whole_over_tls() {
    let hub = TlsHub::start(&[("LIMITS__OUTBOX_BYTES", "4096")]);
    let tunnel = hub.tunnel();
    let mut writer = HttpConnection::connect(tunnel.addr(), PATIENCE).unwrap();
    let positions = 20_000_u64;
    for first in (0..positions).step_by(2_000) {
        let items = (first..first + 2_000).map(|i| buy(i, &uuid(i), "ACME", i + 1)).collect();
        assert_eq!(writer.post_json("/api/ingest/transactions", &items).unwrap().status, 200);
    }
    let rows: Value = serde_json::from_str(&analysis(tunnel.addr())).unwrap();
    let all = holdings(&rows);
    assert_eq!(all.len() as u64, positions);

    let mut client = subscriber(tunnel.addr(), &[("0", POSITIONS)]);
    let mut seen = std::collections::BTreeMap::new();
    while seen.len() < all.len() {
        seen.extend(holdings(&client.next_message("0").unwrap().json().unwrap()));
    }
    assert_eq!(seen, all);
}

#[test]
fn what_is_not_tls_is_refused_without_harm() {
    let hub = TlsHub::start(&[("LIMITS__HANDSHAKE_MS", "200")]);
    let tunnel = hub.tunnel();
    let mut client = subscriber(tunnel.addr(), &[("0", POSITIONS)]);
    let speak: [&[u8]; 4] = [
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"CONNECT\naccept-version:1.2\n\n\0",
        b"\x16\x03\x01",
        b"",
    ];
    for said in speak {
        let mut socket = Socket::connect(hub.addr("analytics"), PATIENCE).unwrap();
        socket.send(said).unwrap();
        // A TLS alert, or nothing, or a reset; never an answer in the clear.
        let answer = socket.receive_to_end().unwrap_or_default();
        assert!(!answer.windows(4).any(|four| four == b"HTTP" || four == b"CONN"), "{answer:?}");
    }
    // Two were no TLS, two said too little.
    for reason in ["tls_or_io", "handshake_timeout"] {
        let sample = format!(r#"hub_connections_failed_total{{reason="{reason}"}}"#);
        await_metric(tunnel.addr(), &sample, 2);
    }
    ingest(tunnel.addr(), "transactions", &buy(1, &uuid(1), "ACME", 5));
    assert_eq!(client.next_message("0").unwrap().json().unwrap()[0]["holdings"], 5);
}
