//! What the answer to an upgrade says.

use std::net::SocketAddr;

use hub_testkit::http::{HttpConnection, Response};
use hub_testkit::ws::{WsClient, WsOptions};

use crate::support::{PATIENCE, address, hub, problem};

/// The answer to an upgrade with this offer.
fn extension(addr: SocketAddr, path: &str, offer: &str) -> Option<String> {
    let headers = vec![("Sec-WebSocket-Extensions".to_owned(), offer.to_owned())];
    let ws = WsClient::connect(addr, path, &WsOptions { headers, ..WsOptions::default() }).unwrap();
    ws.extension().map(ToOwned::to_owned)
}

const BROWSERS: &str = "permessage-deflate; client_max_window_bits";
const SHARED: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

#[test]
fn every_websocket_agrees_and_remembers_nothing() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for path in ["/", "/ws", "/websocket", "/ws/websocket", "/ws/000/abc/websocket", "/ws/positions"] {
        assert_eq!(extension(addr, path, BROWSERS).as_deref(), Some(SHARED), "{path}");
        assert_eq!(extension(addr, path, "permessage-bzip2"), None, "{path}");
    }
    for (service, path) in
        [("leaderboard", "/ws/updates"), ("rttm", "/ws/alerts"), ("auto-trader", "/ws/auto-trader")]
    {
        let addr = hub.addr(service).unwrap();
        assert_eq!(extension(addr, path, BROWSERS).as_deref(), Some(SHARED), "{path}");
    }
    let gateway = hub.addr("gateway").unwrap();
    assert_eq!(extension(gateway, "/ws/000/abc/websocket", BROWSERS).as_deref(), Some(SHARED));
    let small = extension(addr, "/ws", "permessage-deflate; server_max_window_bits=10");
    assert_eq!(small, Some(format!("{SHARED}; server_max_window_bits=10")));
}

#[test]
fn a_client_that_may_point_back_is_not_told_otherwise() {
    let hub = hub(&[("SERVER__DEFLATE_CLIENT_TAKEOVER", "true")]);
    let answer = extension(address(&hub), "/ws", BROWSERS);
    assert_eq!(answer.as_deref(), Some("permessage-deflate; server_no_context_takeover"));
}

#[test]
fn nothing_is_agreed_to_where_compression_is_off() {
    let hub = hub(&[("SERVER__DEFLATE", "false")]);
    assert_eq!(extension(address(&hub), "/ws", BROWSERS), None);
}

#[test]
fn an_offer_that_is_none_is_refused_by_its_header_whether_compression_is_on_or_off() {
    for deflate in ["true", "false"] {
        let hub = hub(&[("SERVER__DEFLATE", deflate)]);
        let answer = refusal(address(&hub), "permessage-deflate; a=\"b");
        assert_eq!(problem(&answer, 400), "header Sec-WebSocket-Extensions is malformed");
    }
}

fn refusal(addr: SocketAddr, offer: &str) -> Response {
    let headers = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Extensions", offer),
    ];
    let mut connection = HttpConnection::connect(addr, PATIENCE).unwrap();
    connection.request("GET", "/ws", &headers, b"").unwrap()
}
