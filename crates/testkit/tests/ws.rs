//! The WebSocket client keeps to RFC 6455, and holds the server to it.

mod server;

use std::io::Write;
use std::sync::mpsc::channel;

use hub_testkit::ws::{Message, WsClient, WsOptions, frame};
use hub_testkit::{Error, OverSocket, wait};
use server::{
    LONG, SHORT, answer, await_backlog, key, read_frame, read_head, read_to_end, serve, serve_ws, write_split,
};

fn connect(addr: std::net::SocketAddr) -> WsClient {
    WsClient::connect(addr, "/ws", &WsOptions::default()).unwrap()
}

fn awaited(error: &Error) -> &str {
    match error {
        Error::Unexpected { awaited, .. } => awaited,
        other => panic!("{other}"),
    }
}

#[test]
fn the_handshake_is_written_to_the_byte() {
    let (addr, server) = serve(|stream| {
        let head = read_head(stream);
        let protocol = "Sec-WebSocket-Protocol: b\r\n";
        stream.write_all(server::switching(&head, protocol).as_bytes()).unwrap();
        head
    });
    let options = WsOptions {
        origin: Some("http://localhost:4200".into()),
        headers: vec![("Authorization".into(), "Bearer t".into())],
        ..WsOptions::offering(&["a", "b"])
    };
    let client = WsClient::connect(addr, "/ws/top?n=5", &options).unwrap();
    assert_eq!(client.protocol(), Some("b"));

    let head = server.join().unwrap();
    let key = key(&head);
    assert_eq!((key.len(), key.ends_with("==")), (24, true), "16 bytes in base64");
    let expected = format!(
        "GET /ws/top?n=5 HTTP/1.1\r\nHost: {addr}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nOrigin: http://localhost:4200\r\n\
         Sec-WebSocket-Protocol: a, b\r\nAuthorization: Bearer t\r\n\r\n"
    );
    assert_eq!(head, expected);
}

#[test]
fn a_refused_handshake_gives_status_and_body() {
    let addr = answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 18\r\n\r\nOrigin not allowed");
    let error = WsClient::connect(addr, "/", &WsOptions::from_origin("http://evil")).unwrap_err();
    assert!(matches!(error, Error::Refused { status: 403, body } if body == "Origin not allowed"));
}

#[test]
fn a_101_that_breaks_the_rules_is_refused() {
    type Change = fn(String) -> String;
    let changes: [(Change, &str); 6] = [
        (|head| head.replace("Accept: ", "Accept: x"), "Sec-WebSocket-Accept: "),
        (|head| head.replace("Sec-WebSocket-Accept", "X"), "Sec-WebSocket-Accept: "),
        (|head| head.replace("WebSocket\r\nConnection", "h2c\r\nConnection"), "Upgrade: websocket"),
        (|head| head.replace(", Upgrade", ""), "Connection: Upgrade"),
        (
            |head| {
                head.replace(
                    "HTTP/1.1 101",
                    "HTTP/1.1 101 X\r\nSec-WebSocket-Extensions: permessage-deflate\r\nY:",
                )
            },
            "no extension",
        ),
        (
            |head| head.replace("HTTP/1.1 101", "HTTP/1.1 101 X\r\nSec-WebSocket-Protocol: c\r\nY:"),
            "at most one",
        ),
    ];
    for (change, what) in changes {
        let (addr, _) = serve(move |stream| {
            let head = read_head(stream);
            stream.write_all(change(server::switching(&head, "")).as_bytes()).unwrap();
            read_to_end(stream);
        });
        let error = WsClient::connect(addr, "/", &WsOptions::offering(&["a"])).unwrap_err();
        assert!(awaited(&error).starts_with(what), "{what}: {error}");
    }
}

#[test]
fn frames_that_come_with_the_101_are_read() {
    let (addr, _) = serve(|stream| {
        let mut bytes = server::switching(&read_head(stream), "").into_bytes();
        bytes.extend(b"\x81\x05Hello\x82\x01\xff");
        stream.write_all(&bytes).unwrap();
        read_to_end(stream);
    });
    let mut client = connect(addr);
    assert_eq!(client.next().unwrap(), Message::Text("Hello".into()));
    assert_eq!(client.next().unwrap(), Message::Binary(vec![0xff]));
}

#[test]
fn what_is_sent_arrives_masked_in_the_shortest_form() {
    let (addr, server) = serve_ws(|stream| (0..8).map(|_| read_frame(stream)).collect::<Vec<_>>());
    let mut client = connect(addr);
    let lens = [0, 125, 126, 0xffff, 0x1_0000];
    for len in lens {
        client.send_binary(&vec![7; len]).unwrap();
    }
    client.send_text("h\u{e9}").unwrap();
    client.send_ping(b"p").unwrap();
    client.send_close(4001, "bye").unwrap();
    let mut expected: Vec<_> = lens.iter().map(|len| (0x82, vec![7; *len])).collect();
    expected.extend([(0x81, "h\u{e9}".into()), (0x89, b"p".to_vec()), (0x88, b"\x0f\xa1bye".to_vec())]);
    assert_eq!(server.join().unwrap(), expected);
    let head = |len| frame::masked(true, frame::BINARY, &vec![0; len])[1] & 0x7f;
    assert_eq!(lens.map(head), [0, 125, 126, 126, 127]);
}

#[test]
fn each_mask_is_another() {
    let key = || frame::masked(true, frame::TEXT, b"")[2..].to_vec();
    assert_ne!(key(), key());
}

#[test]
fn fragments_split_anywhere_are_reassembled_around_a_ping() {
    let (addr, server) = serve_ws(|stream| {
        let mut bytes =
            b"\x01\x02\xc3\xa9\x89\x02hi\x00\x01\xe2\x00\x00\x80\x02\x82\xac\x82\x7e\x00\x80".to_vec();
        bytes.extend([9; 128]);
        write_split(stream, &bytes);
        read_frame(stream)
    });
    let mut client = connect(addr);
    assert_eq!(client.next().unwrap(), Message::Ping(b"hi".to_vec()));
    assert_eq!(client.next().unwrap(), Message::Text("\u{e9}\u{20ac}".into()));
    assert_eq!(client.next().unwrap(), Message::Binary(vec![9; 128]));
    assert_eq!(server.join().unwrap(), (0x8a, b"hi".to_vec()), "the Pong");
}

#[test]
fn a_ping_stays_unanswered_where_the_test_says_so() {
    let (addr, server) = serve_ws(|stream| {
        stream.write_all(b"\x89\x00").unwrap();
        read_frame(stream)
    });
    let options = WsOptions { answer_pings: false, ..WsOptions::default() };
    let mut client = WsClient::connect(addr, "/", &options).unwrap();
    assert_eq!(client.next().unwrap(), Message::Ping(vec![]));
    client.send_text("first").unwrap();
    assert_eq!(server.join().unwrap(), (0x81, b"first".to_vec()));
}

#[test]
fn what_no_server_may_send_is_an_error() {
    for (bytes, what) in [
        (&b"\x81\x80\0\0\0\0"[..], "an unmasked frame"),
        (b"\xc1\x00", "a frame without reserved bits"),
        (b"\x91\x00", "a frame without reserved bits"),
        (b"\x83\x00", "a known opcode"),
        (b"\x8b\x00", "a known opcode"),
        (b"\x09\x00", "a control frame in one piece"),
        (b"\x89\x7e\x00\x7e", "a control frame in one piece"),
        (b"\x81\x7e\x00\x7d", "a length in as few bytes"),
        (b"\x81\x7f\0\0\0\0\0\0\xff\xff", "a length in as few bytes"),
        (b"\x81\x7f\x80\0\0\0\0\0\0\0", "a length in as few bytes"),
        (b"\x80\x00", "a message"),
        (b"\x01\x00\x81\x00", "a continuation"),
        (b"\x81\x02\xc3\x28", "text in UTF-8"),
        (b"\x88\x01\x03", "a close code of two bytes"),
        (b"\x88\x02\x03\xed", "a close code that may be sent"),
        (b"\x88\x03\x03\xe8\xff", "a close reason in UTF-8"),
    ] {
        let (addr, _) = serve_ws(move |stream| {
            stream.write_all(bytes).unwrap();
            read_to_end(stream);
        });
        let error = connect(addr).next().unwrap_err();
        assert!(awaited(&error).starts_with(what), "{what}: {error}");
    }
}

#[test]
fn a_close_is_answered_and_the_end_of_the_connection_seen() {
    let (addr, server) = serve_ws(|stream| {
        stream.write_all(b"\x89\x00\x88\x05\x0f\xa1bye").unwrap();
        [read_frame(stream), read_frame(stream)]
    });
    let mut client = connect(addr);
    assert_eq!(client.expect_close().unwrap(), (4001, "bye".into()));
    assert_eq!(server.join().unwrap(), [(0x8a, vec![]), (0x88, b"\x0f\xa1".to_vec())]);
    assert!(matches!(client.next().unwrap_err(), Error::Closed { code: 4001, .. }));
}

#[test]
fn a_close_that_the_test_sent_is_not_answered_again() {
    let (addr, server) = serve_ws(|stream| {
        let first = read_frame(stream);
        stream.write_all(b"\x88\x00").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        (first, read_to_end(stream))
    });
    let mut client = connect(addr);
    client.send_close(1000, "").unwrap();
    assert_eq!(client.expect_close().unwrap(), (1005, String::new()));
    drop(client);
    assert_eq!(server.join().unwrap(), ((0x88, b"\x03\xe8".to_vec()), vec![]));
}

#[test]
fn a_close_without_the_connections_end_is_an_error() {
    let (addr, _) = serve_ws(|stream| {
        read_frame(stream);
        stream.write_all(b"\x88\x00").unwrap();
        read_to_end(stream);
    });
    let mut client = connect(addr);
    client.send_text("go").unwrap();
    await_backlog(&client, 2);
    client.socket_mut().set_deadline(SHORT);
    let told = "awaited the end of the connection for 40ms; got nothing";
    assert_eq!(client.expect_close().unwrap_err().to_string(), told);
}

#[test]
fn bytes_after_a_close_are_an_error() {
    let (addr, _) = serve_ws(|stream| {
        stream.write_all(b"\x88\x00\x81\x00").unwrap();
        read_frame(stream);
    });
    assert_eq!(awaited(&connect(addr).expect_close().unwrap_err()), "the end of the connection");
}

#[test]
fn a_message_before_a_close_is_an_error_only_where_none_may_come() {
    let script = |stream: &mut std::net::TcpStream| {
        stream.write_all(b"\x81\x01x\x88\x00").unwrap();
        read_frame(stream);
    };
    assert_eq!(awaited(&connect(serve_ws(script).0).expect_close().unwrap_err()), "a Close first");
    let (before, close) = connect(serve_ws(script).0).drain_to_close().unwrap();
    assert_eq!((before, close.code), (vec![Message::Text("x".into())], 1005));
}

#[test]
fn a_close_where_data_was_awaited_says_its_code() {
    let (addr, _) = serve_ws(|stream| stream.write_all(b"\x88\x09\x03\xf0go away").unwrap());
    let told = "awaited a text or binary message; got Close 1008 \"go away\"";
    assert_eq!(connect(addr).next_text().unwrap_err().to_string(), told);
}

#[test]
fn a_fence_gives_all_that_was_sent_before_it() {
    let (addr, server) = serve_ws(|stream| {
        let (first, payload) = read_frame(stream);
        assert_eq!(first, 0x89);
        stream.write_all(b"\x81\x01a\x8a\x00\x81\x01b").unwrap();
        stream.write_all(&[&[0x8a, payload.len() as u8], &payload[..]].concat()).unwrap();
        stream.write_all(b"\x81\x01c").unwrap();
    });
    let mut client = connect(addr);
    let text = |text: &str| Message::Text(text.to_owned());
    assert_eq!(client.fence().unwrap(), [text("a"), Message::Pong(vec![]), text("b")]);
    assert_eq!(client.next_text().unwrap(), "c");
    server.join().unwrap();
}

#[test]
fn a_missed_deadline_names_what_was_awaited_and_loses_nothing() {
    let (missed, goes_on) = channel();
    let (addr, _) = serve_ws(move |stream| {
        stream.write_all(b"\x01\x02ab\x80\x03c").unwrap();
        goes_on.recv_timeout(LONG).unwrap();
        stream.write_all(b"de").unwrap();
        read_to_end(stream);
    });
    let mut client = connect(addr);
    client.socket_mut().set_deadline(SHORT);
    let told = "awaited a WebSocket message for 40ms; got 2 bytes in fragments, 3 bytes: \"\\x80\\x03c\"";
    let is_told = || (client.next().unwrap_err().to_string() == told).then_some(());
    wait::until(LONG, told, is_told).unwrap();
    missed.send(()).unwrap();
    client.socket_mut().set_deadline(LONG);
    assert_eq!(client.next_text().unwrap(), "abcde");
}

#[test]
fn a_connection_that_ends_without_a_close_is_an_error() {
    let (addr, _) = serve_ws(|stream| stream.write_all(b"\x81").unwrap());
    let error = connect(addr).next().unwrap_err();
    assert_eq!(error.to_string(), "awaited a WebSocket message; got the end after 1 bytes: \"\\x81\"");
}
