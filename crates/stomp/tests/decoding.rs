//! What a frame's parts mean.

mod support;

use hub_stomp::{Decoder, Item, Limits, Version};
use support::{client_decoder, decode, decoder};

#[track_caller]
fn only_frame<T>(version: Version, bytes: &[u8], check: impl FnOnce(hub_stomp::Frame<'_>) -> T) -> T {
    let mut decoder = decoder(version);
    let mut input = bytes;
    match decoder.next(&mut input) {
        Ok(Some(Item::Frame(frame))) => check(frame),
        other => panic!("no frame but {other:?}"),
    }
}

#[test]
fn the_first_of_repeated_headers_counts_and_all_are_listed() {
    only_frame(Version::V1_2, b"SEND\nfoo:World\nbar:1\nfoo:Hello\n\n\0", |frame| {
        assert_eq!(frame.headers.get("foo").as_deref(), Some("World"));
        let all: Vec<_> = frame.headers.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(all, ["foo=World", "bar=1", "foo=Hello"]);
    });
}

#[test]
fn custom_headers_survive_in_order() {
    let bytes = b"SEND\ndestination:/a\nz:1\ncontent-type:text/plain\nreceipt:r\na\\cb:2\\n\nz:3\n\
        message-id:x\nsubscription:x\nack:x\ntransaction:x\ncontent-length:0\n\n\0";
    only_frame(Version::V1_2, bytes, |frame| {
        let custom: Vec<_> = frame.headers.custom().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(custom, ["z=1", "content-type=text/plain", "a:b=2\n", "z=3"]);
    });
}

#[test]
fn a_line_is_split_at_its_first_colon() {
    for version in Version::ALL {
        only_frame(version, b"SEND\nurl:http://h:80/\n\n\0", |frame| {
            assert_eq!(frame.headers.get("url").as_deref(), Some("http://h:80/"));
            assert_eq!((frame.headers.get("url:http"), frame.headers.get("ur")), (None, None));
        });
    }
}

#[test]
fn where_names_are_padded_content_length_is_still_the_length() {
    for line in ["content-length :2", " content-length\t: 2 ", "content-length:2"] {
        let stream = format!("SEND\n{line}\n\n\0\0\0");
        only_frame(Version::V1_0, stream.as_bytes(), |frame| {
            assert_eq!(frame.headers.get("content-length").as_deref(), Some("2"), "{line:?}");
            assert_eq!(frame.body, b"\0\0", "{line:?}");
        });
    }
    // 1.1 and 1.2 trim nothing: it is another header.
    only_frame(Version::V1_2, b"SEND\ncontent-length :2\n\nx\0", |frame| assert_eq!(frame.body, b"x"));
}

#[test]
fn each_version_unescapes_what_it_defines() {
    let cases: [(Version, &str, Result<&str, &str>); 10] = [
        (Version::V1_0, "a\\cb\\t\\", Ok("a\\cb\\t\\")),
        (Version::V1_1, "\\c\\n\\\\n", Ok(":\n\\n")),
        (Version::V1_1, "x\\ry", Err("\\\\r")),
        (Version::V1_2, "\\c\\n\\r\\\\", Ok(":\n\r\\")),
        (Version::V1_2, "x\\ty", Err("\\\\t")),
        (Version::V1_2, "x\\", Err("\\\\")),
        (Version::V1_2, "\\\\\\é", Err("\\\\é")),
        (Version::V1_1, "\\C", Err("\\\\C")),
        (Version::V1_0, " padded\t", Ok("padded")),
        (Version::V1_2, " padded\t", Ok(" padded\t")),
    ];
    for (version, raw, expected) in cases {
        for line in [format!("k:{raw}"), format!("receipt:r\nk{raw}:v")] {
            let stream = format!("SEND\n{line}\n\n\0");
            let (items, error) = decode(decoder(version), [stream.as_bytes()]);
            if let Err(sequence) = expected {
                let error = error.expect("an error");
                assert!(
                    error.contains(&format!("holds '{sequence}', no escape of STOMP {version}")),
                    "{error}"
                );
                assert_eq!(error.ends_with("Some(\"r\")"), line.starts_with("receipt"), "{error}");
            } else {
                assert_eq!(error, None);
            }
            if let (Ok(value), true) = (expected, line.starts_with("k:")) {
                assert_eq!(items[0].as_ref().expect("a frame").headers[0].1, value);
            }
        }
    }
}

#[test]
fn connect_is_never_unescaped_or_trimmed() {
    for version in Version::ALL {
        only_frame(version, b"CONNECT\npasscode: a\\tb:c \n\n\0", |frame| {
            assert_eq!(frame.headers.get("passcode").as_deref(), Some(" a\\tb:c "));
        });
    }
}

#[test]
fn a_counted_body_may_hold_anything() {
    let bytes = b"SEND\ncontent-length:7\ncontent-length:1\n\n\0a\n\0\r\n\0\0";
    only_frame(Version::V1_2, bytes, |frame| assert_eq!(frame.body, b"\0a\n\0\r\n\0"));
}

#[test]
fn an_uncounted_body_ends_at_its_first_nul() {
    let (items, error) = decode(decoder(Version::V1_2), [b"SEND\n\na\nb\0SEND\n\n\0".as_slice()]);
    let bodies: Vec<_> = items.into_iter().flatten().map(|frame| frame.body).collect();
    assert_eq!((bodies, error), (vec![b"a\nb".to_vec(), Vec::new()], None));
}

#[test]
fn each_eol_between_frames_is_a_heart_beat() {
    let (items, error) = decode(decoder(Version::V1_0), [b"\n\n\r\nSEND\n\n\0\n\r\n".as_slice()]);
    assert_eq!(error, None);
    let beats: Vec<_> = items.iter().map(Option::is_none).collect();
    assert_eq!(beats, [true, true, true, false, true, true]);
}

#[test]
fn a_whole_frame_is_lent_from_the_input() {
    let bytes = b"SEND\nk:v\n\nbody\0".to_vec();
    let mut decoder = decoder(Version::V1_2);
    let mut input = bytes.as_slice();
    let Ok(Some(Item::Frame(frame))) = decoder.next(&mut input) else { panic!("no frame") };
    assert!(bytes.as_ptr_range().contains(&frame.body.as_ptr()));
    assert_eq!(decoder.buffered(), 0);
}

#[test]
fn an_idle_decoder_holds_no_buffer() {
    let mut decoder = decoder(Version::V1_2);
    for (mut piece, held) in [(b"SEND\n\nab".as_slice(), true), (b"c\0".as_slice(), true), (b"", false)] {
        let _ = decoder.next(&mut piece);
        assert_eq!(decoder.buffered() > 0, held);
    }
}

#[test]
fn memory_follows_what_was_received_not_what_was_announced() {
    let mut decoder = decoder(Version::V1_2);
    let head = b"SEND\ncontent-length:1000000\n\n".as_slice();
    assert!(matches!(decoder.next(&mut { head }), Ok(None)));
    assert!(decoder.buffered() < 256, "{}", decoder.buffered());
    for _ in 0..10 {
        assert!(matches!(decoder.next(&mut [b'x'; 1000].as_slice()), Ok(None)));
    }
    assert!(decoder.buffered() <= 2 * (head.len() + 10_000), "{}", decoder.buffered());
}

#[test]
fn what_follows_a_split_frame_is_not_copied() {
    let mut decoder = decoder(Version::V1_2);
    let next = b"SEND\ndestination:/b\n\nsecond\0".repeat(1000);
    let mut bytes = b"SEND\ndestination:/a\n\nfirst\0".to_vec();
    let rest = bytes.split_off(10);
    let rest = [rest, next].concat();
    assert!(matches!(decoder.next(&mut bytes.as_slice()), Ok(None)));
    let mut input = rest.as_slice();
    assert!(matches!(decoder.next(&mut input), Ok(Some(Item::Frame(_)))));
    assert!(decoder.buffered() < 256, "{}", decoder.buffered());
    let Ok(Some(Item::Frame(frame))) = decoder.next(&mut input) else { panic!("no frame") };
    assert!(rest.as_ptr_range().contains(&frame.body.as_ptr()));
}

#[test]
fn an_error_frees_the_buffer_and_discards_the_rest() {
    let mut decoder = decoder(Version::V1_2);
    assert!(matches!(decoder.next(&mut b"SEND\nk:\\t\n".as_slice()), Ok(None)));
    assert!(decoder.next(&mut b"\n\0SEND\n\n\0".as_slice()).is_err());
    let mut after = b"SEND\n\n\0".as_slice();
    assert!(matches!(decoder.next(&mut after), Ok(None)));
    assert!(after.is_empty());
    assert_eq!(decoder.buffered(), 0);
}

#[test]
fn each_side_takes_the_others_commands_only() {
    let limits = Limits::default();
    assert!(Decoder::new(limits).next(&mut b"MESSAGE\n\n\0".as_slice()).is_err());
    assert!(Decoder::for_client(limits).next(&mut b"SEND\n\n\0".as_slice()).is_err());
    assert!(client_decoder(Version::V1_2).next(&mut b"MESSAGE\n\n\0".as_slice()).is_ok());
}

#[test]
fn secrets_are_not_shown_by_debug() {
    only_frame(Version::V1_2, b"CONNECT\nlogin:u\npasscode:p4ss\nAuthorization:Bearer t0k\n\n\0", |frame| {
        let shown = format!("{frame:?}");
        assert!(shown.contains("login") && !shown.contains("p4ss") && !shown.contains("t0k"), "{shown}");
    });
}
