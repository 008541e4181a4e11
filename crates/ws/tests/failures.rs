//! Everything a client can do wrong, with the code it is told.

mod client;

use client::{
    BINARY, CLOSE, CONTINUATION, Event, FIN, PING, PLENTY, PONG, TEXT, close, decode, frame, header,
};
use hub_ws::{CloseCode, Failure};

/// The wrong stream fails at its last byte, however it is cut, and at nothing before; then comes silence.
#[track_caller]
fn fails(stream: &[u8], failure: Failure, code: CloseCode) {
    let ping = frame(FIN | PING, b"ignored");
    for cut in 0..=stream.len() {
        let (head, tail) = stream.split_at(cut);
        let events = decode(PLENTY, [head, tail, &ping]);
        assert_eq!(events, [Event::Failed(failure)], "{stream:02x?} cut at {cut}");
    }
    let (_, all_but_last) = stream.split_last().unwrap();
    assert_eq!(decode(PLENTY, [all_but_last]), [], "{stream:02x?} before its last byte");
    assert_eq!(failure.code(), code);
    assert!(failure.reason().len() <= hub_ws::frame::MAX_REASON_BYTES);
    assert_eq!(failure.to_string(), failure.reason());
}

#[track_caller]
fn breaks_protocol(stream: &[u8], failure: Failure) {
    fails(stream, failure, CloseCode::PROTOCOL_ERROR);
}

#[test]
fn an_unmasked_frame() {
    for opcode in [TEXT, BINARY, CLOSE, PING, PONG] {
        breaks_protocol(&[FIN | opcode, 0x05], Failure::Unmasked);
    }
}

#[test]
fn a_reserved_bit() {
    for bit in [0x40, 0x20, 0x10] {
        for opcode in [TEXT, PING, CLOSE] {
            breaks_protocol(&[FIN | bit | opcode], Failure::ReservedBits);
        }
    }
}

#[test]
fn a_reserved_opcode() {
    for opcode in (0x3..=0x7).chain(0xb..=0xf) {
        breaks_protocol(&[FIN | opcode], Failure::ReservedOpcode(opcode));
    }
}

#[test]
fn a_fragmented_control_frame() {
    for opcode in [CLOSE, PING, PONG] {
        breaks_protocol(&[opcode], Failure::ControlFragmented);
    }
}

#[test]
fn a_control_frame_of_more_than_125_bytes() {
    for opcode in [CLOSE, PING, PONG] {
        for length in [126, 127] {
            breaks_protocol(&[FIN | opcode, 0x80 | length], Failure::ControlTooLong);
        }
    }
}

#[test]
fn a_continuation_of_nothing() {
    for first in [CONTINUATION, FIN | CONTINUATION] {
        breaks_protocol(&[first], Failure::UnexpectedContinuation);
    }
}

#[test]
fn a_continuation_after_the_message_has_ended() {
    let message = [frame(TEXT, b"a"), frame(FIN | CONTINUATION, b"b")].concat();
    let events = decode(PLENTY, [&message[..], &frame(FIN | CONTINUATION, b"c")]);
    assert_eq!(events, [Event::Text("ab".into()), Event::Failed(Failure::UnexpectedContinuation)]);
}

#[test]
fn a_message_within_a_message() {
    for (outer, inner) in [(TEXT, TEXT), (TEXT, BINARY), (BINARY, TEXT), (BINARY, FIN | BINARY)] {
        for begun in [&b"begun"[..], b""] {
            let stream = [frame(outer, begun), vec![inner]].concat();
            breaks_protocol(&stream, Failure::ExpectedContinuation);
        }
    }
}

#[test]
fn a_length_in_more_bytes_than_it_needs() {
    for short in [0u16, 125] {
        let [a, b] = short.to_be_bytes();
        breaks_protocol(&[FIN | BINARY, 0xfe, a, b], Failure::LengthNotMinimal);
    }
    for long in [0u64, 125, 126, 65535] {
        let stream = [&[FIN | BINARY, 0xff][..], &long.to_be_bytes()].concat();
        breaks_protocol(&stream, Failure::LengthNotMinimal);
    }
}

#[test]
fn a_length_with_its_top_bit_set() {
    for length in [1u64 << 63, u64::MAX] {
        let stream = [&[FIN | BINARY, 0xff][..], &length.to_be_bytes()].concat();
        breaks_protocol(&stream, Failure::LengthTopBit);
    }
}

#[test]
fn half_a_close_code() {
    breaks_protocol(&frame(FIN | CLOSE, &[0x03]), Failure::ClosePayload);
}

#[test]
fn a_close_code_that_must_not_be_sent() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
        breaks_protocol(&close(code, ""), Failure::InvalidCloseCode(code));
    }
}

#[test]
fn a_close_reason_that_is_not_utf8() {
    let stream = frame(FIN | CLOSE, &[0x03, 0xe8, b'n', b'o', 0xff]);
    fails(&stream, Failure::InvalidUtf8, CloseCode::INVALID_PAYLOAD);
}

#[test]
fn a_text_that_is_not_utf8() {
    let stream = frame(FIN | TEXT, &[b'n', b'o', 0xff]);
    fails(&stream, Failure::InvalidUtf8, CloseCode::INVALID_PAYLOAD);
}

#[test]
fn a_message_that_is_too_big() {
    let len = PLENTY as u64 + 1;
    let announced = header(FIN | BINARY, len);
    let (before_mask, _) = announced.split_last_chunk::<4>().unwrap();
    let failure = Failure::MessageTooBig { bytes: len, limit: PLENTY as u64 };
    fails(before_mask, failure, CloseCode::TOO_BIG);
}
