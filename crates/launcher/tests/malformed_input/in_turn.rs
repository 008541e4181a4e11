//! What was applied is answered: whatever ends a session for what its peer sent, the SENDs before it
//! have their RECEIPTs first.

use std::net::SocketAddr;

use hub_testkit::Error;
use hub_testkit::stomp::{Carrier, Frame, StompClient, StompOptions};
use hub_testkit::ws::Close;
use hub_testkit::ws::frame::{self, masked};
use serde_json::{Value, json};

use crate::support::carriers::{CARRIERS, sockjs, tcp, websocket};
use crate::support::{address, analysis, buy, holdings, hub, uuid};

/// What carries the session, what is sent over it, and the close.
type Case = (fn(SocketAddr) -> Carrier, Vec<u8>, Close);

fn connect(carrier: Carrier) -> StompClient {
    StompClient::connect(carrier, &StompOptions::default()).unwrap()
}

fn send(receipt: &str, item: &Value) -> String {
    format!("SEND\ndestination:/app/transactions\nreceipt:{receipt}\n\n{item}\0")
}

/// Two SENDs of one share each.
fn two(owner: u64) -> String {
    let item = |n: u64| buy(100 * owner + n, &uuid(owner), "ACME", 1);
    send("a", &item(1)) + &send("b", &item(2))
}

fn held(addr: SocketAddr, owner: u64) -> Option<u64> {
    let rows = serde_json::from_str(&analysis(addr)).unwrap();
    holdings(&rows).get(&(uuid(owner), "ACME".to_owned())).copied()
}

/// All frames up to the end of the connection, and the close that was told.
fn read_to_end(client: &mut StompClient) -> (Vec<Frame>, Option<Close>) {
    let mut frames = Vec::new();
    loop {
        match client.next_frame() {
            Ok(frame) => frames.push(frame),
            Err(Error::Closed { .. } | Error::Ended { .. }) => break,
            Err(error) => panic!("after {frames:?}: {error}"),
        }
    }
    (frames, client.expect_end().unwrap_or(None))
}

fn shown(frames: &[Frame]) -> Vec<String> {
    let name = |frame: &Frame| frame.header("receipt-id").unwrap_or("-").to_owned();
    frames.iter().map(|frame| format!("{} {}", frame.command, name(frame))).collect()
}

#[test]
fn a_send_is_answered_before_the_error_for_what_stands_behind_it_in_the_same_bytes() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let bad = [
        ("NONSENSE\n\n\0", "ERROR -"),
        ("SEND\nreceipt:c\nno colon\n\n\0", "ERROR c"),
        ("SEND\nreceipt:c\ncontent-length:1\n\nxx\0", "ERROR c"),
        ("SUBSCRIBE\nid:0\nreceipt:c\ndestination:/topic/nowhere\n\n\0", "ERROR c"),
        ("SEND\ndestination:/topic/position-update\nreceipt:c\n\n\0", "ERROR c"),
        ("SEND\ndestination:/app/transactions\nreceipt:c\n\n{\0", "ERROR c"),
        ("CONNECT\naccept-version:1.2\n\n\0", "ERROR -"),
        ("COMMIT\ntransaction:none\nreceipt:c\n\n\0", "ERROR c"),
    ];
    let mut owner = 0;
    for (frame, error) in bad {
        for carrier in CARRIERS {
            owner += 1;
            let mut client = connect(carrier(addr));
            client.send_frame_text(&(two(owner) + frame)).unwrap();
            let (frames, _) = read_to_end(&mut client);
            assert_eq!(shown(&frames), ["RECEIPT a", "RECEIPT b", error], "{frame:?}");
            assert_eq!(held(addr, owner), Some(2), "{frame:?}");
        }
    }
}

#[test]
fn a_rejected_send_waits_for_those_behind_it_and_one_error_tells_all_that_was_refused() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let sell = json!({"transactionId": uuid(9), "portfolioId": uuid(8), "symbol": "ACME", "side": "SELL",
                      "quantity": 1, "price": 1});
    for (owner, carrier) in (1..).zip(CARRIERS) {
        let mut client = connect(carrier(addr));
        let third = send("d", &buy(100 * owner + 3, &uuid(owner), "ACME", 1));
        let rejected = |receipt| send(receipt, &sell);
        client.send_frame_text(&(two(owner) + &rejected("c") + &third + &rejected("e"))).unwrap();
        let (frames, _) = read_to_end(&mut client);
        assert_eq!(shown(&frames), ["RECEIPT a", "RECEIPT b", "RECEIPT d", "ERROR c"]);
        let text = frames.last().unwrap().text().unwrap();
        let second = "refused, too, receipt 'e': item 0: quantity: is more than the 0 held";
        assert!(text.starts_with("item 0: quantity: ") && text.lines().any(|line| line == second), "{text}");
        assert_eq!(held(addr, owner), Some(3));
    }
}

#[test]
fn a_commit_of_which_a_send_is_rejected_has_no_receipt() {
    let hub = hub(&[]);
    let mut client = connect(tcp(address(&hub)));
    let sell = json!({"transactionId": uuid(9), "portfolioId": uuid(8), "symbol": "ACME", "side": "SELL",
                      "quantity": 1, "price": 1});
    let held = format!("SEND\ndestination:/app/transactions\ntransaction:t\n\n{sell}\0");
    let all = format!("BEGIN\ntransaction:t\n\n\0{held}COMMIT\ntransaction:t\nreceipt:c\n\n\0{}", two(1));
    client.send_frame_text(&all).unwrap();
    let (frames, _) = read_to_end(&mut client);
    assert_eq!(shown(&frames), ["RECEIPT a", "RECEIPT b", "ERROR c"]);
}

#[test]
fn a_websocket_that_fails_and_sockjs_that_is_broken_are_closed_behind_the_answers() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let array = |texts: &[&str]| serde_json::to_vec(texts).unwrap();
    let close = |code, reason: &str| Close { code, reason: reason.to_owned() };
    let text = |payload: &[u8]| masked(true, frame::TEXT, payload);
    let cases: [Case; 4] = [
        (
            websocket,
            [text(two(1).as_bytes()), vec![0xc1, 0x80, 0, 0, 0, 0]].concat(),
            close(1002, "reserved bit set"),
        ),
        (websocket, [text(two(2).as_bytes()), text(b"\xc3\x28")].concat(), close(1007, "invalid UTF-8")),
        (sockjs, [text(&array(&[&two(3)])), text(b"[\"x")].concat(), close(1007, "Broken JSON encoding.")),
        (sockjs, [text(&array(&[&two(4)])), vec![0x81, 0x00]].concat(), close(1002, "frame is not masked")),
    ];
    for (owner, (carrier, bytes, close)) in (1..).zip(cases) {
        let mut client = connect(carrier(addr));
        match client.carrier() {
            Carrier::WebSocket(ws) => ws.send_raw(&bytes).unwrap(),
            Carrier::SockJs(session) => session.ws().send_raw(&bytes).unwrap(),
            Carrier::Tcp(_) => unreachable!("there is no WebSocket"),
        }
        for receipt in ["RECEIPT a", "RECEIPT b"] {
            let frame = client.next_frame().unwrap_or_else(|error| panic!("{close:?}: {error}"));
            assert_eq!(shown(&[frame]), [receipt], "{close:?}");
        }
        let told = match client.carrier() {
            // Broken below SockJS, which has no say in it.
            Carrier::SockJs(session) if close.code == 1002 => {
                let (code, reason) = session.ws().expect_close().unwrap();
                Some(Close { code, reason })
            }
            _ => client.expect_end().unwrap(),
        };
        assert_eq!(told, Some(close));
        assert_eq!(held(addr, owner), Some(2));
    }
}
