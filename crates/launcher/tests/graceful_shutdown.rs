//! SIGTERM and SIGINT: everybody gets what was published and is told why it ends, requests are answered or
//! refused whole, and the next start finds everything.

mod support;

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use hub_testkit::http::HttpConnection;
use hub_testkit::process::HubProcess;
use hub_testkit::slow::{self, SlowPeer};
use hub_testkit::stomp::{Carrier, StompClient, StompOptions};
use hub_testkit::ws::{Close, WsClient, WsOptions};
use hub_testkit::{DEFAULT_DEADLINE, Error, OverSocket as _, Socket, wait};
use serde_json::{Value, json};

use support::watcher::Picture;
use support::{
    MARKS, PATIENCE, POSITIONS, address, analysis, buy, fence, holdings, hub, ingest, metric, problem, stomp,
    subscribe, subscriber, uuid,
};

/// Flushes come so rarely that what is ingested is pending until the hub stops.
const RARE_FLUSHES: (&str, &str) = ("SERVER__FLUSH_MS", "60000");

fn interrupt(hub: &HubProcess) {
    let kill = format!("kill -INT {}", hub.pid());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

fn going_away() -> Close {
    Close { code: 1001, reason: "Going away".to_owned() }
}

/// Waits until the hub has heard the signal, as a connection that was open before sees it.
fn await_not_ready(connection: &mut HttpConnection) {
    let look = || (connection.get("/ready").unwrap().status == 503).then_some(());
    wait::until(PATIENCE, "/ready to say 503", look).unwrap();
}

/// A request that the hub has begun to answer, and whose body is not whole yet: the hub has to wait for it.
fn begun_request(addr: SocketAddr, body: &[u8]) -> HttpConnection {
    let mut connection = HttpConnection::connect(addr, PATIENCE).unwrap();
    let length = body.len().to_string();
    let headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", length.as_str()),
        ("Expect", "100-continue"),
    ];
    connection.send("POST", "/api/ingest/transactions", &headers, b"").unwrap();
    let go_on = b"HTTP/1.1 100 Continue\r\n\r\n";
    assert_eq!(connection.socket_mut().receive(go_on.len()).unwrap(), go_on);
    connection.send_raw(&body[..body.len() / 2]).unwrap();
    connection
}

fn ends_in_order(signal: impl FnOnce(&mut HubProcess)) {
    let mut hub = hub(&[RARE_FLUSHES]);
    let addr = address(&hub);
    let topics = [("positions", POSITIONS), ("marks", MARKS)];
    // One on each shard at least.
    let mut browsers: Vec<StompClient> = (0..4).map(|_| subscriber(addr, &topics)).collect();
    let carrier = Carrier::tcp(addr, PATIENCE).unwrap();
    let mut raw = StompClient::connect(carrier, &StompOptions::default()).unwrap();
    subscribe(&mut raw, "positions", POSITIONS);
    let mut idle = stomp(addr);
    ingest(addr, "transactions", &buy(1, &uuid(1), "ACME", 5));
    ingest(addr, "prices", &json!({"symbol": "ACME", "price": 12}));
    let all = analysis(addr);
    assert_eq!(fence(&mut browsers[0]), [], "nothing is flushed yet");

    signal(&mut hub);
    for browser in &mut browsers {
        assert_eq!(browser.next_message("positions").unwrap().text().unwrap(), all);
        let mark = browser.next_message("marks").unwrap().json().unwrap();
        assert_eq!((&mark["overallUnrealised_Pnl"], &mark["portfolio_id"]), (&json!(10), &json!(uuid(1))));
        assert_eq!(browser.expect_end().unwrap(), Some(going_away()));
    }
    assert_eq!(raw.next_message("positions").unwrap().text().unwrap(), all);
    assert_eq!(raw.expect_end().unwrap(), None);
    assert_eq!(idle.expect_end().unwrap(), Some(going_away()));
    drop((browsers, raw, idle));
    assert_eq!(hub.wait_for_exit().unwrap().code(), Some(0));

    hub.restart().unwrap();
    assert_eq!(analysis(address(&hub)), all, "the log was closed whole");
}

#[test]
fn on_sigterm_everybody_gets_what_is_pending_and_then_1001() {
    ends_in_order(|hub| hub.signal_terminate().unwrap());
}

#[test]
fn on_sigint_everybody_gets_what_is_pending_and_then_1001() {
    ends_in_order(|hub| interrupt(hub));
}

#[test]
fn a_subscriber_that_lags_behind_gets_the_latest_of_everything_before_1001() {
    let mut hub = hub(&[("LIMITS__OUTBOX_BYTES", "4096"), ("LIMITS__CLOSE_MS", "60000")]);
    let addr = address(&hub);
    let options = slow::tiny(WsOptions { deadline: PATIENCE, ..WsOptions::default() });
    let carrier = Carrier::websocket(addr, "/ws", &options).unwrap();
    let mut client = StompClient::connect(carrier, &StompOptions::default()).unwrap();
    subscribe(&mut client, "positions", POSITIONS);
    let slow = SlowPeer::pause(client);
    let mut live = subscriber(addr, &[("positions", POSITIONS)]);
    let mut latest = Picture::default();
    let mut rows = 0..;
    let mut grow = |latest: &mut Picture| {
        let items = rows.by_ref().take(2_000).map(|i| buy(i, &uuid(i), "ACME", 1)).collect();
        ingest(addr, "transactions", &items);
        let all = latest.holdings.len() + 2_000;
        while latest.holdings.len() < all {
            latest.see(&live.next_message("positions").unwrap());
        }
    };
    // Until its socket is full, and then so much that most of it can't be on the way.
    wait::until(PATIENCE, "a full socket", || {
        grow(&mut latest);
        (metric(addr, "hub_outbox_bytes") > 0).then_some(())
    })
    .unwrap();
    for _ in 0..5 {
        grow(&mut latest);
    }

    hub.signal_terminate().unwrap();
    let mut client = slow.resume().unwrap();
    let mut seen = Picture::default();
    while seen.totals() != latest.totals() {
        let message = client.next_message("positions");
        let (got, of) = (seen.holdings.len(), latest.holdings.len());
        seen.see(&message.unwrap_or_else(|error| panic!("after {got} of {of} positions: {error}")));
    }
    assert_eq!(client.expect_end().unwrap(), Some(going_away()));
    drop((client, live));
    assert_eq!(hub.wait_for_exit().unwrap().code(), Some(0));
}

#[test]
fn a_request_that_is_under_way_is_refused_whole() {
    let mut hub = hub(&[]);
    let addr = address(&hub);
    let mut early = HttpConnection::connect(addr, PATIENCE).unwrap();
    assert_eq!(early.get("/ready").unwrap().status, 200);
    let body = json!([buy(1, &uuid(1), "ACME", 1), buy(2, &uuid(2), "ACME", 2)]).to_string().into_bytes();
    let mut begun = begun_request(addr, &body);

    hub.signal_terminate().unwrap();
    await_not_ready(&mut early);
    begun.send_raw(&body[body.len() / 2..]).unwrap();
    let answer = begun.receive().unwrap();
    assert_eq!(problem(&answer, 503), "the hub is shutting down; nothing was taken in");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(hub.wait_for_exit().unwrap().code(), Some(0));

    hub.restart().unwrap();
    assert_eq!(analysis(address(&hub)), "[]");
}

#[test]
fn whoever_connects_while_the_hub_stops_is_refused_at_once() {
    let mut hub = hub(&[("LIMITS__CLOSE_MS", "60000")]);
    let addr = address(&hub);
    let mut early = HttpConnection::connect(addr, PATIENCE).unwrap();
    assert_eq!(early.get("/ready").unwrap().status, 200);
    let body = buy(1, &uuid(1), "ACME", 1).to_string().into_bytes();
    let mut begun = begun_request(addr, &body);

    hub.signal_terminate().unwrap();
    await_not_ready(&mut early);
    // The hub can't end before this request does.
    let late = HttpConnection::connect(addr, DEFAULT_DEADLINE).and_then(|mut late| late.get("/ready"));
    match late {
        Ok(answer) => assert_eq!(answer.status, 503),
        Err(Error::Io { .. } | Error::Ended { .. }) => {}
        Err(error) => panic!("neither refused nor answered: {error}"),
    }
    begun.send_raw(&body[body.len() / 2..]).unwrap();
    assert_eq!(begun.receive().unwrap().status, 503);
    assert_eq!(hub.wait_for_exit().unwrap().code(), Some(0));
}

/// What a sender heard of its batches.
#[derive(Default)]
struct Heard {
    taken: Vec<u64>,
    refused: Vec<u64>,
    unknown: Vec<u64>,
}

/// Ten transactions of one position.
fn batch(number: u64) -> Value {
    (0..10).map(|i| buy(number * 10 + i, &uuid(number), "ACME", 1)).collect()
}

fn send_until_it_is_gone(addr: SocketAddr, first: u64, taken: &AtomicUsize) -> Heard {
    let mut heard = Heard::default();
    let mut connection = HttpConnection::connect(addr, PATIENCE).unwrap();
    for number in first.. {
        match connection.post_json("/api/ingest/transactions", &batch(number)) {
            Ok(answer) if answer.status == 200 => {
                heard.taken.push(number);
                taken.fetch_add(1, Ordering::Relaxed);
            }
            Ok(answer) => {
                assert_eq!(problem(&answer, 503), "the hub is shutting down; nothing was taken in");
                heard.refused.push(number);
            }
            Err(_) => {
                heard.unknown.push(number);
                break;
            }
        }
    }
    heard
}

#[test]
fn of_a_steady_ingest_every_request_is_taken_in_or_refused_as_it_was_answered() {
    let mut hub = hub(&[]);
    let addr = address(&hub);
    let taken = Arc::new(AtomicUsize::new(0));
    let senders: Vec<_> = (0..4_u64)
        .map(|sender| {
            let taken = Arc::clone(&taken);
            thread::spawn(move || send_until_it_is_gone(addr, sender << 24, &taken))
        })
        .collect();
    let steady = || (taken.load(Ordering::Relaxed) >= 100).then_some(());
    wait::until(PATIENCE, "a steady ingest", steady).unwrap();
    assert_eq!(hub.terminate().unwrap().code(), Some(0));

    hub.restart().unwrap();
    let held = holdings(&serde_json::from_str(&analysis(address(&hub))).unwrap());
    let holds = |number: &u64| held.get(&(uuid(*number), "ACME".to_owned())).copied();
    for heard in senders.into_iter().map(|sender| sender.join().unwrap()) {
        assert!(heard.taken.iter().all(|number| holds(number) == Some(10)), "acknowledged and lost");
        assert!(heard.refused.iter().all(|number| holds(number).is_none()), "refused and taken in");
        assert!(heard.unknown.iter().all(|number| matches!(holds(number), None | Some(10))), "taken in part");
    }
}

#[test]
fn peers_that_never_answer_the_close_do_not_hold_the_hub_back_for_ever() {
    let mut hub = hub(&[("LIMITS__CLOSE_MS", "100")]);
    let addr = address(&hub);
    let mute = WsOptions { answer_close: false, deadline: PATIENCE, ..WsOptions::default() };
    let mut silent = WsClient::connect(addr, "/ws", &mute).unwrap();
    let raw = Socket::connect(addr, PATIENCE).unwrap();
    let mut connected = stomp(addr);

    hub.signal_terminate().unwrap();
    assert_eq!(connected.expect_end().unwrap(), Some(going_away()));
    assert_eq!(hub.wait_for_exit().unwrap().code(), Some(0));
    let close = silent.drain_to_close().unwrap().1;
    assert_eq!(close, going_away());
    drop(raw);
}

#[test]
fn a_second_start_goes_on_where_the_first_one_ended() {
    let mut hub = hub(&[]);
    for start in 1..=3 {
        ingest(address(&hub), "transactions", &buy(start, &uuid(1), "ACME", 1));
        let mut fresh = subscriber(address(&hub), &[("positions", POSITIONS)]);
        let key = (uuid(1), "ACME".to_owned());
        let mut seen = Picture::default();
        wait::until(Duration::from_secs(30), "its holdings", || {
            seen.see(&fresh.next_message("positions").unwrap());
            (seen.holdings[&key] == start).then_some(())
        })
        .unwrap();
        drop(fresh);
        assert_eq!(hub.terminate().unwrap().code(), Some(0));
        hub.restart().unwrap();
    }
}
