//! Answers of HTTP that nobody reads (`limits.stall_ms`).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hub_testkit::http::HttpConnection;
use hub_testkit::slow::TINY_RECEIVE_BYTES;
use hub_testkit::{Error, Socket, wait};

use crate::market::Market;
use crate::support::bystander::Bystander;
use crate::support::{PATIENCE, address, await_metric, hub};
use crate::{NOT_READ, await_files, await_resets, metric};

const GET_ALL: &str = "GET /api/analysis/all HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn asks(addr: SocketAddr, request: &[u8]) -> Socket {
    let mut socket = Socket::connect_sized(addr, PATIENCE, Some(TINY_RECEIVE_BYTES)).unwrap();
    socket.send(request).unwrap();
    socket
}

#[test]
fn an_answer_of_which_nothing_is_read_is_given_up_and_its_connection_reset() {
    let hub = hub(&[("LIMITS__STALL_MS", "400")]);
    let addr = address(&hub);
    Market::grow(addr);
    let mut bystander = Bystander::new(addr);
    let files = hub.open_files().unwrap();
    let closing = GET_ALL.replace("Host", "Connection: close\r\nHost");
    let old = GET_ALL.replace("HTTP/1.1", "HTTP/1.0");
    let pipelined = GET_ALL.repeat(3);
    let stuck = [GET_ALL, &closing, &old, &pipelined].map(|request| asks(addr, request.as_bytes()));
    wait::until(PATIENCE, "all to be given up", || {
        bystander.assert_unharmed("an answer that is not read");
        (metric(addr, NOT_READ) == stuck.len() as u64).then_some(())
    })
    .unwrap();
    await_resets(&stuck);
    await_files(&hub, files);
    bystander.assert_unharmed("the end of the others");
}

#[test]
fn an_answer_that_is_read_slowly_comes_whole() {
    let hub = hub(&[("LIMITS__STALL_MS", "1000")]);
    let addr = address(&hub);
    Market::grow(addr);
    let mut slow = asks(addr, GET_ALL.replace("Host", "Connection: close\r\nHost").as_bytes());
    // Each of these lives as long as a stall may last: the slow one has lived longer by then.
    for nth in 1..=2 {
        let _stuck = asks(addr, GET_ALL.as_bytes());
        wait::until(PATIENCE, "the stuck one to be given up", || {
            slow.receive(2048).unwrap();
            (metric(addr, NOT_READ) == nth).then_some(())
        })
        .unwrap();
    }
    slow.set_receive_buffer(1 << 20).unwrap();
    // To its last chunk.
    assert!(slow.receive_to_end().unwrap().ends_with(b"}]\r\n0\r\n\r\n"));
    await_metric(addr, NOT_READ, 2);
}

#[test]
fn an_answer_that_is_read_while_more_changes_than_may_be_kept_ends_without_its_last_chunk() {
    const EXPIRED: &str = r#"hub_views_expired_total{service="analytics",what="rows"}"#;
    const VIEW_BYTES: u64 = 1 << 20;
    let hub = hub(&[("LIMITS__VIEW_BYTES", &VIEW_BYTES.to_string())]);
    let addr = address(&hub);
    Market::grow(addr);
    let request = GET_ALL.replace("Host", "Connection: close\r\nHost");
    let mut slow = asks(addr, request.as_bytes());
    assert!(slow.receive(2048).unwrap().starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert_eq!(metric(addr, EXPIRED), 0);
    Market::change_all(addr, 1);
    assert!(metric(addr, EXPIRED) > 0);
    let kept = metric(addr, r#"hub_view_bytes{service="analytics",what="rows"}"#);
    assert!(kept <= VIEW_BYTES, "{kept} bytes");
    let mut quick = asks(addr, request.as_bytes());
    for (socket, is_whole, holdings) in [(&mut slow, false, 1), (&mut quick, true, 2)] {
        socket.set_receive_buffer(1 << 20).unwrap();
        let rest = socket.receive_to_end().unwrap();
        assert_eq!(rest.ends_with(b"}]\r\n0\r\n\r\n"), is_whole);
        let text = String::from_utf8_lossy(&rest);
        let has = |holdings: u64| text.contains(&format!(r#""holdings":{holdings},"#));
        assert!(has(holdings) && !has(3 - holdings), "positions of one position in the log");
    }
}

#[test]
fn requests_pipelined_behind_an_answer_that_is_not_read_burn_no_core() {
    let hub = hub(&[("LIMITS__STALL_MS", "2000")]);
    let addr = address(&hub);
    Market::grow(addr);
    let mut stuck = asks(addr, GET_ALL.as_bytes());
    stuck.set_deadline(Duration::from_millis(200));
    // More than the hub reads ahead; the kernel may take it or not.
    let flood = GET_ALL.repeat(20_000);
    let sent = stuck.send(flood.as_bytes());
    assert!(matches!(sent, Ok(()) | Err(Error::Deadline { .. })), "{sent:?}");
    let (began, before) = (Instant::now(), hub.cpu_time().unwrap());
    // No look at the hub costs it anything.
    wait::until(PATIENCE, "the flood to be reset", || stuck.was_reset().unwrap().then_some(())).unwrap();
    let (took, used) = (began.elapsed(), hub.cpu_time().unwrap().saturating_sub(before));
    assert!(used < took / 4, "{used:?} of {took:?}");
    await_metric(addr, NOT_READ, 1);
}

#[test]
fn requests_pipelined_behind_an_answer_that_is_not_there_yet_burn_no_core() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let poll = "POST /ws/000/pipeline/xhr HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
    let mut opens = HttpConnection::connect(addr, PATIENCE).unwrap();
    assert_eq!(opens.request("POST", "/ws/000/pipeline/xhr", &[], b"").unwrap().text().unwrap(), "o\n");
    let mut waits = opens.into_socket();
    // Answered when the session has something to say, in many seconds.
    let flood = format!("{poll}{}", GET_ALL.repeat(20_000));
    waits.set_deadline(Duration::from_millis(200));
    let sent = waits.send(flood.as_bytes());
    assert!(matches!(sent, Ok(()) | Err(Error::Deadline { .. })), "{sent:?}");
    let (began, before) = (Instant::now(), hub.cpu_time().unwrap());
    waits.set_deadline(Duration::from_secs(2));
    let answer = waits.receive(1);
    assert!(matches!(answer, Err(Error::Deadline { .. })), "nothing is answered: {answer:?}");
    let (took, used) = (began.elapsed(), hub.cpu_time().unwrap().saturating_sub(before));
    assert!(used < took / 4, "{used:?} of {took:?}");
}
