//! STOMP: an ERROR that names the cause and the frame's receipt, then the end (STOMP 1.2, "ERROR").

use std::net::SocketAddr;

use hub_testkit::stomp::{Carrier, Frame, StompClient, StompOptions};
use hub_testkit::ws::{Close, WsOptions};

use crate::support::bystander::Bystander;
use crate::support::{PATIENCE, address, await_metric, fence, hub, subscriber};

/// A frame as it is sent, a piece of the ERROR's `message`, and of its body.
type Case<'a> = (&'a str, &'a str, &'a str);

const WEBSOCKET: fn(SocketAddr) -> Carrier =
    |addr| Carrier::websocket(addr, "/ws", &WsOptions::default()).unwrap();
const TCP: fn(SocketAddr) -> Carrier = |addr| Carrier::tcp(addr, PATIENCE).unwrap();

/// What ends a connection after an ERROR: over a WebSocket, a Close.
fn end_of(carrier: fn(SocketAddr) -> Carrier) -> Option<Close> {
    let close = Close { code: 4500, reason: "Protocol error".to_owned() };
    std::ptr::fn_addr_eq(carrier, WEBSOCKET).then_some(close)
}

fn assert_refused(mut client: StompClient, (text, message, body): Case, end: Option<&Close>) -> Frame {
    let shown: String = text.chars().take(60).collect();
    client.send_frame_text(text).unwrap();
    let (error, close) = client.expect_error().unwrap_or_else(|error| panic!("{shown:?}: {error}"));
    assert_eq!(error.header("message"), Some(message), "{shown:?}: {error}");
    assert!(error.text().unwrap().contains(body), "{shown:?}: {error}");
    assert_eq!(close.as_ref(), end, "{shown:?}");
    error
}

#[test]
fn a_frame_that_may_not_open_a_session_is_refused() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let cases: [Case; 7] = [
        ("SUBSCRIBE\nid:0\ndestination:/topic/position-update\n\n\0", "not connected", "not SUBSCRIBE"),
        ("SEND\ndestination:/topic/relay/x\n\nx\0", "not connected", "not SEND"),
        ("HELLO\n\n\0", "unknown command", "'HELLO'"),
        ("connect\n\n\0", "unknown command", "'connect'"),
        ("{\"type\":\"ping\"}\n", "unknown command", "type"),
        ("MESSAGE\n\n\0", "unknown command", "'MESSAGE'"),
        ("CONNECT\naccept-version:1.2\nheart-beat:often\n\n\0", "invalid header", "'often'"),
    ];
    let close = end_of(WEBSOCKET);
    for case in cases {
        assert_refused(StompClient::unconnected(WEBSOCKET(addr)), case, close.as_ref());
        bystander.assert_unharmed(case.0.trim_end_matches('\0').trim());
    }
    let future = ("CONNECT\naccept-version:2.0,9.9\n\n\0", "no common protocol version", "'2.0,9.9'");
    for carrier in [WEBSOCKET, TCP] {
        let client = StompClient::unconnected(carrier(addr));
        let error = assert_refused(client, future, end_of(carrier).as_ref());
        assert_eq!(error.header("version"), Some("1.0,1.1,1.2"));
    }
    let failed = r#"hub_errors_total{kind="stomp"}"#;
    await_metric(addr, failed, 9);
}

/// Each in a session of its own, over WebSocket and over TCP; all of them ask for the receipt `r`.
fn assert_refused_in_a_session(addr: SocketAddr, cases: &[Case]) {
    let mut bystander = Bystander::new(addr);
    for case in cases {
        for carrier in [WEBSOCKET, TCP] {
            let client = StompClient::connect(carrier(addr), &StompOptions::default()).unwrap();
            let error = assert_refused(client, *case, end_of(carrier).as_ref());
            // A command that is none has no headers, either.
            let receipt = (case.1 != "unknown command").then_some("r");
            assert_eq!(error.header("receipt-id"), receipt, "{error}");
        }
        bystander.assert_unharmed(case.2);
    }
}

#[test]
fn a_command_that_may_not_come_or_lacks_what_it_needs_is_refused() {
    let hub = hub(&[]);
    let cases: [Case; 14] = [
        ("FROB\nreceipt:r\n\n\0", "unknown command", "'FROB'"),
        ("send\nreceipt:r\n\n\0", "unknown command", "'send'"),
        ("CONNECT\nreceipt:r\naccept-version:1.2\n\n\0", "already connected", "CONNECT"),
        ("STOMP\nreceipt:r\naccept-version:1.2\n\n\0", "already connected", "STOMP"),
        ("SUBSCRIBE\nreceipt:r\nid:0\n\n\0", "missing header", "'destination'"),
        ("SUBSCRIBE\nreceipt:r\ndestination:/topic/relay/x\n\n\0", "missing header", "'id'"),
        ("UNSUBSCRIBE\nreceipt:r\n\n\0", "missing header", "'id'"),
        ("SEND\nreceipt:r\n\nx\0", "missing header", "'destination'"),
        ("ACK\nreceipt:r\n\n\0", "missing header", "'id'"),
        (
            "SUBSCRIBE\nreceipt:r\nid:0\nack:maybe\ndestination:/topic/relay/x\n\n\0",
            "invalid header",
            "'maybe'",
        ),
        ("BEGIN\nreceipt:r\n\n\0", "missing header", "'transaction'"),
        ("COMMIT\nreceipt:r\ntransaction:t\n\n\0", "unknown transaction", "COMMIT names transaction 't'"),
        ("ABORT\nreceipt:r\ntransaction:t\n\n\0", "unknown transaction", "ABORT names transaction 't'"),
        (
            "SEND\nreceipt:r\ndestination:/topic/relay/x\ntransaction:t\n\nx\0",
            "unknown transaction",
            "SEND names transaction 't', which is not open",
        ),
    ];
    assert_refused_in_a_session(address(&hub), &cases);
}

#[test]
fn a_destination_that_leads_nowhere_or_may_not_be_written_to_is_refused_by_name() {
    let hub = hub(&[]);
    let subscribe = |destination| format!("SUBSCRIBE\nreceipt:r\nid:0\ndestination:{destination}\n\n\0");
    let send = |destination| format!("SEND\nreceipt:r\ndestination:{destination}\n\n[]\0");
    let (subscription, message) = ("subscription refused", "message refused");
    let computed = "is computed by the hub and can't be written to";
    let cases = [
        (subscribe("/topic/nowhere"), subscription, "there is no destination /topic/nowhere"),
        (
            subscribe("/topic/position-update/mine"),
            subscription,
            "/topic/position-update/mine: what follows the topic must be a portfolio's UUID",
        ),
        (subscribe("/queue/x"), subscription, "there is no destination /queue/x"),
        (subscribe("topic/x"), "bad destination", "a destination is /segment/segment"),
        (subscribe("/topic/a b"), "bad destination", "without blanks or empty segments"),
        (subscribe(&format!("/{}", "x".repeat(255))), "bad destination", "at most 255 bytes"),
        (send("/topic/position-update"), message, computed),
        (send("/topic/position-update/mine"), message, computed),
        (send("/topic/unrealised-pnl"), message, computed),
        (send("/topic/nowhere"), message, "there is no destination /topic/nowhere"),
        (send("/topic/relay/x"), message, "clients may not SEND here: relay.client_send is off"),
    ];
    let cases = cases.each_ref().map(|(text, message, body)| (text.as_str(), *message, *body));
    assert_refused_in_a_session(address(&hub), &cases);
}

#[test]
fn a_frame_that_is_malformed_or_beyond_a_limit_is_refused_by_its_fault() {
    let hub = hub(&[("LIMITS__MESSAGE_BYTES", "16384"), ("LIMITS__STOMP_HEADERS", "16")]);
    let flood = format!("SEND\nreceipt:r\ndestination:/topic/relay/x\n{}\n\0", "x:x\n".repeat(17));
    let long = format!("SEND\nreceipt:r\nlong:{}\n\n\0", "x".repeat(8_192));
    let cases: [Case; 9] = [
        ("SEND\nreceipt:r\ncontent-length:many\n\nx\0", "malformed frame received", "'many'"),
        ("SEND\nreceipt:r\ncontent-length:-1\n\nx\0", "malformed frame received", "'-1'"),
        ("SEND\nreceipt:r\ncontent-length:1\n\nxx\0", "malformed frame received", "content-length = 1"),
        ("SEND\nreceipt:r\ncontent-length:20000\n\n", "frame too large", "content-length 20000"),
        ("SEND\nreceipt:r\nhead\\er:x\n\n\0", "undefined escape sequence", "no escape of STOMP 1.2"),
        ("SEND\nreceipt:r\nno colon\n\n\0", "malformed frame received", "'no colon'"),
        ("SEND\nreceipt:r\n\0", "malformed frame received", "ends within its headers"),
        (&flood, "too many headers", "limits.stomp_headers = 16"),
        (&long, "header line too long", "limits.stomp_header_line_bytes = 8192"),
    ];
    assert_refused_in_a_session(address(&hub), &cases);
}

#[test]
fn a_frame_that_never_ends_is_refused_at_the_limit_in_whatever_pieces_it_comes() {
    let hub = hub(&[("LIMITS__MESSAGE_BYTES", "16384")]);
    let addr = address(&hub);
    for carrier in [WEBSOCKET, TCP] {
        let mut client = StompClient::connect(carrier(addr), &StompOptions::default()).unwrap();
        client.send_frame_text("SEND\ndestination:/topic/relay/x\n\n").unwrap();
        for _ in 0..3 {
            client.send_frame_text(&"x".repeat(5_000)).unwrap();
        }
        let case = (&*"x".repeat(5_000), "frame too large", "limits.message_bytes = 16384");
        assert_refused(client, case, end_of(carrier).as_ref());
    }
}

#[test]
fn a_session_has_only_so_many_subscriptions_each_with_an_id_of_its_own() {
    let hub = hub(&[("LIMITS__SUBSCRIPTIONS_PER_SESSION", "3")]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let topics = [("a", "/topic/relay/a"), ("b", "/topic/relay/b"), ("c", "/topic/relay/a")];
    let one_more = "SUBSCRIBE\nid:d\ndestination:/topic/relay/d\n\n\0";
    let again = "SUBSCRIBE\nid:b\ndestination:/topic/relay/d\n\n\0";
    let full = (one_more, "too many subscriptions", "limits.subscriptions_per_session = 3");
    assert_refused(subscriber(addr, &topics), full, end_of(WEBSOCKET).as_ref());
    let twice = (again, "duplicate subscription", "'b'");
    assert_refused(subscriber(addr, &topics[..2]), twice, end_of(WEBSOCKET).as_ref());

    let mut leaves = subscriber(addr, &topics);
    leaves.unsubscribe("b").unwrap();
    leaves.send_frame_text(one_more).unwrap();
    assert_eq!(fence(&mut leaves), [], "its place was free again");
    bystander.assert_unharmed("too many subscriptions");
}

#[test]
fn where_clients_may_send_a_relay_carries_it_as_it_came_and_computed_topics_still_refuse_it() {
    let hub = hub(&[("RELAY__CLIENT_SEND", "true")]);
    let addr = address(&hub);
    let mut receiver = subscriber(addr, &[("0", "/topic/relay/chat")]);
    let mut sender = subscriber(addr, &[]);
    let headers = [("receipt", "sent"), ("content-type", "text/x"), ("colour", "a:b\\c"), ("empty", "")];
    let body = b"null \0 and \xff\xfe";
    sender.send("/topic/relay/chat", &headers, body).unwrap();
    sender.await_receipt("sent").unwrap();
    let message = receiver.next_message("0").unwrap();
    assert_eq!(message.body, body);
    assert_eq!(message.header("content-type"), Some("text/x"));
    assert_eq!(message.header("colour"), Some("a:b\\c"));
    assert_eq!(message.header("empty"), Some(""));
    assert_eq!(message.header("destination"), Some("/topic/relay/chat"));
    assert_eq!(message.header("receipt"), None, "that was between the sender and the hub");

    let computed =
        ("SEND\ndestination:/topic/position-update\n\n[]\0", "message refused", "computed by the hub");
    assert_refused(sender, computed, end_of(WEBSOCKET).as_ref());
}
