//! A frame is under way from its first octet to its NUL, and at no other time.

use hub_stomp::{Decoder, Limits};

/// What was true after each octet, put together: `.` between frames, `f` in one.
fn after_each_octet(stream: &[u8]) -> String {
    let mut decoder = Decoder::new(Limits::default());
    let mut seen = String::new();
    for octet in stream {
        let mut input = std::slice::from_ref(octet);
        while decoder.next(&mut input).unwrap().is_some() {}
        seen.push(if decoder.in_frame() { 'f' } else { '.' });
    }
    seen
}

#[test]
fn a_frame_is_under_way_from_its_first_octet_to_its_nul() {
    assert_eq!(after_each_octet(b"SEND\n\nab\0"), "ffffffff.");
}

#[test]
fn what_is_between_frames_is_none() {
    assert_eq!(after_each_octet(b"\n\nSEND\n\n\0\n\n"), "..ffffff...");
}

#[test]
fn a_nul_within_the_announced_body_does_not_end_it() {
    let frame = b"SEND\ncontent-length:2\n\n\0\0\0";
    assert_eq!(after_each_octet(frame), format!("{}.", "f".repeat(frame.len() - 1)));
}
