//! Requests that never end: heads on connections that had whole ones before, and bodies of every route.

use std::net::SocketAddr;

use hub_testkit::http::{self, HttpConnection};
use hub_testkit::process::HubProcess;
use hub_testkit::slow::DribblePeer;
use hub_testkit::{Error, Socket, wait};
use serde_json::json;

use crate::support::bystander::Bystander;
use crate::support::{PATIENCE, address, await_metric, hub, uuid};
use crate::{NO_REQUEST, await_files, metric};

const SOON: [(&str, &str); 4] = [
    ("LIMITS__HANDSHAKE_MS", "200"),
    ("LIMITS__KEEP_ALIVE_MS", "1000"),
    ("LIMITS__BODY_MS", "200"),
    ("LIMITS__CLOSE_MS", "200"),
];

/// A peer that sends a byte at a time, until it is cut off.
struct Loris {
    name: String,
    peer: DribblePeer<Socket>,
}

impl Loris {
    fn new(name: String, socket: Socket, rest: Vec<u8>) -> Self {
        Self { name, peer: DribblePeer::new(socket, rest) }
    }

    /// Whether it is still heard, after one more byte.
    fn is_heard(&mut self) -> bool {
        match self.peer.step() {
            Ok(more) => {
                assert!(more, "{}: all is sent, and still heard", self.name);
                true
            }
            Err(Error::Io { .. } | Error::Ended { .. }) => false,
            Err(error) => panic!("{}: {error}", self.name),
        }
    }
}

/// Until each of them is cut off.
fn until_cut_off(mut peers: Vec<Loris>, mut meanwhile: impl FnMut()) {
    let mut heard = usize::MAX;
    let cut_off = wait::until(PATIENCE, "all to be cut off", || {
        meanwhile();
        peers.retain_mut(Loris::is_heard);
        heard = peers.len();
        peers.is_empty().then_some(())
    });
    let names: Vec<_> = peers.iter().map(|peer| &peer.name).collect();
    cut_off.unwrap_or_else(|error| panic!("{error}: still heard: {names:#?}"));
}

fn after_a_whole_request(addr: SocketAddr, begun: &str) -> Socket {
    let mut connection = HttpConnection::connect(addr, PATIENCE).unwrap();
    assert_eq!(connection.get("/health").unwrap().status, 200);
    connection.send_raw(begun.as_bytes()).unwrap();
    connection.into_socket()
}

#[test]
fn a_later_head_that_never_ends_is_cut_off_as_the_first_is() {
    let hub = hub(&SOON);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let files = hub.open_files().unwrap();
    let begun = "GET /health HTTP/1.1\r\nHost: localhost\r\nX: ";
    // Pipelined behind a whole one, too.
    let pipelined = format!("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n{begun}");
    let busy = [begun, &pipelined]
        .map(|begun| Loris::new(begun.to_owned(), after_a_whole_request(addr, begun), vec![b'y'; 100_000]));
    let silent = ["G", begun, &pipelined].map(|begun| after_a_whole_request(addr, begun));
    until_cut_off(busy.into(), || bystander.assert_unharmed("half a head"));
    for mut socket in silent {
        socket.receive_to_end().unwrap();
    }
    await_files(&hub, files);
    await_metric(addr, NO_REQUEST, 5);
}

/// Every route that takes a body, and some that don't, with the service they are of.
fn routes(hub: &HubProcess) -> Vec<(SocketAddr, String)> {
    let service = |name: &str| hub.addr(name).unwrap();
    let (analytics, trader) = (service("analytics"), service("auto-trader"));
    let session = json!({"name": "x", "initialCapital": 1000});
    let session = http::post_json(trader, "/api/auto-trader/sessions", &session).unwrap().json().unwrap();
    let session = session["sessionId"]
        .as_u64()
        .map_or_else(|| session["sessionId"].as_str().unwrap().to_owned(), |number| number.to_string());
    // A session of SockJS that somebody waits for.
    let opened = http::request(analytics, "POST", "/ws/000/open/xhr", &[], b"").unwrap();
    assert_eq!(opened.text().unwrap(), "o\n");
    let paths = [
        "/api/ingest/prices",
        "/api/ingest/nothing",
        "/api/publish/topic/relay/x",
        "/api/publish/topic/nowhere",
        "/ws/000/open/xhr_send",
        "/ws/000/open/jsonp_send",
        "/ws/000/nobody/xhr_send",
        "/ws/000/streaming/xhr_streaming",
        "/ws/000/polling/xhr",
        "/ws/000/x/websocket",
        "/health",
        "/nothing",
        "/api/analysis/all",
    ];
    let trading = [
        "/api/auto-trader/sessions".to_owned(),
        format!("/api/auto-trader/sessions/{session}/trades"),
        format!("/api/auto-trader/sessions/{session}/stop"),
        format!("/api/auto-trader/trades/{}/close", uuid(1)),
    ];
    let of = |name: &str, path: &str| (service(name), path.to_owned());
    let mut routes: Vec<_> = paths.map(|path| of("analytics", path)).into();
    routes.extend(trading.map(|path| (trader, path)));
    routes.push(of("leaderboard", "/api/ingest/risk"));
    routes.push(of("rttm", "/api/ingest/trade-events"));
    routes.push(of("gateway", "/api/ingest/prices"));
    routes.push(of("gateway", "/"));
    routes
}

#[test]
fn a_body_that_never_ends_is_cut_off_at_every_route() {
    let hub = hub(&SOON);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let files = hub.open_files().unwrap();
    let mut peers = Vec::new();
    for (addr, path) in routes(&hub) {
        for (framing, rest) in [
            ("Content-Length: 1000000\r\n", vec![b' '; 100_000]),
            ("Transfer-Encoding: chunked\r\n", b"1\r\n \r\n".repeat(20_000)),
            ("Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n", b"fffff\r\n{}".to_vec()),
        ] {
            let mut socket = Socket::connect(addr, PATIENCE).unwrap();
            socket
                .send(format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n").as_bytes())
                .unwrap();
            let mut rest = rest;
            rest.resize(100_000, b' ');
            peers.push(Loris::new(format!("{path} {framing:?}"), socket, rest));
        }
    }
    until_cut_off(peers, || bystander.assert_unharmed("a byte of many bodies"));
    await_files(&hub, files);
    // Not one of them was taken in.
    assert_eq!(metric(addr, r#"hub_ingest_total{kind="prices",status="accepted"}"#), 0);
}

#[test]
fn a_connection_without_a_further_request_is_ended_and_one_with_them_is_not() {
    let hub = hub(&SOON);
    let addr = address(&hub);
    let mut used = HttpConnection::connect(addr, PATIENCE).unwrap();
    for _ in 0..2 {
        // Each of these lives as long as one may idle: the one in use has lived longer by then.
        let mut idle = after_a_whole_request(addr, "");
        idle.set_deadline(std::time::Duration::from_millis(1));
        wait::until(PATIENCE, "the end of the idle one", || {
            assert_eq!(used.get("/health").unwrap().status, 200);
            idle.expect_end().ok()
        })
        .unwrap();
    }
    // By actix, which knows of nothing that has begun.
    assert_eq!(metric(addr, NO_REQUEST), 0);
}
