//! Every refusal of a session: its cause, its ERROR, and that nothing is processed after it.
#![allow(clippy::disallowed_methods, reason = "a test needs an origin of time")]

mod support;

use std::time::Instant;

use hub_stomp::{
    Limit, Limits, OpeningLimits, ProtocolError, Refusal, Request, Session, SessionConfig, Version,
};
use support::{Transcript, config, open, open_with, session};

/// Feeds one frame that is refused, and one more that must not be processed.
#[track_caller]
fn refused(mut session: Session, frame: &str) -> Refusal {
    let mut transcript = Transcript::default();
    transcript.feed(&mut session, frame.as_bytes());
    let refusal = transcript.refused.take().expect("refused");
    assert!(session.is_closed() && !session.is_connected());
    let requests = transcript.requests.len();
    transcript.feed(&mut session, b"SEND\ndestination:/a\nreceipt:1\n\n\0\n");
    assert_eq!(transcript.requests.len(), requests, "a frame was processed after a refusal");
    assert_eq!(transcript.refused, None);
    refusal
}

#[track_caller]
fn cause(version: Version, frame: &str, title: &str, cause: &str) {
    let refusal = refused(open(version), frame);
    assert_eq!((refusal.error().title(), refusal.to_string().as_str()), (title, cause));
    let error = String::from_utf8(refusal.error_frame().to_vec()).expect("UTF-8");
    assert!(error.starts_with(&format!("ERROR\nmessage:{title}\n")), "{error}");
    assert!(error.ends_with(&format!("\n\n{cause}\0")), "{error}");
    assert_eq!(refusal.receipt_id(), frame.contains("receipt:r\n").then_some("r"));
    assert_eq!(error.contains("\nreceipt-id:r\n"), frame.contains("receipt:r\n"));
}

#[test]
fn the_first_frame_must_connect() {
    for command in ["SEND", "SUBSCRIBE", "DISCONNECT", "ACK", "BEGIN"] {
        let refusal = refused(session(), &format!("{command}\nreceipt:r\n\n\0"));
        assert_eq!(refusal.to_string(), format!("the first frame must be CONNECT or STOMP, not {command}"));
        assert_eq!(refusal.receipt_id(), Some("r"));
    }
}

#[test]
fn a_session_connects_once() {
    cause(
        Version::V1_2,
        "CONNECT\naccept-version:1.2\n\n\0",
        "already connected",
        "CONNECT came in a session that is already connected",
    );
    cause(
        Version::V1_0,
        "STOMP\n\n\0",
        "already connected",
        "STOMP came in a session that is already connected",
    );
}

#[test]
fn a_malformed_heart_beat_is_refused() {
    for value in ["", "10000", "a,b", "-1,0", "+1,0", "1,2,3", "1.5,0", ",", "0x10,0"] {
        let refusal = refused(session(), &format!("CONNECT\naccept-version:1.1\nheart-beat:{value}\n\n\0"));
        let expected =
            format!("heart-beat '{value}' is not two numbers of milliseconds, as in '10000,10000'");
        assert_eq!((refusal.error().title(), refusal.to_string()), ("invalid header", expected));
    }
}

#[test]
fn a_1_0_client_has_no_heart_beats_to_get_wrong() {
    let transcript = Transcript::of(session(), [b"CONNECT\nheart-beat:what\n\n\0".as_slice()]);
    assert_eq!(transcript.refused, None);
}

#[test]
fn required_headers_are_named() {
    let cases = [
        (Version::V1_2, "SEND", "", "destination"),
        (Version::V1_0, "SEND", "destination:\n", "destination"),
        (Version::V1_2, "SUBSCRIBE", "id:0\n", "destination"),
        (Version::V1_0, "SUBSCRIBE", "", "destination"),
        (Version::V1_1, "SUBSCRIBE", "destination:/a\n", "id"),
        (Version::V1_2, "SUBSCRIBE", "destination:/a\nid:\n", "id"),
        (Version::V1_2, "UNSUBSCRIBE", "destination:/a\n", "id"),
        (Version::V1_1, "UNSUBSCRIBE", "", "id"),
        (Version::V1_0, "UNSUBSCRIBE", "", "id"),
        (Version::V1_0, "ACK", "id:1\n", "message-id"),
        (Version::V1_1, "ACK", "message-id:1\n", "subscription"),
        (Version::V1_1, "ACK", "subscription:1\n", "message-id"),
        (Version::V1_2, "ACK", "message-id:1\nsubscription:1\n", "id"),
        (Version::V1_1, "NACK", "message-id:1\n", "subscription"),
        (Version::V1_2, "NACK", "", "id"),
        (Version::V1_2, "BEGIN", "", "transaction"),
        (Version::V1_1, "COMMIT", "transaction:\n", "transaction"),
        (Version::V1_0, "ABORT", "", "transaction"),
    ];
    for (version, command, headers, missing) in cases {
        let shown = format!("{command} needs a '{missing}' header in STOMP {version}");
        cause(version, &format!("{command}\n{headers}receipt:r\n\n\0"), "missing header", &shown);
    }
}

#[test]
fn an_unknown_ack_mode_is_refused() {
    cause(
        Version::V1_2,
        "SUBSCRIBE\nid:0\ndestination:/a\nack:Auto\nreceipt:r\n\n\0",
        "invalid header",
        "ack 'Auto' is not one of auto, client, client-individual",
    );
}

#[test]
fn a_subscription_exists_once() {
    cause(
        Version::V1_2,
        "SUBSCRIBE\nid:a\ndestination:/a\n\n\0SUBSCRIBE\nid:a\ndestination:/b\nreceipt:r\n\n\0",
        "duplicate subscription",
        "subscription 'a' exists already in this session",
    );
    cause(
        Version::V1_0,
        "SUBSCRIBE\ndestination:/a\n\n\0SUBSCRIBE\ndestination:/a\nreceipt:r\n\n\0",
        "duplicate subscription",
        "subscription '/a' exists already in this session",
    );
}

#[test]
fn subscriptions_are_counted() {
    let config = || SessionConfig { max_subscriptions: 2, ..config() };
    let subscribe = |id: u32| format!("SUBSCRIBE\nid:{id}\ndestination:/a\n\n\0");
    let three = [subscribe(1), subscribe(2), subscribe(3)].concat();
    let refusal = refused(open_with(Version::V1_2, config()), &three);
    let limit = Limit { name: "max_subscriptions", value: 2 };
    assert_eq!(*refusal.error(), ProtocolError::TooManySubscriptions { limit });
    assert!(refusal.to_string().ends_with("no more subscriptions than max_subscriptions = 2"), "{refusal}");

    let freed = [subscribe(1), subscribe(2), "UNSUBSCRIBE\nid:1\n\n\0".to_owned(), subscribe(3)].concat();
    let transcript = Transcript::of(open_with(Version::V1_2, config()), [freed.as_bytes()]);
    assert_eq!((transcript.requests.len(), transcript.refused), (4, None));
}

#[test]
fn eols_before_connect_are_counted() {
    let config =
        || SessionConfig { opening: OpeningLimits { max_eols: 3, ..Default::default() }, ..config() };
    let new = || Session::new(config().into(), Instant::now());
    let refusal = refused(new(), "\n\r\n\n\n");
    assert_eq!(refusal.error().title(), "too many EOLs");
    assert_eq!(refusal.to_string(), "more EOLs than opening.max_eols = 3 came before CONNECT");
    let fine = Transcript::of(new(), [b"\n\n\nCONNECT\n\n\0\n\n\n\n\n".as_slice()]);
    assert_eq!(fine.refused, None, "an open session beats as often as it likes");
}

#[test]
fn the_first_frame_is_smaller_than_others_may_be() {
    let config = || {
        let opening = OpeningLimits { max_connect_bytes: 40, ..OpeningLimits::default() };
        SessionConfig { opening, ..config() }
    };
    let new = || Session::new(config().into(), Instant::now());
    let shown = "the frame that opens the session is longer than opening.max_connect_bytes = 40";
    for frame in [format!("CONNECT\nx:{}", "y".repeat(31)), "CONNECT\ncontent-length:99\n\n".to_owned()] {
        let refusal = refused(new(), &frame);
        assert_eq!((refusal.error().title(), refusal.to_string().as_str()), ("frame too large", shown));
    }
    let stream = format!("CONNECT\nx:1\n\n\0SEND\ndestination:/a\n\n{}\0", "y".repeat(1000));
    assert_eq!(Transcript::of(new(), [stream.as_bytes()]).refused, None);

    let small = SessionConfig { limits: Limits { max_frame_bytes: 30, ..Limits::default() }, ..config() };
    let refusal = refused(Session::new(small.into(), Instant::now()), &"CONNECT\nx:".repeat(3));
    assert_eq!(refusal.to_string(), "the frame is longer than max_frame_bytes = 30");
}

#[test]
fn nack_came_with_1_1() {
    cause(
        Version::V1_0,
        "NACK\nmessage-id:1\nreceipt:r\n\n\0",
        "unknown command",
        "STOMP 1.0 has no NACK command",
    );
}

#[test]
fn a_broken_frame_ends_the_session() {
    cause(Version::V1_2, "HELLO\n\n\0", "unknown command", "unknown command 'HELLO'");
    cause(
        Version::V1_1,
        "SEND\ndestination:/a\nreceipt:r\nx:\\r\n\n\0",
        "undefined escape sequence",
        "header 'x' of the SEND frame holds '\\\\r', no escape of STOMP 1.1",
    );
}

#[test]
fn the_owner_may_deny_a_connect() {
    let mut session = session();
    let mut input = b"CONNECT\naccept-version:1.2\nlogin:u\n\n\0SEND\n\n\0".as_slice();
    assert!(matches!(session.receive(&mut input, Instant::now()), Ok(Some(Request::Connect(_)))));
    let frame = session.refuse("access denied", "login 'u': no such user").error_frame();
    assert_eq!(
        frame,
        b"ERROR\nmessage:access denied\ncontent-type:text/plain\ncontent-length:23\n\nlogin 'u': no such user\0"
            .as_slice()
    );
    assert_eq!(session.accept("s", Instant::now()), None, "what was refused can't be accepted");
    assert!(matches!(session.receive(&mut input, Instant::now()), Ok(None)));
    assert!(input.is_empty());
}

#[test]
fn the_owner_may_deny_a_request_later() {
    let mut session = open(Version::V1_2);
    let mut input = b"SUBSCRIBE\nid:0\ndestination:/secret\nreceipt:a\\cb\n\n\0".as_slice();
    let reply = match session.receive(&mut input, Instant::now()) {
        Ok(Some(Request::Subscribe { reply, .. })) => reply.into_owned(),
        other => panic!("{other:?}"),
    };
    session.close();
    assert_eq!(reply.receipt(), Some("a:b"));
    let frame = reply.refusal("access denied", "no").error_frame();
    let expected =
        b"ERROR\nmessage:access denied\nreceipt-id:a\\cb\ncontent-type:text/plain\ncontent-length:2\n\nno\0";
    assert_eq!(frame, expected.as_slice());
}

#[test]
fn a_limit_goes_by_the_name_its_owner_gives_it() {
    let named = || SessionConfig {
        limits: Limits { max_headers: 2, ..Limits::default() },
        max_subscriptions: 0,
        limit_names: &[("max_headers", "hub.headers"), ("max_subscriptions", "")],
        ..config()
    };
    let headers = refused(open_with(Version::V1_2, named()), "SEND\na:1\nb:2\nc:3\n\n\0");
    assert_eq!(headers.to_string(), "the SEND frame has more headers than hub.headers = 2");
    let subscribe = "SUBSCRIBE\nid:0\ndestination:/a\n\n\0";
    let subscriptions = refused(open_with(Version::V1_2, named()), subscribe);
    assert_eq!(subscriptions.to_string(), "the session may have no more subscriptions than 0");
}

#[test]
fn an_owner_s_refusal_counts_as_what_the_owner_says() {
    let refusal = open(Version::V1_2).refuse("no", "because");
    assert_eq!(refusal.reason(), "denied");
    assert_eq!(refusal.because("closing_time").reason(), "closing_time");
    let other = refused(session(), "SEND\n\n\0").because("ignored");
    assert_eq!(other.reason(), "not_connected");
}
