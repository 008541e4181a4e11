//! The `SockJS` client keeps to the protocol, and holds the server to it.

mod server;

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;

use hub_testkit::Error;
use hub_testkit::sockjs::{SockJsClient, SockJsFrame};
use hub_testkit::stomp::{Carrier, StompClient, StompOptions};
use hub_testkit::ws::{Close, WsOptions};
use server::{read_frame, read_head, read_to_end, serve, serve_ws, switching};

const GO_AWAY: &[u8] = b"\x88\x0a\x0b\xb8Go away!";

fn text(stream: &mut TcpStream, text: &str) {
    stream.write_all(&[&[0x81, text.len() as u8], text.as_bytes()].concat()).unwrap();
}

/// Serves a session that is open, as far as the server is concerned.
fn serve_session<T: Send + 'static>(
    script: impl FnOnce(&mut TcpStream) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    serve_ws(|stream| {
        text(stream, "o");
        script(stream)
    })
}

fn connect(addr: SocketAddr) -> SockJsClient {
    SockJsClient::connect(addr, "/ws", &WsOptions::default()).unwrap()
}

#[test]
fn each_session_has_a_path_of_its_own() {
    let mut paths = [(); 2].map(|()| {
        let (addr, server) = serve(|stream| {
            let head = read_head(stream);
            stream.write_all(switching(&head, "").as_bytes()).unwrap();
            text(stream, "o");
            head
        });
        connect(addr);
        server.join().unwrap().lines().next().unwrap().to_owned()
    });
    for path in &paths {
        let segments: Vec<_> = path.split(['/', ' ']).collect();
        let ["GET", "", "ws", server, session, "websocket", "HTTP", "1.1"] = segments[..] else {
            panic!("{path}")
        };
        assert!(!server.is_empty() && !session.is_empty() && !path[..path.len() - 8].contains('.'), "{path}");
    }
    paths.sort();
    assert_ne!(paths[0], paths[1]);
}

#[test]
fn a_session_begins_with_o_and_nothing_else() {
    for first in ["h", "a[\"x\"]", "CONNECTED\n\n\0", "c[2010,\"Another connection still open\"]"] {
        let (addr, _) = serve_ws(move |stream| text(stream, first));
        let result = SockJsClient::connect(addr, "", &WsOptions::default());
        assert!(matches!(result, Err(Error::Unexpected { .. })), "{first}: {result:?}");
    }
    let (addr, _) = serve_session(|stream| text(stream, "o"));
    assert!(matches!(connect(addr).next_message(), Err(Error::Unexpected { .. })), "a second one");
}

#[test]
fn messages_are_unpacked_in_order_and_heart_beats_counted() {
    let (addr, _) = serve_session(|stream| {
        for frame in ["h", r#"a["1","2\n\u0000"]"#, "h", "h", r#"a["3"]"#, r#"a["4","5"]"#] {
            text(stream, frame);
        }
        read_to_end(stream);
    });
    let mut client = connect(addr);
    for message in ["1", "2\n\0", "3"] {
        assert_eq!(client.next_message().unwrap(), message);
    }
    assert_eq!(client.heart_beats(), 3);
    assert_eq!(client.next_message().unwrap(), "4");
    assert_eq!(client.next_frame().unwrap(), SockJsFrame::Messages(vec!["5".to_owned()]), "what is left");
}

#[test]
fn messages_go_out_as_arrays_of_strings() {
    let (addr, server) = serve_session(|stream| [(); 3].map(|()| read_frame(stream)));
    let mut client = connect(addr);
    client.send("a\"\n\0\u{20ac}").unwrap();
    client.send_all(&["1", "2"]).unwrap();
    client.ws().send_text("[broken").unwrap();
    let expected = ["[\"a\\\"\\n\\u0000\u{20ac}\"]", r#"["1","2"]"#, "[broken"];
    assert_eq!(server.join().unwrap(), expected.map(|text| (0x81, text.as_bytes().to_vec())));
}

#[test]
fn the_end_is_told_twice_and_the_same() {
    let closing = |c: &'static str, close: &'static [u8]| {
        let (addr, _) = serve_session(move |stream| {
            text(stream, "a[\"last\"]");
            if !c.is_empty() {
                text(stream, c);
            }
            stream.write_all(close).unwrap();
            read_frame(stream);
        });
        let mut client = connect(addr);
        assert_eq!(client.next_message().unwrap(), "last");
        client
    };
    let go_away = Close { code: 3000, reason: "Go away!".to_owned() };
    let mut in_order = closing("c[3000,\"Go away!\"]", GO_AWAY);
    assert_eq!(in_order.expect_close().unwrap(), go_away);
    assert_eq!(in_order.close(), Some(&go_away));
    let awaiting_more = closing("c[3000,\"Go away!\"]", GO_AWAY).next_message();
    assert!(matches!(awaiting_more, Err(Error::Closed { code: 3000, .. })), "{awaiting_more:?}");

    for (c, close) in [("c[1001,\"Go away!\"]", GO_AWAY), ("", GO_AWAY), ("c[3000,\"\"]", GO_AWAY)] {
        let result = closing(c, close).expect_close();
        assert!(matches!(result, Err(Error::Unexpected { .. })), "{c}: {result:?}");
    }
    let more = closing("a[\"more\"]", GO_AWAY).expect_close();
    assert!(matches!(more, Err(Error::Unexpected { .. })), "{more:?}");
}

#[test]
fn a_close_of_this_side_is_answered_by_a_close_alone() {
    let (addr, _) = serve_session(|stream| {
        read_frame(stream);
        stream.write_all(b"\x88\x02\x03\xe8").unwrap();
    });
    let mut client = connect(addr);
    client.ws().send_close(1000, "").unwrap();
    assert_eq!(client.expect_close().unwrap(), Close { code: 1000, reason: String::new() });
}

#[test]
fn stomp_frames_travel_in_messages_whole_or_in_parts() {
    let (addr, server) = serve_session(|stream| {
        let connect = read_frame(stream).1;
        text(stream, r#"a["CONNECTED\nversion:1.2\n\n\u0000"]"#);
        let disconnect = read_frame(stream).1;
        text(stream, "h");
        text(stream, r#"a["MESSAGE\nsubscription:a\n\n1\u0000\n","MESSAGE\nsubscr"]"#);
        text(stream, r#"a["iption:a\n\n2\u0000","RECEIPT\nreceipt-id:disconnect-1\n\n\u0000"]"#);
        text(stream, "c[3000,\"Go away!\"]");
        stream.write_all(GO_AWAY).unwrap();
        read_frame(stream);
        [connect, disconnect].map(|text| String::from_utf8(text).unwrap())
    });
    let carrier = Carrier::sockjs(addr, "/ws", &WsOptions::default()).unwrap();
    let mut client = StompClient::connect(carrier, &StompOptions::default()).unwrap();
    client.disconnect_with_receipt().unwrap();
    for body in ["1", "2"] {
        assert_eq!(client.next_message("a").unwrap().text().unwrap(), body);
    }
    let close = Close { code: 3000, reason: "Go away!".to_owned() };
    assert_eq!(client.expect_end().unwrap(), Some(close));
    assert_eq!(client.heart_beats(), 1);
    let Carrier::SockJs(session) = client.carrier() else { panic!("not what was opened") };
    assert_eq!(session.heart_beats(), 1);
    let [connect, disconnect] = server.join().unwrap();
    assert!(connect.starts_with("[\"CONNECT\\naccept-version:") && connect.ends_with("\\n\\n\\u0000\"]"));
    assert_eq!(disconnect, r#"["DISCONNECT\nreceipt:disconnect-1\n\n\u0000"]"#);
}

#[test]
fn what_is_no_text_can_not_be_sent() {
    let (addr, _) = serve_session(|stream| {
        read_frame(stream);
        text(stream, r#"a["CONNECTED\nversion:1.2\n\n\u0000"]"#);
        read_to_end(stream);
    });
    let carrier = Carrier::sockjs(addr, "/ws", &WsOptions::default()).unwrap();
    let mut client = StompClient::connect(carrier, &StompOptions::default()).unwrap();
    assert!(matches!(client.send("/app/prices", &[], b"\xff"), Err(Error::Unexpected { .. })));
}
