//! What was applied is answered, whatever stands behind it.

use hub_testkit::Socket;
use serde_json::json;

use crate::support::{PATIENCE, address, analysis, buy, holdings, hub, uuid};
use crate::{all_answers, statuses};

fn post(id: u64) -> String {
    let body = buy(id, &uuid(1), "ACME", 1).to_string();
    let length = body.len();
    format!(
        "POST /api/ingest/transactions HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

#[test]
fn what_stands_behind_requests_takes_no_answer_from_them() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut posted = 0;
    let large = "x".repeat(300_000);
    let long_name = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}: x\r\n\r\n", "a".repeat(66_000));
    for behind in [
        " ",
        "}}}",
        "{\"a\":1}",
        "<?xml",
        "\t",
        "\0",
        "x\r\n\r\n",
        "\r\n\r\n ",
        "GET / HTTP/9.9\r\n\r\n",
        "GET /%zz\u{1} HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET /a<b HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /?q=\u{e9} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "\rGET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        long_name.as_str(),
        // A body that is none: its own answer says so, and there is no other.
        "POST /api/ingest/prices HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        "\u{16}\u{3}\u{1}",
        "CONNECT\naccept-version:1.2\n\n\0",
        large.as_str(),
    ] {
        for requests in [1, 3] {
            let whole: String = (0..requests).map(|n| post(posted + n)).collect();
            let answers = all_answers(addr, format!("{whole}{behind}").as_bytes());
            let name: String = behind.chars().take(40).collect();
            let given = statuses(&answers);
            let (ours, last) = given.split_at_checked(requests as usize).unwrap_or((&[], &given));
            assert!(ours.iter().all(|status| *status == 200), "{name:?}: {answers}");
            assert!(matches!(last, [400 | 431]), "{name:?}: {answers}");
            // In words, and with its end announced.
            let last = answers.rsplit_once("HTTP/1.1 4").unwrap().1;
            let last = last.to_ascii_lowercase();
            assert!(last.contains("connection: close") && last.contains("problem+json"), "{name:?}: {last}");
            posted += requests;
        }
    }
    let held = holdings(&serde_json::from_str(&analysis(addr)).unwrap());
    assert_eq!(held.get(&(uuid(1), "ACME".to_owned())), Some(&posted), "all of it was applied, once");
}

#[test]
fn whoever_shuts_its_side_behind_requests_is_answered_too() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for (behind, more) in [("", 0), ("\r\n", 0), ("GET / HT", 1)] {
        let mut socket = Socket::connect(addr, PATIENCE).unwrap();
        let id = 10 * behind.len() as u64;
        socket.send(format!("{}{}{behind}", post(id), post(id + 1)).as_bytes()).unwrap();
        socket.shutdown_write().unwrap();
        let answers = String::from_utf8(socket.receive_to_end().unwrap()).unwrap();
        let given = statuses(&answers);
        assert_eq!(given[..2], [200, 200], "{behind:?}: {answers}");
        assert!(given.len() <= 2 + more, "{behind:?}: {answers}");
    }
    let held = holdings(&serde_json::from_str(&analysis(addr)).unwrap());
    assert_eq!(json!(held.values().sum::<u64>()), json!(6));
}

#[test]
fn an_upgrade_behind_a_request_waits_for_its_answer() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let upgrade = "GET /ws/positions HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    // A Close frame ends it.
    let close = b"\x88\x80\0\0\0\0";
    let bytes = [post(1).as_bytes(), upgrade.as_bytes(), close].concat();
    let mut socket = Socket::connect(addr, PATIENCE).unwrap();
    socket.send(&bytes).unwrap();
    let answers = socket.receive_to_end().unwrap();
    assert_eq!(statuses(&String::from_utf8_lossy(&answers)), [200, 101]);
}
