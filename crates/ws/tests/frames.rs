//! Outbound frames say what they were made from.

mod client;

use client::{Event, PLENTY, decode};
use hub_ws::{CloseCode, OpCode, frame};
use proptest::prelude::*;

/// What a client would have to send to say the same: the frame with a mask (of zeros).
fn as_from_client(frame: &[u8], payload_len: usize) -> Vec<u8> {
    let mut out = frame.to_vec();
    out[1] |= 0x80;
    let header = frame::header_len(payload_len);
    out.splice(header..header, [0; 4]);
    out
}

fn read_back(frame: &[u8], payload_len: usize) -> Vec<Event> {
    decode(PLENTY, [&as_from_client(frame, payload_len)[..]])
}

#[test]
fn a_header_is_as_long_as_announced_and_no_longer_than_it_must_be() {
    let cases = [(0, 2), (125, 2), (126, 4), (65535, 4), (65536, 10), (1 << 24, 10)];
    for (len, header) in cases {
        let mut out = Vec::new();
        frame::write_header(&mut out, OpCode::Text, len);
        assert_eq!((out.len(), frame::header_len(len)), (header, header), "{len} bytes");
    }
}

#[test]
fn every_length_form_is_read_back() {
    for len in [0, 1, 125, 126, 127, 65535, 65536, 100_000] {
        let payload = vec![b'x'; len];
        assert_eq!(read_back(&frame::binary(&payload), len), [Event::Binary(payload)], "{len} bytes");
    }
}

#[test]
fn control_frames_are_cut_at_125_bytes() {
    let payload: Vec<u8> = (0..200).collect();
    assert_eq!(read_back(&frame::ping(&payload), 125), [Event::Ping(payload[..125].into())]);
    assert_eq!(read_back(&frame::pong(&payload), 125), [Event::Pong(payload[..125].into())]);
}

#[test]
fn a_close_without_a_code_is_empty() {
    assert_eq!(frame::close_without_code()[..], [0x88, 0x00]);
}

#[test]
fn a_close_carries_code_and_reason() {
    assert_eq!(frame::close(CloseCode::NORMAL, "")[..], [0x88, 2, 0x03, 0xe8]);
    assert_eq!(frame::close(CloseCode::new(4000), "bye")[..], *b"\x88\x05\x0f\xa0bye");
}

#[test]
fn a_long_reason_is_cut_at_a_character() {
    // 123 bytes: 61 characters of two bytes, one of one byte.
    let fits = format!("{}.", "é".repeat(61));
    let over = "é".repeat(62);
    for (reason, kept) in [(fits.clone(), fits), (over, "é".repeat(61)), ("€".repeat(42), "€".repeat(41))]
    {
        let frame = frame::close(CloseCode::RESTART, &reason);
        let events = read_back(&frame, frame.len() - 2);
        assert_eq!(events, [Event::Close(Some(1012), kept)], "{reason}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_encoded_is_read_back(text in "\\PC{0,300}", bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(read_back(&frame::text(text.as_bytes()), text.len()), [Event::Text(text)]);
        prop_assert_eq!(read_back(&frame::binary(&bytes), bytes.len()), [Event::Binary(bytes)]);
    }
}
