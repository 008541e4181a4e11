//! A slow peer holds the server up and loses nothing; a dribbling one sends byte by byte.

mod server;

use std::io::{ErrorKind, Read, Write};
use std::sync::mpsc::channel;

use hub_testkit::http::HttpConnection;
use hub_testkit::slow::{DribblePeer, SlowPeer, TINY_RECEIVE_BYTES, tiny};
use hub_testkit::ws::{WsClient, WsOptions};
use hub_testkit::{Socket, wait};
use server::{LONG, read_to_end, serve, serve_ws};

const BLOCK_BYTES: usize = 60_000;
const BLOCKS: usize = 150;

#[test]
fn a_slow_peer_fills_its_buffer_and_then_reads_on_without_a_loss() {
    let (blocked, is_blocked) = channel();
    let (addr, _) = serve_ws(move |stream| {
        let block: Vec<_> = [&b"\x82\x7e\xea\x60"[..], &vec![7; BLOCK_BYTES]].concat();
        let mut rest = block.repeat(BLOCKS);
        stream.set_nonblocking(true).unwrap();
        let refused = loop {
            match stream.write(&rest) {
                Ok(len) => drop(rest.drain(..len)),
                Err(error) => break error.kind(),
            }
        };
        stream.set_nonblocking(false).unwrap();
        blocked.send((refused, rest.len())).unwrap();
        stream.write_all(&rest).unwrap();
        read_to_end(stream);
    });
    let slow = SlowPeer::pause(WsClient::connect(addr, "/", &tiny(WsOptions::default())).unwrap());
    let (refused, unsent) = is_blocked.recv_timeout(LONG).unwrap();
    assert!(refused == ErrorKind::WouldBlock && unsent > 0, "the server has to be held up");
    let backlog = wait::until(LONG, "bytes in the receive buffer", || {
        slow.backlog_bytes().ok().filter(|bytes| *bytes > 0)
    });
    assert!(backlog.unwrap() < 16 * TINY_RECEIVE_BYTES, "and by a small buffer");

    let mut client = slow.resume().unwrap();
    let block = hub_testkit::ws::Message::Binary(vec![7; BLOCK_BYTES]);
    (0..BLOCKS).for_each(|n| assert_eq!(client.next().unwrap(), block, "block {n}"));
}

#[test]
fn a_dribbling_peer_sends_one_byte_per_step() {
    let (addr, server) = serve(|stream| {
        let mut bytes = [0; 16];
        let mut read = || {
            let len = stream.read(&mut bytes).unwrap();
            stream.write_all(b"+").unwrap();
            bytes[..len].to_vec()
        };
        [read(), read(), read()]
    });
    let mut peer = DribblePeer::new(Socket::connect(addr, LONG).unwrap(), *b"abc");
    while peer.step().unwrap() {
        assert_eq!(peer.client().receive(1).unwrap(), b"+");
    }
    assert_eq!(server.join().unwrap(), [b"a", b"b", b"c"]);
}

#[test]
fn a_dribbled_request_is_answered_like_any_other() {
    let (addr, _) = serve(|stream| {
        server::read_head(stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
    });
    let request = *b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let peer = DribblePeer::new(HttpConnection::connect(addr, LONG).unwrap(), request);
    assert_eq!(peer.finish().unwrap().receive().unwrap().text().unwrap(), "ok");
}
