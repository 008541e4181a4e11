//! `SockJS` over HTTP: streams that nobody reads, and streams on which there is nothing to read.

use std::net::SocketAddr;

use hub_testkit::http::{self, HttpConnection};
use hub_testkit::slow::TINY_RECEIVE_BYTES;
use hub_testkit::{OverSocket, Socket, wait};
use serde_json::json;

use crate::support::bystander::Bystander;
use crate::support::{PATIENCE, address, await_metric, hub, publish};
use crate::{NOT_READ, await_files, await_resets, closed, metric};

const STREAMS: [(&str, &str); 3] =
    [("POST", "xhr_streaming"), ("GET", "eventsource"), ("GET", "htmlfile?c=callback")];
const SESSIONS: &str = r#"hub_connections{service="analytics",transport="sockjs-http"}"#;

/// A session whose receiver is one streaming response.
struct Stream {
    addr: SocketAddr,
    name: String,
    connection: HttpConnection,
}

impl Stream {
    fn open(addr: SocketAddr, nth: usize, name: &str, receive_bytes: Option<usize>) -> Self {
        let (method, transport) = STREAMS[nth];
        let socket = Socket::connect_sized(addr, PATIENCE, receive_bytes).unwrap();
        let mut connection = HttpConnection::over(socket, addr.to_string());
        let name = format!("{name}-{nth}");
        connection.send(method, &format!("/ws/000/{name}/{transport}"), &[], b"").unwrap();
        assert_eq!(connection.receive_head().unwrap().status, 200);
        let mut stream = Self { addr, name, connection };
        stream.read_to(if nth == 0 { "o\n" } else { "o" });
        stream.say("CONNECT\naccept-version:1.2\nhost:x\n\n\0");
        stream.read_to("CONNECTED");
        stream
    }

    fn say(&self, frame: &str) {
        let path = format!("/ws/000/{}/xhr_send", self.name);
        let answer = http::post_json(self.addr, &path, &json!([frame])).unwrap();
        assert_eq!(answer.status, 204, "{:?}", answer.text());
    }

    /// Reads until this has come.
    fn read_to(&mut self, text: &str) {
        let mut seen = String::new();
        while !seen.contains(text) {
            let part = self.connection.next_part().unwrap();
            let part = part.unwrap_or_else(|| panic!("{}: the end after {seen}", self.name));
            seen.push_str(std::str::from_utf8(&part).unwrap());
        }
    }
}

impl OverSocket for Stream {
    fn socket(&self) -> &Socket {
        self.connection.socket()
    }

    fn socket_mut(&mut self) -> &mut Socket {
        self.connection.socket_mut()
    }
}

#[test]
fn a_stream_that_is_not_read_is_cut_off_and_one_without_news_is_not() {
    let hub = hub(&[("LIMITS__STALL_MS", "500"), ("LIMITS__CLOSE_MS", "300")]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let files = hub.open_files().unwrap();
    let mut quiet = [0, 1, 2].map(|nth| Stream::open(addr, nth, "quiet", None));
    for stream in &mut quiet {
        stream.say("SUBSCRIBE\nid:1\ndestination:/topic/relay/quiet\nreceipt:ready\n\n\0");
        stream.read_to("RECEIPT");
    }
    // One frame that no buffers of sockets hold: it passes whatever its size, and then nothing waits but it.
    let much = "x".repeat(800 << 10);
    // Twice, so that the quiet ones live for longer than a stall may last.
    for round in ["first", "second"] {
        let stuck = [0, 1, 2].map(|nth| {
            let mut stream = Stream::open(addr, nth, round, Some(TINY_RECEIVE_BYTES));
            stream.say("SUBSCRIBE\nid:1\ndestination:/topic/relay/much\nreceipt:ready\n\n\0");
            stream.read_to("RECEIPT");
            stream
        });
        publish(addr, "/topic/relay/much", &[], much.as_bytes());
        wait::until(PATIENCE, "the sessions of those who don't read to be gone", || {
            bystander.assert_unharmed("streams that are not read");
            (metric(addr, SESSIONS) == 3).then_some(())
        })
        .unwrap();
        await_resets(&stuck);
    }
    await_metric(addr, NOT_READ, 6);
    publish(addr, "/topic/relay/quiet", &[], b"news at last");
    for stream in &mut quiet {
        stream.read_to("news at last");
    }
    drop(quiet);
    await_metric(addr, SESSIONS, 0);
    await_files(&hub, files);
}

#[test]
fn a_session_whose_client_does_not_come_back_ends_after_the_delay_that_is_set() {
    let long = "600000";
    let [patient, brisk] = [long, "100"]
        .map(|delay| hub(&[("LIMITS__SOCKJS_DISCONNECT_DELAY_MS", delay), ("LIMITS__HANDSHAKE_MS", long)]));
    let open = |addr, name: &str| {
        let answer = http::request(addr, "POST", &format!("/ws/000/{name}/xhr"), &[], b"").unwrap();
        assert_eq!((answer.status, answer.text().unwrap()), (200, "o\n"));
        await_metric(addr, SESSIONS, 1);
    };
    open(address(&patient), "gone");
    // Twice, so that by the protocol's delay the first would have ended, too.
    for name in ["gone", "again"] {
        open(address(&brisk), name);
        await_metric(address(&brisk), SESSIONS, 0);
    }
    assert_eq!(metric(address(&patient), SESSIONS), 1);
}

#[test]
fn a_stomp_frame_in_many_requests_that_never_ends_is_closed_with_4005() {
    let hub = hub(&[("LIMITS__MESSAGE_MS", "400")]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let mut stream = Stream::open(addr, 0, "endless", None);
    stream.say("SEND\ndestination:/app/prices\n\n");
    wait::until(PATIENCE, "the end of a frame that has none", || {
        bystander.assert_unharmed("a part of a frame");
        let path = format!("/ws/000/{}/xhr_send", stream.name);
        let _ = http::post_json(addr, &path, &json!(["x"])).unwrap();
        (metric(addr, &closed(4005)) == 1).then_some(())
    })
    .unwrap();
    stream.read_to("message timeout");
    stream.read_to(r#"c[4005,"A message was not whole in time (limits.message_ms)"]"#);
    await_metric(addr, SESSIONS, 0);
}
