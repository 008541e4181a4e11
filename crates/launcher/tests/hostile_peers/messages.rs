//! Messages that begin and never end (`limits.message_ms`).

use std::net::SocketAddr;

use hub_testkit::slow::DribblePeer;
use hub_testkit::stomp::{Carrier, StompClient, StompOptions};
use hub_testkit::ws::{Message, WsClient, WsOptions, frame};
use hub_testkit::{Error, OverSocket as _, Socket, wait};

use crate::support::bystander::Bystander;
use crate::support::carriers::{CARRIERS, tcp};
use crate::support::{PATIENCE, address, await_metric, hub};
use crate::{await_files, closed, metric};

const SOON: [(&str, &str); 2] = [("LIMITS__MESSAGE_MS", "300"), ("LIMITS__CLOSE_MS", "1500")];
const REASON: (u16, &str) = (4005, "A message was not whole in time (limits.message_ms)");
const BEGUN: &str = "SEND\ndestination:/app/prices\n\n";

fn native(addr: SocketAddr) -> WsClient {
    let options = WsOptions { deadline: PATIENCE, ..WsOptions::default() };
    WsClient::connect(addr, "/ws/positions?topics=", &options).unwrap()
}

fn stomp(carrier: Carrier) -> StompClient {
    StompClient::connect(carrier, &StompOptions::default()).unwrap()
}

/// Takes one step after another until the hub has closed so many in all for their messages.
fn until_closed(addr: SocketAddr, count: u64, mut step: impl FnMut()) {
    wait::until(PATIENCE, "the end of a message that has none", || {
        step();
        (metric(addr, &closed(REASON.0)) == count).then_some(())
    })
    .unwrap();
}

/// Requires the Close with its reason. What came after it, such as the answer to a Ping, and how TCP ends is
/// another matter.
fn assert_closed(ws: &mut WsClient) {
    let close = loop {
        match ws.next().unwrap() {
            Message::Close(close) => break close,
            Message::Pong(_) => {}
            message => panic!("{message}"),
        }
    };
    assert_eq!((close.code, close.reason.as_str()), REASON);
}

#[test]
fn a_websocket_message_that_never_ends_is_closed_with_4005() {
    let hub = hub(&SOON);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let files = hub.open_files().unwrap();

    let mut whole = DribblePeer::new(native(addr), frame::masked(true, frame::TEXT, &vec![b'x'; 60_000]));
    until_closed(addr, 1, || {
        bystander.assert_unharmed("a byte of a frame");
        // Fails once the hub has gone.
        assert!(whole.step().unwrap_or(true), "60,000 bytes, and still heard");
    });
    assert_closed(whole.client());

    let mut fragments = native(addr);
    fragments.send_frame(false, frame::TEXT, b"{").unwrap();
    until_closed(addr, 2, || {
        bystander.assert_unharmed("a fragment");
        let _ = fragments.send_frame(false, frame::CONTINUATION, b" ");
        let _ = fragments.send_ping(b"I live");
    });
    assert_closed(&mut fragments);

    // A header and nothing more, from a peer that was never heard of again.
    let mut silent = native(addr);
    silent.send_raw(&frame::masked(true, frame::BINARY, &[0; 200])[..8]).unwrap();
    until_closed(addr, 3, || bystander.assert_unharmed("a header"));
    assert_closed(&mut silent);
    await_files(&hub, files);
}

#[test]
fn a_stomp_frame_that_never_ends_is_answered_by_an_error_over_every_carrier() {
    let hub = hub(&SOON);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let files = hub.open_files().unwrap();
    for (carrier, count) in CARRIERS.into_iter().zip(1..) {
        let mut client = stomp(carrier(addr));
        client.send_frame_text(BEGUN).unwrap();
        until_closed(addr, count, || {
            bystander.assert_unharmed("a part of a frame");
            // Over a WebSocket or SockJS each is a message of its own, and whole.
            let _ = client.send_frame_text("x");
            if let Carrier::WebSocket(ws) = client.carrier() {
                let _ = ws.send_ping(b"I live");
            }
        });
        let error = client.next_frame().unwrap();
        assert_eq!(error.command, "ERROR", "{error}");
        assert_eq!(error.header("message"), Some("message timeout"), "{error}");
        let lacks = "within limits.message_ms = 300: the SEND frame lacks the NUL that ends it";
        assert!(error.text().unwrap().ends_with(lacks), "{error}");
        match client.carrier() {
            Carrier::WebSocket(ws) => assert_closed(ws),
            Carrier::SockJs(session) => {
                let close = session.expect_close().unwrap();
                assert_eq!((close.code, close.reason.as_str()), REASON);
            }
            Carrier::Tcp(socket) => socket.expect_end().unwrap(),
        }
    }
    await_files(&hub, files);
    await_metric(addr, r#"hub_errors_total{kind="stomp"}"#, 3);
}

#[test]
fn a_peer_whose_reads_all_end_within_a_message_is_not_closed_while_its_messages_end() {
    let hub = hub(&SOON);
    let addr = address(&hub);
    let mut busy = native(addr);
    let ping = frame::masked(true, frame::TEXT, br#"{"type":"ping"}"#);
    let (front, back) = ping.split_at(10);
    let mut talker = stomp(tcp(addr));
    let request = b"UNSUBSCRIBE\nid:x\nreceipt:r\n\n\0";
    let (head, rest) = request.split_at(15);
    busy.send_raw(front).unwrap();
    talker.socket_mut().send(head).unwrap();
    // Each of these lives as long as a message may take: the busy ones have lived longer by then.
    for nth in 1..=2 {
        let mut stuck = Socket::connect(addr, PATIENCE).map(Carrier::Tcp).map(stomp).unwrap();
        stuck.send_frame_text(BEGUN).unwrap();
        until_closed(addr, nth, || {
            busy.send_raw(&[back, front].concat()).unwrap();
            assert_eq!(busy.next_text().unwrap(), r#"{"type":"pong"}"#);
            talker.socket_mut().send(&[rest, head].concat()).unwrap();
            talker.await_receipt("r").unwrap();
        });
        assert!(matches!(stuck.next_frame(), Err(Error::Stomp { .. }) | Ok(_)));
    }
    busy.send_raw(back).unwrap();
    assert_eq!(busy.next_text().unwrap(), r#"{"type":"pong"}"#);
}
