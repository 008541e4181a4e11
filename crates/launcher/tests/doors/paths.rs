//! One idea of a path, for REST, upgrades and `SockJS` alike.

use std::net::SocketAddr;

use hub_testkit::http;

use crate::answer_to;
use crate::support::{address, hub};

/// What a GET of a path gives, and an upgrade.
fn found(addr: SocketAddr, path: &str) -> (u16, u16) {
    let upgrade = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    (http::get(addr, path).unwrap().status, answer_to(addr, &upgrade).status)
}

#[test]
fn every_spelling_of_a_path_leads_where_the_path_leads() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for (path, spellings) in [
        ("/ws", &["/%77s", "/%77%73", "/./ws", "/api/../ws", "/ws/", "/ws/.", "/x/..//../ws"][..]),
        (
            "/ws/positions",
            &["/ws/%70ositions", "/ws/x/../positions", "/%77s/%2E/positions", "/ws/positions/"],
        ),
        ("/websocket", &["/web%73ocket"]),
        ("/ws/0/x/websocket", &["/ws/%30/%78/websocket", "/ws/0/x/web%73ocket"]),
        ("/api/analysis/all", &["/api/%61nalysis/all", "/api/./analysis/all"]),
        ("/health", &["/%68ealth", "/..%2f/../health"]),
    ] {
        let there = found(addr, path);
        assert!(there.0 == 200 || there.1 == 101, "{path}: {there:?}");
        for spelling in spellings {
            assert_eq!(found(addr, spelling), there, "{spelling} is {path}");
        }
    }
    for path in ["/WS", "/%%37%37s", "/ws%2Fpositions", "/ws//positions", "/ws/positions/x", "/api/analysis"]
    {
        assert_eq!(found(addr, path), (404, 404), "{path}");
    }
}

#[test]
fn a_session_exists_over_every_transport_or_over_none() {
    let hub = hub(&[]);
    let addr = address(&hub);
    // A dot is for no session (SockJS, "Session URLs"), however it is written.
    for session in ["a.b", "a%2Eb", "a%2eb", ""] {
        for (method, transport) in [("POST", "xhr"), ("POST", "xhr_send"), ("GET", "eventsource")] {
            let path = format!("/ws/0/{session}/{transport}");
            assert_eq!(http::request(addr, method, &path, &[], b"[]").unwrap().status, 404, "{path}");
        }
        assert_eq!(found(addr, &format!("/ws/0/{session}/websocket")), (404, 404), "{session}");
    }
    // Opened by one spelling, found by the other.
    let opened = http::request(addr, "POST", "/ws/0/s%31/xhr", &[], b"").unwrap();
    assert_eq!((opened.status, opened.text().unwrap()), (200, "o\n"));
    let sent = http::request(addr, "POST", "/ws/9/s1/xhr_send", &[], b"[\"\\n\"]").unwrap();
    assert_eq!(sent.status, 204);
}
