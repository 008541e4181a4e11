//! A server as the tests need one: it takes one connection and follows a script.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine as _;
use hub_testkit::{OverSocket, wait};
use sha1::Digest as _;

/// For waits that a test expects to come to nothing.
pub(crate) const SHORT: Duration = Duration::from_millis(40);

/// For waits that it doesn't.
pub(crate) const LONG: Duration = Duration::from_secs(10);

/// Serves one connection on a port of its own. The connection ends when the script does.
pub(crate) fn serve<T: Send + 'static>(
    script: impl FnOnce(&mut TcpStream) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.set_write_timeout(Some(LONG)).unwrap();
        script(&mut stream)
    });
    (addr, thread)
}

/// Serves one connection: reads a request's head, writes `answer`, and waits for the client to end.
pub(crate) fn answer(answer: impl Into<Vec<u8>>) -> SocketAddr {
    let answer = answer.into();
    let script = move |stream: &mut TcpStream| {
        read_head(stream);
        stream.write_all(&answer).unwrap();
        read_to_end(stream);
    };
    serve(script).0
}

/// A request's head, its empty line included.
pub(crate) fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(read(stream, 1));
    }
    String::from_utf8(head).unwrap()
}

pub(crate) fn read(stream: &mut TcpStream, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

pub(crate) fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A client that drops unread bytes resets the connection: that is an end too.
    let _ = stream.read_to_end(&mut bytes);
    bytes
}

pub(crate) fn write_split(stream: &mut TcpStream, bytes: &[u8]) {
    for byte in bytes {
        stream.write_all(&[*byte]).unwrap();
    }
}

/// The value of the handshake's key.
pub(crate) fn key(head: &str) -> String {
    head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap().to_owned()
}

/// A 101 in answer to `head`, with further header lines (each with its line end).
pub(crate) fn switching(head: &str, further: &str) -> String {
    let hash = sha1::Sha1::digest(format!("{}258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key(head)));
    let accept = base64::engine::general_purpose::STANDARD.encode(hash);
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{further}\r\n"
    )
}

/// Serves one WebSocket.
pub(crate) fn serve_ws<T: Send + 'static>(
    script: impl FnOnce(&mut TcpStream) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    serve(move |stream| {
        let head = read_head(stream);
        stream.write_all(switching(&head, "").as_bytes()).unwrap();
        script(stream)
    })
}

/// A frame from the client, unmasked: its first byte and its payload.
pub(crate) fn read_frame(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let head = read(stream, 2);
    assert!(head[1] & 0x80 != 0, "a client's frame is masked");
    let len = match head[1] & 0x7f {
        126 => u64::from(u16::from_be_bytes(read(stream, 2).try_into().unwrap())),
        127 => u64::from_be_bytes(read(stream, 8).try_into().unwrap()),
        len => u64::from(len),
    };
    let key = read(stream, 4);
    let mut payload = read(stream, usize::try_from(len).unwrap());
    payload.iter_mut().enumerate().for_each(|(at, byte)| *byte ^= key[at % 4]);
    (head[0], payload)
}

/// Waits until the client has received so many bytes that it has not looked at: a short deadline that
/// starts then can be missed only by what is not sent.
pub(crate) fn await_backlog(client: &impl OverSocket, bytes: usize) {
    let backlog = || client.socket().backlog_bytes().ok().filter(|seen| *seen >= bytes);
    wait::until(LONG, "the server's bytes", backlog).unwrap();
}
