//! Messages with a head of their own and a tail that was compressed once for all of them: whoever inflates them
//! reads head and tail.

mod client;

use client::{BINARY, Event, FIN, TEXT};
use flate2::{Decompress, FlushDecompress};
use hub_ws::deflate::{Deflater, Settings, WindowBits, negotiate};
use hub_ws::{Decoder, OpCode, frame};
use proptest::prelude::*;

const RSV1: u8 = 0x40;
const LIMIT: usize = 1 << 20;

/// "Hello" as the RFC compresses it (section 7.2.3.1).
const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

fn decoder() -> Decoder {
    let agreement = negotiate(["permessage-deflate"], Settings::SHARED).unwrap().unwrap();
    Decoder::with_deflate(LIMIT, &agreement)
}

/// The payload of a frame, and its first byte.
fn payload(framed: &[u8]) -> (u8, &[u8]) {
    let header = match framed[1] {
        126 => 4,
        127 => 10,
        len => {
            assert!(len < 126, "a server masks nothing");
            2
        }
    };
    (framed[0], &framed[header..])
}

/// What a client's zlib makes of a payload.
fn inflated(stream: &mut Decompress, payload: &[u8], len: usize) -> Vec<u8> {
    let payload = [payload, &[0x00, 0x00, 0xff, 0xff]].concat();
    let mut read = Vec::with_capacity(len + 64);
    stream.decompress_vec(&payload, &mut read, FlushDecompress::Sync).unwrap();
    read
}

#[test]
fn a_head_is_a_block_of_its_own_before_the_tail() {
    let mut out = b"before".to_vec();
    frame::write_spliced(&mut out, OpCode::Text, &[b"12", b"", b"3"], &HELLO);
    let header = [FIN | RSV1 | TEXT, 8 + HELLO.len() as u8];
    let block = [0, 3, 0, 0xfc, 0xff, b'1', b'2', b'3'];
    assert_eq!(out, [b"before", &header[..], &block, &HELLO].concat());
    out.drain(..b"before".len());
    let (_, payload) = payload(&out);
    let events = client::feed(&mut decoder(), &client::frame(FIN | RSV1 | TEXT, payload));
    assert_eq!(events, [Event::Text("123Hello".to_owned())]);

    out.clear();
    frame::write_spliced(&mut out, OpCode::Binary, &[b""], &HELLO);
    assert_eq!(out, [&[FIN | RSV1 | BINARY, HELLO.len() as u8], &HELLO[..]].concat(), "no head, no block");
}

#[test]
fn a_tail_that_makes_no_message_smaller_is_not_compressed() {
    let mut deflater = Deflater::new(6);
    let mut compressed = 0;
    for len in 0..40 {
        let (mut out, tail) = (b"before".to_vec(), vec![b'x'; len]);
        if !deflater.compress_tail(&mut out, &tail, WindowBits::MOST) {
            assert_eq!(out, b"before");
            continue;
        }
        compressed += 1;
        let mut framed = Vec::new();
        frame::write_spliced(&mut framed, OpCode::Text, &[b"head"], &out[b"before".len()..]);
        assert!(framed.len() < frame::text(&[b"head", &tail[..]].concat()).len(), "{len}");
    }
    assert!(compressed > 20, "{compressed}");
}

/// A part of a head: short, as most are, or of several blocks.
fn part() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => prop::collection::vec(any::<u8>(), 0..100),
        1 => (any::<u8>(), 65_000..140_000_usize).prop_map(|(byte, len)| vec![byte; len]),
    ]
}

/// Text that repeats itself, as messages do, perhaps farther back than a window goes.
fn tail() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec!["price", "10.25", "\"symbol\":", ",", "ACME", "é"]);
    let text = prop::collection::vec(words, 20..200).prop_map(|words| words.concat().into_bytes());
    let noise = prop::collection::vec(any::<u8>(), 0..40_000);
    (text, noise).prop_map(|(text, noise)| [&text[..], &noise, &text].concat())
}

proptest! {
    /// By zlib with a window of the size that was agreed, whether or not the client remembers what came before, and by
    /// our own decoder.
    #[test]
    fn a_tail_that_was_compressed_once_can_be_read_behind_any_head(
        heads in prop::collection::vec(prop::collection::vec(part(), 0..4), 1..6),
        tail in tail(),
        remembers in any::<bool>(),
        bits in (9_u8..=15).prop_map(|bits| WindowBits::new(bits).unwrap()),
        level in 1..=9_u32,
    ) {
        let mut shared = Vec::new();
        let compressed = Deflater::new(level).compress_tail(&mut shared, &tail, bits);
        prop_assume!(compressed);
        let new_stream = || Decompress::new_with_window_bits(false, bits.get());
        let (mut stream, mut decoder) = (new_stream(), decoder());
        for parts in &heads {
            let head = parts.concat();
            let message = [&head[..], &tail].concat();
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let mut framed = Vec::new();
            frame::write_spliced(&mut framed, OpCode::Binary, &parts, &shared);
            let (first, payload) = payload(&framed);
            prop_assert_eq!(first, FIN | RSV1 | BINARY);
            prop_assert_eq!(payload.len(), head.len() + head.len().div_ceil(0xffff) * 5 + shared.len());
            if !remembers {
                stream = new_stream();
            }
            prop_assert!(inflated(&mut stream, payload, message.len()) == message, "zlib");
            let events = client::feed(&mut decoder, &client::frame(first, payload));
            prop_assert!(events == [Event::Binary(message)], "our decoder");
        }
    }
}
