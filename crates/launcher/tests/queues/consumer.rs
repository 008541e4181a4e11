//! A STOMP session as queues see it, over any carrier and in any version.

use std::net::SocketAddr;

use hub_testkit::stomp::{Carrier, Frame, StompClient, StompOptions, Version};

use crate::support;
pub(crate) use crate::support::carriers::{CARRIERS, tcp};

pub(crate) const VERSIONS: [Version; 3] = [Version::V1_0, Version::V1_1, Version::V1_2];

pub(crate) fn connect(carrier: Carrier, version: Version) -> StompClient {
    StompClient::connect(carrier, &StompOptions::only(version)).unwrap()
}

/// A session of STOMP 1.2 over TCP that has subscribed.
pub(crate) fn consumer(addr: SocketAddr, id: &str, queue: &str, ack: &str) -> StompClient {
    let mut client = connect(tcp(addr), Version::V1_2);
    consume(&mut client, id, queue, ack);
    client
}

/// Subscribes and waits until the hub has done so.
pub(crate) fn consume(client: &mut StompClient, id: &str, queue: &str, ack: &str) {
    let receipt = format!("consumes-{id}");
    client.subscribe(id, queue, &[("ack", ack), ("receipt", &receipt)]).unwrap();
    client.await_receipt(&receipt).unwrap();
}

/// The n-th of some queues: where one case is not to be disturbed by the consumers of another, who may still be
/// about to leave.
pub(crate) fn queue(n: usize) -> String {
    format!("/queue/relay/{n}")
}

/// Puts these bodies into a queue, one after the other, over HTTP.
pub(crate) fn put<B: AsRef<str>>(addr: SocketAddr, queue: &str, bodies: impl IntoIterator<Item = B>) {
    for body in bodies {
        support::publish(addr, queue, &[], body.as_ref().as_bytes());
    }
}

/// The frame by which a message is answered for, as its version has it.
pub(crate) fn answer(version: Version, command: &str, message: &Frame) -> Frame {
    let header = |name: &str| message.require(name).unwrap();
    match version {
        Version::V1_0 => Frame::new(command, &[("message-id", header("message-id"))]),
        Version::V1_1 => {
            let named = [("message-id", header("message-id")), ("subscription", header("subscription"))];
            Frame::new(command, &named)
        }
        Version::V1_2 => Frame::new(command, &[("id", header("ack"))]),
    }
}

/// Sends an ACK or NACK and waits until it is done.
pub(crate) fn settle(client: &mut StompClient, command: &str, message: &Frame) {
    let mut frame = answer(client.version().unwrap(), command, message);
    let receipt = format!("{command} {}", message.require("message-id").unwrap());
    frame.headers.push(("receipt".to_owned(), receipt.clone()));
    client.send_frame(&frame).unwrap();
    client.await_receipt(&receipt).unwrap();
}

/// The next message, which has to be this one, delivered for the first time or again.
pub(crate) fn expect(client: &mut StompClient, body: &str, redelivered: bool) -> Frame {
    let message = client.next_frame().unwrap();
    assert_eq!((message.command.as_str(), message.text().unwrap()), ("MESSAGE", body), "{message}");
    assert_eq!(message.header("redelivered"), redelivered.then_some("true"), "{message}");
    message
}

/// The next messages, all for the first time.
pub(crate) fn expect_new(client: &mut StompClient, bodies: &[&str]) -> Vec<Frame> {
    bodies.iter().map(|body| expect(client, body, false)).collect()
}

/// Proves that nothing has come. Twice: what the first answer set in motion on another worker has its way to go.
pub(crate) fn expect_nothing(client: &mut StompClient) {
    assert_eq!(support::fence(client), []);
    assert_eq!(support::fence(client), []);
}
