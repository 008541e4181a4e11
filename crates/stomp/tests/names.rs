//! What nobody may forge and nobody may confuse: reserved headers, and names that have lost a part.

#![allow(clippy::disallowed_methods, reason = "a test needs an origin of time")]

mod support;

use hub_stomp::{Request, Version, is_reserved};
use support::{Transcript, open};

const OF_SERVER: [&str; 7] =
    ["subscription", "message-id", "ack", "redelivered", "receipt-id", "resume", "snapshot"];
const OF_SEND: [&str; 3] = ["receipt", "content-length", "destination"];

#[test]
fn a_send_says_nothing_that_only_the_server_may_in_a_transaction_or_not() {
    for version in [Version::V1_0, Version::V1_1, Version::V1_2] {
        for name in OF_SERVER {
            let upper = name.to_uppercase();
            for (name, transaction) in
                [(name, ""), (upper.as_str(), ""), (name, "transaction:t\n"), (&*upper, "transaction:t\n")]
            {
                assert!(is_reserved(name));
                let stream = format!(
                    "BEGIN\ntransaction:t\n\n\0SEND\ndestination:/a\nreceipt:r\n{transaction}{name}:forged\n\n\0"
                );
                let refusal = Transcript::of(open(version), [stream.as_bytes()]).refused.expect("refused");
                let shown = format!("header '{name}' is the server's to set, not a SEND's");
                assert_eq!((refusal.to_string(), refusal.reason()), (shown, "reserved_header"));
                assert_eq!(refusal.receipt_id(), Some("r"));
            }
        }
    }
}

#[test]
fn what_a_send_says_for_itself_is_legal_and_not_passed_on() {
    let mut session = open(Version::V1_2);
    let stream = b"SEND\ndestination:/a\nreceipt:r\ncontent-length:1\ncontent-type:text/x\nDestination:/b\n\
        colour:red\nacknowledged:no\n\n.\0";
    let request = session.receive(&mut stream.as_slice(), std::time::Instant::now());
    let Ok(Some(Request::Send { headers, .. })) = request else { panic!("{request:?}") };
    let custom: Vec<_> = headers.custom().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(custom, ["content-type", "colour", "acknowledged"]);
    assert!(OF_SEND.into_iter().all(is_reserved) && !is_reserved("content-type"));
}

#[test]
fn a_name_that_has_lost_a_part_is_refused_by_its_header() {
    for (frame, header) in [
        ("SUBSCRIBE\nid:\u{fffd}\ndestination:/a\n\n\0", "id"),
        ("SUBSCRIBE\nid:0\ndestination:/\u{fffd}\n\n\0", "destination"),
        ("UNSUBSCRIBE\nid:a\u{fffd}\n\n\0", "id"),
        ("SEND\ndestination:/a\u{fffd}\n\n\0", "destination"),
        ("SEND\ndestination:/a\nreceipt:\u{fffd}\n\n\0", "receipt"),
        ("BEGIN\ntransaction:\u{fffd}t\n\n\0", "transaction"),
    ] {
        let refusal = Transcript::of(open(Version::V1_2), [frame.as_bytes()]).refused.expect("refused");
        assert!(refusal.to_string().starts_with(&format!("{header}: must be whole")), "{refusal}");
        assert_eq!(refusal.reason(), "invalid_header");
    }
    let text = "SEND\ndestination:/a\ncolour:\u{fffd}\n\n\u{fffd}\0";
    assert_eq!(Transcript::of(open(Version::V1_2), [text.as_bytes()]).refused, None, "free text");
}
