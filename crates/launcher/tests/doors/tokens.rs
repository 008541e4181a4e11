//! Tokens that are the same in any case by their standard are so at every door.

use std::net::SocketAddr;

use hub_testkit::http::HttpConnection;
use hub_testkit::stomp::Frame;

use crate::support::{PATIENCE, address, hub, stomp};
use crate::{all_answers, answer_to, statuses};

const PRICE: &str = r#"{"symbol":"ACME","price":1}"#;

fn post(addr: SocketAddr, path: &str, lines: &str, body: &str) -> u16 {
    let length = if lines.contains("Transfer") {
        String::new()
    } else {
        format!("Content-Length: {}\r\n", body.len())
    };
    answer_to(addr, &format!("POST {path} HTTP/1.1\r\nHost: LOCALHOST\r\n{length}{lines}\r\n{body}")).status
}

#[test]
fn what_requests_say_is_the_same_in_any_case() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let chunks = format!("{:X}\r\n{PRICE}\r\n0\r\n\r\n", PRICE.len());
    for (path, lines, body, status) in [
        ("/api/ingest/prices", "Content-Encoding: Identity\r\n", PRICE, 200),
        ("/api/ingest/prices", "CONTENT-TYPE: Application/JSON; Charset=UTF-8\r\n", PRICE, 200),
        ("/api/ingest/prices", "content-type: APPLICATION/X-NDJSON\r\n", PRICE, 200),
        ("/api/ingest/prices", "Transfer-Encoding: Chunked\r\n", &chunks, 200),
        ("/api/ingest/prices", "Expect: 100-Continue\r\n", PRICE, 200),
        ("/api/publish/topic/relay/x", "STOMP-Kind: x\r\n", "x", 200),
        // The name of a header, too, that nobody may forge.
        ("/api/publish/topic/relay/x", "STOMP-MESSAGE-ID: x\r\n", "x", 400),
    ] {
        assert_eq!(post(addr, path, lines, body), status, "{lines:?}");
    }
    let mut poll = HttpConnection::connect(addr, PATIENCE).unwrap();
    assert_eq!(poll.request("POST", "/ws/0/tokens/xhr", &[], b"").unwrap().status, 200);
    let form = "Content-Type: Application/X-WWW-Form-URLencoded\r\n";
    assert_eq!(post(addr, "/ws/0/tokens/jsonp_send", form, "d=%5B%5D"), 200);
    let ends = "GET /health HTTP/1.1\r\nHost: localhost\r\nCONNECTION: Keep-Alive, CLOSE\r\n\r\n";
    assert_eq!(statuses(&all_answers(addr, ends.as_bytes())), [200]);
}

#[test]
fn what_handshakes_and_frames_say_is_the_same_in_any_case() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let answer = answer_to(
        addr,
        "GET /ws/positions HTTP/1.1\r\nhost: localhost\r\nUPGRADE: WebSocket\r\nconnection: UPGRADE\r\n\
         SEC-WEBSOCKET-VERSION: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Extensions: Permessage-Deflate; Server_No_Context_Takeover\r\n\r\n",
    );
    assert_eq!(answer.status, 101);
    let agreed = answer.header("sec-websocket-extensions").unwrap();
    assert!(agreed.starts_with("permessage-deflate; server_no_context_takeover"), "{agreed}");
    let mut client = stomp(addr);
    for (receipt, kind) in [("1", "Application/JSON"), ("2", "APPLICATION/X-NDJSON;charset=utf-8")] {
        let headers = [("destination", "/app/prices"), ("content-type", kind), ("receipt", receipt)];
        client.send_frame(&Frame { body: PRICE.into(), ..Frame::new("SEND", &headers) }).unwrap();
        client.await_receipt(receipt).unwrap();
    }
}
