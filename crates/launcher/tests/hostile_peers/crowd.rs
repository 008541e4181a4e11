//! Thousands of peers of every kind at once.

use std::net::SocketAddr;

use hub_testkit::http::HttpConnection;
use hub_testkit::slow::TINY_RECEIVE_BYTES;
use hub_testkit::ws::{WsClient, WsOptions, frame};
use hub_testkit::{OverSocket, Socket, wait};

use crate::market::Market;
use crate::support::bystander::Bystander;
use crate::support::{PATIENCE, address, await_metric, hub};
use crate::{NOT_READ, await_files, closed, metric};

/// As many as are wanted, where the test may open so many files.
const CROWD: usize = 2_500;

/// Files of the test beside its sockets.
const OWN_FILES: u64 = 100;

/// How often the bystander is looked after while the crowd comes.
const LOOK_EVERY: usize = 50;

/// What a member of the crowd does, and then nothing more.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Silent,
    HalfHead,
    HalfLaterHead,
    /// A STOMP session that is not opened.
    Upgraded,
    HalfMessage,
    HalfFrame,
    ReadsNothing,
}

const KINDS: [Kind; 7] = [
    Kind::Silent,
    Kind::HalfHead,
    Kind::HalfLaterHead,
    Kind::Upgraded,
    Kind::HalfMessage,
    Kind::HalfFrame,
    Kind::ReadsNothing,
];

/// Joins the crowd; what it gives keeps the connection open, and that is all it does.
fn join(addr: SocketAddr, kind: Kind) -> Box<dyn OverSocket> {
    let connect = |bytes: &[u8]| -> Box<dyn OverSocket> {
        let mut socket = Socket::connect_sized(addr, PATIENCE, Some(TINY_RECEIVE_BYTES)).unwrap();
        socket.send(bytes).unwrap();
        Box::new(socket)
    };
    let options = WsOptions { deadline: PATIENCE, ..WsOptions::default() };
    let upgrade = |path| WsClient::connect(addr, path, &options).unwrap();
    let head = b"GET /health HTTP/1.1\r\nHost: localhost\r\n";
    match kind {
        Kind::Silent => connect(b""),
        Kind::HalfHead => connect(head),
        Kind::HalfLaterHead => {
            let mut http = HttpConnection::connect(addr, PATIENCE).unwrap();
            assert_eq!(http.get("/health").unwrap().status, 200);
            http.send_raw(head).unwrap();
            Box::new(http)
        }
        Kind::Upgraded => Box::new(upgrade("/ws")),
        Kind::HalfMessage => {
            let mut ws = upgrade("/ws/positions?topics=");
            ws.send_raw(&frame::masked(true, frame::TEXT, &[b' '; 1000])[..500]).unwrap();
            Box::new(ws)
        }
        Kind::HalfFrame => {
            connect(b"CONNECT\naccept-version:1.2\nhost:x\n\n\0SEND\ndestination:/app/prices\n\n")
        }
        Kind::ReadsNothing => connect(b"GET /api/analysis/all HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    }
}

/// As many sockets as are wanted and the test may open, its own limit raised as far as it goes.
pub(crate) fn crowd_size(wanted: usize) -> usize {
    let files = rlimit::increase_nofile_limit(rlimit::INFINITY).unwrap();
    wanted.min(usize::try_from(files.saturating_sub(OWN_FILES)).unwrap())
}

#[test]
fn thousands_of_peers_of_every_kind_are_gone_after_their_deadlines_and_a_bystander_lacks_nothing() {
    let hub = hub(&[
        ("LIMITS__HANDSHAKE_MS", "1000"),
        ("LIMITS__MESSAGE_MS", "1000"),
        ("LIMITS__STALL_MS", "1000"),
        ("LIMITS__KEEP_ALIVE_MS", "1000"),
        ("LIMITS__CLOSE_MS", "500"),
    ]);
    let addr = address(&hub);
    Market::grow(addr);
    let mut bystander = Bystander::new(addr);
    let files = hub.open_files().unwrap();
    let size = crowd_size(CROWD);
    let mut crowd = Vec::new();
    for (nth, kind) in KINDS.into_iter().cycle().take(size).enumerate() {
        crowd.push(join(addr, kind));
        if nth % LOOK_EVERY == 0 {
            bystander.assert_unharmed(&format!("{nth} others"));
        }
    }
    // All of these are still held open on this side.
    wait::until(PATIENCE, "the crowd to be gone", || {
        bystander.assert_unharmed("a crowd");
        (hub.open_files().unwrap() <= files).then_some(())
    })
    .unwrap();
    let of_each = (size / KINDS.len()) as u64;
    for sample in [
        NOT_READ,
        r#"hub_connections_failed_total{reason="no_request"}"#,
        r#"hub_connections_failed_total{reason="handshake_timeout"}"#,
    ] {
        assert!(metric(addr, sample) >= of_each, "{sample}: {} of {of_each}", metric(addr, sample));
    }
    for code in [4002, 4005] {
        assert!(metric(addr, &closed(code)) >= of_each, "{code}: {}", metric(addr, &closed(code)));
    }
    let connections = |service: &str, transport: &str| {
        format!("hub_connections{{service=\"{service}\",transport=\"{transport}\"}}")
    };
    await_metric(addr, &connections("analytics", "websocket"), 1);
    await_metric(addr, &connections("analytics", "tcp"), 0);
    drop(crowd);
    let mut late = HttpConnection::connect(addr, PATIENCE).unwrap();
    assert_eq!(late.get("/health").unwrap().status, 200);
    bystander.assert_unharmed("the end of the crowd");
    await_files(&hub, files + 1);
}
