//! However a stream is cut, the outcome is the same, errors included.
#![allow(clippy::disallowed_methods, reason = "a test needs an origin of time")]

mod support;

use std::time::Instant;

use hub_stomp::{Decoder, Limits, RateLimit, Session, SessionConfig, TransactionLimits, Version};
use proptest::collection::vec;
use proptest::prelude::*;
use support::{Decoded, Transcript, config, cut, decode, decoder, open_with, session};

const STREAM: &[u8] = b"\n\r\nCONNECT\r\naccept-version:1.2,1.1\r\nheart-beat:0,0\r\n\r\n\0\n\
    SUBSCRIBE\nid:a\\cb\ndestination:/topic/x\nreceipt:1\n\n\0\
    SEND\ndestination:/app/y\ncontent-length:5\nfoo:a\nfoo:b\n\nab\0\0c\0\
    SEND\ndestination:/app/y\n\nno length, caf\xc3\xa9\0\n\n\
    BEGIN\ntransaction:t\n\n\0BEGIN\ntransaction:u\n\n\0\
    SEND\ntransaction:t\ndestination:/app/t\nreceipt:h\ncontent-length:2\nk:\\c\n\n\0\n\0\
    ACK\ntransaction:u\nid:1\n\n\0NACK\ntransaction:t\nid:2\n\n\0ABORT\ntransaction:u\n\n\0\
    COMMIT\ntransaction:t\nreceipt:c\n\n\0\
    UNSUBSCRIBE\nid:a\\cb\nreceipt:2\n\n\0\
    SEND\ndestination:/app/y\nreceipt:3\nbad:\\t\n\n\0\
    SEND\ndestination:/app/never\n\n\0";

#[test]
fn a_session_cut_anywhere_goes_the_same_way() {
    let whole = Transcript::of(session(), [STREAM]);
    assert_eq!(whole.requests.iter().filter(|line| line.starts_with("Send")).count(), 3);
    assert_eq!(whole.requests.iter().filter(|line| line.starts_with("Commit")).count(), 1);
    assert!(whole.refused.as_ref().is_some_and(|refusal| refusal.receipt_id() == Some("3")));
    for at in 0..=STREAM.len() {
        let (front, back) = STREAM.split_at(at);
        assert_eq!(Transcript::of(session(), [front, back]), whole, "cut at {at}");
    }
    assert_eq!(Transcript::of(session(), STREAM.chunks(1)), whole);
}

/// Pieces of frames that make up streams, whole and broken ones.
fn token() -> impl Strategy<Value = Vec<u8>> {
    let known: &[&[u8]] = &[
        b"\n",
        b"\r\n",
        b"\r",
        b"\0",
        b":",
        b"\\",
        b"CONNECT\n",
        b"SEND\n",
        b"SEND\r\n",
        b"NACK\n",
        b"MESSAGE\n",
        b"a:b\n",
        b"a:b\\c\\n\\\\\n",
        b"receipt:7\n",
        b"content-length:3\n",
        b"content-length: 0\r\n",
        b"content-length:99999999999999999999\n",
        b"content-length:-1\n",
        b"\nabc\0",
        b"\n\0",
        b"\n\0SEND\n",
    ];
    let known: Vec<Vec<u8>> = known.iter().map(|token| token.to_vec()).collect();
    prop_oneof![8 => prop::sample::select(known), 1 => vec(any::<u8>(), 0..40)]
}

/// Frames of two transactions, in any order.
fn transactional() -> impl Strategy<Value = Vec<u8>> {
    let commands = [
        "BEGIN\n",
        "COMMIT\nreceipt:c\n",
        "ABORT\n",
        "SEND\ndestination:/a\nreceipt:s\n",
        "ACK\nid:1\n",
        "NACK\nid:2\n",
    ];
    let command = prop_oneof![2 => Just(commands[0]), 1 => prop::sample::select(commands.to_vec())];
    (command, prop::sample::select(vec!["t", "u"]), prop::sample::select(vec!["", "body"]))
        .prop_map(|(command, id, body)| format!("{command}transaction:{id}\n\n{body}\0").into_bytes())
}

fn limits() -> impl Strategy<Value = Limits> {
    (1_usize..200, 0_usize..6, 0_usize..40).prop_map(|(frame, headers, line)| Limits {
        max_frame_bytes: frame,
        max_headers: headers,
        max_header_line_bytes: line,
    })
}

fn with_limits<'a>(limits: Limits, pieces: impl IntoIterator<Item = &'a [u8]>) -> Decoded {
    let mut decoder = Decoder::new(limits);
    decoder.set_version(Version::V1_2);
    decode(decoder, pieces)
}

proptest! {
    #[test]
    fn any_cutting_decodes_the_same(
        tokens in vec(token(), 0..24),
        cuts in vec(0_usize..64, 0..12),
        version in prop::sample::select(Version::ALL.to_vec()),
    ) {
        let stream = tokens.concat();
        let whole = decode(decoder(version), [stream.as_slice()]);
        prop_assert_eq!(&decode(decoder(version), cut(&stream, &cuts)), &whole);
        prop_assert_eq!(&decode(decoder(version), stream.chunks(1)), &whole);
    }

    #[test]
    fn any_cutting_meets_the_same_limit(
        tokens in vec(token(), 0..24),
        cuts in vec(0_usize..64, 0..12),
        limits in limits(),
    ) {
        let stream = tokens.concat();
        let whole = with_limits(limits, [stream.as_slice()]);
        prop_assert_eq!(&with_limits(limits, cut(&stream, &cuts)), &whole);
        prop_assert_eq!(&with_limits(limits, stream.chunks(1)), &whole);
    }

    #[test]
    fn any_transactions_go_the_same_way(
        frames in vec(transactional(), 0..16),
        cuts in vec(0_usize..64, 0..12),
        max_frames in 0_usize..4,
        max_bytes in 0_usize..80,
    ) {
        let session = || {
            let transactions = TransactionLimits { max_open: 2, max_frames, max_bytes };
            open_with(Version::V1_2, SessionConfig { transactions, ..config() })
        };
        let stream = frames.concat();
        let whole = Transcript::of(session(), [stream.as_slice()]);
        prop_assert_eq!(&Transcript::of(session(), cut(&stream, &cuts)), &whole);
        prop_assert_eq!(&Transcript::of(session(), stream.chunks(1)), &whole);
    }

    #[test]
    fn any_cutting_meets_the_same_rate(cuts in vec(0_usize..64, 0..12), burst_bytes in 0_u32..600) {
        let now = Instant::now();
        let transcript = |pieces: Vec<&[u8]>| {
            let rate = Some(RateLimit { bytes_per_second: 1, burst_bytes });
            let mut session = Session::new(SessionConfig { rate, ..config() }.into(), now);
            let mut transcript = Transcript::default();
            for piece in pieces {
                transcript.feed_at(&mut session, piece, now);
            }
            transcript
        };
        let whole = transcript(vec![STREAM]);
        prop_assert_eq!(&transcript(cut(STREAM, &cuts)), &whole);
        prop_assert_eq!(&transcript(STREAM.chunks(1).collect()), &whole);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..300), cuts in vec(0_usize..64, 0..8)) {
        let whole = Transcript::of(session(), [bytes.as_slice()]);
        prop_assert_eq!(Transcript::of(session(), cut(&bytes, &cuts)), whole);
    }
}
