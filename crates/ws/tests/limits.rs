//! Memory follows what was received, never what was announced, and nothing is held between messages.

mod client;

use client::{BINARY, CONTINUATION, Event, FIN, PING, PLENTY, TEXT, close, decode, feed, frame, header};
use hub_ws::deflate::Inflater;
use hub_ws::{Decoder, Failure, Incoming, Input};

/// A message under way may hold this much besides its bytes.
const FIXED_BYTES: usize = 112;

#[test]
fn eight_announced_gibibytes_are_refused_with_nothing_held() {
    let mut decoder = Decoder::new(PLENTY);
    let events = feed(&mut decoder, &header(FIN | BINARY, 8 << 30));
    let failure = Failure::MessageTooBig { bytes: 8 << 30, limit: PLENTY as u64 };
    assert_eq!(events, [Event::Failed(failure)]);
    assert_eq!(decoder.held_bytes(), 0);
}

#[test]
fn an_announcement_within_the_limit_reserves_nothing() {
    let mut decoder = Decoder::new(PLENTY);
    let mut stream = header(FIN | BINARY, PLENTY as u64);
    assert_eq!(feed(&mut decoder, &stream), []);
    assert_eq!(decoder.held_bytes(), 0);
    stream.clear();
    stream.extend([1; 1000]);
    assert_eq!(feed(&mut decoder, &stream), []);
    assert!(decoder.held_bytes() <= 1000 + FIXED_BYTES, "{} bytes", decoder.held_bytes());
}

#[test]
fn what_is_whole_in_one_read_is_lent_from_it() {
    for first in [FIN | BINARY, FIN | PING] {
        let mut decoder = Decoder::new(PLENTY);
        // The header came with the read before.
        let stream = frame(first, b"whole");
        let (header, payload) = stream.split_at(6);
        assert_eq!(feed(&mut decoder, header), []);
        assert_eq!(decoder.held_bytes(), 0);

        let mut scratch = payload.to_vec();
        let place = scratch.as_ptr();
        let lent = match decoder.next(&mut Input::new(&mut scratch), &mut Inflater::default()) {
            Ok(Some(Incoming::Binary(lent) | Incoming::Ping(lent))) => lent,
            other => panic!("{other:?}"),
        };
        assert_eq!((lent, lent.as_ptr()), (&b"whole"[..], place));
        assert_eq!(decoder.held_bytes(), 0);
    }
}

#[test]
fn growing_stops_at_the_limit() {
    let mut decoder = Decoder::new(1100);
    let stream = frame(FIN | BINARY, &[1; 1100]);
    for byte in &stream[..stream.len() - 1] {
        assert_eq!(feed(&mut decoder, &[*byte]), []);
        assert!(decoder.held_bytes() <= 1100 + FIXED_BYTES, "{} bytes", decoder.held_bytes());
    }
}

#[test]
fn a_mebibyte_in_reads_of_one_byte() {
    const LEN: usize = 1 << 20;
    let payload: Vec<u8> = (0..LEN).map(|i| (i * 7) as u8).collect();
    let mut decoder = Decoder::new(LEN);
    let stream = frame(FIN | BINARY, &payload);
    let (last, before) = stream.split_last().unwrap();
    let mut scratch = [0];
    for (received, byte) in before.iter().enumerate() {
        scratch[0] = *byte;
        assert_eq!(decoder.next(&mut Input::new(&mut scratch), &mut Inflater::default()), Ok(None));
        let most = (2 * received).min(LEN) + FIXED_BYTES;
        assert!(decoder.held_bytes() <= most, "{} bytes for {received}", decoder.held_bytes());
    }
    assert_eq!(feed(&mut decoder, &[*last]), [Event::Binary(payload)]);
    assert_eq!(decoder.held_bytes(), 0);
}

#[test]
fn a_ping_in_parts_is_freed_and_leaves_the_message_around_it_alone() {
    let mut decoder = Decoder::new(PLENTY);
    feed(&mut decoder, &frame(TEXT, b"be"));
    let message_only = decoder.held_bytes();
    let ping = frame(FIN | PING, b"there?");
    let (head, tail) = ping.split_at(8);
    assert_eq!(feed(&mut decoder, head), []);
    assert!(decoder.held_bytes() > message_only);
    assert_eq!(feed(&mut decoder, tail), [Event::Ping(b"there?".into())]);
    assert_eq!(decoder.held_bytes(), message_only);
    assert_eq!(feed(&mut decoder, &frame(FIN | CONTINUATION, b"gun")), [Event::Text("begun".into())]);
    assert_eq!(decoder.held_bytes(), 0);
}

#[test]
fn a_failure_and_a_close_free_the_message_under_way() {
    for end in [close(1000, ""), vec![0xff]] {
        let mut decoder = Decoder::new(PLENTY);
        feed(&mut decoder, &frame(BINARY, &[1; 5000]));
        assert!(decoder.held_bytes() >= 5000);
        assert_eq!(feed(&mut decoder, &end).len(), 1);
        assert_eq!(decoder.held_bytes(), 0);
    }
}

#[test]
fn the_limit_itself_may_be_reached_but_not_passed() {
    let ten = [b'x'; 10];
    let eleven = Failure::MessageTooBig { bytes: 11, limit: 10 };
    assert_eq!(decode(10, [&frame(FIN | BINARY, &ten)[..]]), [Event::Binary(ten.into())]);
    assert_eq!(decode(10, [&header(FIN | BINARY, 11)[..]]), [Event::Failed(eleven)]);
}

#[test]
fn the_limit_counts_all_fragments_of_a_message_and_no_control_frames() {
    let six = frame(BINARY, b"sixsix");
    let ping = frame(FIN | PING, &[b'p'; 125]);
    let pinged = Event::Ping([b'p'; 125].into());
    let four = [&six[..], &ping, &frame(FIN | CONTINUATION, b"four")].concat();
    assert_eq!(
        decode(10, [&four[..], &four]),
        [
            pinged.clone(),
            Event::Binary(b"sixsixfour".into()),
            pinged.clone(),
            Event::Binary(b"sixsixfour".into()),
        ]
    );
    let five = [&six[..], &ping, &header(CONTINUATION, 5)].concat();
    let eleven = Failure::MessageTooBig { bytes: 11, limit: 10 };
    assert_eq!(decode(10, [&five[..]]), [pinged, Event::Failed(eleven)]);
}

#[test]
fn a_fragment_cannot_wrap_the_count_around() {
    let stream = [frame(BINARY, b"some"), header(CONTINUATION, (1 << 63) - 1)].concat();
    let failure = Failure::MessageTooBig { bytes: (1 << 63) + 3, limit: PLENTY as u64 };
    assert_eq!(decode(PLENTY, [&stream[..]]), [Event::Failed(failure)]);
    // Nor where every length is allowed.
    let limitless = decode(usize::MAX, [&stream[..]]);
    assert_eq!(limitless, []);
}

#[test]
fn empty_fragments_cost_nothing_to_hold() {
    let mut decoder = Decoder::new(PLENTY);
    feed(&mut decoder, &frame(TEXT, b""));
    let one = decoder.held_bytes();
    assert!(one <= FIXED_BYTES);
    let many = frame(CONTINUATION, b"").repeat(100_000);
    assert_eq!(feed(&mut decoder, &many), []);
    assert_eq!(decoder.held_bytes(), one);
    assert_eq!(feed(&mut decoder, &frame(FIN | CONTINUATION, b"end")), [Event::Text("end".into())]);
}

#[test]
fn many_small_fragments_are_one_message() {
    let mut stream = frame(BINARY, b"a");
    stream.extend(frame(CONTINUATION, b"a").repeat(20_000));
    stream.extend(frame(FIN | CONTINUATION, b"a"));
    assert_eq!(decode(PLENTY, [&stream[..]]), [Event::Binary(vec![b'a'; 20_002])]);
}
