//! `SockJS` 0.3.3 over a WebSocket: as sockjs-client 1.6 expects it, at `/ws` and at the root.

mod support;

use std::net::SocketAddr;

use hub_testkit::http::{self, Response};
use hub_testkit::sockjs::{SockJsClient, SockJsFrame};
use hub_testkit::stomp::{Carrier, StompClient, StompOptions};
use hub_testkit::ws::{Close, WsOptions};
use hub_testkit::{Error, OverSocket as _};
use serde_json::{Value, json};

use support::{
    PATIENCE, POSITIONS, address, analysis, await_metric, buy, fence, hub, ingest, problem, stomp, subscribe,
    uuid,
};

/// Where it is mounted.
const MOUNTS: [&str; 2] = ["/ws", ""];
const PAGE: &str = "http://localhost:4200";
const EVIL: &str = "https://evil.example";
const CONNECT: &str = "CONNECT\naccept-version:1.2\nheart-beat:0,0\n\n\0";

fn options() -> WsOptions {
    WsOptions { deadline: PATIENCE, ..WsOptions::default() }
}

fn session(addr: SocketAddr, mount: &str) -> SockJsClient {
    SockJsClient::connect(addr, mount, &options()).unwrap()
}

/// STOMP over `SockJS`, with these heart-beats.
fn stomp_over(addr: SocketAddr, mount: &str, heart_beat: (u64, u64)) -> StompClient {
    let carrier = Carrier::sockjs(addr, mount, &options()).unwrap();
    let options = StompOptions { heart_beat: Some(heart_beat), ..StompOptions::default() };
    StompClient::connect(carrier, &options).unwrap()
}

fn closed(code: u16, reason: &str) -> Close {
    Close { code, reason: reason.to_owned() }
}

fn get_from(addr: SocketAddr, path: &str, origin: &str) -> Response {
    http::request(addr, "GET", path, &[("Origin", origin)], b"").unwrap()
}

#[test]
fn the_greeting_is_at_every_mount() {
    let hub = hub(&[]);
    for path in ["/ws", "/ws/", "/"] {
        let answer = http::get(address(&hub), path).unwrap();
        assert_eq!((answer.status, answer.text().unwrap()), (200, "Welcome to SockJS!\n"), "{path}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=UTF-8"), "{path}");
    }
}

#[test]
fn info_says_what_can_be_done_and_is_never_cached() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for path in ["/ws/info", "/info", "/ws/info?t=1700000000000"] {
        let mut entropies = [(); 2].map(|()| {
            let answer = http::get(addr, path).unwrap();
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.header("content-type"), Some("application/json; charset=UTF-8"), "{path}");
            let caching = "no-store, no-cache, no-transform, must-revalidate, max-age=0";
            assert_eq!(answer.header("cache-control"), Some(caching), "{path}");
            let mut info = answer.json().unwrap();
            let entropy = info.as_object_mut().unwrap().remove("entropy").unwrap().as_u64().unwrap();
            assert_eq!(
                info,
                json!({"websocket": true, "origins": ["*:*"], "cookie_needed": false}),
                "{path}"
            );
            u32::try_from(entropy).unwrap()
        });
        entropies.sort_unstable();
        assert_ne!(entropies[0], entropies[1], "{path}: they are random");
    }
}

#[test]
fn info_is_for_allowed_pages() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for path in ["/ws/info", "/info"] {
        let answer = get_from(addr, path, PAGE);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE), "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"), "{path}");
        assert!(answer.headers.has_token("vary", "Origin"), "{path}: caches keep pages apart");

        let answer = get_from(addr, path, EVIL);
        assert_eq!(answer.status, 403, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
}

#[test]
fn a_stomp_session_works_below_every_mount() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for (id, mount) in (1..).zip(MOUNTS) {
        let mut client = stomp_over(addr, mount, (10_000, 10_000));
        assert_eq!(client.connected().unwrap().header("heart-beat"), Some("10000,10000"));
        let own = format!("{POSITIONS}/{}", uuid(id));
        subscribe(&mut client, "0", &own);
        ingest(addr, "transactions", &buy(id, &uuid(id), "ACME", 7));
        let message = client.next_message("0").unwrap();
        assert_eq!(message.json().unwrap()[0]["holdings"], 7);
        client.disconnect_with_receipt().unwrap();
        assert_eq!(client.expect_end().unwrap(), Some(closed(1000, "")), "{mount}");
    }
}

#[test]
fn the_hub_s_messages_are_those_of_a_plain_websocket_whatever_is_in_them() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut clients = [stomp(addr), stomp_over(addr, "/ws", (0, 0))];
    for client in &mut clients {
        subscribe(client, "0", POSITIONS);
        subscribe(client, "1", "/topic/relay/odd");
    }
    // What JSON escapes, what JavaScript once did not take, and more than one array of rows holds.
    let odd = "\u{0}\u{1f}\"\\/\u{7f}\u{e9}\u{200c}\u{2028}\u{feff}\u{fff0}\u{1f4c8}";
    support::publish(addr, "/topic/relay/odd", &[("Stomp-odd", "\\:\"x")], odd.as_bytes());
    let [plain, sockjs] = clients.each_mut().map(|client| client.next_message("1").unwrap());
    assert_eq!(plain.text().unwrap(), odd);
    assert_eq!(plain, sockjs);
    let items = (0..800).map(|n| buy(n, &uuid(n), "A\"\\\u{e9}", 1)).collect();
    ingest(addr, "transactions", &items);
    let all = analysis(addr);
    for client in &mut clients {
        let mut rows: Vec<Value> = Vec::new();
        while rows.len() < 800 {
            let message = client.next_message("0").unwrap();
            assert_eq!(message.require("content-length").unwrap(), message.body.len().to_string());
            rows.extend(message.json().unwrap().as_array().unwrap().iter().cloned());
        }
        assert_eq!(Value::from(rows), serde_json::from_str::<Value>(&all).unwrap());
    }
}

#[test]
fn a_peer_s_messages_hold_frames_or_parts_of_frames_in_arrays_or_alone() {
    let hub = hub(&[]);
    let mut client = session(address(&hub), "/ws");
    let receipt = |id: &str| format!("UNSUBSCRIBE\nid:x\nreceipt:{id}\n\n\0");
    let answer = |id: &str| format!("RECEIPT\nreceipt-id:{id}\n\n\0");
    // Nothing is no message, before the first and after it.
    client.ws().send_text("").unwrap();
    client.ws().send_text("[]").unwrap();
    client.send_all(&[CONNECT, &receipt("a"), &receipt("b")]).unwrap();
    assert!(client.next_message().unwrap().starts_with("CONNECTED\n"));
    for id in ["a", "b"] {
        assert_eq!(client.next_message().unwrap(), answer(id));
    }
    client.ws().send_text("").unwrap();
    client.ws().send_text(&json!(receipt("alone")).to_string()).unwrap();
    assert_eq!(client.next_message().unwrap(), answer("alone"));
    client.ws().send_text(&format!(" [ {} ] ", json!(receipt("blanks")))).unwrap();
    assert_eq!(client.next_message().unwrap(), answer("blanks"));

    let frame = receipt("parts") + "\n" + &receipt("\u{e9}");
    let parts: Vec<String> = frame.chars().map(String::from).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    for several in parts.chunks(7) {
        client.send_all(several).unwrap();
    }
    for id in ["parts", "\u{e9}"] {
        assert_eq!(client.next_message().unwrap(), answer(id));
    }
    assert_eq!(client.heart_beats(), 0);
}

#[test]
fn broken_json_ends_the_session_with_1007_and_nobody_else_s() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut other = stomp_over(addr, "/ws", (0, 0));
    for broken in ["[\"x\"", "x", "[\"\\x\"]", "\"", "[\"a\",]", "[\"a\"]]", CONNECT] {
        for connected in [false, true] {
            let mut client = session(addr, "/ws");
            if connected {
                client.send(CONNECT).unwrap();
                client.next_message().unwrap();
            }
            client.ws().send_text(broken).unwrap();
            let close = client.expect_close().unwrap_or_else(|error| panic!("{broken:?}: {error}"));
            assert_eq!(close, closed(1007, "Broken JSON encoding."), "{broken:?}");
        }
    }
    assert_eq!(fence(&mut other), []);
}

#[test]
fn the_hub_says_twice_and_the_same_why_it_ends() {
    let mut hub = hub(&[("LIMITS__HANDSHAKE_MS", "200")]);
    let addr = address(&hub);
    let mut silent = session(addr, "/ws");
    assert_eq!(
        silent.expect_close().unwrap(),
        closed(4002, "No CONNECT frame in time (limits.handshake_ms)")
    );

    let mut wrong = stomp_over(addr, "", (0, 0));
    wrong.send_frame_text("HELLO\n\n\0").unwrap();
    let (error, close) = wrong.expect_error().unwrap();
    assert_eq!(error.header("message"), Some("unknown command"));
    assert_eq!(close, Some(closed(4500, "Protocol error")));

    let mut leaver = session(addr, "/ws");
    leaver.ws().send_close(1000, "bye").unwrap();
    assert_eq!(leaver.expect_close().unwrap().code, 1000);

    let mut stays = stomp_over(addr, "/ws", (0, 0));
    hub.signal_terminate().unwrap();
    assert_eq!(stays.expect_end().unwrap(), Some(closed(1001, "Going away")));
    assert_eq!(hub.wait_for_exit().unwrap().code(), Some(0));
}

#[test]
fn a_page_from_elsewhere_gets_403_and_no_session() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for mount in MOUNTS {
        let evil = WsOptions::from_origin(EVIL);
        match SockJsClient::connect(addr, mount, &evil) {
            Err(Error::Refused { status: 403, .. }) => {}
            other => panic!("{mount}: {other:?}"),
        }
        SockJsClient::connect(addr, mount, &WsOptions::from_origin(PAGE)).unwrap();
    }
}

#[test]
fn server_and_session_are_names_without_dots() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for mount in MOUNTS {
        for path in ["/a/b/websocket", "/000/x-_~y/websocket", "/123/%C3%A9/websocket"] {
            SockJsClient::connect_at(addr, &format!("{mount}{path}"), &options()).unwrap();
        }
        for path in
            ["/a.b/c/websocket", "/a/b.c/websocket", "/a/b/c/websocket", "/a/b/websocket/", "/a/b/socket"]
        {
            match SockJsClient::connect_at(addr, &format!("{mount}{path}"), &options()) {
                Err(Error::Refused { status: 404, .. }) => {}
                other => panic!("{mount}{path}: {other:?}"),
            }
        }
    }
}

#[test]
fn an_unknown_transport_is_404_and_a_websocket_without_an_upgrade_400() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for mount in MOUNTS {
        for method in ["GET", "POST"] {
            let path = format!("{mount}/000/abc/carrier-pigeon");
            problem(&http::request(addr, method, &path, &[], b"").unwrap(), 404);
        }
        let answer = http::get(addr, &format!("{mount}/000/abc/websocket")).unwrap();
        assert_eq!(answer.status, 400, "{mount}");
        assert!(answer.text().unwrap().contains("Can \"Upgrade\" only to \"WebSocket\"."), "{mount}");
    }
}

#[test]
fn sessions_are_counted_as_a_transport_of_their_own() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let count =
        |transport: &str| format!("hub_connections{{service=\"analytics\",transport=\"{transport}\"}}");
    let sessions = MOUNTS.map(|mount| stomp_over(addr, mount, (0, 0)));
    let plain = stomp(addr);
    await_metric(addr, &count("sockjs"), 2);
    await_metric(addr, &count("websocket"), 1);
    drop(sessions);
    await_metric(addr, &count("sockjs"), 0);
    await_metric(addr, &count("websocket"), 1);
    drop(plain);
}

#[test]
fn silence_is_broken_by_h_unless_stomp_s_heart_beats_do() {
    let hub = hub(&[("LIMITS__HEARTBEAT_MS", "3600000")]);
    let addr = address(&hub);
    // The hub will send heart-beats of STOMP, if so rarely that none is due here.
    let mut beating = stomp_over(addr, "/ws", (0, 3_600_000));
    assert_eq!(beating.connected().unwrap().header("heart-beat"), Some("3600000,3600000"));
    // It expects heart-beats, which says nothing of what it sends.
    let mut beaten = stomp_over(addr, "/ws", (3_600_000, 0));
    let mut quiet = stomp_over(addr, "/ws", (0, 0));

    let heard = |client: &mut StompClient| {
        let Carrier::SockJs(session) = client.carrier() else { unreachable!("asked for one") };
        session.heart_beats()
    };
    // They may be on different shards, which look around at different times.
    for client in [&mut beaten, &mut quiet] {
        client.socket_mut().set_deadline(2 * PATIENCE);
        let Carrier::SockJs(session) = client.carrier() else { unreachable!("asked for one") };
        assert_eq!(session.next_frame().unwrap(), SockJsFrame::HeartBeat);
    }
    // It is as old as they are, and heard nothing.
    assert_eq!(fence(&mut beating), []);
    assert_eq!(heard(&mut beating), 0);
}
