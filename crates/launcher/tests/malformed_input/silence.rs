//! Peers that don't say what they came for: each door has its deadline (`limits.handshake_ms`).

use hub_testkit::http::HttpConnection;
use hub_testkit::slow::DribblePeer;
use hub_testkit::stomp::{Carrier, StompClient};
use hub_testkit::ws::{Close, WsClient, WsOptions};
use hub_testkit::{Error, Socket, wait};

use crate::support::bystander::Bystander;
use crate::support::{PATIENCE, address, await_metric, hub, metric, problem, stomp};

const SOON: (&str, &str) = ("LIMITS__HANDSHAKE_MS", "200");
const FAILED: &str = r#"hub_connections_failed_total{reason="handshake_timeout"}"#;

#[test]
fn a_connection_that_does_not_say_what_it_speaks_is_ended() {
    let hub = hub(&[SOON]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    for said in [&b""[..], b"\r\n\n", b"CONNEC", b"STOMP\r"] {
        let mut socket = Socket::connect(addr, PATIENCE).unwrap();
        socket.send(said).unwrap();
        socket.expect_end().unwrap();
    }
    await_metric(addr, FAILED, 4);
    // Which has been silent, but connected, for longer.
    bystander.assert_unharmed("the deadlines of others");
}

#[test]
fn a_stomp_session_that_is_not_opened_in_time_is_ended_with_4002() {
    let hub = hub(&[SOON]);
    let addr = address(&hub);
    let options = WsOptions { deadline: PATIENCE, ..WsOptions::default() };
    // Nothing, heart-beats, half a CONNECT: none of them opens a session.
    for said in ["", "\n\n", "CONNECT\naccept-version:1.2\n"] {
        let mut ws = WsClient::connect(addr, "/ws", &options).unwrap();
        ws.send_text(said).unwrap();
        let (messages, close) = ws.drain_to_close().unwrap();
        assert_eq!(messages.len(), usize::from(said.starts_with("CONNECT")), "an ERROR says what lacks");
        let reason = "No CONNECT frame in time (limits.handshake_ms)".to_owned();
        assert_eq!(close, Close { code: 4002, reason }, "{said:?}");
    }
    let mut raw = StompClient::unconnected(Carrier::tcp(addr, PATIENCE).unwrap());
    raw.send_frame_text("CONNECT\naccept-version:1.2\n").unwrap();
    let (error, _) = raw.expect_error().unwrap();
    assert_eq!(error.header("message"), Some("handshake timeout"), "{error}");
    await_metric(addr, FAILED, 4);
    await_metric(addr, r#"hub_closed_total{code="4002"}"#, 4);
}

#[test]
fn a_request_head_that_is_never_finished_is_cut_off_however_busily_it_grows() {
    let hub = hub(&[SOON]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let mut stalled = HttpConnection::connect(addr, PATIENCE).unwrap();
    stalled.send_raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n").unwrap();
    assert_eq!(stalled.receive().unwrap().status, 408);
    stalled.into_socket().expect_end().unwrap();

    let socket = Socket::connect(addr, PATIENCE).unwrap();
    let head = format!("GET / HTTP/1.1\r\nX: {}", "y".repeat(1_000_000));
    let mut loris = DribblePeer::new(socket, head);
    // Its bytes never end; the hub's patience does.
    wait::until(PATIENCE, "the end of the slow loris", || match loris.step() {
        Ok(more) => {
            assert!(more, "a million bytes, and still heard");
            None
        }
        Err(Error::Io { .. } | Error::Ended { .. }) => Some(()),
        Err(error) => panic!("{error}"),
    })
    .unwrap();
    bystander.assert_unharmed("a slow loris");
}

#[test]
fn a_body_that_is_never_finished_is_answered_408_and_taken_in_by_no_part() {
    let hub = hub(&[("LIMITS__BODY_MS", "200"), ("LIMITS__CLOSE_MS", "200")]);
    let addr = address(&hub);
    let price = "{\"symbol\":\"ACME\",\"price\":1}\n";
    for framing in ["Content-Length: 1000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n1d\r\n"] {
        for path in ["/api/ingest/prices", "/api/publish/topic/relay/x"] {
            let mut connection = HttpConnection::connect(addr, PATIENCE).unwrap();
            let head =
                format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n");
            connection.send_raw(format!("{head}{framing}{price}").as_bytes()).unwrap();
            let detail = problem(&connection.receive().unwrap(), 408);
            assert_eq!(detail, "the body did not come within limits.body_ms = 200");
            connection.into_socket().expect_end().unwrap();
        }
    }
    assert_eq!(metric(addr, r#"hub_ingest_total{kind="prices",status="accepted"}"#), 0);
}

#[test]
fn a_connection_that_is_open_is_not_ended_by_the_deadline_for_opening_it() {
    let hub = hub(&[SOON]);
    let addr = address(&hub);
    let mut early = stomp(addr);
    // Whoever came after it has been ended meanwhile, so its own time would be up.
    let mut late = WsClient::connect(addr, "/ws", &WsOptions::default()).unwrap();
    assert_eq!(late.expect_close().unwrap().0, 4002);
    assert_eq!(crate::support::fence(&mut early), []);
}
