//! Text that JavaScript makes ends no session, whichever way it is sent.

use std::net::SocketAddr;

use hub_testkit::http;
use hub_testkit::ws::{WsClient, WsOptions};

use crate::support::{address, hub, uuid};

const CONNECT: &str = r#"["CONNECT\naccept-version:1.2\nhost:x\n\n\u0000"]"#;

/// A portfolio whose name was cut within an emoji, as `JSON.stringify` writes
/// it, in a SEND that wants a RECEIPT.
fn cut(receipt: &str) -> String {
    let name = r"Growth \ud83d";
    let send = r"SEND\ndestination:/app/portfolios\ncontent-type:application/json\nreceipt:";
    let id = uuid(1);
    format!(r#"["{send}{receipt}\n\n{{\"portfolioId\":\"{id}\",\"name\":\"{name}\"}}\u0000"]"#)
}

fn post(addr: SocketAddr, path: &str, kind: &str, body: &str) -> http::Response {
    http::request(addr, "POST", path, &[("Content-Type", kind)], body.as_bytes()).unwrap()
}

/// What the session has to say next.
fn poll(addr: SocketAddr, session: &str) -> String {
    post(addr, &format!("{session}/xhr"), "text/plain", "").text().unwrap().to_owned()
}

#[test]
fn half_of_an_emoji_ends_no_session_over_any_transport_of_sockjs() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let form = "application/x-www-form-urlencoded";
    let encoded =
        |text: &str| format!("d={}", text.replace('%', "%25").replace('+', "%2B").replace('&', "%26"));
    for (transport, kind, is_form) in
        [("xhr_send", "text/plain", false), ("jsonp_send", "text/plain", false), ("jsonp_send", form, true)]
    {
        let session = format!("/ws/0/{transport}{is_form}");
        assert_eq!(poll(addr, &session), "o\n");
        for text in [CONNECT, &cut("first"), &cut("second")] {
            let body = if is_form { encoded(text) } else { text.to_owned() };
            let sent = post(addr, &format!("{session}/{transport}"), kind, &body);
            assert!(matches!(sent.status, 200 | 204), "{transport}: {sent:?}");
        }
        let mut said = String::new();
        while !said.contains("receipt-id:second") {
            let more = poll(addr, &session);
            assert!(more.starts_with(['a', 'h']) && !more.contains("ERROR"), "{transport}: {more}");
            said += &more;
        }
        assert!(said.contains("receipt-id:first"), "{transport}: {said}");
    }
    let mut ws = WsClient::connect(addr, "/ws/0/x/websocket", &WsOptions::default()).unwrap();
    ws.send_text(CONNECT).unwrap();
    ws.send_text(&cut("only")).unwrap();
    while !ws.next_text().unwrap().contains("receipt-id:only") {}
}
