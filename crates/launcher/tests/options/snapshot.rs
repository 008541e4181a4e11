//! `snapshot: false`, and how `resume` goes with it.

use crate::support::session::{Options, Session, Topic, Wire, publish_change};
use crate::support::{MARKS, POSITIONS, TRANSACTIONS, address, buy, hub, ingest, stomp, uuid};
use crate::{drain, fill, portfolios, read_all, uuids, wires_and_topics};

fn without() -> Options {
    Options { no_snapshot: true, ..Options::default() }
}

#[test]
fn without_a_snapshot_only_what_changes_from_now_on_comes_and_can_be_resumed_after() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    let feed = [Wire::WebSocket, Wire::SockJs, Wire::Tcp].map(|wire| (wire, Topic::Transactions));
    for (id, (wire, topic)) in (0..).zip(wires_and_topics().into_iter().chain(feed)) {
        let mut session = Session::to(addr, wire, topic, &without());
        assert_eq!(session.fence(), [], "{wire:?} {topic:?}: nothing at first");
        ingest(addr, "transactions", &buy(100 + id, &uuid(2), "ACME", 1));
        let update = session.next_of(topic);
        assert_eq!(portfolios(std::slice::from_ref(&update)), uuids([2]), "{wire:?} {topic:?}");
        assert_eq!(update.snapshot, None);

        drop(session);
        publish_change(addr, topic, "transactions", &buy(200 + id, &uuid(3), "ACME", 1));
        let options = Options { resume: update.resume, ..without() };
        let mut back = Session::to(addr, wire, topic, &options);
        let missed = back.next_of(topic);
        assert_eq!(portfolios(&[missed]), uuids([3]), "{wire:?} {topic:?}: resume wins over snapshot");
    }
}

#[test]
fn a_resume_that_can_not_be_honoured_is_answered_by_a_snapshot_even_where_none_was_wanted() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    for (wire, topic) in wires_and_topics() {
        let options = Options { resume: Some("00000000deadbeef-1".to_owned()), ..without() };
        let updates = drain(&mut Session::to(addr, wire, topic, &options), topic);
        assert_eq!(portfolios(&updates), uuids(1..=3), "{wire:?} {topic:?}");
        assert!(updates.iter().all(|update| update.snapshot.as_deref() == Some("unknown-epoch")));
    }
}

#[test]
fn the_defaults_may_be_asked_for_in_words() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    let mut client = stomp(addr);
    let words = [("snapshot", "true"), ("batch", "false"), ("interval", "0")];
    for (id, topic) in [("p", POSITIONS), ("m", MARKS), ("t", TRANSACTIONS)] {
        client.subscribe(id, topic, &words).unwrap();
    }
    assert_eq!(client.next_message("p").unwrap().json().unwrap().as_array().unwrap().len(), 3);
    for id in ["m", "t"] {
        for n in 1..=3 {
            let element = client.next_message(id).unwrap();
            assert!(element.json().unwrap().is_object() && element.text().unwrap().contains(&uuid(n)));
            assert_eq!(element.header("snapshot"), None, "that is for one that answers a resume");
        }
    }
}

#[test]
fn a_snapshot_that_was_not_asked_back_for_carries_no_reason() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    for (wire, topic) in wires_and_topics() {
        let updates =
            read_all(&mut Session::to(addr, wire, topic, &Options::default()), topic, &uuids(1..=3));
        assert!(updates.iter().all(|update| update.snapshot.is_none()), "{wire:?} {topic:?}");
    }
}
