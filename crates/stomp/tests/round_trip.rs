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

/// The same in any frame: what opens a session escapes as little as 1.0, and trims nothing.
fn carried_by(command: Command, version: Version, text: &str, in_name: bool) -> String {
    if !matches!(command, Command::Connect | Command::Stomp | Command::Connected) {
        return carried(version, text, in_name);
    }
    let lost = |c: char| matches!(c, '\n' | '\r' | '\0') || (in_name && c == ':');
    text.replace(lost, if in_name { "_" } else { " " })
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
    fn every_frame_of_every_version_carries_any_headers_and_body(
        command in prop::sample::select(Command::ALL.to_vec()),
        version in prop::sample::select(Version::ALL.to_vec()),
        headers in vec((name(), hostile()), 0..6),
        body in vec(any::<u8>(), 0..40),
        counted: bool,
    ) {
        prop_assume!(headers.iter().all(|(name, _)| name.trim() != "content-length"));
        let mut bytes = Vec::new();
        encode::begin_frame(&mut bytes, command, version, headers.clone());
        let carried = |text: &str, in_name| carried_by(command, version, text, in_name);
        let mut expected: Vec<_> =
            headers.iter().map(|(name, value)| (carried(name, true), carried(value, false))).collect();
        // Without a length a body ends at its first NUL.
        let body: Vec<u8> = body.into_iter().filter(|byte| counted || *byte != 0).collect();
        if counted {
            encode::push_header(&mut bytes, version, "content-length", &body.len().to_string());
            expected.push(("content-length".to_owned(), body.len().to_string()));
        }
        encode::end_headers(&mut bytes);
        bytes.extend_from_slice(&body);
        encode::end_frame(&mut bytes);

        let expected = Owned { command: command.to_string(), headers: expected, body };
        let decoder = if command.is_from_client() { decoder(version) } else { client_decoder(version) };
        prop_assert_eq!(decode(decoder, [bytes.as_slice()]), (vec![Some(expected)], None));
    }

    #[test]
    fn what_a_server_says_once_says_what_it_was_given(
        one in hostile(),
        two in hostile(),
        offer_ms: u32,
        version in prop::sample::select(Version::ALL.to_vec()),
    ) {
        let heart_beat = HeartBeat { offer_ms, wish_ms: 7 };
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let plain = |text: &str| carried_by(Command::Connected, version, text, false);
        let mut connected = vec![
            header("version", version.as_str()),
            header("server", &plain(&one)),
            header("session", &plain(&two)),
        ];
        if version > Version::V1_0 {
            connected.push(header("heart-beat", &format!("{offer_ms},7")));
        }
        let receipt = vec![header("receipt-id", &carried(version, &one, false))];
        let error = vec![
            header("message", &carried(version, &two, false)),
            header("receipt-id", &carried(version, &one, false)),
            header("content-type", "text/plain"),
            header("content-length", &two.len().to_string()),
        ];
        let frames = [
            ("CONNECTED", encode::connected(version, &one, &two, heart_beat), connected, ""),
            ("RECEIPT", encode::receipt(version, &one), receipt, ""),
            ("ERROR", encode::error(version, &two, Some(&one), &two), error, two.as_str()),
        ];
        for (command, bytes, headers, body) in frames {
            let expected = Owned { command: command.to_owned(), headers, body: body.as_bytes().to_vec() };
            prop_assert_eq!(decode(client_decoder(version), [bytes.as_ref()]), (vec![Some(expected)], None));
        }
    }
}

#[test]
fn every_frame_of_every_version_comes_out_as_it_went_in() {
    let headers = [("destination", "/a b"), ("k:e\\y", "v:a\\l\nu\re"), ("empty", "")];
    for (command, version) in
        Command::ALL.into_iter().flat_map(|it| Version::ALL.map(|version| (it, version)))
    {
        let mut bytes = Vec::new();
        encode::begin_frame(&mut bytes, command, version, headers);
        encode::push_header(&mut bytes, version, "content-length", "4");
        encode::end_headers(&mut bytes);
        bytes.extend_from_slice(b"\0\n\r:\0");
        let mut expected: Vec<_> = headers
            .iter()
            .map(|(name, value)| {
                (carried_by(command, version, name, true), carried_by(command, version, value, false))
            })
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
