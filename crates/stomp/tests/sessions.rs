//! The course of a session where nothing is refused.
#![allow(clippy::disallowed_methods, reason = "a test needs an origin of time")]

mod support;

use std::time::Instant;

use hub_stomp::{AckMode, Request, Session, SubscriptionRef, Version};
use support::{Transcript, open, session};

#[track_caller]
fn one<T>(session: &mut Session, frame: &str, check: impl FnOnce(Request<'_>) -> T) -> T {
    let mut input = frame.as_bytes();
    match session.receive(&mut input, Instant::now()) {
        Ok(Some(request)) => check(request),
        other => panic!("no request but {other:?}"),
    }
}

#[test]
fn connect_needs_no_host_and_tells_who_comes() {
    one(&mut session(), "CONNECT\naccept-version:1.1\nlogin:u\npasscode: p \nx:y\n\n\0", |request| {
        let Request::Connect(connect) = request else { panic!("{request:?}") };
        assert_eq!(connect.version, Version::V1_1);
        assert_eq!(connect.login.as_deref(), Some("u"));
        assert_eq!(connect.passcode.as_deref(), Some(" p "), "1.1 never trims");
        assert_eq!(connect.host, None);
        assert_eq!(connect.headers.get("x").as_deref(), Some("y"));
        assert!(!format!("{connect:?}").contains("\" p \""), "{connect:?}");
    });
}

#[test]
fn nothing_is_read_until_the_owner_decides() {
    let mut session = session();
    let now = Instant::now();
    let mut input = b"CONNECT\naccept-version:1.2\n\n\0SUBSCRIBE\nid:a\\cb\ndestination:/a\n\n\0".as_slice();
    assert!(matches!(session.receive(&mut input, now), Ok(Some(Request::Connect(_)))));
    let left = input;
    assert!(matches!(session.receive(&mut input, now), Ok(None)));
    assert_eq!(input, left);
    assert!(!session.is_connected());
    assert!(session.accept("s", now).is_some());
    assert!(session.is_connected());
    let Ok(Some(Request::Subscribe { id, .. })) = session.receive(&mut input, now) else { panic!() };
    assert_eq!(id.as_deref(), Some("a:b"), "the version agreed upon counts at once");
}

#[test]
fn accepting_answers_one_connect() {
    let mut session = session();
    assert_eq!(session.accept("s", Instant::now()), None);
    one(&mut session, "CONNECT\n\n\0", |_| {});
    assert!(session.accept("s", Instant::now()).is_some());
    assert_eq!(session.accept("s", Instant::now()), None);
}

#[test]
fn subscribe_carries_its_options() {
    let frame = "SUBSCRIBE\nid:sub-0\ndestination:/topic/a\nack:client-individual\n\
        portfolio-ids:a,b\ninterval:500\nresume:3-77\n\n\0";
    one(&mut open(Version::V1_2), frame, |request| {
        let Request::Subscribe { id, destination, ack, headers, reply } = request else { panic!() };
        assert_eq!((id.as_deref(), destination.as_ref()), (Some("sub-0"), "/topic/a"));
        assert_eq!(ack, AckMode::ClientIndividual);
        assert_eq!(headers.get("portfolio-ids").as_deref(), Some("a,b"));
        assert_eq!(headers.get("resume").as_deref(), Some("3-77"));
        assert_eq!(reply.receipt_frame(), None);
    });
}

#[test]
fn a_1_0_subscription_goes_by_id_or_by_destination() {
    let mut session = open(Version::V1_0);
    one(&mut session, "SUBSCRIBE\ndestination:/a\n\n\0", |request| {
        assert!(matches!(request, Request::Subscribe { id: None, ack: AckMode::Auto, .. }), "{request:?}");
    });
    one(&mut session, "SUBSCRIBE\ndestination:/a\nid:/a\n\n\0", |_| {});
    assert_eq!(session.subscriptions(), 2, "an id is no destination");
    one(&mut session, "UNSUBSCRIBE\ndestination:/a\nid:/a\n\n\0", |request| {
        let Request::Unsubscribe { target, known, .. } = request else { panic!() };
        assert_eq!((target, known), (SubscriptionRef::Id("/a".into()), true));
    });
    one(&mut session, "UNSUBSCRIBE\ndestination:/a\n\n\0", |request| {
        let Request::Unsubscribe { target, known, .. } = request else { panic!() };
        assert_eq!((target, known), (SubscriptionRef::Destination("/a".into()), true));
    });
    assert_eq!(session.subscriptions(), 0);
}

#[test]
fn unsubscribing_twice_is_harmless_and_answered() {
    let mut session = open(Version::V1_2);
    one(&mut session, "UNSUBSCRIBE\nid:0\nreceipt:r\n\n\0", |request| {
        let Request::Unsubscribe { known, reply, .. } = request else { panic!() };
        assert!(!known);
        assert_eq!(reply.receipt_frame().as_deref(), Some(b"RECEIPT\nreceipt-id:r\n\n\0".as_slice()));
    });
    assert!(session.is_connected());
}

#[test]
fn an_id_is_free_again_after_unsubscribing() {
    let twice = "SUBSCRIBE\nid:0\ndestination:/a\n\n\0UNSUBSCRIBE\nid:0\n\n\0".repeat(2);
    assert_eq!(Transcript::of(open(Version::V1_1), [twice.as_bytes()]).requests.len(), 4);
}

#[test]
fn acknowledgements_carry_what_their_version_has() {
    let cases = [
        (Version::V1_0, "ACK\nmessage-id:7\n\n\0", "7", None),
        (Version::V1_1, "ACK\nmessage-id:7\nsubscription:s\n\n\0", "7", Some("s")),
        (Version::V1_2, "ACK\nid:7\nmessage-id:8\n\n\0", "7", None),
        (Version::V1_2, "NACK\nid:7\nsubscription:s\n\n\0", "7", Some("s")),
        (Version::V1_1, "NACK\nmessage-id:7\nsubscription:s\n\n\0", "7", Some("s")),
    ];
    for (version, frame, expected_id, expected_subscription) in cases {
        one(&mut open(version), frame, |request| match request {
            Request::Ack { id, subscription, .. } | Request::Nack { id, subscription, .. } => {
                assert_eq!((id.as_ref(), subscription.as_deref()), (expected_id, expected_subscription));
                assert_eq!(
                    frame.starts_with("NACK"),
                    format!("{version}") != "1.0" && frame.contains("NACK")
                );
            }
            other => panic!("{other:?}"),
        });
    }
}

#[test]
fn send_hands_over_body_and_headers() {
    let frame = "SEND\ndestination:/queue/relay/x\ncontent-type:text/plain\nk:1\nk:2\n\nbody\0";
    one(&mut open(Version::V1_2), frame, |request| {
        let Request::Send { destination, headers, body, .. } = request else { panic!() };
        assert_eq!((destination.as_ref(), body), ("/queue/relay/x", b"body".as_slice()));
        let custom: Vec<_> = headers.custom().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(custom, ["content-type=text/plain", "k=1", "k=2"]);
    });
}

#[test]
fn nothing_is_processed_after_disconnect() {
    let mut session = open(Version::V1_2);
    let mut transcript = Transcript::default();
    transcript.feed(&mut session, b"DISCONNECT\nreceipt:1\n\n\0SEND\ndestination:/a\nreceipt:2\n\n\0\n");
    transcript.feed(&mut session, b"rubbish");
    assert_eq!(transcript.requests.len(), 1);
    assert_eq!(transcript.written, b"RECEIPT\nreceipt-id:1\n\n\0");
    assert_eq!(transcript.refused, None);
    assert!(session.is_closed());
    assert_eq!(session.version(), Version::V1_2, "what is still to be written is written as before");
}

#[test]
fn an_idle_session_is_small() {
    let session = open(Version::V1_2);
    assert_eq!(session.buffered(), 0);
    // There are as many as connections; what sessions have in common is in their configuration.
    assert!(size_of::<Session>() <= 112, "{} octets", size_of::<Session>());
}

#[test]
fn a_connect_that_came_in_pieces_leaves_no_buffer_behind() {
    let (mut session, now) = (session(), Instant::now());
    assert!(matches!(session.receive(&mut b"CONNECT\nlogin:u".as_slice(), now), Ok(None)));
    one(&mut session, "\n\n\0", |request| {
        let Request::Connect(connect) = request else { panic!("{request:?}") };
        assert_eq!(connect.login.as_deref(), Some("u"));
    });
    assert!(session.accept("s", now).is_some());
    assert_eq!(session.buffered(), 0);
}
