//! `interval`: drains come no faster than asked for, and end with the latest.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hub_testkit::wait;

use crate::support::session::{Options, Session, Topic, Update, WIRES, Wire};
use crate::support::{PATIENCE, address, buy, hub, ingest, uuid};
use crate::{fill, parse, reprice, wires_and_topics};

const INTERVAL: Duration = Duration::from_millis(100);
/// What is waited for; between them lie two intervals.
const DRAINS: usize = 3;
const AN_HOUR: u64 = 3_600_000;

fn every(millis: u64) -> Options {
    Options { interval_ms: Some(millis), ..Options::default() }
}

/// Buys one more of portfolio 1, and raises the price; what its position is then worth above its cost.
fn move_on(addr: SocketAddr, round: u64) -> u64 {
    ingest(addr, "transactions", &buy(100 + round, &uuid(1), "ACME", 1));
    reprice(addr, 11 + round);
    (1 + round) * (1 + round)
}

/// How far the latest of portfolio 1 has come: its holdings, or its unrealised P&L.
fn latest(updates: &[Update]) -> Option<u64> {
    let texts = updates.iter().rev().flat_map(|update| update.elements.iter().rev());
    let element = texts.map(|text| parse(text)).find(|element| element.to_string().contains(&uuid(1)))?;
    element["holdings"].as_u64().or_else(|| element["overallUnrealised_Pnl"].as_u64())
}

/// Of transactions, in their order.
fn quantities(updates: &[Update]) -> Vec<u64> {
    let texts = updates.iter().flat_map(|update| &update.elements);
    texts.map(|text| parse(text)["quantity"].as_u64().unwrap()).collect()
}

#[test]
fn drains_are_as_far_apart_as_asked_for_and_the_last_one_has_the_latest() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    let millis = INTERVAL.as_millis() as u64;
    let begun = Instant::now();
    let mut sessions: Vec<_> = wires_and_topics()
        .into_iter()
        .map(|(wire, topic)| (Session::to(addr, wire, topic, &every(millis)), topic, 0, Vec::new()))
        .collect();
    let (mut round, mut worth) = (0, 0);
    wait::until(PATIENCE, "enough drains", || {
        round += 1;
        worth = move_on(addr, round);
        for (session, _, drains, updates) in &mut sessions {
            let new = session.fence();
            *drains += new.iter().filter(|update| update.resume.is_some()).count();
            let passed = begun.elapsed();
            let least = INTERVAL * u32::try_from(drains.saturating_sub(1)).unwrap();
            assert!(passed >= least, "{drains} drains within {passed:?}");
            updates.extend(new);
        }
        sessions.iter().all(|(_, _, drains, _)| *drains >= DRAINS).then_some(())
    })
    .unwrap();
    for (mut session, topic, _, mut updates) in sessions {
        let wanted = if topic == Topic::Positions { 1 + round } else { worth };
        while latest(&updates) != Some(wanted) {
            updates.push(session.next_of(topic));
        }
    }
}

#[test]
fn with_the_longest_interval_the_snapshot_comes_at_once_and_the_rest_when_the_hub_stops() {
    let mut hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    let mut sessions: Vec<_> = wires_and_topics()
        .into_iter()
        .map(|(wire, topic)| {
            let mut session = Session::to(addr, wire, topic, &every(AN_HOUR));
            crate::drain(&mut session, topic);
            (session, topic)
        })
        .collect();
    let mut live: Vec<_> =
        wires_and_topics().iter().map(|(wire, topic)| Session::to(addr, *wire, *topic, &every(0))).collect();
    let worth = move_on(addr, 1);
    for (live, (session, topic)) in live.iter_mut().zip(&mut sessions) {
        let wanted = if *topic == Topic::Positions { 2 } else { worth };
        while latest(&[live.next_of(*topic)]) != Some(wanted) {}
        assert_eq!(session.fence(), [], "{topic:?}: not yet");
    }
    hub.signal_terminate().unwrap();
    for (session, topic) in &mut sessions {
        let wanted = if *topic == Topic::Positions { 2 } else { worth };
        while latest(&[session.next_of(*topic)]) != Some(wanted) {}
    }
    drop((sessions, live));
    assert_eq!(hub.wait_for_exit().unwrap().code(), Some(0));
}

#[test]
fn subscriptions_of_one_session_keep_intervals_of_their_own() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    for wire in WIRES {
        let mut session = Session::open(addr, wire, None).unwrap();
        session.subscribe(Topic::Positions, &every(AN_HOUR)).unwrap();
        crate::drain(&mut session, Topic::Positions);
        session.subscribe(Topic::Marks, &Options::default()).unwrap();
        while session.next_of(Topic::Marks).resume.is_none() {}
        ingest(addr, "transactions", &buy(1_000 + wire as u64, &uuid(9), "ACME", 1));
        // Next comes, of both that changed, the one that does not wait.
        assert!(session.next_of(Topic::Marks).elements[0].contains(&uuid(9)));
    }
}

#[test]
fn the_feed_is_paced_too_and_loses_nothing() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let options = Options { batch: true, ..every(INTERVAL.as_millis() as u64) };
    let begun = Instant::now();
    let mut session = Session::to(addr, Wire::WebSocket, Topic::Transactions, &options);
    let mut arrays = Vec::new();
    let mut count = 0;
    wait::until(PATIENCE, "enough arrays", || {
        count += 1;
        ingest(addr, "transactions", &buy(count, &uuid(1), "ACME", count));
        arrays.extend(session.fence());
        let least = INTERVAL * u32::try_from(arrays.len().saturating_sub(1)).unwrap();
        let passed = begun.elapsed();
        assert!(passed >= least, "{} arrays within {passed:?}", arrays.len());
        (arrays.len() >= DRAINS).then_some(())
    })
    .unwrap();
    while quantities(&arrays).last() != Some(&count) {
        arrays.push(session.next_of(Topic::Transactions));
    }
    assert!(quantities(&arrays).into_iter().eq(1..=count));
}

#[test]
fn a_paced_feed_keeps_for_later_what_is_retained_anyway() {
    let mut hub = hub(&[]);
    let addr = address(&hub);
    let options = Options { batch: true, ..every(AN_HOUR) };
    let wires = [Wire::WebSocket, Wire::SockJs, Wire::Tcp];
    let mut paced = wires.map(|wire| Session::to(addr, wire, Topic::Transactions, &options));
    ingest(addr, "transactions", &buy(1, &uuid(1), "ACME", 1));
    for session in &mut paced {
        assert_eq!(session.next_of(Topic::Transactions).elements.len(), 1, "the first at once");
    }
    let mut live = wires.map(|wire| Session::to(addr, wire, Topic::Transactions, &Options::default()));
    let last = 50;
    for n in 2..=last {
        ingest(addr, "transactions", &buy(n, &uuid(1), "ACME", n));
    }
    for (live, session) in live.iter_mut().zip(&mut paced) {
        while quantities(&[live.next_of(Topic::Transactions)]) != [last] {}
        assert_eq!(session.fence(), [], "not yet");
    }
    hub.signal_terminate().unwrap();
    for session in &mut paced {
        let mut rest = Vec::new();
        while quantities(&rest).last() != Some(&last) {
            rest.push(session.next_of(Topic::Transactions));
        }
        assert!(quantities(&rest).into_iter().eq(2..=last));
    }
}
