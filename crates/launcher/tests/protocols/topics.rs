//! The computed topics: whose values, under which names, and the headers that go with them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use hub_testkit::stomp::{Frame, StompClient};
use serde_json::{Value, json};

use crate::support::watcher::Picture;
use crate::support::{MARKS, POSITIONS, address, buy, fence, hub, ingest, subscriber, uuid};

const PORTFOLIOS: u64 = 700;

/// So many portfolios with a position each, priced.
fn fill(addr: SocketAddr) {
    let items = (0..PORTFOLIOS).map(|i| buy(i, &uuid(i), "ACME", i + 1)).collect();
    ingest(addr, "transactions", &items);
    ingest(addr, "prices", &json!({"symbol": "ACME", "price": 11}));
}

/// Everything up to the moment when every portfolio has been seen.
fn read_all(client: &mut StompClient, subscription: &str) -> Vec<Frame> {
    let mut seen = Picture::default();
    let mut messages = Vec::new();
    while seen.totals().positions.max(seen.totals().portfolios) < PORTFOLIOS {
        let message = client.next_message(subscription).unwrap();
        seen.see(&message);
        messages.push(message);
    }
    messages
}

/// `<epoch>-<offset>`, hexadecimal and decimal.
fn position(text: &str) -> (&str, u64) {
    let (epoch, offset) = text.split_once('-').unwrap();
    assert!(u64::from_str_radix(epoch, 16).is_ok(), "{text}");
    (epoch, offset.parse().unwrap())
}

#[test]
fn a_portfolio_s_own_destination_carries_that_portfolio_alone() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let [positions, marks] = [POSITIONS, MARKS].map(|topic| format!("{topic}/{}", uuid(1)));
    // Before there is such a portfolio, and in any case of its letters.
    let upper = positions.replace(&uuid(1), &uuid(1).to_uppercase());
    let mut one = subscriber(addr, &[("positions", &upper), ("marks", &marks)]);
    let mut all = subscriber(addr, &[("positions", POSITIONS), ("marks", MARKS)]);
    for i in [1, 2, 3] {
        ingest(addr, "transactions", &buy(i, &uuid(i), "ACME", i));
    }
    ingest(addr, "prices", &json!({"symbol": "ACME", "price": 15}));
    let mut seen = Picture::default();
    while seen.totals().positions + seen.totals().portfolios < 6 {
        seen.see(&all.next_frame().unwrap());
    }
    let message = one.next_message("positions").unwrap();
    assert_eq!(message.header("destination"), Some(upper.as_str()), "as the subscriber named it");
    let rows = message.json().unwrap();
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["id"]["portfolioId"]), (1, &json!(uuid(1))));
    let mark = one.next_message("marks").unwrap().json().unwrap();
    assert_eq!(mark, json!({"symbol": {"ACME": 5}, "overallUnrealised_Pnl": 5, "portfolio_id": uuid(1)}));

    ingest(addr, "transactions", &json!([buy(4, &uuid(2), "ACME", 1), buy(5, &uuid(1), "ACME", 1)]));
    let rows = one.next_message("positions").unwrap().json().unwrap();
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["holdings"]), (1, &json!(2)));
}

#[test]
fn both_spellings_of_unrealised_lead_to_the_same_topic() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let british = "/topic/unrealised-pnl";
    let own = format!("{british}/{}", uuid(1));
    let mut client = subscriber(addr, &[("us", MARKS), ("uk", british), ("own", &own)]);
    ingest(addr, "prices", &json!({"symbol": "ACME", "price": 12}));
    ingest(addr, "transactions", &buy(1, &uuid(1), "ACME", 1));
    for (id, destination) in [("us", MARKS), ("uk", british), ("own", &own)] {
        let message = client.next_message(id).unwrap();
        assert_eq!(message.header("destination"), Some(destination));
        assert_eq!(message.json().unwrap()["overallUnrealised_Pnl"], 2, "{destination}");
    }
}

#[test]
fn a_symbol_without_a_price_has_no_value_and_is_said_to_have_none() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut client = subscriber(addr, &[("marks", MARKS)]);
    ingest(addr, "transactions", &json!([buy(1, &uuid(1), "A", 1), buy(2, &uuid(1), "B", 1)]));
    assert_eq!(fence(&mut client), [], "a wholly unpriced portfolio sends nothing");
    ingest(addr, "prices", &json!({"symbol": "B", "price": 11}));
    let mark = client.next_message("marks").unwrap().json().unwrap();
    let wanted =
        json!({"symbol": {"B": 1}, "overallUnrealised_Pnl": 1, "portfolio_id": uuid(1), "unpriced": ["A"]});
    assert_eq!(mark, wanted);
}

#[test]
fn only_the_last_message_of_a_drain_says_where_to_resume() {
    let mut hub = hub(&[]);
    fill(address(&hub));
    // After a restart everything is one flush, so that a snapshot is one drain, if a long one.
    hub.restart().unwrap();
    for (topic, least) in [(POSITIONS, 2), (MARKS, PORTFOLIOS as usize)] {
        let mut client = subscriber(address(&hub), &[("0", topic)]);
        let messages = read_all(&mut client, "0");
        assert!(messages.len() >= least, "{topic}: {} messages", messages.len());
        let (last, before) = messages.split_last().unwrap();
        assert!(before.iter().all(|message| message.header("resume").is_none()), "{topic}");
        let (epoch, offset) = position(last.require("resume").unwrap());
        for message in &messages {
            let (of_epoch, rest) = message.require("message-id").unwrap().split_once('-').unwrap();
            let (of_offset, _) = rest.split_once('-').unwrap();
            assert_eq!(of_epoch, epoch);
            assert!(of_offset.parse::<u64>().unwrap() <= offset, "nothing is newer than where to resume");
        }
    }

    // The same of a flush that changes several values.
    let mut client = subscriber(address(&hub), &[("0", MARKS)]);
    read_all(&mut client, "0");
    ingest(address(&hub), "prices", &json!({"symbol": "ACME", "price": 12}));
    let messages = read_all(&mut client, "0");
    assert_eq!(messages.len(), PORTFOLIOS as usize);
    let with_resume: Vec<_> =
        (0..messages.len()).filter(|i| messages[*i].header("resume").is_some()).collect();
    assert_eq!(with_resume, [messages.len() - 1]);
}

#[test]
fn an_id_is_one_message_s_on_any_connection_and_after_a_restart_and_comes_once_to_a_subscription() {
    let mut hub = hub(&[]);
    fill(address(&hub));
    let mut bodies: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut messages = 0;
    for start in 0..2 {
        let addr = address(&hub);
        let topics = [("positions", POSITIONS), ("marks", MARKS), ("again", MARKS)];
        // More than there are shards.
        let mut clients: Vec<_> = (0..3).map(|_| subscriber(addr, &topics)).collect();
        ingest(addr, "prices", &json!({"symbol": "ACME", "price": 20 + start}));
        for client in &mut clients {
            for (id, _) in topics {
                let mut came = BTreeSet::new();
                for message in read_all(client, id) {
                    messages += 1;
                    let id = message.require("message-id").unwrap().to_owned();
                    assert!(came.insert(id.clone()), "{id} came twice");
                    let body = bodies.entry(id).or_insert_with(|| message.body.clone());
                    assert_eq!(*body, message.body, "another message");
                }
            }
        }
        hub.restart().unwrap();
    }
    assert!(messages > 4 * PORTFOLIOS, "{messages}");
}

#[test]
fn the_rows_of_one_flush_are_one_array() {
    let hub = hub(&[("SERVER__FLUSH_MS", "60000")]);
    let addr = address(&hub);
    let mut client = subscriber(addr, &[("0", POSITIONS)]);
    for i in [1, 2, 3] {
        ingest(addr, "transactions", &buy(i, &uuid(i), "ACME", i));
    }
    let mut hub = hub;
    hub.signal_terminate().unwrap();
    let message = client.next_message("0").unwrap();
    let rows: Value = message.json().unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 3);
    assert!(message.header("resume").is_some());
    client.expect_end().unwrap();
}
