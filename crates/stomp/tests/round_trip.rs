//! What is encoded is decoded again, whatever is in the headers.

mod support;

use hub_stomp::{Command, HeartBeat, Version, encode};
use proptest::collection::vec;
use proptest::prelude::*;
use support::{Owned, client_decoder, decode, decoder};

/// Text out of everything that has a meaning in a frame.
fn hostile() -> impl Strategy<Value = String> {
    let special =
        prop::sample::select(vec!['\n', '\r', ':', '\\', '\0', ' ', '\t', 'n', 'c', 'r', 'é', '😀']);
    vec(prop_oneof![3 => special, 1 => any::<char>()], 0..12).prop_map(String::from_iter)
}

fn name() -> impl Strategy<Value = String> {
    hostile().prop_filter("a name is not blank", |name| !name.trim().is_empty())
}

/// What a reader of that version finds: the module's documentation of `encode`, in other words.
fn carried(version: Version, text: &str, in_name: bool) -> String {
    let lost = |c: char| match version {
        Version::V1_0 => matches!(c, '\n' | '\r' | '\0') || (in_name && c == ':'),
        Version::V1_1 => matches!(c, '\r' | '\0'),
        Version::V1_2 => c == '\0',
    };
    let text = text.replace(lost, if in_name { "_" } else { " " });
    if version == Version::V1_0 { text.trim_matches([' ', '\t']).to_owned() } else { text }
}

proptest! {
    #[test]
    fn a_message_comes_out_as_it_went_in(
        headers in vec((name(), hostile()), 0..6),
        body in vec(any::<u8>(), 0..40),
        version in prop::sample::select(Version::ALL.to_vec()),
    ) {
        prop_assume!(headers.iter().all(|(name, _)| name != "content-length"));
        let mut bytes = Vec::new();
        encode::begin_message(&mut bytes, version, headers.clone(), Some(body.len()));
        bytes.extend_from_slice(&body);
        encode::end_frame(&mut bytes);

        let mut expected: Vec<_> = headers
            .iter()
            .map(|(name, value)| (carried(version, name, true), carried(version, value, false)))
            .collect();
        expected.push(("content-length".to_owned(), body.len().to_string()));
        let expected = Owned { command: "MESSAGE".to_owned(), headers: expected, body };
        prop_assert_eq!(decode(client_decoder(version), [bytes.as_slice()]), (vec![Some(expected)], None));
    }

    #[test]
    fn a_client_frame_comes_out_as_it_went_in(
        name in name(),
        value in hostile(),
        version in prop::sample::select(Version::ALL.to_vec()),
    ) {
        let mut bytes = Vec::new();
        encode::begin_frame(&mut bytes, Command::Send, version, [(&name, &value)]);
        encode::push_header(&mut bytes, version, "more", &value);
        encode::end_headers(&mut bytes);
        bytes.extend_from_slice(b"body");
        encode::end_frame(&mut bytes);
        let value = carried(version, &value, false);
        let headers = vec![(carried(version, &name, true), value.clone()), ("more".to_owned(), value)];
        let expected = Owned { command: "SEND".to_owned(), headers, body: b"body".to_vec() };
        prop_assert_eq!(decode(decoder(version), [bytes.as_slice()]), (vec![Some(expected)], None));
    }

    #[test]
    fn no_text_breaks_out_of_a_server_frame(
        one in hostile(),
        two in hostile(),
        version in prop::sample::select(Version::ALL.to_vec()),
    ) {
        let frames = [
            encode::connected(version, &one, &two, HeartBeat::default()),
            encode::receipt(version, &one),
            encode::error(version, &one, Some(&two), &one),
        ];
        for (frame, headers) in frames.iter().zip([4, 1, 4]) {
            let (items, error) = decode(client_decoder(version), [frame.as_ref()]);
            prop_assert_eq!(error, None);
            prop_assert_eq!(items.len(), 1);
            let decoded = items[0].as_ref().expect("a frame");
            let expected = if version == Version::V1_0 && headers == 4 && decoded.command == "CONNECTED" {
                3
            } else {
                headers
            };
            prop_assert_eq!(decoded.headers.len(), expected);
        }
    }
}

/// Every command of both sides.
const COMMANDS: [Command; 15] = [
    Command::Connect,
    Command::Stomp,
    Command::Send,
    Command::Subscribe,
    Command::Unsubscribe,
    Command::Ack,
    Command::Nack,
    Command::Begin,
    Command::Commit,
    Command::Abort,
    Command::Disconnect,
    Command::Connected,
    Command::Message,
    Command::Receipt,
    Command::Error,
];

#[test]
fn every_frame_of_every_version_comes_out_as_it_went_in() {
    let headers = [("destination", "/a b"), ("k:e\\y", "v:a\\l\nu\re"), ("empty", "")];
    for (command, version) in COMMANDS.into_iter().flat_map(|it| Version::ALL.map(|version| (it, version))) {
        let mut bytes = Vec::new();
        encode::begin_frame(&mut bytes, command, version, headers);
        encode::push_header(&mut bytes, version, "content-length", "4");
        encode::end_headers(&mut bytes);
        bytes.extend_from_slice(b"\0\n\r:\0");
        let opens = matches!(command, Command::Connect | Command::Stomp | Command::Connected);
        // What opens a session escapes as little as 1.0, and trims nothing.
        let as_in = if opens { Version::V1_0 } else { version };
        let mut expected: Vec<_> = headers
            .iter()
            .map(|(name, value)| (carried(as_in, name, true), carried(as_in, value, false)))
            .collect();
        expected.push(("content-length".to_owned(), "4".to_owned()));
        let expected = Owned { command: command.to_string(), headers: expected, body: b"\0\n\r:".to_vec() };
        let decoder = if command.is_from_client() { decoder(version) } else { client_decoder(version) };
        assert_eq!(
            decode(decoder, [bytes.as_slice()]),
            (vec![Some(expected)], None),
            "{command} in {version}"
        );
    }
}

#[test]
fn connected_is_never_escaped() {
    for version in Version::ALL {
        let frame = encode::connected(version, "a\\b:c", "x\ny", HeartBeat::NONE);
        let text = String::from_utf8_lossy(&frame);
        assert!(text.contains("\nserver:a\\b:c\nsession:x y\n"), "{text}");
    }
}

#[test]
fn a_header_without_a_name_is_left_out() {
    let mut out = Vec::new();
    encode::begin_message(&mut out, Version::V1_2, [("", "a"), (" ", "b"), ("c", "")], None);
    assert_eq!(out, b"MESSAGE\nc:\n\n");
}
