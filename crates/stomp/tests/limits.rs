//! Every bound on a frame and every way to be none, each refused with a cause of its own.

mod support;

use hub_stomp::{BadFrame, Command, Decoder, FrameError, Limit, Limits, Version};

const LIMITS: Limits = Limits { max_frame_bytes: 100, max_headers: 3, max_header_line_bytes: 20 };

fn first(bytes: &[u8]) -> Result<(), BadFrame> {
    let mut decoder = Decoder::new(LIMITS);
    decoder.set_version(Version::V1_2);
    decoder.next(&mut { bytes }).map(drop)
}

#[track_caller]
fn refused(bytes: impl AsRef<[u8]>, shown: &str) -> BadFrame {
    let bad = first(bytes.as_ref()).expect_err("let in");
    assert_eq!(bad.to_string(), shown);
    bad
}

fn send(body_bytes: usize) -> Vec<u8> {
    [b"SEND\n\n".as_slice(), &vec![b'x'; body_bytes], b"\0"].concat()
}

#[test]
fn a_frame_of_just_the_limit_is_let_in() {
    assert_eq!(send(93).len(), LIMITS.max_frame_bytes);
    assert_eq!(first(&send(93)), Ok(()));
    refused(send(94), "the frame is longer than max_frame_bytes = 100");
}

#[test]
fn a_frame_that_has_reached_the_limit_is_refused_before_it_ends() {
    assert_eq!(first(&send(200)[..99]), Ok(()));
    refused(&send(200)[..100], "the frame is longer than max_frame_bytes = 100");
}

#[test]
fn an_announced_length_is_refused_before_the_body_comes() {
    // 5 + 18 + 1 octets come before the body, the NUL after it.
    assert_eq!(first(b"SEND\ncontent-length:75\n\n"), Ok(()));
    let bad = refused(
        b"SEND\ncontent-length:76\nreceipt:9\n\n",
        "content-length 76 would make the frame longer than max_frame_bytes = 100",
    );
    assert_eq!(bad.receipt.as_deref(), Some("9"));
    assert_eq!(bad.error.title(), "frame too large");
    let huge = FrameError::AnnouncedTooLarge {
        announced: "9".repeat(48) + "...",
        limit: Limit { name: "max_frame_bytes", value: 1 << 20 },
    };
    let stream = format!("SEND\ncontent-length:{}\n\n", "9".repeat(60));
    let bad = Decoder::new(Limits::default()).next(&mut stream.as_bytes()).expect_err("let in");
    assert_eq!(bad.error, huge);
}

#[test]
fn headers_are_counted() {
    assert_eq!(first(b"SEND\na:1\nb:2\nc:3\n\n\0"), Ok(()));
    let bad =
        refused(b"SEND\nreceipt:r\nb:2\nc:3\nd:4\n", "the SEND frame has more headers than max_headers = 3");
    assert_eq!(bad.receipt.as_deref(), Some("r"));
}

#[test]
fn header_lines_are_measured_even_before_they_end() {
    assert_eq!(first(format!("SEND\na:{}\n\n\0", "x".repeat(18)).as_bytes()), Ok(()));
    let shown = "a header line of the SEND frame is longer than max_header_line_bytes = 20";
    refused(format!("SEND\na:{}\n", "x".repeat(19)), shown);
    let bad = refused(format!("SEND\nreceipt:r\na:{}", "x".repeat(19)), shown);
    assert_eq!(bad.receipt.as_deref(), Some("r"));
}

#[test]
fn a_stream_that_is_not_stomp_is_shown() {
    refused("GET / HTTP/1.1\r\nHost: h\r\n\r\n", "unknown command 'GET / HTTP/1.1'");
    refused(b"\x16\x03\x01\x02\0\x01", "unknown command '\\u{16}\\u{3}\\u{1}\\u{2}\\0'");
    refused(b"\xff\xfe\n", "unknown command '\\xff\\xfe'");
    refused("x".repeat(50), &format!("unknown command '{}...'", "x".repeat(32)));
    refused("send\n", "unknown command 'send'");
    refused("\0", "unknown command '\\0'");
    refused("SEND \n", "unknown command 'SEND '");
    refused("CONNECTED\n", "unknown command 'CONNECTED'");
    assert_eq!(first(&[b'x'; 32]), Ok(()), "a line of 32 octets may still end");
}

#[test]
fn a_frame_without_its_blank_line_is_refused_at_once() {
    let bad = refused(
        b"DISCONNECT\nreceipt:77\n\0",
        "the DISCONNECT frame ends within its headers: a blank line must come before the NUL",
    );
    assert_eq!(bad.receipt.as_deref(), Some("77"));
    assert_eq!(bad.error.title(), "malformed frame received");
}

#[test]
fn malformed_header_lines_are_refused() {
    let bad = refused(b"SEND\nreceipt:1\nfoo\n\n\0", "header line 'foo' of the SEND frame has no ':'");
    assert_eq!(bad.receipt.as_deref(), Some("1"));
    refused(b"SEND\n:v\n\n\0", "header line ':v' of the SEND frame has no name");
    refused(b"SEND\nk:\xff\n\n\0", "the headers of the SEND frame are not UTF-8");
    refused(b"SEND\nk:a\\qb\n\n\0", "header 'k' of the SEND frame holds '\\\\q', no escape of STOMP 1.2");
}

#[test]
fn content_length_is_a_number_that_holds() {
    for value in ["", " ", "abc", "-1", "+1", "1.0", "0x1", "1 2"] {
        let bad = refused(
            format!("SEND\ncontent-length:{value}\n\n"),
            &format!("content-length '{}' is not a number", value.trim()),
        );
        assert_eq!(bad.error.title(), "malformed frame received");
    }
    refused(
        b"SEND\ncontent-length:2\n\nabc\0",
        "the body of the SEND frame is not followed by NUL after content-length = 2",
    );
}

#[test]
fn what_a_limit_refuses_is_told_by_type() {
    let bad = first(b"SEND\na:1\nb:2\nc:3\nd:4\n").expect_err("let in");
    assert_eq!(
        bad.error,
        FrameError::TooManyHeaders { command: Command::Send, limit: Limit { name: "max_headers", value: 3 } }
    );
}
