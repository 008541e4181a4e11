//! What carries STOMP, opened as any client does it.

use std::net::SocketAddr;

use hub_testkit::stomp::Carrier;
use hub_testkit::ws::WsOptions;

use super::PATIENCE;

pub(crate) const CARRIERS: [fn(SocketAddr) -> Carrier; 3] = [websocket, sockjs, tcp];

pub(crate) fn websocket(addr: SocketAddr) -> Carrier {
    Carrier::websocket(addr, "/ws", &patient()).unwrap()
}

pub(crate) fn sockjs(addr: SocketAddr) -> Carrier {
    Carrier::sockjs(addr, "/ws", &patient()).unwrap()
}

pub(crate) fn tcp(addr: SocketAddr) -> Carrier {
    Carrier::tcp(addr, PATIENCE).unwrap()
}

fn patient() -> WsOptions {
    WsOptions { deadline: PATIENCE, ..WsOptions::default() }
}
