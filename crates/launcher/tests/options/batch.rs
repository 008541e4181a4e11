//! `batch`: what comes one by one comes in arrays.

use crate::support::session::{Options, Session, Topic, WIRES, Wire};
use crate::support::{address, buy, hub, ingest, uuid};
use crate::{drain, fill, portfolios, reprice, uuids};

fn batch(batch: bool) -> Options {
    Options { batch, ..Options::default() }
}

#[test]
fn the_marks_of_one_flush_are_one_array_where_that_was_asked_for_and_else_a_message_each() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    for (price, wire) in (12..).zip(WIRES) {
        let mut sessions = [true, false].map(|asked| Session::to(addr, wire, Topic::Marks, &batch(asked)));
        for session in &mut sessions {
            drain(session, Topic::Marks);
        }
        reprice(addr, price);
        for (session, (is_array, messages)) in sessions.iter_mut().zip([(true, 1), (false, 3)]) {
            let updates = drain(session, Topic::Marks);
            assert_eq!(updates.len(), messages, "{wire:?}: {updates:?}");
            assert!(updates.iter().all(|update| update.is_array == is_array), "{wire:?}");
            assert_eq!(portfolios(&updates), uuids(1..=3), "{wire:?}");
        }
    }
}

#[test]
fn positions_are_arrays_either_way() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    for (wire, asked) in WIRES.into_iter().flat_map(|wire| [true, false].map(|asked| (wire, asked))) {
        let update = Session::to(addr, wire, Topic::Positions, &batch(asked)).next_of(Topic::Positions);
        assert!(update.is_array && !update.elements.is_empty(), "{wire:?}");
    }
}

/// The next transactions, each as its text.
fn transactions(session: &mut Session, is_array: bool, count: u64) -> Vec<String> {
    let mut texts = Vec::new();
    while (texts.len() as u64) < count {
        let update = session.next_of(Topic::Transactions);
        assert_eq!(update.is_array, is_array);
        assert!(update.resume.is_some());
        texts.extend(update.elements);
    }
    texts
}

#[test]
fn the_feed_comes_in_arrays_where_that_was_asked_for_in_the_same_order() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut ids = 1..;
    for wire in [Wire::WebSocket, Wire::SockJs, Wire::Tcp] {
        let retained = ids.start - 1;
        let mut sessions =
            [true, false].map(|asked| Session::to(addr, wire, Topic::Transactions, &batch(asked)));
        let items = ids.by_ref().take(9).map(|n| buy(n, &uuid(n), "NEW", 1)).collect();
        ingest(addr, "transactions", &items);
        let [together, one_by_one] = &mut sessions;
        let in_arrays = transactions(together, true, retained + 9);
        assert_eq!(in_arrays, transactions(one_by_one, false, retained + 9), "{wire:?}");
        assert_eq!(in_arrays.len() as u64, retained + 9, "{wire:?}");
    }
}
