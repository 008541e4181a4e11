//! Text is UTF-8 as a whole message, and found wrong at the first byte that cannot be mended.

mod client;

use client::{CONTINUATION, Event, FIN, PING, PLENTY, TEXT, decode, frame, header};
use hub_ws::Failure;

const FAILED: Event = Event::Failed(Failure::InvalidUtf8);

/// Sequences that no continuation makes valid, each wrong at its last byte.
const NEVER_VALID: &[&[u8]] = &[
    b"\x80",             // a continuation byte first
    b"\xc0",             // would be overlong
    b"\xc1",             // would be overlong
    b"\xc3a",            // cut short
    b"\xe0\x9f",         // overlong
    b"\xe2\x82a",        // cut short
    b"\xed\xa0",         // a surrogate
    b"\xed\xbf",         // a surrogate
    b"\xf0\x8f",         // overlong
    b"\xf0\x9f\x98a",    // cut short
    b"\xf4\x90",         // above U+10FFFF
    b"\xf5",             // above U+10FFFF
    b"\xfe",             // never used
    b"\xff",             // never used
    b"\xe2\x82\xac\xff", // after a good character
];

/// The corners of each sequence length.
const CORNERS: &str =
    "\0\u{7f}\u{80}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{fffd}\u{feff}\u{ffff}\u{10000}\u{1f600}\u{10ffff}";

#[test]
fn a_character_may_lie_across_fragments_and_reads() {
    let bytes = CORNERS.as_bytes();
    for cut in 0..=bytes.len() {
        let (head, tail) = bytes.split_at(cut);
        let ping = frame(FIN | PING, b"\xff");
        let (head, tail) = (frame(TEXT, head), frame(FIN | CONTINUATION, tail));
        let expected = [Event::Ping(b"\xff".into()), Event::Text(CORNERS.into())];
        assert_eq!(decode(PLENTY, [&[&head[..], &ping, &tail].concat()[..]]), expected, "cut at {cut}");
    }
}

#[test]
fn every_byte_may_be_a_fragment_of_its_own() {
    let mut stream = frame(TEXT, b"");
    for byte in CORNERS.as_bytes() {
        stream.extend(frame(CONTINUATION, &[*byte]));
        stream.extend(frame(CONTINUATION, b""));
    }
    assert_eq!(decode(PLENTY, [&stream[..]]), []);
    stream.extend(frame(FIN | CONTINUATION, b""));
    assert_eq!(decode(PLENTY, [&stream[..]]), [Event::Text(CORNERS.into())]);
}

#[test]
fn a_fragment_beyond_mending_fails_before_the_message_ends() {
    for wrong in NEVER_VALID {
        let (_, mendable) = wrong.split_last().unwrap();
        assert_eq!(decode(PLENTY, [&frame(TEXT, mendable)[..]]), [], "{mendable:02x?}");
        assert_eq!(decode(PLENTY, [&frame(TEXT, wrong)[..]]), [FAILED], "{wrong:02x?}");
        for cut in 0..wrong.len() {
            let (head, tail) = wrong.split_at(cut);
            let stream = [frame(TEXT, head), frame(CONTINUATION, tail)].concat();
            assert_eq!(decode(PLENTY, [&stream[..]]), [FAILED], "{wrong:02x?} cut at {cut}");
        }
    }
}

#[test]
fn a_read_beyond_mending_fails_before_the_frame_ends() {
    for wrong in NEVER_VALID {
        // A thousand bytes are announced, these alone have come.
        let mut stream = header(FIN | TEXT, 1000);
        let masked = frame(FIN | TEXT, wrong);
        stream.extend(&masked[6..]);
        assert_eq!(decode(PLENTY, [&stream[..]]), [FAILED], "{wrong:02x?}");
    }
}

#[test]
fn a_message_that_ends_within_a_character_fails() {
    for cut_short in [&b"\xc3"[..], b"\xe2\x82", b"\xf0\x9f\x98", b"good\xf4\x8f\xbf"] {
        let whole = frame(FIN | TEXT, cut_short);
        assert_eq!(decode(PLENTY, [&whole[..]]), [FAILED], "{cut_short:02x?}");
        let end = frame(FIN | CONTINUATION, b"");
        // Nothing comes after the failure.
        let ping = frame(FIN | PING, b"");
        let fragments = [frame(TEXT, cut_short), end, ping].concat();
        assert_eq!(decode(PLENTY, [&fragments[..]]), [FAILED], "{cut_short:02x?} in fragments");
        let (head, tail) = whole.split_at(whole.len() - 1);
        assert_eq!(decode(PLENTY, [head, tail]), [FAILED], "{cut_short:02x?} in reads");
    }
}

#[test]
fn binary_messages_may_hold_anything() {
    let payload = NEVER_VALID.concat();
    let stream = [frame(client::BINARY, &payload), frame(FIN | CONTINUATION, b"\xff")].concat();
    let whole = [&payload[..], b"\xff"].concat();
    assert_eq!(decode(PLENTY, [&stream[..]]), [Event::Binary(whole)]);
}
