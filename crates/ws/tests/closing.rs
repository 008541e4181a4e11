//! The closing handshake, from both sides.

mod client;

use client::{BINARY, CLOSE, CONTINUATION, Event, FIN, PING, PLENTY, PONG, TEXT, close, frame, receive};
use hub_ws::{CloseCode, Connection, Failure};

fn connection() -> Connection {
    Connection::new(PLENTY)
}

#[test]
fn the_clients_code_is_echoed_without_its_reason_and_then_tcp_may_be_shut() {
    let mut connection = connection();
    let events = receive(&mut connection, &close(1001, "leaving"));
    assert_eq!(events, [Event::Close(Some(1001), "leaving".into())]);
    assert!(connection.may_send() && !connection.may_shut());

    assert_eq!(connection.close_reply().unwrap()[..], [0x88, 2, 0x03, 0xe9]);
    assert!(!connection.may_send() && connection.may_shut());
    assert_eq!((connection.close_reply(), connection.close(CloseCode::NORMAL, "")), (None, None));
}

#[test]
fn a_close_without_a_code_is_answered_by_one_without() {
    let mut connection = connection();
    let events = receive(&mut connection, &frame(FIN | CLOSE, b""));
    assert_eq!(events, [Event::Close(None, String::new())]);
    assert_eq!(connection.close_reply().unwrap()[..], [0x88, 0]);
    assert!(connection.may_shut());
}

#[test]
fn the_clients_close_may_be_answered_with_a_code_of_our_own() {
    let mut connection = connection();
    receive(&mut connection, &close(1000, ""));
    assert!(connection.close(CloseCode::GOING_AWAY, "").is_some());
    assert!(connection.may_shut());
    assert_eq!(connection.close_reply(), None);
}

#[test]
fn nothing_is_answered_before_there_is_something_to_answer() {
    let mut connection = connection();
    assert_eq!(connection.close_reply(), None);
    assert!(connection.may_send() && !connection.may_shut());
}

#[test]
fn what_follows_the_clients_close_is_ignored() {
    let mut connection = connection();
    let stream = [close(1000, ""), frame(FIN | TEXT, b"late"), vec![0xff; 9]].concat();
    assert_eq!(receive(&mut connection, &stream).len(), 1);
    assert_eq!(receive(&mut connection, &stream), []);
}

#[test]
fn our_close_waits_for_the_clients_and_is_sent_once() {
    let mut connection = connection();
    let sent = connection.close(CloseCode::RESTART, "restart").unwrap();
    assert_eq!(sent[..], *b"\x88\x09\x03\xf4restart");
    assert_eq!(connection.close(CloseCode::NORMAL, ""), None);
    assert!(!connection.may_send() && !connection.may_shut());

    receive(&mut connection, &close(1012, ""));
    assert!(connection.may_shut());
    assert_eq!(connection.close_reply(), None);
}

#[test]
fn after_our_close_messages_are_dropped_but_pings_and_the_close_come_through() {
    let mut connection = connection();
    let mut held = receive(&mut connection, &frame(TEXT, b"begun"));
    connection.close(CloseCode::GOING_AWAY, "");
    let stream = [
        frame(FIN | PING, b"?"),
        frame(CONTINUATION, b"more"),
        frame(FIN | PONG, b"!"),
        frame(FIN | CONTINUATION, b"\xff"),
        frame(FIN | TEXT, b"late"),
        frame(FIN | BINARY, &[0; 300]),
        close(1001, ""),
    ]
    .concat();
    let expected =
        [Event::Ping(b"?".into()), Event::Pong(b"!".into()), Event::Close(Some(1001), String::new())];
    for part in stream.chunks(7) {
        held.extend(receive(&mut connection, part));
    }
    assert_eq!(held, expected);
    assert!(connection.may_shut());
}

#[test]
fn after_our_close_a_message_of_any_size_is_skipped_and_not_held() {
    let mut connection = Connection::new(100);
    receive(&mut connection, &frame(BINARY, &[1; 100]));
    assert!(connection.held_bytes() >= 100);
    connection.close(CloseCode::GOING_AWAY, "");
    let upload = frame(FIN | CONTINUATION, &vec![1; 100_000]);
    for read in upload.chunks(4096) {
        assert_eq!(receive(&mut connection, read), []);
        assert!(connection.held_bytes() < 100, "{} bytes", connection.held_bytes());
    }
    assert_eq!(receive(&mut connection, &close(1001, "")).len(), 1);
}

#[test]
fn after_our_close_the_framing_is_still_checked() {
    let cases = [
        (frame(FIN | CONTINUATION, b""), Failure::UnexpectedContinuation),
        ([frame(TEXT, b"x"), frame(TEXT, b"x")].concat(), Failure::ExpectedContinuation),
        (vec![FIN | TEXT, 0], Failure::Unmasked),
    ];
    for (stream, failure) in cases {
        let mut connection = connection();
        connection.close(CloseCode::NORMAL, "");
        assert_eq!(receive(&mut connection, &stream), [Event::Failed(failure)]);
        assert!(connection.may_shut());
    }
}

#[test]
fn a_failure_is_told_and_then_tcp_may_be_shut_without_an_answer() {
    let mut connection = connection();
    let events = receive(&mut connection, &frame(FIN | TEXT, b"\xff"));
    assert_eq!(events, [Event::Failed(Failure::InvalidUtf8)]);
    assert!(!connection.may_shut());
    assert_eq!(connection.close_reply(), None);

    let failure = Failure::InvalidUtf8;
    let told = connection.close(failure.code(), failure.reason()).unwrap();
    assert_eq!(told[2..4], 1007u16.to_be_bytes());
    assert!(connection.may_shut());
}

#[test]
fn the_codes_that_may_be_on_the_wire() {
    let valid = |code| CloseCode::new(code).is_valid_on_wire();
    let expected = |code| {
        (1000..=1003).contains(&code) || (1007..=1014).contains(&code) || (3000..=4999).contains(&code)
    };
    for code in 0..=u16::MAX {
        assert_eq!(valid(code), expected(code), "{code}");
        let read = receive(&mut connection(), &close(code, "é"));
        let event = if expected(code) {
            Event::Close(Some(code), "é".into())
        } else {
            Event::Failed(Failure::InvalidCloseCode(code))
        };
        assert_eq!(read, [event]);
    }
}

#[test]
fn every_named_code_may_be_sent() {
    let named = [
        (CloseCode::NORMAL, 1000),
        (CloseCode::GOING_AWAY, 1001),
        (CloseCode::PROTOCOL_ERROR, 1002),
        (CloseCode::UNSUPPORTED, 1003),
        (CloseCode::INVALID_PAYLOAD, 1007),
        (CloseCode::POLICY, 1008),
        (CloseCode::TOO_BIG, 1009),
        (CloseCode::EXTENSION_REQUIRED, 1010),
        (CloseCode::INTERNAL_ERROR, 1011),
        (CloseCode::RESTART, 1012),
        (CloseCode::TRY_LATER, 1013),
    ];
    for (code, number) in named {
        assert_eq!((code.get(), code.is_valid_on_wire()), (number, true));
    }
}
