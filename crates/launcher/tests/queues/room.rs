//! How much one consumer gets before it has acknowledged any of it.

use std::net::SocketAddr;
use std::thread;

use hub_testkit::slow::{self, SlowPeer};
use hub_testkit::stomp::{Carrier, Frame, StompClient, StompOptions};
use hub_testkit::ws::WsOptions;

use crate::consumer::{consume, consumer, expect, expect_new, expect_nothing, put, settle};
use crate::support::{PATIENCE, address, await_metric, fence, publish};
use crate::{QUEUE, hub};

#[test]
fn a_slow_consumer_hoards_no_more_than_its_prefetch() {
    let hub = hub(&[("LIMITS__QUEUE_PREFETCH", "2")]);
    let addr = address(&hub);
    let mut slow = consumer(addr, "q", QUEUE, "client-individual");
    let mut quick = consumer(addr, "q", QUEUE, "auto");
    put(addr, QUEUE, (0..100).map(|n| n.to_string()));
    let of_quick: Vec<_> =
        (0..98).map(|_| quick.next_message("q").unwrap().text().unwrap().to_owned()).collect();
    let mut held: Vec<_> = (0..2).map(|_| slow.next_message("q").unwrap()).collect();
    assert_eq!(fence(&mut slow), []);
    let mut all: Vec<u32> = of_quick
        .iter()
        .map(String::as_str)
        .chain(held.iter().map(|message| message.text().unwrap()))
        .map(|body| body.parse().unwrap())
        .collect();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..100), "each to one of them");
    expect_nothing(&mut quick);

    // Alone, it gets one for each that it acknowledges.
    quick.unsubscribe("q").unwrap();
    assert_eq!(fence(&mut quick), []);
    let wanted: Vec<_> = (100..120).map(|n| n.to_string()).collect();
    put(addr, QUEUE, &wanted);
    expect_nothing(&mut slow);
    for body in &wanted {
        settle(&mut slow, "ACK", &held.remove(0));
        held.push(expect(&mut slow, body, false));
        expect_nothing(&mut slow);
    }
}

#[test]
fn a_cumulative_acknowledgement_makes_room_for_as_many_as_it_counts_for() {
    let hub = hub(&[("LIMITS__QUEUE_PREFETCH", "3")]);
    let addr = address(&hub);
    let mut client = consumer(addr, "q", QUEUE, "client");
    put(addr, QUEUE, (1..=7).map(|n| n.to_string()));
    let messages = expect_new(&mut client, &["1", "2", "3"]);
    expect_nothing(&mut client);
    settle(&mut client, "ACK", &messages[1]);
    let messages = expect_new(&mut client, &["4", "5"]);
    expect_nothing(&mut client);
    settle(&mut client, "ACK", &messages[1]);
    expect_new(&mut client, &["6", "7"]);
}

/// Large enough that a socket which is not read holds few.
const LARGE: usize = 100_000;
const LARGE_ONES: usize = 150;

fn large(n: usize) -> Vec<u8> {
    [n.to_string().into_bytes(), vec![b' '; LARGE]].concat()
}

fn number(message: &Frame) -> usize {
    assert!(message.body.len() > LARGE, "{message}");
    message.text().unwrap().trim().parse().unwrap()
}

/// It has subscribed, and reads nothing more.
fn stuck_consumer(addr: SocketAddr) -> SlowPeer<StompClient> {
    let options = slow::tiny(WsOptions { deadline: PATIENCE, ..WsOptions::default() });
    let carrier = Carrier::websocket(addr, "/ws", &options).unwrap();
    let mut stuck = StompClient::connect(carrier, &StompOptions::default()).unwrap();
    consume(&mut stuck, "q", QUEUE, "auto");
    SlowPeer::pause(stuck)
}

#[test]
fn a_stuck_auto_consumer_gets_no_more_than_fits_and_the_rest_goes_to_others() {
    let hub = hub(&[("LIMITS__QUEUE_PREFETCH", "2"), ("LIMITS__QUEUE_BYTES", "67108864")]);
    let addr = address(&hub);
    let stuck = stuck_consumer(addr);
    let mut quick = consumer(addr, "q", QUEUE, "auto");
    let reader = thread::spawn(move || {
        // The last one is handed out when all others are.
        let mut got = Vec::new();
        while got.last() != Some(&(LARGE_ONES - 1)) {
            got.push(number(&quick.next_message("q").unwrap()));
        }
        (got, quick)
    });
    for n in 0..LARGE_ONES {
        publish(addr, QUEUE, &[], &large(n));
    }
    let (mut all, mut quick) = reader.join().unwrap();
    assert!(all.is_sorted(), "{all:?}");
    let mut stuck = stuck.resume().unwrap();
    let left = LARGE_ONES - all.len();
    assert!(left < all.len(), "{left} were kept for the one that does not read");
    for _ in 0..left {
        all.push(number(&stuck.next_message("q").unwrap()));
    }
    all.sort_unstable();
    assert!(all.into_iter().eq(0..LARGE_ONES), "none is lost, none came twice");
    expect_nothing(&mut stuck);
    expect_nothing(&mut quick);
}

#[test]
fn what_a_stuck_auto_consumer_was_not_sent_goes_to_others_when_it_is_gone() {
    let hub = hub(&[("LIMITS__QUEUE_PREFETCH", "2"), ("LIMITS__QUEUE_BYTES", "67108864")]);
    let addr = address(&hub);
    let stuck = stuck_consumer(addr);
    for n in 0..LARGE_ONES {
        publish(addr, QUEUE, &[], &large(n));
    }
    drop(stuck);
    await_metric(addr, r#"hub_connections{service="analytics",transport="websocket"}"#, 0);
    let mut next = consumer(addr, "q", QUEUE, "auto");
    let first = next.next_message("q").unwrap();
    // Those before it were written, which is all that `auto` promises.
    let from = number(&first);
    assert!(from < LARGE_ONES / 2, "{from} were taken by a socket that was never read");
    let mut messages = vec![first];
    messages.extend((from + 1..LARGE_ONES).map(|_| next.next_message("q").unwrap()));
    assert!(messages.iter().map(number).eq(from..LARGE_ONES), "in order");
    let again = messages.iter().filter(|message| message.header("redelivered").is_some()).count();
    assert!((1..=2).contains(&again), "{again} had been handed out, to a prefetch of 2");
    expect_nothing(&mut next);
}
