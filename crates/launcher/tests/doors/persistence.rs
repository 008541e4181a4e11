//! A connection goes on, or its end was announced.

use hub_testkit::http::HttpConnection;

use crate::SMALL;
use crate::support::{PATIENCE, address, hub};

#[test]
fn an_option_that_is_no_upgrade_ends_no_connection() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for headers in [
        &[("Connection", "upgrade")][..],
        &[("Connection", "Upgrade")],
        &[("Connection", "keep-alive, Upgrade")],
        &[("Connection", "Upgrade"), ("Upgrade", "")],
        &[("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk")],
        &[("Upgrade", "h2c")],
        &[("Connection", "Upgrade"), ("Upgrade", "TLS/1.0, HTTP/2.0")],
    ] {
        let mut connection = HttpConnection::connect(addr, PATIENCE).unwrap();
        for (method, path, body) in [
            ("POST", "/api/ingest/prices", r#"{"symbol":"ACME","price":1}"#),
            ("GET", "/api/analysis/all", ""),
            ("GET", "/nowhere", ""),
            ("POST", "/api/ingest/prices", "[]"),
            ("GET", "/ws/info", ""),
        ] {
            let answer = connection.request(method, path, headers, body.as_bytes()).unwrap();
            let ends = answer.headers.has_token("connection", "close");
            assert!(!ends && !answer.headers.has_token("connection", "upgrade"), "{headers:?}: {answer:?}");
        }
    }
}

#[test]
fn the_end_of_a_connection_is_announced() {
    let hub = hub(&SMALL);
    let addr = address(&hub);
    let large = "1".repeat(5000);
    // Refused upgrades, too.
    for (path, version) in [("/nowhere", "13"), ("/ws", "8"), ("/ws/0/x/websocket", "8")] {
        let upgrade = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", version),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let mut connection = HttpConnection::connect(addr, PATIENCE).unwrap();
        let answer = connection.request("GET", path, &upgrade, b"").unwrap();
        assert!(answer.headers.has_token("connection", "close"), "{path}: {answer:?}");
        connection.into_socket().expect_end().unwrap();
    }
    for (headers, body) in [
        (&[("Connection", "close")][..], "[]"),
        (&[("Connection", "close, Upgrade")], "[]"),
        (&[("Content-Type", "text/html")], "[]"),
        (&[], &large),
    ] {
        let mut connection = HttpConnection::connect(addr, PATIENCE).unwrap();
        let answer = connection.request("POST", "/api/ingest/prices", headers, body.as_bytes()).unwrap();
        assert!(answer.headers.has_token("connection", "close"), "{headers:?}: {answer:?}");
        connection.into_socket().expect_end().unwrap();
    }
}
