//! What a session may cost: each limit has an error of its own, and what is within it passes.

mod support;

use std::collections::BTreeSet;

use hub_testkit::stomp::{Carrier, Frame, StompClient, StompOptions};
use hub_testkit::ws::{WsClient, WsOptions};
use serde_json::{Value, json};

use support::carriers::{CARRIERS, tcp};
use support::{address, await_metric, fence, subscriber};

const TOPIC: &str = "/topic/relay/x";

fn hub(settings: &[(&str, &str)]) -> hub_testkit::process::HubProcess {
    support::hub(&[&[("RELAY__CLIENT_SEND", "true")], settings].concat())
}

fn connect(carrier: Carrier) -> StompClient {
    StompClient::connect(carrier, &StompOptions::default()).unwrap()
}

fn assert_refused(client: &mut StompClient, message: &str, body: &str) -> Frame {
    let (error, _) = client.expect_error().unwrap_or_else(|error| panic!("{message}: {error}"));
    assert_eq!(error.header("message"), Some(message), "{error}");
    assert!(error.text().unwrap().contains(body), "{error}");
    error
}

#[test]
fn before_connect_a_peer_may_send_64_line_ends_and_no_more() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let opening = "CONNECT\naccept-version:1.2\nhost:x\n\n\0";
    for carrier in CARRIERS {
        let mut client = StompClient::unconnected(carrier(addr));
        client.send_frame_text(&format!("{}{opening}", "\n".repeat(64))).unwrap();
        assert_eq!(client.next_frame().unwrap().command, "CONNECTED");
        let mut client = StompClient::unconnected(carrier(addr));
        client.send_frame_text(&format!("{}{opening}", "\n".repeat(65))).unwrap();
        assert_refused(&mut client, "too many EOLs", "more EOLs than 64");
    }
    await_metric(addr, r#"hub_errors_total{kind="stomp"}"#, 3);
}

#[test]
fn a_connect_may_have_as_much_as_is_set_though_later_frames_may_have_more() {
    let hub = hub(&[("LIMITS__STOMP_CONNECT_BYTES", "100000")]);
    let addr = address(&hub);
    let opening = |bytes: usize| {
        let head = "CONNECT\naccept-version:1.2\nhost:x\n\n";
        format!("{head}{}\0", "x".repeat(bytes - head.len() - 1))
    };
    for carrier in CARRIERS {
        let mut client = StompClient::unconnected(carrier(addr));
        client.send_frame_text(&opening(100_000)).unwrap();
        assert_eq!(client.next_frame().unwrap().command, "CONNECTED");
        let mut client = StompClient::unconnected(carrier(addr));
        client.send_frame_text(&opening(100_001)).unwrap();
        assert_refused(&mut client, "frame too large", "longer than limits.stomp_connect_bytes = 100000");

        let mut client = connect(carrier(addr));
        client.send(TOPIC, &[("receipt", "r")], &vec![b'x'; 200_000]).unwrap();
        client.await_receipt("r").unwrap();
    }
}

#[test]
fn headers_lines_bodies_and_subscriptions_are_taken_up_to_their_limits() {
    let settings = [
        ("LIMITS__MESSAGE_BYTES", "16384"),
        ("LIMITS__STOMP_HEADERS", "16"),
        ("LIMITS__STOMP_HEADER_LINE_BYTES", "512"),
        ("LIMITS__SUBSCRIPTIONS_PER_SESSION", "3"),
    ];
    let hub = hub(&settings);
    let addr = address(&hub);
    let topics = [("a", TOPIC), ("b", TOPIC), ("c", "/queue/relay/x")];
    let mut client = subscriber(addr, &topics);
    let head = format!("SEND\ndestination:{TOPIC}\n");
    let most = |count: usize| format!("{head}{}\n\0", "x:x\n".repeat(count - 1));
    let longest = |bytes: usize| format!("{head}x:{}\n\n\0", "x".repeat(bytes - 2));
    let largest = |bytes: usize| format!("{head}\n{}\0", "x".repeat(bytes - head.len() - 2));
    for frame in [most(16), longest(512), largest(16_384)] {
        client.send_frame_text(&frame).unwrap();
    }
    let messages = fence(&mut client);
    assert!(messages.iter().all(|frame| frame.command == "MESSAGE"), "{messages:?}");
    for (frame, message, body) in [
        (most(17), "too many headers", "limits.stomp_headers = 16"),
        (longest(513), "header line too long", "limits.stomp_header_line_bytes = 512"),
        (largest(16_385), "frame too large", "limits.message_bytes = 16384"),
    ] {
        // Over TCP: a WebSocket has a limit of its own, which is the same.
        let mut client = connect(tcp(addr));
        client.send_frame_text(&frame).unwrap();
        assert_refused(&mut client, message, body);
    }
    client.subscribe("d", "/queue/relay/x", &[("receipt", "r")]).unwrap();
    let (error, _) = client.expect_error().unwrap();
    assert_eq!(error.header("message"), Some("too many subscriptions"), "{error}");
    assert_eq!(error.header("receipt-id"), Some("r"), "{error}");
    assert!(error.text().unwrap().contains("limits.subscriptions_per_session = 3"), "{error}");
}

#[test]
fn a_session_that_sends_faster_than_it_may_is_told_so_and_one_that_keeps_to_it_is_not() {
    // At once as much as one message and one read: 1,024 + 65,536 bytes.
    let hub = hub(&[
        ("LIMITS__SESSION_BYTES_PER_SECOND", "20000"),
        ("LIMITS__MESSAGE_BYTES", "1024"),
        ("LIMITS__STOMP_HEADER_LINE_BYTES", "512"),
    ]);
    let addr = address(&hub);
    let body = [b'x'; 900];
    let mut modest = connect(tcp(addr));
    for carrier in CARRIERS {
        let mut flood = connect(carrier(addr));
        // All that may come at once, and what is earned in 15 s: no machine is that slow.
        let sent = (0..400).take_while(|_| flood.send(TOPIC, &[], &body).is_ok()).count();
        assert!(sent > 66_560 / 1_000, "{sent}");
        let error = flood.next_frame().unwrap();
        assert_eq!((&*error.command, error.header("message")), ("ERROR", Some("too fast")), "{error}");
        let text = error.text().unwrap();
        assert!(
            text.contains("limits.session_bytes_per_second = 20000 lets in a second, and 66560 at once"),
            "{text}"
        );
    }
    await_metric(addr, r#"hub_errors_total{kind="stomp"}"#, 3);
    // Others are not held to account for it.
    for n in 0..60 {
        modest.send(TOPIC, &[("receipt", &n.to_string())], &body).unwrap();
        modest.await_receipt(&n.to_string()).unwrap();
    }
    assert_eq!(fence(&mut modest), []);
}

/// A command that names these symbols.
fn follow(numbers: std::ops::Range<u64>) -> Value {
    let symbols: Vec<String> = numbers.map(|n| format!("S{n}")).collect();
    json!({"type": "subscribe_prices", "symbols": symbols, "priceInterval": 100})
}

#[test]
fn a_connection_follows_the_prices_of_as_many_symbols_as_a_message_holds() {
    let hub = hub(&[]);
    let addr = hub.addr("auto-trader").unwrap();
    let priced = |price: u64| {
        (0..100_000).step_by(50).map(move |n| json!({"symbol": format!("S{n}"), "price": price}))
    };
    support::ingest(addr, "prices", &priced(1).collect());
    let options = WsOptions { deadline: support::PATIENCE, ..WsOptions::default() };
    let mut ws = WsClient::connect(addr, "/ws/auto-trader", &options).unwrap();
    ws.send_json(&follow(0..100_000)).unwrap();
    for round in 1..=2 {
        let mut told = BTreeSet::new();
        while told.len() < 2_000 {
            let message = ws.next_json().unwrap();
            assert_eq!(
                (&message["type"], &message["data"]["price"]),
                (&json!("price_update"), &json!(round))
            );
            assert!(told.insert(message["data"]["symbol"].to_string()), "{message} twice");
        }
        if round == 1 {
            support::ingest(addr, "prices", &priced(2).collect());
        }
    }
    // Some more, of which none has a price: at most their neighbours are told again.
    ws.send_json(&follow(100_000..100_010)).unwrap();
    assert!(ws.fence().unwrap().len() <= 512);
    ws.send_json(&json!({"type": "unsubscribe_prices"})).unwrap();
    ws.fence().unwrap();
    support::ingest(addr, "prices", &priced(3).collect());
    assert_eq!(ws.fence().unwrap(), []);
}

#[test]
fn what_is_followed_beyond_its_limit_is_refused_by_the_name_of_the_key() {
    let hub = hub(&[("LIMITS__FOLLOWED_SYMBOLS_BYTES", "1024")]);
    let options = WsOptions { deadline: support::PATIENCE, ..WsOptions::default() };
    let mut ws = WsClient::connect(hub.addr("auto-trader").unwrap(), "/ws/auto-trader", &options).unwrap();
    ws.send_json(&follow(0..1_000)).unwrap();
    let error = ws.next_json().unwrap();
    assert!(error["message"].as_str().unwrap().contains("limits.followed_symbols_bytes"), "{error}");
}
