//! Names: what nobody may forge, what no two things may share, and what stands for several.

use std::net::SocketAddr;

use hub_testkit::http::{self, Response};
use hub_testkit::stomp::{Carrier, StompClient, StompOptions};
use hub_testkit::ws::{WsClient, WsOptions};
use serde_json::json;

use crate::support::carriers::{CARRIERS, sockjs, tcp};
use crate::support::{address, fence, hub, problem, subscriber, uuid};

const OF_SERVER: [&str; 7] =
    ["subscription", "message-id", "ack", "redelivered", "receipt-id", "resume", "snapshot"];

#[test]
fn what_only_the_hub_may_say_of_a_message_is_refused_by_name_at_every_door() {
    let hub = hub(&[("RELAY__CLIENT_SEND", "true")]);
    let addr = address(&hub);
    let mut topic = subscriber(addr, &[("t", "/topic/relay/x")]);
    let mut queue = subscriber(addr, &[("q", "/queue/relay/x")]);
    for destination in ["/topic/relay/x", "/queue/relay/x"] {
        for name in OF_SERVER {
            for (first, more) in [("", ""), ("BEGIN\ntransaction:t\n\n\0", "transaction:t\n")] {
                let mut client = StompClient::connect(tcp(addr), &StompOptions::default()).unwrap();
                let send = format!("{first}SEND\ndestination:{destination}\n{more}{name}:forged\n\n\0");
                client.send_frame_text(&send).unwrap();
                let (error, _) = client.expect_error().unwrap();
                assert!(error.text().unwrap().contains(&format!("header '{name}'")), "{error}");
            }
            let header = format!("Stomp-{name}");
            let answer = publish(addr, destination, &[(&header, "forged")]);
            assert_eq!(problem(&answer, 400), format!("header {header} is the hub's own to set"));
        }
        for name in ["destination", "content-length", "receipt", "transaction", "Resume"] {
            let answer = publish(addr, destination, &[(&format!("Stomp-{name}"), "forged")]);
            let detail = problem(&answer, 400);
            assert_eq!(detail, format!("header Stomp-{} is the hub's own to set", name.to_lowercase()));
        }
        // What a SEND says for itself is legal, and its own affair.
        let mut client = StompClient::connect(tcp(addr), &StompOptions::default()).unwrap();
        let headers = [("receipt", "r"), ("content-type", "text/x"), ("colour", "red")];
        client.send(destination, &headers, b"real").unwrap();
        client.await_receipt("r").unwrap();
    }
    for (client, id) in [(&mut topic, "t"), (&mut queue, "q")] {
        let message = client.next_message(id).unwrap();
        assert_eq!((&*message.body, message.header("colour")), (&b"real"[..], Some("red")), "{message}");
        for name in ["receipt", "resume", "snapshot", "redelivered", "transaction", "ack"] {
            assert_eq!(message.header(name), None, "{name}: {message}");
        }
        assert_eq!(fence(client), [], "nothing that was forged came through");
    }
}

fn publish(addr: SocketAddr, destination: &str, headers: &[(&str, &str)]) -> Response {
    http::request(addr, "POST", &format!("/api/publish{destination}"), headers, b"x").unwrap()
}

#[test]
fn a_wildcard_is_answered_by_what_is_possible_and_never_by_a_receipt() {
    let hub = hub(&[("RELAY__CLIENT_SEND", "true")]);
    let addr = address(&hub);
    for name in [
        "/topic/*",
        "/topic/**",
        "/topic/>",
        "/topic/#",
        "/topic/relay/*",
        "/topic/relay/**",
        "/topic/relay/prices.*",
        "/topic/relay/prices.>",
        "/topic/relay/*.stock.#",
        "/queue/relay/>",
        "/topic/position-update/*",
    ] {
        let there_are = "there are /topic/position-update, /topic/unrealized-pnl, /topic/portfolio-summary, /topic/movers";
        for frame in [
            format!("SUBSCRIBE\nid:0\nreceipt:r\ndestination:{name}\n\n\0"),
            format!("SEND\nreceipt:r\ndestination:{name}\n\nx\0"),
        ] {
            let mut client = StompClient::connect(tcp(addr), &StompOptions::default()).unwrap();
            client.send_frame_text(&frame).unwrap();
            let (error, _) = client.expect_error().unwrap();
            let text = error.text().unwrap();
            assert!(text.starts_with(&format!("{name}: ")) && text.contains(there_are), "{error}");
            assert!(text.contains("/topic/relay/**") && text.contains("{portfolioId}"), "{error}");
            assert_eq!(error.header("receipt-id"), Some("r"), "{error}");
        }
        let path = name.replace('>', "%3E").replace('#', "%23");
        assert!(problem(&publish(addr, &path, &[]), 400).contains(there_are), "{name}");
    }
}

#[test]
fn half_of_a_character_ends_no_session_over_sockjs_unless_it_is_in_a_name() {
    let hub = hub(&[("RELAY__CLIENT_SEND", "true")]);
    let addr = address(&hub);
    let mut receiver = subscriber(addr, &[("0", "/topic/relay/x")]);
    let mut sender = StompClient::connect(sockjs(addr), &StompOptions::default()).unwrap();
    let mut say = |text: &str| match sender.carrier() {
        Carrier::SockJs(session) => session.ws().send_text(text).unwrap(),
        _ => unreachable!("opened over SockJS"),
    };
    say("\u{feff}[\"SEND\\ndestination:/topic/relay/x\\ncolour:\\ud83d\\n\\na cut \\ud83d\\u0000\"]");
    let message = receiver.next_message("0").unwrap();
    assert_eq!(message.text().unwrap(), "a cut \u{fffd}");
    assert_eq!(message.header("colour"), Some("\u{fffd}"));
    say("[\"SUBSCRIBE\\nid:\\ud83d\\nreceipt:r\\ndestination:/topic/relay/x\\n\\n\\u0000\"]");
    let (error, _) = sender.expect_error().unwrap();
    assert!(error.text().unwrap().starts_with("id: must be whole"), "{error}");
}

#[test]
fn half_of_a_character_in_an_item_is_replaced_in_its_text_and_refused_in_its_names() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let portfolio = format!(r#"{{"portfolioId":"{}","name":"Sun \ud83d","\udead":1}}"#, uuid(1));
    for carrier in CARRIERS {
        let mut client = StompClient::connect(carrier(addr), &StompOptions::default()).unwrap();
        let body = format!("\u{feff}{portfolio}");
        client.send("/app/portfolios", &[("receipt", "r")], body.as_bytes()).unwrap();
        client.await_receipt("r").unwrap();
        client.send("/app/prices", &[], br#"{"symbol":"A\ud83d","price":1}"#).unwrap();
        let (error, _) = client.expect_error().unwrap();
        assert!(error.text().unwrap().starts_with("item 0: symbol: must be"), "{error}");
    }
    let price = json!({"symbol": "A\u{fffd}", "price": 1});
    for (body, accepted) in [(portfolio.as_str(), true), (&price.to_string(), false)] {
        let kind = if accepted { "portfolios" } else { "prices" };
        let path = format!("/api/ingest/{kind}");
        let body = format!("\u{feff}{body}");
        let headers = [("Content-Encoding", "Identity")];
        let answer = http::request(addr, "POST", &path, &headers, body.as_bytes()).unwrap();
        assert_eq!(answer.status, if accepted { 200 } else { 422 }, "{body}");
    }
}

#[test]
fn a_native_command_and_a_body_of_the_auto_trader_are_read_alike() {
    let hub = hub(&[]);
    let addr = hub.addr("auto-trader").unwrap();
    let mut ws = WsClient::connect(addr, "/ws/auto-trader", &WsOptions::default()).unwrap();
    ws.send_text("\u{feff}{\"type\":\"ping\"}").unwrap();
    assert_eq!(ws.next_text().unwrap(), r#"{"type":"pong"}"#);
    ws.send_text(r#"{"type":"subscribe_prices","symbols":["A\ud83d"]}"#).unwrap();
    let error = ws.next_json().unwrap();
    assert!(error["message"].as_str().unwrap().contains("symbols: must be"), "{error}");

    let sessions = "/api/auto-trader/sessions";
    let body = "\u{feff}{\"initialCapital\":1,\"name\":\"Mine \\ud83d\"}";
    let answer = http::request(addr, "POST", sessions, &[], body.as_bytes()).unwrap();
    assert!((200..300).contains(&answer.status), "{:?}", answer.text());
    assert!(answer.text().unwrap().contains("Mine \u{fffd}"), "{:?}", answer.text());
}
