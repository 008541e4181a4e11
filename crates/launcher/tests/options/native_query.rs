//! `/ws/positions?...`: topics and options in the query.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::native::{before_pong, socket, types};
use crate::support::{address, buy, hub, ingest, uuid};
use crate::{fill, reprice};

#[test]
fn the_query_names_the_topics() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    let both = ["position-update", "unrealized-pnl"];
    for (query, wanted) in [
        ("?topics=position-update", &both[..1]),
        ("?topics=unrealized-pnl", &both[1..]),
        ("?topics=position-update,unrealized-pnl", &both),
        ("?topics=unrealized-pnl,position-update", &both),
        ("?topics=", &[]),
        ("?", &both),
        ("?topic=position-update", &both[..1]),
        ("?_=1&token=x", &both),
    ] {
        let mut ws = socket(addr, query);
        let messages = before_pong(&mut ws);
        assert_eq!(types(&messages), wanted.iter().copied().collect::<BTreeSet<_>>(), "{query}");
    }
}

#[test]
fn the_query_chooses_portfolios_snapshot_and_batch() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    let ids = format!("?portfolio-ids={},{}", uuid(1).to_uppercase(), uuid(3));
    let mut filtered = socket(addr, &ids);
    let messages = before_pong(&mut filtered);
    // An array of two rows, two marks.
    assert_eq!(messages.len(), 3);
    assert!(messages.iter().all(|message| !message.to_string().contains(&uuid(2))), "{messages:?}");

    let mut silent = socket(addr, "?snapshot=false");
    assert_eq!(before_pong(&mut silent), [] as [Value; 0]);
    let mut together = socket(addr, "?batch=true");
    let messages = before_pong(&mut together);
    assert_eq!(messages.len(), 2);
    assert!(messages.iter().all(|message| message["data"].as_array().unwrap().len() == 3));

    ingest(addr, "transactions", &buy(10, &uuid(2), "ACME", 1));
    let messages = [(); 2].map(|()| silent.next_json().unwrap());
    assert_eq!(types(&messages), BTreeSet::from(["position-update", "unrealized-pnl"]));
    for _ in 0..2 {
        assert_eq!(together.next_json().unwrap()["data"].as_array().unwrap().len(), 1);
    }
    assert_eq!(before_pong(&mut filtered), [] as [Value; 0]);
}

#[test]
fn the_query_resumes_both_topics_or_says_why_not() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    let mut first = socket(addr, "?batch=true");
    let messages = before_pong(&mut first);
    let resume = |message: &Value| message["resume"].as_str().unwrap().to_owned();
    // Both stand where the last price was published.
    let last = resume(&messages[1]);
    let mut back = socket(addr, &format!("?batch=true&resume={last}"));
    assert_eq!(before_pong(&mut back), [] as [Value; 0]);

    ingest(addr, "transactions", &buy(10, &uuid(2), "ACME", 1));
    for _ in 0..2 {
        first.next_json().unwrap();
    }
    let mut later = socket(addr, &format!("?batch=true&snapshot=false&resume={last}"));
    // It may have come to a shard that is yet to publish this.
    let missed = [(); 2].map(|()| later.next_json().unwrap());
    assert_eq!(before_pong(&mut later), [] as [Value; 0]);
    assert_eq!(types(&missed), BTreeSet::from(["position-update", "unrealized-pnl"]));
    assert!(missed.iter().all(|message| message["data"].as_array().unwrap().len() == 1), "{missed:?}");
    assert!(missed.iter().all(|message| message.get("snapshot").is_none()), "{missed:?}");

    let mut elsewhere = socket(addr, "?resume=00000000deadbeef-1");
    let messages = before_pong(&mut elsewhere);
    assert_eq!(messages.len(), 4);
    assert!(messages.iter().all(|message| message["snapshot"] == "unknown-epoch"), "{messages:?}");
}

#[test]
fn the_query_paces() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    let mut rare = socket(addr, "?interval=3600000&topics=unrealized-pnl");
    assert_eq!(before_pong(&mut rare).len(), 3, "the snapshot at once");
    let mut live = socket(addr, "?interval=0&topics=unrealized-pnl");
    before_pong(&mut live);
    reprice(addr, 12);
    for _ in 0..3 {
        live.next_json().unwrap();
    }
    assert_eq!(before_pong(&mut rare), [] as [Value; 0]);
}

#[test]
fn a_malformed_value_is_named_and_the_socket_stays_open_without_a_subscription() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    for (option, query) in [
        ("interval", "?interval=soon"),
        ("interval", "?interval=-1"),
        ("interval", "?interval=3600001"),
        ("interval", "?interval="),
        ("portfolio-ids", "?portfolio-ids=x"),
        ("portfolio-ids", "?portfolio-ids="),
        ("snapshot", "?snapshot=no"),
        ("resume", "?resume=1"),
        ("resume", "?topics=position-update&resume=beef-1"),
        ("batch", "?batch=1"),
        ("topic", "?topics=prices"),
        ("topic", "?topics=position-update,prices"),
        ("topics", "?topics=position-update&topics=unrealized-pnl"),
        ("topics", "?topics=position-update&topic=position-update"),
        ("interval", "?interval=0&Interval=0"),
        ("portfolio", "?portfolio=x"),
    ] {
        let mut ws = socket(addr, query);
        let messages = before_pong(&mut ws);
        let [error] = messages.as_slice() else { panic!("{query}: {messages:?}") };
        assert_eq!(error["type"], "error", "{query}");
        let told = error["message"].as_str().unwrap();
        assert!(told.starts_with(option) && told.contains(": "), "{query}: {told}");
        assert_eq!(error.as_object().unwrap().len(), 2, "{error}");

        ws.send_json(&json!({"type": "subscribe", "topic": "position-update"})).unwrap();
        let answer = ws.next_json().unwrap();
        assert_eq!(answer, json!({"type": "subscribed", "topic": "position-update"}), "{query}");
        assert_eq!(ws.next_json().unwrap()["data"].as_array().unwrap().len(), 3, "{query}");
    }
}
