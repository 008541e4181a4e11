//! Everybody comes at once, as after a restart.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::crowd::crowd_size;
use crate::support::{PATIENCE, address, hub};

/// While the hub stands still nobody is accepted: a connection that finds no room to wait is never made,
/// however long it asks.
#[test]
fn three_thousand_may_come_at_once_and_none_has_to_come_again() {
    let mut hub = hub(&[]);
    let addr = address(&hub);
    let system = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap_or("128".into());
    let size = crowd_size(3_000).min(system.trim().parse().unwrap());
    hub.signal_stop().unwrap();
    let come = |_| {
        let mut socket = TcpStream::connect_timeout(&addr, PATIENCE).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        socket
    };
    let storm: Vec<TcpStream> = (0..size).map(come).collect();
    hub.signal_continue().unwrap();
    for (nth, mut socket) in storm.into_iter().enumerate() {
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{nth} of {size}: {answer}");
    }
}
