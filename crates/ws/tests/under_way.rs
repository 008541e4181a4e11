//! A message is under way from its first frame's header to its last frame's end, and at no other time.

mod client;

use client::{BINARY, CONTINUATION, FIN, PING, PLENTY, TEXT, feed, frame};
use hub_ws::deflate::Inflater;
use hub_ws::{Connection, Decoder, Incoming, Input};

/// What was true after each byte, put together: `.` between messages, `m` in one.
fn after_each_byte(stream: &[u8]) -> String {
    let mut decoder = Decoder::new(PLENTY);
    let mut seen = String::new();
    for byte in stream {
        feed(&mut decoder, &[*byte]);
        seen.push(if decoder.in_message() { 'm' } else { '.' });
    }
    seen
}

#[test]
fn a_message_is_under_way_from_its_header_to_its_last_byte() {
    assert_eq!(after_each_byte(&frame(FIN | TEXT, b"abc")), ".....mmm.");
    assert_eq!(after_each_byte(&frame(FIN | BINARY, b"")), "......");
}

#[test]
fn it_stays_under_way_between_its_frames_whatever_control_frames_come_there() {
    let [first, ping, last] = [frame(TEXT, b"a"), frame(FIN | PING, b"p"), frame(FIN | CONTINUATION, b"")];
    // Its header has come before its sixth byte; the last frame's ends it.
    let under_way = "m".repeat(2 + ping.len() + last.len() - 1);
    assert_eq!(after_each_byte(&[first, ping, last].concat()), format!(".....{under_way}."));
}

#[test]
fn a_first_frame_without_payload_begins_one() {
    assert_eq!(after_each_byte(&frame(TEXT, b"")), ".....m");
}

#[test]
fn a_control_frame_is_no_message() {
    assert_eq!(after_each_byte(&frame(FIN | PING, b"abc")), ".........");
}

#[test]
fn what_was_lent_is_whole() {
    let (mut connection, mut inflater) = (Connection::new(PLENTY), Inflater::default());
    let mut stream = frame(FIN | TEXT, b"abc");
    let mut rest = stream.split_off(7);
    assert_eq!(connection.receive(&mut Input::new(&mut stream), &mut inflater), Ok(None));
    assert!(connection.in_message());
    let mut input = Input::new(&mut rest);
    assert_eq!(connection.receive(&mut input, &mut inflater), Ok(Some(Incoming::Text("abc"))));
    assert!(!connection.in_message());
}
