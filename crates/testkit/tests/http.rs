//! The HTTP client reads what RFC 9112 allows, and nothing else.

mod server;

use std::io::Write;
use std::sync::mpsc::channel;

use hub_testkit::http::{self, HttpConnection};
use hub_testkit::{Error, OverSocket};
use serde_json::json;
use server::{LONG, SHORT, answer, await_backlog, read, read_head, serve, write_split};

#[test]
fn a_request_is_written_to_the_byte() {
    let (addr, server) = serve(|stream| {
        let request = read_head(stream) + &String::from_utf8(read(stream, 7)).unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        request
    });
    let response = http::post_json(addr, "/api/x?y=1", &json!({"a":1})).unwrap();
    assert_eq!((response.status, response.body.len()), (204, 0));
    let expected = format!(
        "POST /api/x?y=1 HTTP/1.1\r\nHost: {addr}\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: 7\r\n\r\n{{\"a\":1}}"
    );
    assert_eq!(server.join().unwrap(), expected);
}

#[test]
fn headers_given_by_the_test_replace_those_added() {
    let (addr, server) = serve(|stream| {
        let request = read_head(stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        request
    });
    let headers = [("host", "a"), ("connection", "b"), ("content-length", "0"), ("Origin", "http://o")];
    http::request(addr, "OPTIONS", "/", &headers, b"").unwrap();
    let expected =
        "OPTIONS / HTTP/1.1\r\nhost: a\r\nconnection: b\r\ncontent-length: 0\r\nOrigin: http://o\r\n\r\n";
    assert_eq!(server.join().unwrap(), expected);
}

#[test]
fn headers_are_found_in_any_case_and_repeated_ones_in_order() {
    let addr = answer(
        "HTTP/1.1 200 OK\r\nContent-LENGTH: 2\r\nVary: Origin\r\nset-cookie: a\r\nVARY:Accept, x \r\n\r\n{}",
    );
    let response = http::get(addr, "/").unwrap();
    assert_eq!(response.header("content-Length"), Some("2"));
    assert_eq!(response.headers.all("vary").collect::<Vec<_>>(), ["Origin", "Accept, x"]);
    assert!(response.headers.has_token("Vary", "ACCEPT") && !response.headers.has_token("Vary", "Acc"));
    assert_eq!(response.json().unwrap(), json!({}));
}

#[test]
fn many_requests_go_over_one_connection() {
    let (addr, server) = serve(|stream| {
        (0..100).for_each(|n| {
            assert!(read_head(stream).starts_with(&format!("GET /{n} ")));
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{n:02}").unwrap();
        });
    });
    let mut connection = HttpConnection::connect(addr, LONG).unwrap();
    for n in 0..100 {
        assert_eq!(connection.get(&format!("/{n}")).unwrap().text().unwrap(), format!("{n:02}"));
    }
    server.join().unwrap();
}

#[test]
fn answers_to_pipelined_requests_are_told_apart() {
    let (addr, _) = serve(|stream| {
        (0..3).for_each(|_| drop(read_head(stream)));
        let answers = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\
                       HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc\
                       HTTP/1.1 404 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n";
        write_split(stream, answers.as_bytes());
    });
    let mut connection = HttpConnection::connect(addr, LONG).unwrap();
    for method in ["HEAD", "GET", "GET"] {
        connection.send(method, "/", &[], b"").unwrap();
    }
    let mut next = || connection.receive().map(|r| (r.status, r.body)).unwrap();
    assert_eq!([next(), next(), next()], [(200, vec![]), (200, b"abc".to_vec()), (404, b"de".to_vec())]);
}

#[test]
fn a_chunked_body_split_anywhere_is_put_together() {
    let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n\
                5;ext=\"1\"\r\nhe\r\no\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n";
    let (addr, _) = serve(move |stream| {
        read_head(stream);
        write_split(stream, text.as_bytes());
    });
    let mut connection = HttpConnection::connect(addr, LONG).unwrap();
    assert_eq!(connection.get("/").unwrap().text().unwrap(), "he\r\no0123456789");
    connection.socket_mut().expect_end().unwrap();
}

#[test]
fn a_streamed_body_is_read_while_it_is_still_sent() {
    let (read_by_client, goes_on) = channel();
    let (addr, _) = serve(move |stream| {
        read_head(stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\no\n\r\n").unwrap();
        goes_on.recv_timeout(LONG).unwrap();
        stream.write_all(b"3\r\nh\nh\r\n0\r\n\r\n").unwrap();
    });
    let mut connection = HttpConnection::connect(addr, LONG).unwrap();
    connection.send("GET", "/", &[], b"").unwrap();
    assert_eq!(connection.receive_head().unwrap().status, 200);
    assert_eq!(connection.next_part().unwrap().unwrap(), b"o\n");
    read_by_client.send(()).unwrap();
    assert_eq!(connection.next_part().unwrap().unwrap(), b"h\nh");
    assert_eq!(connection.next_part().unwrap(), None);
}

#[test]
fn a_body_of_no_told_length_goes_to_the_end() {
    let (addr, _) = serve(|stream| {
        read_head(stream);
        stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nall").unwrap();
        stream.write_all(b" of it").unwrap();
    });
    assert_eq!(http::get(addr, "/").unwrap().text().unwrap(), "all of it");
}

#[test]
fn what_is_no_response_is_an_error() {
    for (wrong, what) in [
        ("HTTP/2 200 OK\r\n\r\n", "a status line"),
        ("HTTP/1.1 20 OK\r\n\r\n", "a status line"),
        ("HTTP/1.1 2000 OK\r\n\r\n", "a status line"),
        ("HTTP/1.1 200 OK\r\nA b: c\r\n\r\n", "header fields"),
        ("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", "header fields"),
        ("HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nab", "a Content-Length"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc", "one way"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nab", "one way"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", "CRLF after a chunk"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nab\r\n", "a chunk size"),
    ] {
        let error = http::get(answer(wrong), "/").unwrap_err();
        assert!(
            matches!(&error, Error::Unexpected { awaited, .. } if awaited.starts_with(what)),
            "{wrong:?}: {error}"
        );
    }
}

#[test]
fn a_missed_deadline_names_what_was_awaited_and_what_came() {
    for (sent, awaited, got) in [
        ("", "a response head", "nothing"),
        ("HTTP/1.1 200 O", "a response head", "14 bytes: \"HTTP/1.1 200 O\""),
        (
            "HTTP/1.1 500 X\r\nContent-Length: 5\r\n\r\nab",
            "3 more bytes of a body",
            "HTTP 500, 2 bytes of body, nothing",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab",
            "a chunk of a body",
            "HTTP 200, 0 bytes of body, 5 bytes: \"4\\r\\nab\"",
        ),
    ] {
        let mut connection = HttpConnection::connect(answer(sent), LONG).unwrap();
        connection.send("GET", "/", &[], b"").unwrap();
        await_backlog(&connection, sent.len());
        connection.socket_mut().set_deadline(SHORT);
        let error = connection.receive().unwrap_err();
        assert_eq!(error.to_string(), format!("awaited {awaited} for 40ms; got {got}"));
    }
}

#[test]
fn an_early_end_names_what_was_awaited_and_what_came() {
    let (addr, _) = serve(|stream| {
        read_head(stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab").unwrap();
    });
    let error = http::get(addr, "/").unwrap_err();
    let told = "awaited 3 more bytes of a body; got the end after HTTP 200, 2 bytes of body, nothing";
    assert_eq!(error.to_string(), told);
}
