//! Much that is looked at for little that is sent: a compressed kilobyte may be a megabyte of messages. On one
//! worker, so that whoever waits waits for the hostile one.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use hub_testkit::process::HubProcess;
use hub_testkit::ws::deflate::deflate;
use hub_testkit::ws::{WsClient, WsOptions, frame};

use crate::support::bystander::Bystander;
use crate::support::{PATIENCE, address, await_metric, hub};

const CONNECT: &str = "CONNECT\naccept-version:1.2\nheart-beat:0,0\nhost:x\n\n\0";

fn one_worker() -> (HubProcess, SocketAddr) {
    let hub = hub(&[("SERVER__WORKERS", "1")]);
    let addr = address(&hub);
    (hub, addr)
}

fn connect(addr: SocketAddr, path: &str) -> WsClient {
    let options = WsOptions { deadline: PATIENCE, ..WsOptions::deflating() };
    WsClient::connect(addr, path, &options).unwrap()
}

/// How many messages of nearly a mebibyte come at once.
const COUNT: usize = 12;

/// How often the turns are looked for.
const TRIES: usize = 3;

/// `count` compressed messages of nearly a mebibyte, as they are on the wire.
fn messages(count: usize, message: &[u8]) -> Vec<u8> {
    let one = frame::masked(true, frame::COMPRESSED | frame::TEXT, &deflate(message));
    one.repeat(count)
}

/// How long all that the hostile one sent is looked at, and the longest that somebody else waits beside it.
fn waits_beside(other: &mut WsClient, hostile: &mut WsClient, sent: &[u8]) -> (Duration, Duration) {
    thread::scope(|scope| {
        let looking = scope.spawn(|| {
            let since = Instant::now();
            hostile.send_raw(sent).unwrap();
            hostile.fence().unwrap();
            since.elapsed()
        });
        let mut longest = Duration::ZERO;
        while !looking.is_finished() {
            let since = Instant::now();
            other.fence().unwrap();
            longest = longest.max(since.elapsed());
        }
        (looking.join().unwrap(), longest)
    })
}

/// Nobody waits for all of it, but for a message or two of it at a time.
///
/// One wait against the whole, and not round trips counted: on a busy machine, who asks may be woken too late
/// for the turns that were given, and may ask a hundred times before there is anything to wait for. The best
/// of a few tries, for a machine that stalls; without turns it is the whole in every one of them.
fn assert_turns(addr: SocketAddr, mut hostile: WsClient, message: &[u8]) {
    let sent = messages(COUNT, message);
    // All of it fits a read or two.
    assert!(sent.len() < 128 << 10, "{} bytes", sent.len());
    let mut other = connect(addr, "/ws/positions?topics=");
    other.fence().unwrap();
    let mut tries = Vec::new();
    while tries.len() < TRIES {
        let (whole, longest) = waits_beside(&mut other, &mut hostile, &sent);
        if longest < whole / 2 {
            return;
        }
        tries.push((whole, longest));
    }
    panic!("waited for most of {COUNT} messages (the whole, the longest wait): {tries:?}");
}

#[test]
fn who_sends_heartbeats_by_the_megabyte_gets_a_turn_and_no_more() {
    let (_hub, addr) = one_worker();
    let mut bystander = Bystander::new(addr);
    let mut hostile = connect(addr, "/ws");
    hostile.send_text(CONNECT).unwrap();
    assert!(hostile.next_text().unwrap().starts_with("CONNECTED\n"));
    assert_turns(addr, hostile, &vec![b'\n'; 1_000_000]);
    bystander.assert_unharmed("twelve megabytes of line ends");
}

#[test]
fn who_sends_commands_by_the_megabyte_gets_a_turn_and_no_more() {
    let (_hub, addr) = one_worker();
    let hostile = connect(addr, "/ws/positions?topics=");
    let command = format!(r#"{{"type":"ping","x":[{}0]}}"#, "0,".repeat(490_000));
    assert_turns(addr, hostile, command.as_bytes());
}

#[test]
fn who_sends_sockjs_messages_by_the_hundred_thousand_gets_a_turn_and_no_more() {
    let (_hub, addr) = one_worker();
    let mut hostile = connect(addr, "/ws/000/turns/websocket");
    assert_eq!(hostile.next_text().unwrap(), "o");
    hostile.send_text(&serde_json::json!([CONNECT]).to_string()).unwrap();
    assert!(hostile.next_text().unwrap().starts_with("a[\"CONNECTED\\n"));
    let array = format!("[{}\"\"]", "\"\",".repeat(300_000));
    assert_turns(addr, hostile, array.as_bytes());
}

#[test]
fn what_a_session_has_under_way_is_bounded_however_much_one_message_holds() {
    let (hub, addr) = one_worker();
    let mut bystander = Bystander::new(addr);
    let mut hostile = connect(addr, "/ws");
    hostile.send_text(CONNECT).unwrap();
    assert!(hostile.next_text().unwrap().starts_with("CONNECTED\n"));
    let before = hub.rss_bytes().unwrap();
    // Some fifteen thousand SENDs in each.
    let send = "SEND\ndestination:/app/prices\n\n{\"symbol\":\"ACME\",\"price\":1}\0";
    let message = send.repeat(1_000_000 / send.len());
    let sends = 4 * (message.len() / send.len()) as u64;
    hostile.send_raw(&messages(4, message.as_bytes())).unwrap();
    let counted = || {
        ["accepted", "stale"]
            .iter()
            .map(|status| {
                crate::metric(addr, &format!(r#"hub_ingest_total{{kind="prices",status="{status}"}}"#))
            })
            .sum::<u64>()
    };
    let mut peak = before;
    hub_testkit::wait::until(PATIENCE, "all of them to be taken in", || {
        peak = peak.max(hub.rss_bytes().unwrap());
        bystander.assert_unharmed("a flood of SENDs");
        (counted() == sends).then_some(())
    })
    .unwrap();
    assert!(peak - before < 48 << 20, "grew by {} bytes", peak - before);
    hostile
        .send_text("SEND\ndestination:/app/prices\nreceipt:last\n\n{\"symbol\":\"ACME\",\"price\":2}\0")
        .unwrap();
    assert!(hostile.next_text().unwrap().starts_with("RECEIPT\n"), "nothing was lost, and it goes on");
    await_metric(addr, r#"hub_closed_total{code="4500"}"#, 0);
}
