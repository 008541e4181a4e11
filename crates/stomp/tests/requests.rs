//! What a client writes is what its server is asked for, in every version, whatever the values hold.

mod support;

use std::time::Instant;

use hub_stomp::{AckMode, Command, Request, SubscriptionRef, Version, encode};
use proptest::prelude::*;
use support::open;

/// A value that every version can carry: nothing that 1.0 would trim, and no end of a line.
fn value() -> impl Strategy<Value = String> {
    let plain = "[!-~\u{a1}-\u{ff}]".prop_map(|text| text.chars().next().unwrap_or('x'));
    let special = prop::sample::select(vec![':', '\\', 'n', 'c', 'r', 'é', '😀', '/', '.', '-']);
    let character = prop_oneof![2 => special, 1 => plain];
    prop::collection::vec(character, 1..10).prop_map(String::from_iter)
}

/// The same with what 1.1 and 1.2 escape.
fn value_for(version: Version, text: &str) -> String {
    match version {
        Version::V1_0 => text.to_owned(),
        Version::V1_1 => format!(" {text}\n"),
        Version::V1_2 => format!("\r{text}\r\n "),
    }
}

fn write(version: Version, command: Command, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    encode::begin_frame(&mut out, command, version, headers.iter().copied());
    if !body.is_empty() {
        encode::push_header(&mut out, version, "content-length", &body.len().to_string());
    }
    encode::end_headers(&mut out);
    out.extend_from_slice(body);
    encode::end_frame(&mut out);
    out
}

/// Opens a session, sends it frames and has each request checked, with the number of its frame.
fn ask(version: Version, frames: &[Vec<u8>], mut check: impl FnMut(usize, Request<'_>)) {
    let mut session = open(version);
    #[allow(clippy::disallowed_methods, reason = "a test needs an origin of time")]
    let now = Instant::now();
    for (number, frame) in frames.iter().enumerate() {
        let mut input = frame.as_slice();
        check(number, session.receive(&mut input, now).expect("no refusal").expect("a request"));
        assert!(matches!(session.receive(&mut input, now), Ok(None)));
    }
}

proptest! {
    #[test]
    fn every_frame_is_understood(
        texts in [value(), value(), value(), value()],
        body in prop::collection::vec(any::<u8>(), 0..40),
        version in prop::sample::select(Version::ALL.to_vec()),
    ) {
        let [id, destination, receipt, other] = texts.map(|text| value_for(version, &text));
        let write = |command, headers: &[(&str, &str)], body: &[u8]| write(version, command, headers, body);
        // 1.0 and 1.1 acknowledge by `message-id`, 1.2 by `id`.
        let by = if version == Version::V1_2 { "id" } else { "message-id" };
        let of = ("subscription", id.as_str());
        let receipt_header = ("receipt", receipt.as_str());
        let subscribe = [("id", id.as_str()), ("destination", &destination), ("ack", "client"), receipt_header];
        let send = [("destination", destination.as_str()), ("custom", &other), receipt_header];
        let ack = [(by, other.as_str()), of, receipt_header];
        let mut frames = vec![
            write(Command::Subscribe, &subscribe, b""),
            write(Command::Send, &send, &body),
            write(Command::Ack, &ack, b""),
            write(Command::Begin, &[("transaction", &other), receipt_header], b""),
            write(Command::Abort, &[("transaction", &other), receipt_header], b""),
            write(Command::Unsubscribe, &[("id", &id), receipt_header], b""),
        ];
        if version > Version::V1_0 {
            frames.push(write(Command::Nack, &ack, b""));
        }
        frames.push(write(Command::Disconnect, &[receipt_header], b""));
        ask(version, &frames, |number, request| {
            let reply = match request {
                Request::Subscribe { id: given, destination: to, ack, reply, .. } => {
                    assert_eq!((number, ack), (0, AckMode::Client));
                    assert_eq!((given.as_deref(), &*to), (Some(id.as_str()), destination.as_str()));
                    reply
                }
                Request::Send { destination: to, headers, body: given, reply } => {
                    assert_eq!((number, &*to, given), (1, destination.as_str(), body.as_slice()));
                    let custom: Vec<_> = headers.custom().map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
                    assert_eq!(custom, [("custom".to_owned(), other.clone())]);
                    reply
                }
                Request::Ack { id: given, subscription, reply }
                | Request::Nack { id: given, subscription, reply } => {
                    assert!(number == 2 || number == 6);
                    assert_eq!((&*given, subscription.as_deref()), (other.as_str(), Some(id.as_str())));
                    reply
                }
                Request::Begin { reply } | Request::Abort { reply } => reply,
                Request::Unsubscribe { target, known, reply } => {
                    assert_eq!((number, known), (5, true));
                    assert_eq!(target, SubscriptionRef::Id(id.as_str().into()));
                    reply
                }
                Request::Disconnect { reply } => {
                    assert_eq!(number + 1, frames.len());
                    reply
                }
                other => panic!("{other:?}"),
            };
            assert_eq!(reply.receipt(), Some(receipt.as_str()));
        });
    }

    #[test]
    fn what_was_held_comes_out_of_the_commit(
        texts in [value(), value(), value(), value()],
        body in prop::collection::vec(any::<u8>(), 0..40),
        version in prop::sample::select(Version::ALL.to_vec()),
    ) {
        let [id, destination, taken, receipt] = texts.map(|text| value_for(version, &text));
        let of = ("transaction", id.as_str());
        let send = [("destination", destination.as_str()), of, ("receipt", &taken), ("custom", &id)];
        let stream = [
            write(version, Command::Begin, &[of], b""),
            write(version, Command::Send, &send, &body),
            write(version, Command::Commit, &[of, ("receipt", &receipt)], b""),
        ]
        .concat();
        let (mut session, mut input, mut seen) = (open(version), stream.as_slice(), Vec::new());
        #[allow(clippy::disallowed_methods, reason = "a test needs an origin of time")]
        let now = Instant::now();
        while let Some(request) = session.receive(&mut input, now).expect("no refusal") {
            seen.push(match request {
                Request::Begin { .. } => "begun",
                Request::Held { destination: to, reply } => {
                    assert_eq!((to.as_deref(), reply.receipt()), (Some(&*destination), Some(&*taken)));
                    "held"
                }
                Request::Send { destination: to, headers, body: given, reply } => {
                    assert_eq!((&*to, given), (&*destination, &*body));
                    assert_eq!(headers.get("custom").as_deref(), Some(&*id));
                    assert_eq!(reply.receipt_frame(), None);
                    "sent"
                }
                Request::Commit { reply } => {
                    assert_eq!(reply.receipt(), Some(&*receipt));
                    "committed"
                }
                other => panic!("{other:?}"),
            });
        }
        prop_assert_eq!(seen, ["begun", "held", "sent", "committed"]);
    }

    #[test]
    fn who_connects_is_who_it_says(login in value(), passcode in value(), host in value(), stomp: bool) {
        for version in Version::ALL {
            let command = if stomp { Command::Stomp } else { Command::Connect };
            let headers = [
                ("accept-version", version.as_str()),
                ("login", &login),
                ("passcode", &passcode),
                ("host", &host),
                ("heart-beat", "7,9"),
            ];
            let frame = write(version, command, &headers, b"");
            let mut session = support::session();
            #[allow(clippy::disallowed_methods, reason = "a test needs an origin of time")]
            let now = Instant::now();
            match session.receive(&mut frame.as_slice(), now) {
                Ok(Some(Request::Connect(connect))) => {
                    prop_assert_eq!(connect.version, version);
                    prop_assert_eq!(connect.login.as_deref(), Some(login.as_str()));
                    prop_assert_eq!(connect.passcode.as_deref(), Some(passcode.as_str()));
                    prop_assert_eq!(connect.host.as_deref(), Some(host.as_str()));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
