//! Compressed messages (RFC 7692, sections 6 and 7.2): what a client says comes out, whatever way it was
//! compressed, and what is compressed for clients can be read by them.

mod client;

use client::{BINARY, CONTINUATION, Event, FIN, PING, TEXT, frame};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use hub_ws::deflate::{Agreement, Deflater, Inflater, Settings, Window, WindowBits, negotiate};
use hub_ws::{Connection, Decoder, Failure, OpCode};
use proptest::prelude::*;

const RSV1: u8 = 0x40;
const LIMIT: usize = 1 << 20;

/// "Hello" as the RFC compresses it (section 7.2.3).
const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
/// The same after a "Hello" that it may point back to.
const HELLO_AGAIN: [u8; 5] = [0xf2, 0x00, 0x11, 0x00, 0x00];

fn agree(settings: Settings) -> Agreement {
    negotiate(["permessage-deflate; client_max_window_bits"], settings).unwrap().unwrap()
}

fn decoder(settings: Settings) -> Decoder {
    Decoder::with_deflate(LIMIT, &agree(settings))
}

fn hello() -> Event {
    Event::Text("Hello".to_owned())
}

/// What a client's compressor makes of `message`, the end of the flush left out; it remembers what it has
/// compressed.
fn compress(stream: &mut Compress, message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() * 2 + 64);
    stream.compress_vec(message, &mut out, FlushCompress::Sync).unwrap();
    assert!(out.len() < out.capacity());
    if out.is_empty() {
        // Nothing to flush: an empty block (section 7.2.3.6).
        return vec![0x00];
    }
    out.truncate(out.len() - 4);
    out
}

fn compressor() -> Compress {
    Compress::new(Compression::default(), false)
}

fn compressed(message: &[u8]) -> Vec<u8> {
    compress(&mut compressor(), message)
}

fn failed(limit: usize, payload: &[u8]) -> Option<Failure> {
    let mut decoder = Decoder::with_deflate(limit, &agree(Settings::SHARED));
    let events = client::feed(&mut decoder, &frame(FIN | RSV1 | BINARY, payload));
    assert!(!matches!(events[..], [Event::Failed(_)]) || decoder.held_bytes() == 0);
    match events[..] {
        [Event::Failed(failure)] => Some(failure),
        [Event::Binary(_)] => None,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn the_examples_of_the_rfc() {
    let mut decoder = decoder(Settings::TAKEOVER);
    let whole = frame(FIN | RSV1 | TEXT, &HELLO);
    assert_eq!(client::feed(&mut decoder, &whole), [hello()], "7.2.3.1");
    let fragments = [frame(RSV1 | TEXT, &HELLO[..3]), frame(FIN | CONTINUATION, &HELLO[3..])].concat();
    assert_eq!(client::feed(&mut decoder, &fragments), [hello()], "7.2.3.1, in two fragments");
    assert_eq!(client::feed(&mut decoder, &frame(FIN | RSV1 | TEXT, &HELLO_AGAIN)), [hello()], "7.2.3.2");
    for (payload, section) in [
        (&[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00][..], "7.2.3.3: a stored block"),
        (&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00], "7.2.3.4: BFINAL"),
        (
            &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00],
            "7.2.3.5: two blocks",
        ),
    ] {
        let frame = frame(FIN | RSV1 | TEXT, payload);
        assert_eq!(client::feed(&mut decoder, &frame), [hello()], "{section}");
    }
    let empty = frame(FIN | RSV1 | TEXT, &[0x00]);
    assert_eq!(client::feed(&mut decoder, &empty), [Event::Text(String::new())], "7.2.3.6");
}

#[test]
fn without_takeover_nothing_is_pointed_back_to_and_nothing_held() {
    let mut decoder = decoder(Settings::SHARED);
    assert_eq!(client::feed(&mut decoder, &frame(FIN | RSV1 | TEXT, &HELLO)), [hello()]);
    assert_eq!(client::feed(&mut decoder, &[]), []);
    assert_eq!(decoder.held_bytes(), 0);
    let again = frame(FIN | RSV1 | TEXT, &HELLO_AGAIN);
    assert_eq!(client::feed(&mut decoder, &again), [Event::Failed(Failure::Inflate)]);
}

#[test]
fn with_takeover_what_was_said_is_held_up_to_the_window() {
    let small = Settings { client_window: WindowBits::LEAST, ..Settings::TAKEOVER };
    let mut decoder = Decoder::with_deflate(LIMIT, &agree(small));
    let fixed = decoder.held_bytes();
    client::feed(&mut decoder, &frame(FIN | RSV1 | TEXT, &HELLO));
    client::feed(&mut decoder, &[]);
    assert_eq!(decoder.held_bytes(), fixed + 5);
    let long = compressed(&[b'x'; 10_000]);
    assert_eq!(client::feed(&mut decoder, &frame(FIN | RSV1 | BINARY, &long)).len(), 1);
    client::feed(&mut decoder, &[]);
    assert!(decoder.held_bytes() <= fixed + 1024, "{}", decoder.held_bytes());
}

#[test]
fn a_message_may_be_sent_as_it_is_and_is_not_pointed_back_to() {
    let mut decoder = decoder(Settings::TAKEOVER);
    assert_eq!(client::feed(&mut decoder, &frame(FIN | TEXT, b"Hello")), [hello()]);
    let again = frame(FIN | RSV1 | TEXT, &HELLO_AGAIN);
    assert_eq!(client::feed(&mut decoder, &again), [Event::Failed(Failure::Inflate)]);
}

#[test]
fn the_bit_is_for_the_first_frame_of_a_message_and_for_no_other_extension() {
    let cases = [
        vec![frame(RSV1 | TEXT, &HELLO[..3]), frame(FIN | RSV1 | CONTINUATION, &HELLO[3..])],
        vec![frame(TEXT, b"x"), frame(FIN | RSV1 | CONTINUATION, &HELLO)],
        vec![frame(FIN | RSV1 | PING, b"")],
        vec![frame(FIN | RSV1 | client::CLOSE, b"")],
        vec![frame(FIN | 0x20 | TEXT, b"x")],
        vec![frame(FIN | RSV1 | 0x10 | TEXT, &HELLO)],
        vec![frame(FIN | RSV1 | 0x3, b"")],
    ];
    for frames in cases {
        let events = client::feed(&mut decoder(Settings::SHARED), &frames.concat());
        assert_eq!(events, [Event::Failed(Failure::ReservedBits)], "{frames:02x?}");
    }
    let mut without = Decoder::new(LIMIT);
    let events = client::feed(&mut without, &frame(FIN | RSV1 | TEXT, &HELLO));
    assert_eq!(events, [Event::Failed(Failure::ReservedBits)]);
}

#[test]
fn what_is_no_compressed_data_is_1007() {
    let whole = compressed(&[b"some text that is long enough to be cut ".repeat(9), vec![7; 40]].concat());
    assert_eq!(failed(LIMIT, &whole), None);
    for cut in 1..whole.len() {
        assert_eq!(failed(LIMIT, &whole[..cut]), Some(Failure::Inflate), "cut at {cut} of {}", whole.len());
    }
    for payload in [&[0xff; 9][..], b"plain text", &[0x00, 0x00, 0x00, 0xff, 0xff, 0x06]] {
        assert_eq!(failed(LIMIT, payload), Some(Failure::Inflate), "{payload:02x?}");
    }
    assert_eq!(Failure::Inflate.code().get(), 1007);
    let not_utf8 = frame(FIN | RSV1 | TEXT, &compressed(b"\xc3\x28\xc3\x28\xc3\x28"));
    let events = client::feed(&mut decoder(Settings::SHARED), &[not_utf8, frame(FIN | TEXT, b"on")].concat());
    assert_eq!(events, [Event::Failed(Failure::InvalidUtf8)], "and nothing more is heard");
}

#[test]
fn the_limit_is_for_what_was_said_to_the_byte() {
    let limit = 1000;
    for byte in [0, 200] {
        // Of one kind, and such as can't be made smaller.
        let noise = |len: u32| (0..len).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 | byte).collect();
        for say in [&|len| vec![byte; len as usize] as Vec<u8>, &noise as &dyn Fn(u32) -> Vec<u8>] {
            assert_eq!(failed(limit, &compressed(&say(1000))), None);
            let too_big = Failure::MessageTooBig { bytes: 1001, limit: 1000 };
            assert_eq!(failed(limit, &compressed(&say(1001))), Some(too_big));
        }
    }
}

#[test]
fn a_bomb_goes_off_at_the_limit_and_takes_no_more_than_that() {
    // A gibibyte in a mebibyte.
    let bomb = compressed(&vec![0; 1 << 30]);
    assert!(bomb.len() < LIMIT + LIMIT / 8);
    let mut inflater = Inflater::default();
    let too_big = Failure::MessageTooBig { bytes: LIMIT as u64 + 1, limit: LIMIT as u64 };
    assert_eq!(inflater.inflate(&bomb, None, LIMIT), Err(too_big));
    assert_eq!(failed(LIMIT, &bomb), Some(too_big));
    assert_eq!(inflater.inflate(&HELLO, None, LIMIT).as_deref(), Ok(&b"Hello"[..]), "it goes on");
}

#[test]
fn a_compressed_message_is_refused_by_its_length_too() {
    let mut decoder = Decoder::with_deflate(1024, &agree(Settings::SHARED));
    let events = client::feed(&mut decoder, &client::header(FIN | RSV1 | TEXT, 8 << 30));
    assert_eq!(events, [Event::Failed(Failure::MessageTooBig { bytes: 8 << 30, limit: 1024 })]);
    let mut decoder = Decoder::with_deflate(1024, &agree(Settings::SHARED));
    let fragments = [frame(RSV1 | BINARY, &[0; 700]), frame(CONTINUATION, &[0; 600])].concat();
    let events = client::feed(&mut decoder, &fragments);
    assert_eq!(events, [Event::Failed(Failure::MessageTooBig { bytes: 1300, limit: 1024 })]);
}

#[test]
fn a_message_of_a_thousand_streams_is_refused() {
    // Each costs two bytes to write, and a window to begin.
    assert_eq!(failed(LIMIT, &[0x03, 0x00].repeat(63)), None);
    assert_eq!(failed(LIMIT, &[0x03, 0x00].repeat(1000)), Some(Failure::Inflate));
}

#[test]
fn after_our_close_compressed_messages_are_skipped_unread() {
    let mut connection = Connection::with_deflate(64, &agree(Settings::SHARED));
    connection.close(hub_ws::CloseCode::NORMAL, "").unwrap();
    let stream = [frame(FIN | RSV1 | BINARY, &[0xff; 500]), frame(FIN | PING, b"!")].concat();
    assert_eq!(client::receive(&mut connection, &stream), [Event::Ping(b"!".to_vec())]);
    assert_eq!(connection.held_bytes(), 0);
}

#[test]
fn what_compressing_does_not_make_smaller_is_left_as_it_is() {
    let mut deflater = Deflater::new(6);
    for payload in [&b""[..], b"x", b"Hello", &[0x00, 0x9c, 0x41, 0xe7, 0x13]] {
        let mut out = b"before".to_vec();
        assert!(!deflater.write_frame(&mut out, OpCode::Text, payload, WindowBits::MOST, None));
        assert_eq!(out, b"before");
    }
}

/// Text that repeats itself, as messages do, and bytes that don't.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let text = prop::collection::vec(
        prop::sample::select(vec!["price", "10.25", "\"symbol\":", ",", "ACME", "é"]),
        0..200,
    )
    .prop_map(|words| words.concat().into_bytes());
    let noise = prop::collection::vec(any::<u8>(), 0..300);
    let long = (any::<u8>(), 0..70_000_usize).prop_map(|(byte, len)| vec![byte; len]);
    prop_oneof![4 => text, 2 => noise, 1 => long]
}

fn window() -> impl Strategy<Value = WindowBits> {
    (9_u8..=15).prop_map(|bits| WindowBits::new(bits).unwrap())
}

proptest! {
    /// A client that compresses some messages and not others, in fragments, with pings between, cut anywhere.
    #[test]
    fn what_a_client_says_comes_out(
        messages in prop::collection::vec((message(), any::<bool>(), 1..4_usize), 1..8),
        takeover in any::<bool>(),
        bits in window(),
        reads in prop::collection::vec(1..3000_usize, 1..20),
    ) {
        let settings = Settings { client_context_takeover: takeover, client_window: bits, ..Settings::SHARED };
        let mut stream = Compress::new_with_window_bits(Compression::new(6), false, bits.get());
        let (mut sent, mut expected) = (Vec::new(), Vec::new());
        for (message, compresses, fragments) in &messages {
            if !takeover {
                stream.reset();
            }
            let (payload, bit) =
                if *compresses { (compress(&mut stream, message), RSV1) } else { (message.clone(), 0) };
            let size = payload.len().div_ceil(*fragments).max(1);
            let chunks: Vec<&[u8]> = if payload.is_empty() { vec![&[]] } else { payload.chunks(size).collect() };
            for (index, chunk) in chunks.iter().enumerate() {
                let fin = if index + 1 == chunks.len() { FIN } else { 0 };
                let first = if index == 0 { bit | BINARY } else { CONTINUATION };
                sent.extend(frame(fin | first, chunk));
                if fin == 0 {
                    sent.extend(frame(FIN | PING, b"?"));
                    expected.push(Event::Ping(b"?".to_vec()));
                }
            }
            expected.push(Event::Binary(message.clone()));
        }
        let mut decoder = decoder(settings);
        let (mut rest, mut events) = (sent.as_slice(), Vec::new());
        for size in reads.into_iter().cycle() {
            let (read, after) = rest.split_at(size.min(rest.len()));
            events.extend(client::feed(&mut decoder, read));
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(events, expected);
        if !takeover {
            client::feed(&mut decoder, &[]);
            prop_assert_eq!(decoder.held_bytes(), 0);
        }
    }

    /// A client's own zlib reads it, with a window of the size that was agreed; without takeover every message
    /// for itself.
    #[test]
    fn what_is_compressed_can_be_read(
        messages in prop::collection::vec(message(), 1..8),
        takeover in any::<bool>(),
        bits in window(),
        level in 1..=9_u32,
    ) {
        let mut deflater = Deflater::new(level);
        let mut window = takeover.then(|| Window::new(bits));
        let mut stream = Decompress::new_with_window_bits(false, bits.get());
        for message in &messages {
            let mut framed = Vec::new();
            if !deflater.write_frame(&mut framed, OpCode::Binary, message, bits, window.as_mut()) {
                continue;
            }
            prop_assert!(framed.len() <= hub_ws::frame::header_len(message.len()) + message.len());
            prop_assert_eq!(framed[0], FIN | RSV1 | BINARY);
            let header = match framed[1] { 126 => 4, 127 => 10, len => { assert!(len < 126); 2 } };
            let payload = [&framed[header..], &[0x00, 0x00, 0xff, 0xff]].concat();
            if !takeover {
                stream = Decompress::new_with_window_bits(false, bits.get());
            }
            let mut read = Vec::with_capacity(message.len() + 64);
            stream.decompress_vec(&payload, &mut read, FlushDecompress::Sync).unwrap();
            prop_assert_eq!(&read, message);
        }
    }
}
