//! A missing NUL is called a missing NUL: by the frame that begins within another, and by what a
//! frame lacks when its time is over or its stream ends.
#![allow(clippy::disallowed_methods, reason = "a test needs an origin of time")]

mod support;

use std::time::Instant;

use hub_stomp::{Refusal, Version};
use support::{Transcript, open, session};

/// What a stream is refused with, in each of two pieces, which must make no difference.
#[track_caller]
fn refused(stream: &str, version: Option<Version>) -> Refusal {
    let fresh = || version.map_or_else(session, open);
    let whole = Transcript::of(fresh(), [stream.as_bytes()]);
    for cut in 0..stream.len() {
        let (first, second) = stream.as_bytes().split_at(cut);
        assert_eq!(Transcript::of(fresh(), [first, second]).refused, whole.refused, "cut at {cut}");
    }
    whole.refused.unwrap_or_else(|| panic!("let in: {stream:?}"))
}

#[test]
fn a_frame_that_begins_within_another_says_that_the_nul_before_it_is_missing() {
    for (stream, version, command, next) in [
        ("CONNECT\naccept-version:1.2\n\nSUBSCRIBE\nid:0\n", None, "CONNECT", "SUBSCRIBE"),
        ("CONNECT\naccept-version:1.2\n\n\n\r\nCONNECT\n", None, "CONNECT", "CONNECT"),
        ("STOMP\naccept-version:1.2\nSUBSCRIBE\n", None, "STOMP", "SUBSCRIBE"),
        ("SUBSCRIBE\nid:0\ndestination:/a\n\nSEND\r\n", Some(Version::V1_2), "SUBSCRIBE", "SEND"),
        ("SEND\ndestination:/a\nSEND\ndestination:/b\n\n\0", Some(Version::V1_1), "SEND", "SEND"),
        ("BEGIN\ntransaction:t\n\nSEND\n\0", Some(Version::V1_0), "BEGIN", "SEND"),
    ] {
        let refusal = refused(stream, version);
        let expected = format!("the {command} frame is not ended by a NUL: a {next} frame begins within it");
        assert_eq!(refusal.to_string(), expected, "{stream:?}");
        assert_eq!((refusal.reason(), refusal.receipt_id()), ("missing_nul", None));
    }
    let named =
        refused("SUBSCRIBE\nreceipt:r\nid:0\ndestination:/a\n\nSEND\nreceipt:s\n", Some(Version::V1_2));
    assert_eq!(named.receipt_id(), Some("r"), "the frame that does not end");
}

#[test]
fn what_only_looks_like_a_frame_is_let_in() {
    for stream in [
        "SEND\ndestination:/a\n\nSEND\ndestination:/b\n\n\0",
        "SEND\ndestination:/a\ncontent-length:5\n\nSEND\n\0",
        "BEGIN\ntransaction:t\n\nSEND\0",
        "BEGIN\ntransaction:t\n\nsend\n\0",
        "BEGIN\ntransaction:t\ncontent-length:5\n\nSEND\n\0",
        "BEGIN\ntransaction:t\n\n\0SEND\ndestination:/a\n\n\0",
        "BEGIN\ntransaction:t\n\nMESSAGE\n\0",
    ] {
        assert_eq!(Transcript::of(open(Version::V1_2), [stream.as_bytes()]).refused, None, "{stream:?}");
    }
}

#[test]
fn a_frame_that_never_ends_says_what_it_lacks() {
    for (frame, lacks) in [
        ("SEN", "the first line of a frame has not ended, nor has the frame, by a NUL"),
        ("SEND\nreceipt:r\ndest", "the SEND frame lacks the blank line after its headers, and its NUL"),
        ("SEND\nreceipt:r\n\nhello", "the SEND frame lacks the NUL that ends it"),
        ("SEND\nreceipt:r\ncontent-length:5\n\nhello", "the SEND frame lacks the NUL that ends it"),
        (
            "SEND\nreceipt:r\ncontent-length:5\n\nhel",
            "the SEND frame lacks 2 octets of its content-length, and its NUL",
        ),
    ] {
        let mut session = open(Version::V1_2);
        assert_eq!(session.refuse_unfinished("the end", "the stream ended"), None, "nothing has begun");
        let mut input = frame.as_bytes();
        assert!(matches!(session.receive(&mut input, Instant::now()), Ok(None)), "{frame:?}");
        let refusal = session.refuse_unfinished("the end", "the stream ended").expect("a frame has begun");
        assert_eq!(refusal.to_string(), format!("the stream ended: {lacks}"), "{frame:?}");
        assert_eq!(refusal.receipt_id(), frame.contains("receipt").then_some("r"), "{frame:?}");
        assert_eq!(refusal.reason(), "unfinished_frame");
        assert!(session.is_closed());
        assert_eq!(session.refuse_unfinished("the end", "the stream ended"), None, "once");
    }
}
