//! What balancers and clients with habits of their own do.

use hub_testkit::Socket;
use hub_testkit::http::HttpConnection;

use crate::support::{PATIENCE, address, hub, ingest, problem};
use crate::{SMALL, all_answers, answer_to, statuses};

#[test]
fn a_balancer_s_check_finds_that_somebody_is_there() {
    let hub = hub(&[]);
    for service in ["analytics", "leaderboard", "rttm", "auto-trader", "gateway"] {
        let addr = hub.addr(service).unwrap();
        for check in [
            "OPTIONS / HTTP/1.0\r\n\r\n",
            "OPTIONS * HTTP/1.0\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "OPTIONS /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "HEAD / HTTP/1.0\r\n\r\n",
        ] {
            let answer = all_answers(addr, check.as_bytes());
            assert!(matches!(statuses(&answer)[..], [200..=299]), "{service} {check:?}: {answer}");
        }
        let asked = "OPTIONS /api/ingest/prices HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let answer = answer_to(addr, asked);
        assert_eq!((answer.status, answer.header("allow")), (204, Some("POST")), "{service}");
        let nowhere = answer_to(addr, "OPTIONS /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n");
        problem(&nowhere, 404);
    }
}

/// A head that asks for a 100, of a body of so many bytes.
fn expecting(target: &str, lines: &str, length: usize) -> String {
    format!(
        "{target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Expect: 100-continue\r\nContent-Length: {length}\r\n{lines}\r\n"
    )
}

#[test]
fn a_body_that_will_be_refused_is_not_asked_for() {
    let hub = hub(&SMALL);
    let addr = address(&hub);
    for (target, lines, length, status) in [
        ("POST /nowhere", "", 10, 404),
        ("POST /api/ingest/dreams", "", 10, 404),
        ("PUT /api/ingest/prices", "", 10, 405),
        ("POST /api/ingest/prices", "", 5000, 413),
        ("POST /api/ingest/prices", "Content-Encoding: gzip\r\n", 10, 415),
        ("POST /api/ingest/prices", "Origin: https://evil.example\r\n", 10, 403),
        ("POST /api/publish/topic/position-update", "", 10, 403),
        ("POST /health", "", 10, 405),
        ("POST /api/ingest/prices?colour=red", "", 10, 400),
        ("POST /ws/0/nobody/xhr_send", "", 10, 404),
    ] {
        // Nothing of the body is sent: what comes is the answer, and no 100 before it.
        let mut socket = Socket::connect(addr, PATIENCE).unwrap();
        socket.send(expecting(target, lines, length).as_bytes()).unwrap();
        let begun = String::from_utf8(socket.receive("HTTP/1.1 404".len()).unwrap()).unwrap();
        assert_eq!(statuses(&begun), [status], "{target} {lines:?}");
    }
}

#[test]
fn a_body_that_is_wanted_is_asked_for_and_answered() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let body = br#"{"symbol":"ACME","price":1}"#;
    let mut connection = HttpConnection::connect(addr, PATIENCE).unwrap();
    for target in ["POST /api/ingest/prices", "POST /api/ingest/%70rices", "POST /api/publish/topic/relay/x"]
    {
        connection.send_raw(expecting(target, "", body.len()).as_bytes()).unwrap();
        let mut socket = connection.into_socket();
        let asked = socket.receive(b"HTTP/1.1 100 Continue\r\n\r\n".len()).unwrap();
        assert_eq!(asked, b"HTTP/1.1 100 Continue\r\n\r\n", "{target}");
        connection = HttpConnection::over(socket, "localhost".to_owned());
        connection.send_raw(body).unwrap();
        assert_eq!(connection.receive().unwrap().status, 200, "{target}");
    }
    // Who does not wait is answered, too, with a 100 or without.
    let whole = [expecting("POST /api/ingest/prices", "", body.len()).as_bytes(), body].concat();
    connection.send_raw(&whole).unwrap();
    assert_eq!(connection.receive().unwrap().status, 200);
    ingest(addr, "prices", &serde_json::json!([{"symbol": "ACME", "price": 2}]));
}
