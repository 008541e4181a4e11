//! What belongs to a transaction happens when it is committed, in its order, or not at all.
#![allow(clippy::disallowed_methods, reason = "a test needs an origin of time")]

mod support;

use std::time::Instant;

use hub_stomp::{Limit, ProtocolError, Request, Session, SessionConfig, TransactionLimits, Version};
use support::{Transcript, config, open, open_with};

/// The kinds of requests that came of `stream`, SENDs with their bodies, acknowledgements with
/// their ids.
fn course(session: &mut Session, stream: &str) -> Vec<String> {
    let mut course = Vec::new();
    let mut input = stream.as_bytes();
    while let Some(request) = session.receive(&mut input, Instant::now()).expect("not refused") {
        course.push(match request {
            Request::Send { body, .. } => format!("send {}", String::from_utf8_lossy(body)),
            Request::Ack { id, .. } => format!("ack {id}"),
            Request::Nack { id, .. } => format!("nack {id}"),
            Request::Held { destination, .. } => format!("held {}", destination.unwrap_or_default()),
            Request::Begin { .. } => "begin".to_owned(),
            Request::Commit { .. } => "commit".to_owned(),
            Request::Abort { .. } => "abort".to_owned(),
            Request::Disconnect { .. } => "disconnect".to_owned(),
            other => format!("{other:?}"),
        });
    }
    assert!(input.is_empty());
    course
}

fn begin(id: &str) -> String {
    format!("BEGIN\ntransaction:{id}\n\n\0")
}

fn commit(id: &str) -> String {
    format!("COMMIT\ntransaction:{id}\nreceipt:c\n\n\0")
}

fn send(id: &str, body: &str) -> String {
    format!("SEND\ndestination:/a\ntransaction:{id}\n\n{body}\0")
}

#[test]
fn a_commit_releases_what_was_held_in_its_order() {
    let stream = [
        begin("t"),
        send("t", "1"),
        "ACK\nid:2\ntransaction:t\n\n\0".to_owned(),
        "SEND\ndestination:/b\n\noutside\0".to_owned(),
        "NACK\nid:3\ntransaction:t\n\n\0".to_owned(),
        send("t", "4"),
        commit("t"),
        "SEND\ndestination:/b\n\nafter\0".to_owned(),
    ];
    let mut session = open(Version::V1_2);
    let expected = [
        "begin",
        "held /a",
        "held ",
        "send outside",
        "held ",
        "held /a",
        "send 1",
        "ack 2",
        "nack 3",
        "send 4",
        "commit",
        "send after",
    ];
    assert_eq!(course(&mut session, &stream.concat()), expected);
    assert_eq!(session.open_transactions(), 0);
}

#[test]
fn transactions_of_one_session_are_apart() {
    let mut session = open(Version::V1_1);
    let stream = [begin("a"), begin("b"), send("a", "1"), send("b", "2"), send("a", "3"), commit("b")];
    let expected = ["begin", "begin", "held /a", "held /a", "held /a", "send 2", "commit"];
    assert_eq!(course(&mut session, &stream.concat()), expected);
    assert_eq!(session.open_transactions(), 1);
    assert_eq!(course(&mut session, &commit("a")), ["send 1", "send 3", "commit"]);
}

#[test]
fn an_abort_drops_what_was_held_and_frees_the_id() {
    let mut session = open(Version::V1_0);
    let abort = "ABORT\ntransaction:t\n\n\0".to_owned();
    let stream = [begin("t"), send("t", "1"), abort, begin("t"), commit("t")];
    assert_eq!(course(&mut session, &stream.concat()), ["begin", "held /a", "abort", "begin", "commit"]);
}

#[test]
fn what_is_released_is_what_was_sent() {
    let mut session = open(Version::V1_2);
    let send =
        "SEND\ndestination:/a\\cb\ntransaction:t\nk\\n:\\\\v\nk\\n:second\ncontent-length:3\n\n\0\n\0\0";
    course(&mut session, &[&begin("t"), send].concat());
    let stream = commit("t");
    let mut input = stream.as_bytes();
    let Ok(Some(Request::Send { destination, headers, body, reply })) =
        session.receive(&mut input, Instant::now())
    else {
        panic!("no SEND")
    };
    assert_eq!((destination.as_ref(), body), ("/a:b", b"\0\n\0".as_slice()));
    let custom: Vec<_> = headers.custom().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(custom, ["k\n=\\v", "k\n=second"]);
    assert_eq!((reply.receipt(), reply.receipt_frame()), (Some("c"), None), "the COMMIT's is to come");
}

#[test]
fn each_acknowledgement_carries_what_its_version_has() {
    let cases = [
        (Version::V1_0, "ACK\nmessage-id:7\n", "7", None),
        (Version::V1_1, "NACK\nmessage-id:7\nsubscription:s\n", "7", Some("s")),
        (Version::V1_2, "ACK\nid:7\n", "7", None),
        (Version::V1_2, "NACK\nid:7\nsubscription:s\n", "7", Some("s")),
    ];
    for (version, frame, expected_id, expected_subscription) in cases {
        let mut session = open(version);
        course(&mut session, &[&begin("t"), frame, "transaction:t\n\n\0"].concat());
        match session.receive(&mut commit("t").as_bytes(), Instant::now()) {
            Ok(Some(Request::Ack { id, subscription, .. } | Request::Nack { id, subscription, .. })) => {
                assert_eq!((id.as_ref(), subscription.as_deref()), (expected_id, expected_subscription));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_held_frame_has_its_receipt_at_once_and_the_commit_comes_last() {
    let stream = "BEGIN\ntransaction:t\nreceipt:b\n\n\0\
        SEND\ndestination:/a\ntransaction:t\nreceipt:s\n\n\0COMMIT\ntransaction:t\nreceipt:c\n\n\0";
    let transcript = Transcript::of(open(Version::V1_2), [stream.as_bytes()]);
    let written = String::from_utf8(transcript.written).expect("UTF-8");
    let receipts: Vec<_> = written.split('\0').filter_map(|frame| frame.split(':').nth(1)).collect();
    assert_eq!(receipts, ["b\n\n", "s\n\n", "c\n\n"]);
    let kinds: Vec<_> = transcript.requests.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(kinds, ["Begin", "Held", "Send", "Commit"]);
}

#[test]
fn an_owner_that_refuses_in_the_middle_ends_it_there() {
    let mut session = open(Version::V1_2);
    course(&mut session, &[begin("t"), send("t", "1"), send("t", "2")].concat());
    let stream = commit("t");
    let mut input = stream.as_bytes();
    let Ok(Some(Request::Send { reply, .. })) = session.receive(&mut input, Instant::now()) else {
        panic!("no SEND")
    };
    let refusal = reply.into_owned().refusal("message refused", "no");
    assert_eq!(refusal.receipt_id(), Some("c"), "the COMMIT's receipt is the one that is awaited");
    session.close();
    assert!(matches!(session.receive(&mut input, Instant::now()), Ok(None)));
}

#[test]
fn the_end_of_a_session_aborts_what_is_open() {
    let mut session = open(Version::V1_2);
    let stream = [begin("t"), send("t", "1"), "DISCONNECT\n\n\0".to_owned(), commit("t")];
    assert_eq!(course(&mut session, &stream.concat()), ["begin", "held /a", "disconnect"]);
    assert_eq!(session.open_transactions(), 0);
}

#[track_caller]
fn refused(limits: TransactionLimits, stream: &[String], title: &str, cause: &str) -> ProtocolError {
    let session = open_with(Version::V1_2, SessionConfig { transactions: limits, ..config() });
    let refusal = Transcript::of(session, [stream.concat().as_bytes()]).refused.expect("refused");
    assert_eq!((refusal.error().title(), refusal.to_string().as_str()), (title, cause));
    refusal.error().clone()
}

#[test]
fn a_transaction_that_is_not_open_is_refused() {
    let frames = [
        ("COMMIT", String::new()),
        ("ABORT", String::new()),
        ("SEND", "destination:/a\n".to_owned()),
        ("ACK", "id:1\n".to_owned()),
        ("NACK", "id:1\n".to_owned()),
    ];
    for (command, headers) in frames {
        let cause = format!("{command} names transaction 't', which is not open in this session");
        let frame = format!("{command}\n{headers}transaction:t\n\n\0");
        let limits = TransactionLimits::default();
        refused(limits, std::slice::from_ref(&frame), "unknown transaction", &cause);
        let done = "ABORT\ntransaction:t\n\n\0".to_owned();
        refused(limits, &[begin("t"), done, frame], "unknown transaction", &cause);
    }
    let nameless = "SEND\ndestination:/a\ntransaction:\n\n\0".to_owned();
    let cause = "SEND names transaction '', which is not open in this session";
    refused(TransactionLimits::default(), &[nameless], "unknown transaction", cause);
}

#[test]
fn a_transaction_is_begun_once() {
    refused(
        TransactionLimits::default(),
        &[begin("t"), begin("t")],
        "duplicate transaction",
        "transaction 't' is already open in this session",
    );
}

#[test]
fn open_transactions_are_counted() {
    let limits = TransactionLimits { max_open: 1, ..TransactionLimits::default() };
    let cause = "the session may have no more open transactions than transactions.max_open = 1";
    let error = refused(limits, &[begin("a"), begin("b")], "too many transactions", cause);
    let limit = Limit { name: "transactions.max_open", value: 1 };
    assert_eq!(error, ProtocolError::TooManyTransactions { limit });
    let session = open_with(Version::V1_2, SessionConfig { transactions: limits, ..config() });
    let freed = [begin("a"), commit("a"), begin("b")].concat();
    assert_eq!(Transcript::of(session, [freed.as_bytes()]).refused, None);
}

#[test]
fn held_frames_are_counted() {
    let limits = TransactionLimits { max_frames: 2, ..TransactionLimits::default() };
    let stream = [begin("t"), begin("u"), send("t", ""), send("u", ""), send("t", ""), send("t", "")];
    refused(
        limits,
        &stream,
        "transaction too large",
        "transaction 't' may hold no more frames than transactions.max_frames = 2",
    );
}

#[test]
fn held_octets_are_counted() {
    // 15 + 14 octets of headers, and the body.
    let limits = TransactionLimits { max_bytes: 2 * (15 + 14 + 5), ..TransactionLimits::default() };
    let fits = [begin("t"), send("t", "12345"), send("t", "12345"), commit("t")];
    let session = open_with(Version::V1_2, SessionConfig { transactions: limits, ..config() });
    assert_eq!(Transcript::of(session, [fits.concat().as_bytes()]).refused, None);
    refused(
        limits,
        &[begin("t"), send("t", "12345"), send("t", "123456")],
        "transaction too large",
        "transaction 't' may hold no more octets than transactions.max_bytes = 68",
    );
}
