//! Raw sockets: exact reads, ends, resets and writes that find no room.

mod server;

use std::io::{ErrorKind, Read, Write};
use std::sync::mpsc::channel;

use hub_testkit::{Error, Socket};
use server::{LONG, SHORT, read_to_end, serve};

#[test]
fn bytes_are_read_exactly_and_to_the_end() {
    let (addr, server) = serve(|stream| {
        stream.write_all(b"abcdef").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        read_to_end(stream)
    });
    let mut socket = Socket::connect(addr, LONG).unwrap();
    assert_eq!(socket.receive(2).unwrap(), b"ab");
    assert_eq!(socket.receive_to_end().unwrap(), b"cdef");
    socket.expect_end().unwrap();
    socket.send(b"still").unwrap();
    socket.shutdown_write().unwrap();
    assert_eq!(server.join().unwrap(), b"still");
}

#[test]
fn an_end_before_all_bytes_names_how_many_came() {
    let (addr, _) = serve(|stream| stream.write_all(b"abc").unwrap());
    let error = Socket::connect(addr, LONG).unwrap().receive(5).unwrap_err();
    assert_eq!(error.to_string(), "awaited 5 bytes; got the end after 3 bytes: \"abc\"");
}

#[test]
fn a_reset_is_no_end() {
    let (sent, is_sent) = channel();
    let (addr, _) = serve(move |stream| {
        // Dropping a socket with bytes unread resets the connection.
        is_sent.recv_timeout(LONG).unwrap();
        stream.peek(&mut [0]).unwrap();
    });
    let mut socket = Socket::connect(addr, LONG).unwrap();
    socket.send(b"x").unwrap();
    sent.send(()).unwrap();
    let error = socket.expect_end().unwrap_err();
    assert!(matches!(error, Error::Io { cause, .. } if cause.kind() == ErrorKind::ConnectionReset));
}

#[test]
fn a_peer_can_vanish_with_a_reset() {
    let (addr, server) = serve(|stream| stream.read(&mut [0; 8]).map_err(|error| error.kind()));
    let mut socket = Socket::connect(addr, LONG).unwrap();
    socket.reset_on_drop().unwrap();
    drop(socket);
    assert_eq!(server.join().unwrap(), Err(ErrorKind::ConnectionReset));
}

#[test]
fn a_write_that_finds_no_room_misses_its_deadline() {
    let (done, is_done) = channel::<()>();
    let (addr, _) = serve(move |_| is_done.recv_timeout(LONG));
    let mut socket = Socket::connect(addr, SHORT).unwrap();
    let error = socket.send(&vec![0; 64 << 20]).unwrap_err().to_string();
    assert!(error.starts_with("awaited room to write 67108864 bytes for 40ms; got "), "{error}");
    drop(done);
}
