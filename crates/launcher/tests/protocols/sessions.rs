//! A STOMP session from CONNECT to DISCONNECT, on everything that carries one.

use std::net::SocketAddr;

use hub_testkit::OverSocket as _;
use hub_testkit::http::HttpConnection;
use hub_testkit::stomp::{Carrier, Frame, StompClient, StompOptions, Version};
use hub_testkit::ws::frame::{TEXT, masked};
use hub_testkit::ws::{Close, WsClient, WsOptions};
use serde_json::json;

use crate::support::{PATIENCE, POSITIONS, address, buy, fence, hub, ingest, uuid};

/// As stompjs 7 connects: all versions, no `host`, and heart-beats.
fn stompjs() -> StompOptions {
    StompOptions { host: None, heart_beat: Some((10_000, 10_000)), ..StompOptions::default() }
}

fn over_websocket(addr: SocketAddr, path: &str) -> Carrier {
    let offers = ["v12.stomp", "v11.stomp", "v10.stomp"];
    let options = WsOptions { deadline: PATIENCE, ..WsOptions::from_origin("http://localhost:4200") };
    let options = WsOptions { subprotocols: offers.map(Into::into).into(), ..options };
    Carrier::websocket(addr, path, &options).unwrap()
}

#[test]
fn a_stompjs_session_works_at_every_path_that_is_documented() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for (id, path) in (1..).zip(["/", "/ws", "/websocket", "/ws/websocket"]) {
        let carrier = over_websocket(addr, path);
        let Carrier::WebSocket(ws) = &carrier else { unreachable!("asked for one") };
        assert_eq!(ws.protocol(), Some("v12.stomp"));
        let mut client = StompClient::connect(carrier, &stompjs()).unwrap();
        let connected = client.connected().unwrap();
        assert_eq!(connected.header("version"), Some("1.2"));
        assert_eq!(connected.header("heart-beat"), Some("10000,10000"));
        assert!(connected.require("server").unwrap().starts_with("pms-hub/"));
        assert!(!connected.require("session").unwrap().is_empty());

        let positions = format!("{POSITIONS}/{}", uuid(id));
        client.subscribe("sub-0", &positions, &[("receipt", "there")]).unwrap();
        client.await_receipt("there").unwrap();
        client.send_heart_beat().unwrap();
        ingest(addr, "transactions", &buy(id, &uuid(id), "ACME", 7));
        let message = client.next_message("sub-0").unwrap();
        assert_eq!(message.json().unwrap()[0]["holdings"], 7);
        assert_eq!(message.header("destination"), Some(positions.as_str()));
        assert_eq!(message.header("content-type"), Some("application/json"));
        assert_eq!(message.require("content-length").unwrap(), message.body.len().to_string());

        client.disconnect_with_receipt().unwrap();
        let normal = Close { code: 1000, reason: String::new() };
        assert_eq!(client.expect_end().unwrap(), Some(normal), "{path}");
    }
}

#[test]
fn the_newest_version_that_a_client_offers_is_spoken() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let cases =
        [("1.0", "1.0"), ("1.1", "1.1"), ("1.0,1.1", "1.1"), ("1.1,1.2,1.0", "1.2"), ("1.2,9.9", "1.2")];
    for (offered, spoken) in cases {
        let options = StompOptions { accept_version: Some(offered.to_owned()), ..StompOptions::default() };
        let client = StompClient::connect(over_websocket(addr, "/ws"), &options).unwrap();
        assert_eq!(client.version().unwrap().as_str(), spoken, "{offered}");
    }
    let silent = StompOptions { accept_version: None, ..StompOptions::default() };
    let client = StompClient::connect(over_websocket(addr, "/ws"), &silent).unwrap();
    assert_eq!(client.version(), Some(Version::V1_0));
    assert_eq!(WsClient::connect(addr, "/ws", &WsOptions::offering(&["mqtt"])).unwrap().protocol(), None);
}

#[test]
fn stomp_over_tcp_is_spoken_on_the_same_port_in_1_1_and_1_2() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for (id, version) in [(1, Version::V1_1), (2, Version::V1_2)] {
        let mut client = StompClient::unconnected(Carrier::tcp(addr, PATIENCE).unwrap());
        let options = StompOptions::only(version);
        client.send_connect("STOMP", &options).unwrap();
        client.await_connected(&options).unwrap();
        // An id that has to be escaped, there and back.
        client.subscribe("a:b\\c", POSITIONS, &[("receipt", "r:1")]).unwrap();
        client.await_receipt("r:1").unwrap();
        ingest(addr, "transactions", &buy(id, &uuid(id), "ACME", id));
        let rows = loop {
            let rows = client.next_message("a:b\\c").unwrap().json().unwrap();
            if rows.as_array().unwrap().iter().any(|row| row["id"]["portfolioId"] == uuid(id)) {
                break rows;
            }
        };
        assert_eq!(rows.as_array().unwrap().last().unwrap()["holdings"], id);
        client.disconnect_with_receipt().unwrap();
        assert_eq!(client.expect_end().unwrap(), None);
    }
}

#[test]
fn a_1_0_client_over_tcp_subscribes_and_unsubscribes_by_destination() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let options = StompOptions { accept_version: None, host: None, heart_beat: None, headers: Vec::new() };
    let mut client = StompClient::connect(Carrier::tcp(addr, PATIENCE).unwrap(), &options).unwrap();
    let subscribe = |destination| Frame::new("SUBSCRIBE", &[("destination", destination), ("receipt", "in")]);
    client.send_frame(&subscribe(POSITIONS)).unwrap();
    client.await_receipt("in").unwrap();
    client.subscribe("by-id", POSITIONS, &[("receipt", "too")]).unwrap();
    client.await_receipt("too").unwrap();

    ingest(addr, "transactions", &buy(1, &uuid(1), "ACME", 3));
    let messages = [client.next_frame().unwrap(), client.next_frame().unwrap()];
    let ids: Vec<_> = messages.iter().map(|message| message.header("subscription")).collect();
    assert!(ids.contains(&None) && ids.contains(&Some("by-id")), "{ids:?}");
    assert_eq!(messages[0].body, messages[1].body);

    let leave = Frame::new("UNSUBSCRIBE", &[("destination", POSITIONS), ("receipt", "out")]);
    client.send_frame(&leave).unwrap();
    client.await_receipt("out").unwrap();
    ingest(addr, "transactions", &buy(2, &uuid(1), "ACME", 3));
    assert_eq!(client.next_frame().unwrap().header("subscription"), Some("by-id"));
    client.send_frame_text("DISCONNECT\n\n\0").unwrap();
    assert_eq!(client.expect_end().unwrap(), None, "nothing more, the other subscription included");
}

#[test]
fn an_unsubscribed_topic_is_silent_and_its_id_is_free_again() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut client = StompClient::connect(over_websocket(addr, "/ws"), &stompjs()).unwrap();
    for id in ["stays", "leaves"] {
        client.subscribe(id, POSITIONS, &[("receipt", id)]).unwrap();
        client.await_receipt(id).unwrap();
    }
    let leave = Frame::new("UNSUBSCRIBE", &[("id", "leaves"), ("receipt", "left")]);
    client.send_frame(&leave).unwrap();
    client.await_receipt("left").unwrap();
    ingest(addr, "transactions", &buy(1, &uuid(1), "ACME", 1));
    assert_eq!(client.next_message("stays").unwrap().json().unwrap()[0]["holdings"], 1);
    assert_eq!(fence(&mut client), [], "the other one would have come with it");

    client.subscribe("leaves", POSITIONS, &[]).unwrap();
    assert_eq!(client.next_message("leaves").unwrap().json().unwrap()[0]["holdings"], 1);
    // Whoever leaves twice, or what he never had, is answered all the same.
    client.unsubscribe("never-had").unwrap();
    assert_eq!(fence(&mut client), []);
}

#[test]
fn frames_in_one_message_and_a_frame_in_many_are_the_same_to_the_hub() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut ws = WsClient::connect(addr, "/ws", &WsOptions::default()).unwrap();
    let connect = "CONNECT\r\naccept-version:1.2\r\n\r\n\0";
    let both = ["one", "two"]
        .map(|id| format!("SUBSCRIBE\nid:{id}\ndestination:/topic/relay/{id}\nreceipt:{id}\n\n\0"));
    ws.send_text(&format!("\n{connect}\n\r\n{}\n", both.concat())).unwrap();
    let answers = [(); 3].map(|()| ws.next_text().unwrap());
    for (answer, head) in answers.iter().zip(["CONNECTED\n", "RECEIPT\n", "RECEIPT\n"]) {
        assert!(answer.starts_with(head), "{answer:?}");
    }
    for byte in b"UNSUBSCRIBE\nid:one\nreceipt:gone\n\n\0" {
        ws.send_binary(&[*byte]).unwrap();
    }
    assert_eq!(ws.next_text().unwrap(), "RECEIPT\nreceipt-id:gone\n\n\0");
}

#[test]
fn what_a_client_sends_ahead_of_the_handshake_s_answer_is_not_lost() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut connection = HttpConnection::connect(addr, PATIENCE).unwrap();
    let upgrade = "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let connect = masked(true, TEXT, b"CONNECT\naccept-version:1.2\nhost:x\n\n\0");
    let ahead = [b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", upgrade.as_bytes(), &connect].concat();
    connection.send_raw(&ahead).unwrap();
    assert_eq!(connection.receive().unwrap().json().unwrap(), json!({"status": "UP"}));
    let head = connection.receive_head().unwrap();
    assert_eq!(head.status, 101);
    // RFC 6455, section 1.3: the answer to exactly this key.
    assert_eq!(head.headers.get("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    let frame = connection.into_socket().receive(11).unwrap();
    assert_eq!(&frame[2..], b"CONNECTED");
}

#[test]
fn a_client_that_shuts_its_side_still_gets_what_it_asked_for() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut client = StompClient::connect(Carrier::tcp(addr, PATIENCE).unwrap(), &stompjs()).unwrap();
    let leave = Frame::new("DISCONNECT", &[("receipt", "bye")]);
    client.send_frame(&leave).unwrap();
    client.socket_mut().shutdown_write().unwrap();
    client.await_receipt("bye").unwrap();
    assert_eq!(client.expect_end().unwrap(), None);

    let mut connection = HttpConnection::connect(addr, PATIENCE).unwrap();
    connection.send("GET", "/health", &[("Connection", "close")], b"").unwrap();
    connection.socket_mut().shutdown_write().unwrap();
    assert_eq!(connection.receive().unwrap().status, 200);
}

#[test]
fn heart_beats_come_as_agreed_and_a_peer_that_breaks_its_promise_is_closed_with_4001() {
    let hub = hub(&[("LIMITS__HEARTBEAT_MS", "1000")]);
    let options = StompOptions { heart_beat: Some((1000, 1000)), ..stompjs() };
    let mut client = StompClient::connect(over_websocket(address(&hub), "/ws"), &options).unwrap();
    let error = client.next_frame().unwrap_err();
    let hub_testkit::Error::Closed { code, reason, .. } = error else { panic!("{error}") };
    assert_eq!((code, reason.as_str()), (4001, "No heart-beat received"));
    assert!(client.heart_beats() >= 1, "and the hub had kept its own");
}
