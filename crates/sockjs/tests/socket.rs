//! The whole server on a real socket, with two workers.
#![cfg(feature = "actix")]
#![allow(clippy::disallowed_types, reason = "the test's own side of the socket")]

mod served;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use actix_web::rt;
use hub_sockjs::Limits;
use hub_sockjs::actix::{SessionEnd, Settings};
use served::{connect, serve};

fn post(address: SocketAddr, path: &str, body: &str) -> TcpStream {
    let mut stream = connect(address);
    let length = body.len();
    write!(stream, "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
    stream
}

/// Reads until `end` has come.
fn read_to(stream: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    while !read.ends_with(end.as_bytes()) {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        read.push(byte[0]);
    }
    String::from_utf8_lossy(&read).into_owned()
}

fn receive(end: &SessionEnd) -> Option<String> {
    rt::System::new().block_on(end.receive())
}

/// A client's text frame of up to 125 bytes, masked with zeros.
fn text(message: &str) -> Vec<u8> {
    let length = u8::try_from(message.len()).unwrap();
    assert!(length < 126);
    [&[0x81, 0x80 | length, 0, 0, 0, 0][..], message.as_bytes()].concat()
}

fn upgrade(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = connect(address);
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .unwrap();
    assert!(read_to(&mut stream, "\r\n\r\n").starts_with("HTTP/1.1 101 "));
    stream
}

#[test]
fn a_client_that_closes_its_stream_is_gone() {
    let (address, opened) = serve(Settings::default());
    let mut stream = post(address, "/x/0/s/xhr_streaming", "");
    read_to(&mut stream, "o\n\r\n");
    let end = opened.recv().unwrap();
    // From another connection, whichever worker has it.
    read_to(&mut post(address, "/x/0/s/xhr_send", r#"["a"]"#), "\r\n\r\n");
    drop(stream);
    assert_eq!(receive(&end).as_deref(), Some("a"));
    assert_eq!(receive(&end), None);
    assert_eq!(end.reason().map(|reason| reason.code), Some(1002));
}

#[test]
fn what_a_websocket_sends_waits_for_the_application_and_nothing_is_lost() {
    let limits = Limits { inbound_bytes: 100, ..Limits::default() };
    let (address, opened) = serve(Settings { limits, ..Settings::default() });
    for (path, quote) in [("/x/0/s/websocket", "\""), ("/x/websocket", "")] {
        let mut stream = upgrade(address, path);
        let end = opened.recv().unwrap();
        let mut sender = stream.try_clone().unwrap();
        let sent = std::thread::Builder::new().spawn(move || {
            for n in 0..20_000 {
                sender.write_all(&text(&format!("{quote}{n}{quote}"))).unwrap();
            }
            // A close right behind the last message does not swallow it.
            sender.write_all(&[text(&format!("{quote}end{quote}")), vec![0x88, 0x80, 0, 0, 0, 0]].concat())
        });
        for n in 0..20_000 {
            assert_eq!(receive_on(&end), Some(n.to_string()));
        }
        assert_eq!(receive_on(&end).as_deref(), Some("end"));
        assert_eq!(receive_on(&end), None);
        sent.unwrap().join().unwrap().unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        assert!(rest.ends_with(&[0x88, 0]), "the close is answered");
    }
}

/// The same, with a runtime only if it has to wait.
fn receive_on(end: &SessionEnd) -> Option<String> {
    futures_util::FutureExt::now_or_never(end.receive()).unwrap_or_else(|| receive(end))
}
