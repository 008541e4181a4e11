//! The ways in, and the way back: dead letters.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hub_testkit::http::{self, Response};
use hub_testkit::process::HubProcess;
use hub_testkit::stomp::{Carrier, StompClient, StompOptions};
use pms_hub::log_file::{self, Shown};
use serde_json::Value;

use crate::support::carriers::{sockjs, tcp, websocket};

/// A way of items into the hub.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Door {
    Http,
    WebSocket,
    SockJs,
    Tcp,
}

pub(crate) const DOORS: [Door; 4] = [Door::Http, Door::WebSocket, Door::SockJs, Door::Tcp];

impl Door {
    /// Its name in metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Door::Http => "http",
            Door::WebSocket => "websocket",
            Door::SockJs => "sockjs",
            Door::Tcp => "tcp",
        }
    }

    /// Sends a body that holds what is refused, and waits until it is.
    pub(crate) fn send(self, addr: SocketAddr, kind: &str, content_type: &str, body: &[u8]) {
        self.send_refused(addr, kind, content_type, body, (422, "rejected"));
    }

    /// The same of a body that can't be read; gives the words of the answer.
    pub(crate) fn send_unreadable(self, addr: SocketAddr, kind: &str, body: &[u8]) -> String {
        self.send_refused(addr, kind, "application/json", body, (400, "message refused"))
    }

    /// Sends a body that is answered with this status, or an ERROR of this message; gives the answer's body.
    fn send_refused(
        self,
        addr: SocketAddr,
        kind: &str,
        content_type: &str,
        body: &[u8],
        (status, message): (u16, &str),
    ) -> String {
        let carrier: fn(SocketAddr) -> Carrier = match self {
            Door::Http => {
                let path = format!("/api/ingest/{kind}");
                let answer =
                    http::request(addr, "POST", &path, &[("Content-Type", content_type)], body).unwrap();
                assert_eq!(answer.status, status, "{:?}", answer.text());
                return answer.text().unwrap().to_owned();
            }
            Door::WebSocket => websocket,
            Door::SockJs => sockjs,
            Door::Tcp => tcp,
        };
        let mut client = StompClient::connect(carrier(addr), &StompOptions::default()).unwrap();
        client.send(&format!("/app/{kind}"), &[("content-type", content_type)], body).unwrap();
        let error = client.next_frame().unwrap();
        assert_eq!((error.command.as_str(), error.header("message")), ("ERROR", Some(message)), "{error}");
        error.text().unwrap().to_owned()
    }
}

pub(crate) fn auto_trader(hub: &HubProcess) -> SocketAddr {
    hub.addr("auto-trader").unwrap()
}

/// Gives a command that is answered with this status; the answer.
pub(crate) fn command(at: SocketAddr, path: &str, body: &Value, status: u16) -> Value {
    let answer = http::post_json(at, path, body).unwrap();
    assert_eq!(answer.status, status, "{path} {body}: {:?}", answer.text());
    answer.json().unwrap()
}

pub(crate) fn newest_letter(hub: &HubProcess) -> Value {
    let page =
        http::get(hub.addr("rttm").unwrap(), "/api/rttm/dead-letters?limit=1").unwrap().json().unwrap();
    page["deadLetters"][0].clone()
}

/// Posts a dead letter's payload where it says, as what it says.
pub(crate) fn post_again(hub: &HubProcess, letter: &Value) -> Response {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let headers = [("Content-Type", letter["contentType"].as_str().unwrap())];
    let (method, path) = (text(&letter["postTo"]["method"]), text(&letter["postTo"]["path"]));
    http::request(hub.addr("gateway").unwrap(), &method, &path, &headers, &payload(letter)).unwrap()
}

/// Bytes that a dead letter gives back.
pub(crate) fn payload(letter: &Value) -> Vec<u8> {
    let raw = letter["raw"].as_str().unwrap();
    match letter["rawEncoding"].as_str() {
        Some("base64") => STANDARD.decode(raw).unwrap(),
        other => {
            assert_eq!(other, None);
            raw.as_bytes().to_vec()
        }
    }
}

/// Records of a kind, as `pms-hub log show` prints them.
pub(crate) fn shown(hub: &HubProcess, kind: &str) -> Vec<Value> {
    let (path, mut out) = (hub.data_dir().join("hub.db"), Vec::new());
    log_file::show(&path, &Shown { kind: Some(kind.to_owned()), ..Shown::default() }, &mut out).unwrap();
    out.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}
