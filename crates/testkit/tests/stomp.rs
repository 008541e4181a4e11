//! The STOMP client keeps to the specifications, and holds the server to them.

mod server;

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::channel;
use std::thread::JoinHandle;

use hub_testkit::stomp::{Carrier, Frame, StompClient, StompOptions, Version};
use hub_testkit::ws::{Close, WsOptions};
use hub_testkit::{Error, OverSocket, Result, wait};
use server::{LONG, SHORT, await_backlog, read_frame, read_to_end, serve, serve_ws, write_split};

/// One frame from the client, its NUL included.
fn read_stomp(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while bytes.last() != Some(&0) {
        bytes.extend(server::read(stream, 1));
    }
    String::from_utf8(bytes).unwrap()
}

/// Serves STOMP on TCP: after CONNECT, `connected` is answered.
fn serve_stomp<T: Send + 'static>(
    connected: &'static str,
    script: impl FnOnce(&mut TcpStream) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    serve(move |stream| {
        read_stomp(stream);
        stream.write_all(connected.as_bytes()).unwrap();
        script(stream)
    })
}

fn connect_with(addr: SocketAddr, options: &StompOptions) -> Result<StompClient> {
    StompClient::connect(Carrier::tcp(addr, LONG).unwrap(), options)
}

fn connect(addr: SocketAddr) -> StompClient {
    connect_with(addr, &StompOptions::default()).unwrap()
}

const V1_0: &str = "CONNECTED\n\n\0";
const V1_1: &str = "CONNECTED\nversion:1.1\n\n\0";
const V1_2: &str = "CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0";

#[test]
fn the_frames_of_a_session_are_written_to_the_byte() {
    let (addr, server) = serve(|stream| {
        let connect = read_stomp(stream);
        stream.write_all(V1_2.as_bytes()).unwrap();
        let mut frames = vec![connect];
        frames.extend((0..4).map(|_| read_stomp(stream)));
        stream.write_all(b"RECEIPT\nreceipt-id:disconnect-1\n\n\0").unwrap();
        frames
    });
    let headers = vec![("login".to_owned(), "a:b".to_owned())];
    let options = StompOptions { heart_beat: Some((10_000, 0)), headers, ..StompOptions::default() };
    let mut client = connect_with(addr, &options).unwrap();
    assert_eq!(client.connected().unwrap().header("heart-beat"), Some("0,0"));
    client.subscribe("sub-0", "/topic/a:b", &[("batch", "true")]).unwrap();
    client.send("/app/prices", &[("x\\", "1\r\n2")], b"[]").unwrap();
    client.unsubscribe("sub-0").unwrap();
    client.disconnect_with_receipt().unwrap();
    assert_eq!(client.expect_end().unwrap(), None);
    let expected = [
        "CONNECT\naccept-version:1.2,1.1,1.0\nhost:localhost\nheart-beat:10000,0\nlogin:a:b\n\n\0",
        "SUBSCRIBE\nid:sub-0\ndestination:/topic/a\\cb\nbatch:true\n\n\0",
        "SEND\ndestination:/app/prices\nx\\\\:1\\r\\n2\ncontent-length:2\n\n[]\0",
        "UNSUBSCRIBE\nid:sub-0\n\n\0",
        "DISCONNECT\nreceipt:disconnect-1\n\n\0",
    ];
    assert_eq!(server.join().unwrap(), expected);
}

#[test]
fn the_version_is_one_that_was_offered() {
    for (connected, offered, version) in [
        (V1_2, Some("1.1,1.2"), Some(Version::V1_2)),
        (V1_1, Some("1.2,1.1"), Some(Version::V1_1)),
        (V1_0, None, Some(Version::V1_0)),
        (V1_2, Some("1.1"), None),
        (V1_0, Some("1.2"), None),
        ("CONNECTED\nversion:1.3\n\n\0", Some("1.3"), None),
    ] {
        let (addr, _) = serve_stomp(connected, |_| ());
        let options =
            StompOptions { accept_version: offered.map(ToOwned::to_owned), ..StompOptions::default() };
        match (connect_with(addr, &options), version) {
            (Ok(client), Some(_)) => assert_eq!(client.version(), version),
            (Err(Error::Unexpected { awaited, .. }), None) => assert!(awaited.starts_with("a version of")),
            (result, _) => panic!("{connected:?} {result:?}"),
        }
    }
}

#[test]
fn an_error_in_answer_to_connect_is_given_whole() {
    let refusal = "ERROR\r\nmessage:no: version\r\ncontent-length:3\r\n\r\n1.9\0";
    let (addr, _) = serve_stomp(refusal, |_| ());
    let Err(Error::Stomp { awaited, frame }) = connect_with(addr, &StompOptions::default()) else {
        panic!("no ERROR")
    };
    assert_eq!((awaited.as_str(), frame.header("message")), ("CONNECTED", Some("no: version")));
    assert_eq!(frame.text().unwrap(), "1.9");
}

#[test]
fn frames_split_anywhere_are_put_together() {
    let (addr, _) = serve_stomp(V1_2, |stream| {
        let frames = "\n\r\nMESSAGE\r\nsubscription:a\r\nk:1\r\nk:2\r\ncontent-length:3\r\n\r\nx\0y\0\n\
                      MESSAGE\nsubscription:b\n\n{}\0\n\nRECEIPT\nreceipt-id:r\n\n\0";
        write_split(stream, frames.as_bytes());
    });
    let mut client = connect(addr);
    let first = client.next_frame().unwrap();
    let headers = [("subscription", "a"), ("k", "1"), ("k", "2"), ("content-length", "3")];
    assert_eq!(first, Frame { body: b"x\0y".to_vec(), ..Frame::new("MESSAGE", &headers) });
    assert_eq!(first.header("k"), Some("1"), "the first one counts");
    assert_eq!(client.next_frame().unwrap().json().unwrap(), serde_json::json!({}));
    client.await_receipt("r").unwrap();
    assert_eq!(client.heart_beats(), 5);
}

#[test]
fn one_websocket_message_may_hold_several_frames_or_a_part_of_one() {
    let (addr, _) = serve_ws(|stream| {
        let (first, connect) = read_frame(stream);
        assert!(first == 0x81 && connect.starts_with(b"CONNECT\n") && connect.ends_with(b"\n\n\0"));
        let mut send = |text: &str| {
            stream.write_all(&[&[0x81, text.len() as u8], text.as_bytes()].concat()).unwrap();
        };
        send(V1_2);
        send("MESSAGE\nsubscription:a\n\n1\0MESSAGE\nsubscription:a\n\n2\0\nMESS");
        send("\u{41}GE\nsubscription:a\n\n");
        send("3\0");
        send("\n");
        send("ERROR\nmessage:m\n\n\0");
        stream.write_all(b"\x88\x02\x03\xe8").unwrap();
        read_frame(stream);
    });
    let carrier = Carrier::websocket(addr, "/ws", &WsOptions::default()).unwrap();
    let mut client = StompClient::connect(carrier, &StompOptions::default()).unwrap();
    for body in ["1", "2", "3"] {
        assert_eq!(client.next_message("a").unwrap().text().unwrap(), body);
    }
    let (error, close) = client.expect_error().unwrap();
    assert_eq!(error.header("message"), Some("m"));
    assert_eq!(close, Some(Close { code: 1000, reason: String::new() }));
    assert_eq!(client.heart_beats(), 2);
}

#[test]
fn escapes_follow_the_version() {
    let message = "MESSAGE\nname\\c:\\\\\\n\\cx\n\n\0";
    for (connected, version, header) in [
        (V1_0, Version::V1_0, ("name\\c", "\\\\\\n\\cx")),
        (V1_1, Version::V1_1, ("name:", "\\\n:x")),
        (V1_2, Version::V1_2, ("name:", "\\\n:x")),
    ] {
        let (addr, _) = serve_stomp(connected, move |stream| stream.write_all(message.as_bytes()).unwrap());
        let mut client = connect(addr);
        assert_eq!(client.version(), Some(version));
        let frame = client.next_frame().unwrap();
        assert_eq!(frame, Frame::new("MESSAGE", &[header]));
        assert_eq!(frame.encode(version), message.as_bytes());
    }
}

#[test]
fn what_no_server_may_send_is_an_error() {
    for (connected, bytes) in [
        (V1_2, "MESSAGE\na:\\t\n\n\0"),
        (V1_1, "MESSAGE\na:\\r\n\n\0"),
        (V1_2, "MESSAGE\na:b:c\n\n\0"),
        (V1_2, "MESSAGE\na\n\n\0"),
        (V1_1, "MESSAGE\r\n\r\n\0"),
        (V1_2, "SEND\n\n\0"),
        (V1_2, "message\n\n\0"),
        (V1_2, "MESSAGE\na:b\0"),
        (V1_2, "MESSAGE\ncontent-length:1\n\nab\0"),
        (V1_2, "MESSAGE\ncontent-length:+1\n\na\0"),
        (V1_2, " \n"),
    ] {
        let (addr, _) = serve_stomp(connected, move |stream| stream.write_all(bytes.as_bytes()).unwrap());
        let result = connect(addr).next_frame();
        assert!(
            matches!(result, Err(Error::Unexpected { .. } | Error::Ended { .. })),
            "{bytes:?}: {result:?}"
        );
    }
}

#[test]
fn messages_of_other_subscriptions_wait_for_their_turn() {
    let (addr, _) = serve_stomp(V1_2, |stream| {
        let frames = "MESSAGE\nsubscription:b\n\n1\0RECEIPT\nreceipt-id:r\n\n\0\
                      MESSAGE\nsubscription:a\n\n2\0MESSAGE\nsubscription:b\n\n3\0";
        stream.write_all(frames.as_bytes()).unwrap();
    });
    let mut client = connect(addr);
    let mut next = |id: &str| client.next_message(id).unwrap().body;
    assert_eq!([next("a"), next("b"), next("b")], [b"2", b"1", b"3"]);
    client.await_receipt("r").unwrap();
}

#[test]
fn an_error_where_a_message_was_awaited_is_given_whole() {
    let (addr, _) = serve_stomp(V1_2, |stream| stream.write_all(b"ERROR\nmessage:denied\n\nwhy\0").unwrap());
    let error = connect(addr).next_message("a").unwrap_err();
    let told = "awaited a MESSAGE of a; got ERROR [(\"message\", \"denied\")], body 3 bytes: \"why\"";
    assert_eq!(error.to_string(), told);
}

#[test]
fn an_error_has_to_be_followed_by_the_connections_end() {
    let ended = serve_stomp(V1_2, |stream| stream.write_all(b"ERROR\n\n\0\n").unwrap()).0;
    assert_eq!(connect(ended).expect_error().unwrap(), (Frame::new("ERROR", &[]), None));

    let goes_on = serve_stomp(V1_2, |stream| stream.write_all(b"ERROR\n\n\0RECEIPT\n\n\0").unwrap()).0;
    assert!(matches!(connect(goes_on).expect_error(), Err(Error::Unexpected { .. })));

    let stays = serve_stomp(V1_2, |stream| {
        server::read(stream, 1);
        stream.write_all(b"ERROR\n\n\0").unwrap();
        read_to_end(stream);
    });
    let mut client = connect(stays.0);
    client.send_heart_beat().unwrap();
    await_backlog(&client, 8);
    client.socket_mut().set_deadline(SHORT);
    assert!(matches!(client.expect_error(), Err(Error::Deadline { .. })));
}

#[test]
fn raw_text_and_heart_beats_go_out_as_they_are() {
    let (addr, server) = serve(read_to_end);
    let mut client = StompClient::unconnected(Carrier::tcp(addr, LONG).unwrap());
    client.send_frame_text("BOGUS\n").unwrap();
    client.send_heart_beat().unwrap();
    client.send_connect("STOMP", &StompOptions::only(Version::V1_1)).unwrap();
    drop(client);
    let expected = b"BOGUS\n\nSTOMP\naccept-version:1.1\nhost:localhost\nheart-beat:0,0\n\n\0";
    assert_eq!(server.join().unwrap(), expected);
}

#[test]
fn a_missed_deadline_names_what_was_awaited_and_loses_nothing() {
    let (missed, goes_on) = channel();
    let (addr, _) = serve_stomp(V1_2, move |stream| {
        stream.write_all(b"\nRECEIPT\nreceipt-id:r\n\n\0MESSAGE\nsub").unwrap();
        goes_on.recv_timeout(LONG).unwrap();
        stream.write_all(b"scription:a\n\nx\0").unwrap();
        read_to_end(stream);
    });
    let mut client = connect(addr);
    client.socket_mut().set_deadline(SHORT);
    let told = "awaited a MESSAGE of a for 40ms; got 1 heart-beats, other frames [\"RECEIPT\"], \
                of a frame 11 bytes: \"MESSAGE\\nsub\", nothing";
    let is_told = || (client.next_message("a").unwrap_err().to_string() == told).then_some(());
    wait::until(LONG, told, is_told).unwrap();
    missed.send(()).unwrap();
    client.socket_mut().set_deadline(LONG);
    assert_eq!(client.next_message("a").unwrap().text().unwrap(), "x");
    client.await_receipt("r").unwrap();
}
