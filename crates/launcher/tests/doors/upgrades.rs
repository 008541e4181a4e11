//! One judge of upgrades.

use crate::answer_to;
use crate::support::{address, hub, problem};

const SOUND: &str = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn ask(minor: u8, path: &str, lines: &str) -> String {
    format!("GET {path} HTTP/1.{minor}\r\nHost: localhost\r\n{lines}{SOUND}\r\n")
}

#[test]
fn a_websocket_among_what_is_offered_is_one() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for lines in [
        "Upgrade: websocket\r\nConnection: Upgrade\r\n",
        "Upgrade: websocket, h2c\r\nConnection: Upgrade\r\n",
        "Upgrade: h2c,WebSocket\r\nConnection: keep-alive, upgrade\r\n",
        "Upgrade: h2c\r\nUpgrade: websocket\r\nConnection: keep-alive\r\nConnection: Upgrade\r\n",
    ] {
        for path in ["/", "/ws", "/websocket", "/ws/websocket", "/ws/positions", "/ws/0/x/websocket"] {
            let answer = answer_to(addr, &ask(1, path, lines));
            assert_eq!(answer.status, 101, "{path} {lines:?}: {answer:?}");
            assert_eq!(answer.header("upgrade"), Some("websocket"), "{path}");
        }
    }
}

#[test]
fn an_upgrade_that_is_none_is_an_ordinary_request() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let old = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    for (minor, lines) in [(0, old), (1, "Upgrade: h2c\r\nConnection: Upgrade\r\n"), (1, "")] {
        let answer = answer_to(addr, &ask(minor, "/ws", lines));
        assert_eq!((answer.status, answer.text().unwrap()), (200, "Welcome to SockJS!\n"), "{lines:?}");
        let answer = answer_to(addr, &ask(minor, "/ws/positions", lines));
        assert!(problem(&answer, 426).contains("is a WebSocket"), "{lines:?}");
        assert_eq!(answer.header("upgrade"), Some("websocket"), "{lines:?}");
    }
}
