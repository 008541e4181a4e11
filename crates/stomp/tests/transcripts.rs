//! Whole sessions, byte for byte.

mod support;

use hub_stomp::{AckMode, Version, encode};
use support::{Transcript, session};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "^@")
}

#[track_caller]
fn server_writes(client: &str, expected: &str) -> Transcript {
    let client = client.replace("^@", "\0");
    let transcript = Transcript::of(session(), [client.as_bytes()]);
    assert_eq!(text(&transcript.written), expected);
    transcript
}

#[test]
fn stompjs_connects_subscribes_and_leaves_over_1_2() {
    let transcript = server_writes(
        "CONNECT\naccept-version:1.2,1.1,1.0\nheart-beat:10000,10000\n\n^@\
         SUBSCRIBE\nid:sub-0\ndestination:/topic/position-update\n\n^@\
         \n\
         SEND\ndestination:/app/prices\ncontent-length:13\n\n{\"price\":1.5}^@\
         UNSUBSCRIBE\nid:sub-0\n\n^@\
         DISCONNECT\nreceipt:close-1\n\n^@",
        "CONNECTED\nversion:1.2\nserver:hub/1\nsession:s-1\nheart-beat:10000,10000\n\n^@\
         RECEIPT\nreceipt-id:close-1\n\n^@",
    );
    let kinds: Vec<_> =
        transcript.requests.iter().map(|line| line.split([' ', '(']).next().unwrap_or_default()).collect();
    assert_eq!(kinds, ["Connect", "Subscribe", "Heartbeat", "Send", "Unsubscribe", "Disconnect"]);
    assert!(transcript.requests[3].contains("destination: \"/app/prices\""), "{}", transcript.requests[3]);
    assert!(transcript.requests[4].contains("known: true"), "{}", transcript.requests[4]);
}

#[test]
fn stomp_py_connects_with_the_stomp_command_over_1_1() {
    server_writes(
        "STOMP\naccept-version:1.1\nhost:localhost\n\n^@\
         SUBSCRIBE\nack:auto\ndestination:/topic/a\nid:1\nreceipt:a\\cb\\\\c\\nd\n\n^@\
         ACK\nmessage-id:7\nreceipt:r\nsubscription:1\n\n^@\
         DISCONNECT\nreceipt:bye\n\n^@",
        "CONNECTED\nversion:1.1\nserver:hub/1\nsession:s-1\nheart-beat:10000,10000\n\n^@\
         RECEIPT\nreceipt-id:a\\cb\\\\c\\nd\n\n^@\
         RECEIPT\nreceipt-id:r\n\n^@\
         RECEIPT\nreceipt-id:bye\n\n^@",
    );
}

#[test]
fn a_padded_1_0_client_is_understood() {
    let transcript = server_writes(
        "CONNECT\nlogin: scott\npasscode:tiger \n\n^@\
         SUBSCRIBE\ndestination: /queue/foo\nack: client\nreceipt: a:b\\n\n\n^@\
         ACK\nmessage-id: 7\n\n^@\
         UNSUBSCRIBE\ndestination: /queue/foo\n\n^@\
         DISCONNECT\n\n^@",
        "CONNECTED\nversion:1.0\nserver:hub/1\nsession:s-1\n\n^@\
         RECEIPT\nreceipt-id:a:b\\n\n\n^@",
    );
    assert!(transcript.requests[0].contains("login: Some(\"scott\")"), "{}", transcript.requests[0]);
    assert!(transcript.requests[1].contains("id: None"), "{}", transcript.requests[1]);
    assert!(transcript.requests[1].contains("ack: Client,"), "{}", transcript.requests[1]);
    assert!(transcript.requests[3].contains("known: true"), "{}", transcript.requests[3]);
}

#[test]
fn lines_may_end_with_cr_lf_in_every_version() {
    for version in Version::ALL {
        let client = format!(
            "\r\nCONNECT\r\naccept-version:{version}\r\n\r\n\0\r\n\
             SUBSCRIBE\r\nid:0\r\ndestination:/a\r\nreceipt:r\r\n\r\n\0\r\n\n"
        );
        let transcript = Transcript::of(session(), [client.as_bytes()]);
        assert_eq!(transcript.refused, None);
        assert!(text(&transcript.written).ends_with("RECEIPT\nreceipt-id:r\n\n^@"), "{version}");
        assert_eq!(transcript.requests.iter().filter(|line| *line == "Heartbeat").count(), 4);
    }
}

#[test]
fn an_error_names_the_frame_and_the_cause() {
    server_writes(
        "CONNECT\naccept-version:1.2\n\n^@SUBSCRIBE\nid:0\nreceipt:r\\c1\n\n^@SEND\ndestination:/a\n\n^@",
        "CONNECTED\nversion:1.2\nserver:hub/1\nsession:s-1\nheart-beat:10000,10000\n\n^@\
         ERROR\nmessage:missing header\nreceipt-id:r\\c1\ncontent-type:text/plain\ncontent-length:51\n\n\
         SUBSCRIBE needs a 'destination' header in STOMP 1.2^@",
    );
}

#[test]
fn no_common_version_lists_those_there_are() {
    server_writes(
        "CONNECT\naccept-version:2.0,2.1\nhost:h\n\n^@",
        "ERROR\nmessage:no common protocol version\nversion:1.0,1.1,1.2\n\
         content-type:text/plain\ncontent-length:73\n\n\
         supported protocol versions are 1.0,1.1,1.2; accept-version was '2.0,2.1'^@",
    );
}

#[test]
fn an_error_before_connected_is_not_escaped() {
    server_writes(
        "SEND\ndestination:/a\nreceipt:a\\cb:c\n\nx^@",
        "ERROR\nmessage:not connected\nreceipt-id:a\\cb:c\ncontent-type:text/plain\ncontent-length:50\n\n\
         the first frame must be CONNECT or STOMP, not SEND^@",
    );
}

#[test]
fn a_message_is_written_around_the_callers_body() {
    let headers = [("subscription", "sub:0"), ("message-id", "e-1-0"), ("destination", "/topic/a")];
    let expected = |subscription: &str, length: &str| {
        format!(
            "MESSAGE\nsubscription:{subscription}\nmessage-id:e-1-0\ndestination:/topic/a\n{length}\n[1]^@"
        )
    };
    let write = |version, length| {
        let mut out = Vec::new();
        encode::begin_message(&mut out, version, headers, length);
        out.extend_from_slice(b"[1]");
        encode::end_frame(&mut out);
        text(&out)
    };
    assert_eq!(write(Version::V1_2, Some(3)), expected("sub\\c0", "content-length:3\n"));
    assert_eq!(write(Version::V1_1, None), expected("sub\\c0", ""));
    assert_eq!(write(Version::V1_0, None), expected("sub:0", ""));
}

#[test]
fn messages_ask_for_acknowledgements_as_their_version_does() {
    for version in Version::ALL {
        assert_eq!(encode::ack_header(version, AckMode::Auto, "7"), None);
        for mode in [AckMode::Client, AckMode::ClientIndividual] {
            let expected = (version == Version::V1_2).then_some(("ack", "7"));
            assert_eq!(encode::ack_header(version, mode, "7"), expected, "{version}");
        }
    }
    let mut out = Vec::new();
    let headers = [("subscription", "s"), ("message-id", "m-1"), ("destination", "/queue/a")];
    let ack = encode::ack_header(Version::V1_2, AckMode::Client, "1:7");
    encode::begin_message(&mut out, Version::V1_2, headers.into_iter().chain(ack), None);
    encode::end_frame(&mut out);
    assert_eq!(text(&out), "MESSAGE\nsubscription:s\nmessage-id:m-1\ndestination:/queue/a\nack:1\\c7\n\n^@");
}

#[test]
fn stompjs_commits_and_aborts() {
    server_writes(
        "CONNECT\naccept-version:1.2,1.1,1.0\nheart-beat:10000,10000\n\n^@\
         BEGIN\ntransaction:tx-0\n\n^@\
         SEND\ndestination:/topic/relay/a\ntransaction:tx-0\nreceipt:in\ncontent-length:3\n\nabc^@\
         ABORT\ntransaction:tx-0\nreceipt:gone\n\n^@\
         BEGIN\ntransaction:tx-0\nreceipt:again\n\n^@\
         ACK\ntransaction:tx-0\nid:7\nsubscription:sub-0\n\n^@\
         COMMIT\ntransaction:tx-0\nreceipt:done\n\n^@",
        "CONNECTED\nversion:1.2\nserver:hub/1\nsession:s-1\nheart-beat:10000,10000\n\n^@\
         RECEIPT\nreceipt-id:in\n\n^@\
         RECEIPT\nreceipt-id:gone\n\n^@\
         RECEIPT\nreceipt-id:again\n\n^@\
         RECEIPT\nreceipt-id:done\n\n^@",
    );
}

#[test]
fn a_heart_beat_is_one_line_feed() {
    assert_eq!(encode::HEARTBEAT, b"\n");
}
