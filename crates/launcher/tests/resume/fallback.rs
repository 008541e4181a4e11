//! A `resume` that can't be honoured: a snapshot comes instead, and says so.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use hub_testkit::wait;
use serde_json::{Value, json};

use crate::element::Element;
use crate::support::session::{
    Options, Session, Topic, Update, WIRES, Wire, offset, position, publish_change,
};
use crate::support::{PATIENCE, address, await_metric, buy, hub, ingest, uuid};

/// Each with a position, so that a snapshot of either topic is several messages.
const PORTFOLIOS: u64 = 400;
const SHORT_HORIZON: (&str, &str) = ("SERVER__RESUME_HORIZON_MS", "1000");

fn resume(position: &str) -> Options {
    Options { resume: Some(position.to_owned()), ..Options::default() }
}

/// Whole messages up to the end of a drain.
fn drain(session: &mut Session, topic: Topic) -> Vec<Update> {
    let mut updates = vec![session.next_of(topic)];
    while updates.last().is_some_and(|update| update.resume.is_none()) {
        updates.push(session.next_of(topic));
    }
    updates
}

fn names(updates: &[Update]) -> BTreeSet<String> {
    let texts = updates.iter().flat_map(|update| &update.elements);
    texts.map(|text| Element::read(updates[0].topic, text).name).collect()
}

/// The position of another log, and one that this log has not reached, with what is said of them.
fn unknown(position: &str) -> [(String, &'static str); 2] {
    let (epoch, offset) = position.split_once('-').unwrap();
    let other = !u64::from_str_radix(epoch, 16).unwrap();
    let future = offset.parse::<u64>().unwrap() + 1_000_000_000;
    [(format!("{other:016x}-{offset}"), "unknown-epoch"), (format!("{epoch}-{future}"), "unknown-position")]
}

#[test]
fn a_position_of_another_log_or_of_the_future_is_answered_by_a_whole_snapshot_that_says_so() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let items = (0..PORTFOLIOS).map(|n| buy(n, &uuid(n), "ACME", 1)).collect();
    ingest(addr, "transactions", &items);
    let here = publish_change(addr, Topic::Marks, "prices", &json!({"symbol": "ACME", "price": 11}));
    let mut price = 11;
    for (wire, topic) in WIRES.into_iter().flat_map(|wire| Topic::STATE.map(|topic| (wire, topic))) {
        for (elsewhere, why) in unknown(&here) {
            let mut session = Session::to(addr, wire, topic, &resume(&elsewhere));
            let updates = drain(&mut session, topic);
            assert!(updates.len() > 1, "{} messages", updates.len());
            assert!(updates.iter().all(|update| update.snapshot.as_deref() == Some(why)), "{wire:?} {why}");
            assert_eq!(names(&updates).len() as u64, PORTFOLIOS, "{wire:?} {topic:?} {why}");
            assert!(offset(updates.last().unwrap().resume.as_ref().unwrap()) >= offset(&here));

            price += 1;
            ingest(addr, "transactions", &buy(1_000 + price, &uuid(1), "ACME", 1));
            publish_change(addr, Topic::Marks, "prices", &json!({"symbol": "ACME", "price": price}));
            assert_eq!(session.next_of(topic).snapshot, None, "what comes after it is no snapshot");
        }
    }
}

#[test]
fn a_snapshot_of_nothing_says_so_too() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let feed = [Wire::WebSocket, Wire::SockJs, Wire::Tcp].map(|wire| (wire, Topic::Transactions));
    let state = WIRES.into_iter().flat_map(|wire| Topic::STATE.map(|topic| (wire, topic)));
    let all: Vec<_> = state.chain(feed).collect();
    let assert_nothing = |wire, topic, options: &Options, why: &str| {
        let mut session = Session::to(addr, wire, topic, options);
        let update = session.next_of(topic);
        assert!(update.is_array && update.elements.is_empty(), "{wire:?} {update:?}");
        assert_eq!(update.snapshot.as_deref(), Some(why), "{wire:?} {topic:?}");
        assert_eq!(session.fence(), [], "{wire:?} {topic:?}: one message");
        update.resume.unwrap_or_else(|| panic!("{wire:?} {topic:?}: and from where on"))
    };
    for (wire, topic) in &all {
        let here = assert_nothing(*wire, *topic, &resume("00000000deadbeef-1"), "unknown-epoch");
        let future = &unknown(&here)[1];
        assert_nothing(*wire, *topic, &resume(&future.0), future.1);
    }

    // The same where there is something, and for others.
    let here = position(addr, "transactions", &buy(1, &uuid(1), "ACME", 1));
    ingest(addr, "prices", &json!({"symbol": "ACME", "price": 11}));
    for (wire, topic) in all {
        for (elsewhere, why) in unknown(&here) {
            let options = Options { portfolios: vec![uuid(2)], ..resume(&elsewhere) };
            assert_nothing(wire, topic, &options, why);
        }
    }
}

/// What comes of a `resume` for a topic, if anything does.
fn tried(addr: SocketAddr, topic: Topic, position: &str) -> Option<Update> {
    Session::to(addr, Wire::WebSocket, topic, &resume(position)).fence().into_iter().next()
}

#[test]
fn a_position_beyond_the_horizon_is_answered_by_a_snapshot_that_says_so_after_a_restart_too() {
    let mut hub = hub(&[SHORT_HORIZON]);
    let addr = address(&hub);
    ingest(addr, "transactions", &json!([buy(1, &uuid(1), "GONE", 1), buy(2, &uuid(1), "ACME", 1)]));
    let prices = json!([{"symbol": "GONE", "price": 12}, {"symbol": "ACME", "price": 13}]);
    let early = position(addr, "prices", &prices);
    let sell = json!({"transactionId": uuid(3), "portfolioId": uuid(1), "symbol": "GONE", "side": "SELL",
                      "quantity": 1, "sellPrice": 15});
    ingest(addr, "transactions", &sell);

    // Ticks move the time of the log, which nothing else does here: until what was closed has left, too.
    let left = json!({"symbol": {"ACME": 3}, "overallUnrealised_Pnl": 3, "portfolio_id": uuid(1)});
    wait::until(PATIENCE, "the horizon to pass", || {
        let update = tried(addr, Topic::Marks, &early)?;
        let mark: Value = serde_json::from_str(&update.elements[0]).unwrap();
        (update.snapshot.as_deref() == Some("beyond-horizon") && mark == left).then_some(())
    })
    .unwrap();

    for restarted in [false, true] {
        if restarted {
            hub.restart().unwrap();
        }
        for (wire, topic) in WIRES.into_iter().flat_map(|wire| Topic::STATE.map(|topic| (wire, topic))) {
            let mut session = Session::to(address(&hub), wire, topic, &resume(&early));
            let updates = drain(&mut session, topic);
            let said = updates.iter().all(|update| update.snapshot.as_deref() == Some("beyond-horizon"));
            assert!(said, "{wire:?} {topic:?}, restarted: {restarted}: {updates:?}");
            assert_eq!(names(&updates).len(), if topic == Topic::Marks { 1 } else { 2 });
        }
    }
}

#[test]
fn transactions_beyond_the_horizon_leave_the_feed_and_whoever_missed_them_is_told() {
    let hub = hub(&[SHORT_HORIZON]);
    let addr = address(&hub);
    let before = position(addr, "prices", &json!({"symbol": "ACME", "price": 11}));
    ingest(addr, "transactions", &buy(1, &uuid(1), "ACME", 1));
    wait::until(PATIENCE, "the transaction to leave", || {
        let update = tried(addr, Topic::Transactions, &before)?;
        let is_told = update.snapshot.as_deref() == Some("beyond-horizon");
        (is_told && update.elements.is_empty()).then_some(())
    })
    .unwrap();

    let mut late = Session::to(addr, Wire::WebSocket, Topic::Transactions, &resume(&before));
    assert_eq!(late.next_of(Topic::Transactions).snapshot.as_deref(), Some("beyond-horizon"));
    let mut new = Session::to(addr, Wire::WebSocket, Topic::Transactions, &Options::default());
    assert_eq!(new.fence(), [], "to one who has missed nothing there is nothing to say");
    ingest(addr, "transactions", &buy(2, &uuid(1), "ACME", 1));
    for session in [&mut late, &mut new] {
        let update = session.next_of(Topic::Transactions);
        assert_eq!((update.snapshot, update.elements.len()), (None, 1));
        assert!(update.elements[0].contains(&uuid(2)));
    }
}

/// The first and the last number of the transactions up to this one, which have to be an unbroken run.
fn read_run(session: &mut Session, last: u64, why: Option<&str>) -> (u64, u64) {
    let mut run: Option<(u64, u64)> = None;
    while run.is_none_or(|(_, latest)| latest < last) {
        let update = session.next_of(Topic::Transactions);
        assert_eq!(update.snapshot.as_deref(), why);
        assert!(update.resume.is_some() && !update.elements.is_empty());
        for text in &update.elements {
            let transaction: Value = serde_json::from_str(text).unwrap();
            let number = transaction["quantity"].as_u64().unwrap();
            assert!(run.is_none_or(|(_, latest)| number == latest + 1), "{number} after {run:?}");
            run = Some((run.map_or(number, |(first, _)| first), number));
        }
    }
    run.unwrap()
}

#[test]
fn whoever_comes_back_within_the_feed_s_window_gets_the_rest_and_after_it_the_window_and_is_told() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let all = 12_000;
    let mut positions = Vec::new();
    for first in (1..=all).step_by(6_000) {
        // Each tells its number by its quantity.
        let items = (first..first + 6_000).map(|n| buy(n, &uuid(n % 7), "ACME", n)).collect();
        let answer = ingest(addr, "transactions", &items);
        let results = answer["results"].as_array().unwrap();
        positions.extend(results.iter().map(|result| result["position"].as_str().unwrap().to_owned()));
    }
    let batch = Options { batch: true, ..Options::default() };
    let read = |options: &Options, why| {
        read_run(&mut Session::to(addr, Wire::WebSocket, Topic::Transactions, options), all, why)
    };
    let retained = read(&batch, None);
    assert_eq!(read(&Options::default(), None), retained, "one by one, too");
    assert!((2_001..=2_500).contains(&retained.0), "10,000 are retained: {retained:?}");

    let at = |n: usize| Options { batch: true, ..resume(&positions[n - 1]) };
    assert_eq!(read(&at(2_500), None), (2_501, all));
    assert_eq!(read(&at(11_999), None), (all, all));
    assert_eq!(read(&at(1_000), Some("beyond-horizon")), retained);
    for (elsewhere, why) in unknown(&positions[5_000]) {
        assert_eq!(read(&Options { batch: true, ..resume(&elsewhere) }, Some(why)), retained);
    }
}

#[test]
fn resumes_that_were_honoured_are_counted() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let here = position(addr, "transactions", &buy(1, &uuid(1), "ACME", 1));
    let mut sessions = Vec::new();
    for wire in WIRES {
        let mut session = Session::to(addr, wire, Topic::Positions, &Options::default());
        let resume = session.next_of(Topic::Positions).resume.unwrap();
        assert!(offset(&resume) >= offset(&here));
        let mut back = Session::to(addr, wire, Topic::Positions, &self::resume(&resume));
        assert_eq!(back.fence(), []);
        let mut refused = Session::to(addr, wire, Topic::Positions, &self::resume(&unknown(&here)[0].0));
        refused.next_of(Topic::Positions);
        sessions.extend([session, back, refused]);
    }
    await_metric(addr, "hub_reconnects_total", WIRES.len() as u64);
}
