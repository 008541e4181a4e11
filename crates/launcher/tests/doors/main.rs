//! What clients, pages, proxies and balancers rely on at every door.

mod answered;
mod elsewhere;
mod hosts;
mod neighbours;
mod pages;
mod paths;
mod persistence;
mod texts;
mod tokens;
mod traces;
mod upgrades;

#[path = "../support/mod.rs"]
mod support;

use std::net::SocketAddr;

use hub_testkit::Socket;
use hub_testkit::http::{HttpConnection, Response};

use support::PATIENCE;

/// Messages of a hub that takes no large ones.
const SMALL: [(&str, &str); 2] =
    [("LIMITS__MESSAGE_BYTES", "4096"), ("LIMITS__STOMP_HEADER_LINE_BYTES", "4096")];

/// The answer to a request given byte by byte; the connection may go on.
fn answer_to(addr: SocketAddr, request: &str) -> Response {
    let mut connection = HttpConnection::connect(addr, PATIENCE).unwrap();
    connection.send_raw(request.as_bytes()).unwrap();
    connection.receive().unwrap()
}

/// All that is answered until the hub ends the connection.
fn all_answers(addr: SocketAddr, bytes: &[u8]) -> String {
    let mut socket = Socket::connect(addr, PATIENCE).unwrap();
    socket.send(bytes).unwrap();
    String::from_utf8(socket.receive_to_end().unwrap()).unwrap()
}

/// The status of each answer in a text: the body before it need not end a line.
fn statuses(text: &str) -> Vec<u16> {
    let of = |at: usize| text.get(at + 9..at + 12)?.parse().ok();
    text.match_indices("HTTP/1.").filter_map(|(at, _)| of(at)).collect()
}
