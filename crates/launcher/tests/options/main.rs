//! What a subscriber may choose, over STOMP and on `/ws/positions`, and what is no choice.

#[path = "../support/mod.rs"]
mod support;

mod batch;
mod feed;
mod filter;
mod interval;
mod malformed;
mod native;
mod native_query;
mod native_requests;
mod snapshot;
mod strict;

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde_json::{Value, json};

use support::session::{Options, Session, Topic, Update, WIRES, Wire, publish_change};
use support::{buy, ingest, uuid};

/// Every wire with every topic of state.
fn wires_and_topics() -> Vec<(Wire, Topic)> {
    WIRES.into_iter().flat_map(|wire| Topic::STATE.map(|topic| (wire, topic))).collect()
}

/// Portfolios 1 to 3 hold so much ACME as their number, bought at 10, and ACME is at 11: published.
fn fill(addr: SocketAddr) {
    let items = (1..=3).map(|n| buy(n, &uuid(n), "ACME", n)).collect();
    ingest(addr, "transactions", &items);
    publish_change(addr, Topic::Marks, "prices", &json!({"symbol": "ACME", "price": 11}));
}

fn reprice(addr: SocketAddr, price: u64) {
    ingest(addr, "prices", &json!({"symbol": "ACME", "price": price}));
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The portfolios that the elements are about.
fn portfolios(updates: &[Update]) -> BTreeSet<String> {
    let owner = |text: &String| {
        let element = parse(text);
        let owners = [&element["id"]["portfolioId"], &element["portfolio_id"], &element["portfolioId"]];
        owners.into_iter().find_map(Value::as_str).unwrap().to_owned()
    };
    updates.iter().flat_map(|update| &update.elements).map(owner).collect()
}

/// Messages of one topic, up to the first that says where to resume.
fn drain(session: &mut Session, topic: Topic) -> Vec<Update> {
    let mut updates = vec![session.next_of(topic)];
    while updates.last().is_some_and(|update| update.resume.is_none()) {
        updates.push(session.next_of(topic));
    }
    updates
}

/// Messages of one topic until all of these portfolios, and nobody else, have been told of.
fn read_all(session: &mut Session, topic: Topic, wanted: &BTreeSet<String>) -> Vec<Update> {
    let mut updates = Vec::new();
    while portfolios(&updates) != *wanted {
        updates.extend(drain(session, topic));
        assert!(portfolios(&updates).is_subset(wanted), "only {wanted:?}: {updates:?}");
    }
    updates
}

fn uuids(numbers: impl IntoIterator<Item = u64>) -> BTreeSet<String> {
    numbers.into_iter().map(uuid).collect()
}

fn only(numbers: impl IntoIterator<Item = u64>) -> Options {
    Options { portfolios: numbers.into_iter().map(uuid).collect(), ..Options::default() }
}
