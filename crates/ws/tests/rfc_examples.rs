//! The examples of RFC 6455, section 5.7, byte for byte.

mod client;

use bytes::BufMut as _;
use client::{Event, PLENTY, decode, frame as masked};
use hub_ws::{Failure, OpCode, frame};

const HELLO: &[u8] = b"Hello";

#[test]
fn a_single_frame_text_message_from_the_server() {
    assert_eq!(frame::text(HELLO)[..], [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
}

#[test]
fn a_single_frame_text_message_from_the_client() {
    let stream = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(decode(PLENTY, [&stream[..]]), [Event::Text("Hello".into())]);
    // As the client of these tests writes it.
    assert_eq!(masked(0x81, HELLO), stream);
}

#[test]
fn the_servers_frames_are_refused_from_a_client() {
    let stream = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
    assert_eq!(decode(PLENTY, [&stream[..]]), [Event::Failed(Failure::Unmasked)]);
}

#[test]
fn a_fragmented_text_message() {
    // The example is unmasked (01 03 48 65 6c, 80 02 6c 6f); a client has to mask it.
    let stream = [masked(0x01, b"Hel"), masked(0x80, b"lo")].concat();
    assert_eq!(decode(PLENTY, [&stream[..]]), [Event::Text("Hello".into())]);
}

#[test]
fn a_ping_from_the_server_and_the_clients_pong() {
    assert_eq!(frame::ping(HELLO)[..], [0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
    let pong = [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(decode(PLENTY, [&pong[..]]), [Event::Pong(HELLO.into())]);
}

#[test]
fn a_binary_message_of_256_bytes() {
    let mut out = Vec::new();
    frame::write_header(&mut out, OpCode::Binary, 256);
    assert_eq!(out, [0x82, 0x7e, 0x01, 0x00]);
    out.put_bytes(7, 256);
    assert_eq!(frame::binary(&[7; 256]), out);
}

#[test]
fn a_binary_message_of_64_kib() {
    let mut out = Vec::new();
    frame::write_header(&mut out, OpCode::Binary, 65536);
    assert_eq!(out, [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]);
    out.put_bytes(7, 65536);
    assert_eq!(frame::binary(&vec![7; 65536]), out);
}
