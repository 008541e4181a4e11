//! More connections than there may be (`limits.connections`, and the descriptors of the process).

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use hub_testkit::http::HttpConnection;
use hub_testkit::process::HubProcess;
use hub_testkit::stomp::StompClient;
use hub_testkit::{Socket, wait};
use serde_json::Value;

use crate::support::{self, PATIENCE, POSITIONS, address, buy, hub, subscriber, uuid};

const REFUSED: &str = r#"hub_connections_failed_total{reason="connections"}"#;

/// Somebody with two connections who needs no further one.
struct Insider {
    http: HttpConnection,
    client: StompClient,
    holdings: u64,
}

impl Insider {
    fn new(addr: SocketAddr) -> Self {
        let http = HttpConnection::connect(addr, PATIENCE).unwrap();
        Self { http, client: subscriber(addr, &[("positions", POSITIONS)]), holdings: 0 }
    }

    fn assert_unharmed(&mut self) {
        assert_eq!(self.http.get("/health").unwrap().status, 200);
        self.holdings += 1;
        let bought =
            self.http.post_json("/api/ingest/transactions", &buy(self.holdings, &uuid(1), "SAFE", 1));
        assert_eq!(bought.unwrap().status, 200);
        let rows: Value = self.client.next_message("positions").unwrap().json().unwrap();
        assert_eq!(rows[0]["holdings"], self.holdings);
    }

    fn refused(&mut self) -> u64 {
        let answer = self.http.get("/metrics").unwrap();
        let value =
            answer.text().unwrap().lines().find_map(|line| line.strip_prefix(REFUSED)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }
}

/// Comes until one is refused; `room` is what there was room for.
fn crowd(addr: SocketAddr, insider: &mut Insider, room: usize) -> Vec<Socket> {
    let mut crowd = Vec::new();
    wait::until(PATIENCE, "a refusal", || {
        crowd.push(Socket::connect(addr, PATIENCE).unwrap());
        (insider.refused() > 0).then_some(())
    })
    .unwrap();
    // What was connected may be yet to be accepted, or refused.
    let what = format!("{room} of {} to be let in", crowd.len());
    wait::until(PATIENCE, &what, || (crowd.len() - room == insider.refused() as usize).then_some(()))
        .unwrap();
    crowd
}

/// Those who are in are served, those who come are refused at once, and let in when others have left.
fn assert_full_and_unharmed(addr: SocketAddr, insider: &mut Insider, crowd: Vec<Socket>) {
    for _ in 0..20 {
        let refused = insider.refused();
        let mut late = Socket::connect(addr, PATIENCE).unwrap();
        late.expect_end().unwrap();
        insider.assert_unharmed();
        assert_eq!(insider.refused(), refused + 1);
    }
    drop(crowd);
    wait::until(PATIENCE, "room", || hub_testkit::http::get(addr, "/health").ok()).unwrap();
    insider.assert_unharmed();
}

#[test]
fn one_connection_more_than_there_may_be_is_refused_and_those_who_are_in_are_served() {
    let hub = hub(&[("LIMITS__CONNECTIONS", "40"), ("LIMITS__HANDSHAKE_MS", "60000")]);
    let addr = address(&hub);
    let mut insider = Insider::new(addr);
    // Two are the insider's.
    let crowd = crowd(addr, &mut insider, 40 - 2);
    assert_full_and_unharmed(addr, &mut insider, crowd);
}

#[test]
fn a_process_with_few_descriptors_lets_in_as_many_as_fit_and_lacks_none() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("pms-hub-with-few-files");
    let text = format!("#!/bin/sh\nulimit -n 160\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_pms-hub"));
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let env = [
        ("PMS_HUB__LIMITS__CONNECTIONS", "5000"),
        ("PMS_HUB__LIMITS__HANDSHAKE_MS", "60000"),
        ("RUST_LOG", "warn"),
    ];
    let hub = HubProcess::spawn(&script, support::CONFIG, &[], &env).unwrap();
    let addr = address(&hub);
    let mut insider = Insider::new(addr);
    // 64, and 8 for each of two workers, are the hub's own.
    let crowd = crowd(addr, &mut insider, 160 - 80 - 2);
    assert!(hub.open_files().unwrap() <= 160 - 20, "{} open files", hub.open_files().unwrap());
    assert_full_and_unharmed(addr, &mut insider, crowd);
    let warned = |line: &String| line.contains("limits.connections is lowered") && line.contains("80");
    assert!(hub.stderr().iter().any(warned), "{:?}", hub.stderr());
    // It never came to the point where nothing can be opened any more.
    assert!(!hub.stderr().iter().any(|line| line.contains("can't be accepted")), "{:?}", hub.stderr());
    let told = hub.stderr().iter().filter(|line| line.contains("others are refused")).count();
    assert_eq!(told, 1, "not each of them: {:?}", hub.stderr());
}

/// More is open than was counted on: the limit is lowered while the hub runs.
#[cfg(target_os = "linux")]
#[test]
fn that_no_descriptor_is_left_is_told_once_and_who_waits_is_served_later() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut insider = HttpConnection::connect(addr, PATIENCE).unwrap();
    assert_eq!(insider.get("/health").unwrap().status, 200);
    let pid = i32::try_from(hub.pid()).unwrap();
    let limit = |files: u64| {
        let (_, hard) = rlimit::Resource::NOFILE.get().unwrap();
        rlimit::prlimit(pid, rlimit::Resource::NOFILE, Some((files.min(hard), hard)), None).unwrap();
    };
    let told = || hub.stderr().iter().filter(|line| line.contains("can't be accepted")).count();
    limit(hub.open_files().unwrap() as u64);
    let mut waiting = Vec::new();
    wait::until(PATIENCE, "no descriptor to be left", || {
        waiting.push(HttpConnection::connect(addr, PATIENCE).unwrap());
        (told() > 0).then_some(())
    })
    .unwrap();
    // It is tried twenty times a second.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(500) {
        assert_eq!(insider.get("/health").unwrap().status, 200);
    }
    limit(u64::MAX);
    for mut waiting in waiting {
        assert_eq!(waiting.get("/health").unwrap().status, 200);
    }
    assert_eq!(told(), 1, "{:?}", hub.stderr());
}
