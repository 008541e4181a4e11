//! `portfolio-ids`: these portfolios, and nobody else's.

use hub_testkit::stomp::StompClient;
use serde_json::json;

use crate::support::session::{Options, Session, Topic, Wire};
use crate::support::{MARKS, POSITIONS, address, buy, fence, hub, ingest, stomp, subscriber, uuid};
use crate::{fill, only, portfolios, read_all, reprice, uuids, wires_and_topics};

#[test]
fn a_filter_holds_for_the_snapshot_and_for_everything_after_it() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    let mut sessions: Vec<_> = wires_and_topics()
        .into_iter()
        .map(|(wire, topic)| {
            let mut session = Session::to(addr, wire, topic, &only([1, 3]));
            read_all(&mut session, topic, &uuids([1, 3]));
            (session, topic)
        })
        .collect();

    // Of a market that moves everywhere, and of portfolios that are new.
    reprice(addr, 12);
    ingest(addr, "transactions", &(1..=6).map(|n| buy(10 + n, &uuid(n), "ACME", 1)).collect());
    for (session, topic) in &mut sessions {
        read_all(session, *topic, &uuids([1, 3]));
    }
    ingest(addr, "transactions", &json!([buy(20, &uuid(2), "ACME", 1), buy(21, &uuid(4), "ACME", 1)]));
    ingest(addr, "transactions", &buy(22, &uuid(3), "MORE", 1));
    for (session, topic) in &mut sessions {
        loop {
            let update = session.next_of(*topic);
            assert!(portfolios(std::slice::from_ref(&update)).is_subset(&uuids([1, 3])), "{update:?}");
            if update.elements.iter().any(|text| text.contains("MORE")) {
                break;
            }
        }
        assert_eq!(session.fence(), []);
    }
}

#[test]
fn ids_are_taken_in_any_case_and_may_be_named_before_there_is_such_a_portfolio() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let id = "aBcDeF00-0000-4000-8000-00000000000A";
    let options = Options { portfolios: vec![id.to_owned(), id.to_lowercase()], ..Options::default() };
    let mut sessions: Vec<_> = wires_and_topics()
        .into_iter()
        .map(|(wire, topic)| {
            let mut session = Session::to(addr, wire, topic, &options);
            assert_eq!(session.fence(), [], "nothing yet");
            (session, topic)
        })
        .collect();
    reprice(addr, 11);
    let items = json!([buy(1, &uuid(1), "ACME", 1), buy(2, &id.to_uppercase(), "ACME", 1)]);
    ingest(addr, "transactions", &items);
    for (session, topic) in &mut sessions {
        let update = session.next_of(*topic);
        assert_eq!(update.elements.len(), 1, "{update:?}");
        assert!(update.elements[0].contains(&id.to_lowercase()), "{update:?}");
    }
}

#[test]
fn of_a_portfolio_s_own_destination_a_filter_leaves_what_is_in_both() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    let mut client = stomp(addr);
    let (both, other) = ([uuid(1), uuid(2)].join(","), uuid(2));
    for (id, topic, ids) in
        [("p", POSITIONS, &both), ("m", MARKS, &both), ("no-p", POSITIONS, &other), ("no-m", MARKS, &other)]
    {
        let own = format!("{topic}/{}", uuid(1));
        client.subscribe(id, &own, &[("portfolio-ids", ids), ("receipt", id)]).unwrap();
        client.await_receipt(id).unwrap();
    }
    assert_eq!(client.next_message("p").unwrap().json().unwrap()[0]["id"]["portfolioId"], uuid(1));
    assert_eq!(client.next_message("m").unwrap().json().unwrap()["portfolio_id"], uuid(1));

    ingest(addr, "transactions", &json!([buy(8, &uuid(2), "ACME", 1), buy(9, &uuid(1), "ACME", 1)]));
    let rows = client.next_message("p").unwrap().json().unwrap();
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["holdings"]), (1, &json!(2)));
    let mark = client.next_message("m").unwrap().json().unwrap();
    assert_eq!(mark["overallUnrealised_Pnl"], 2);
    let rest = fence(&mut client);
    assert_eq!(rest, [], "nothing is in both where the filter names another one");
}

#[test]
fn filters_of_one_session_do_not_touch_each_other() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    let mut client = subscriber(addr, &[("all", POSITIONS)]);
    client.subscribe("two", POSITIONS, &[("portfolio-ids", &uuid(2))]).unwrap();
    let rows_of = |id: &str, client: &mut StompClient| {
        client.next_message(id).unwrap().json().unwrap().as_array().unwrap().len()
    };
    assert_eq!((rows_of("all", &mut client), rows_of("two", &mut client)), (3, 1));
    let items = (1..=3).map(|n| buy(10 + n, &uuid(n), "NEW", 1)).collect();
    ingest(addr, "transactions", &items);
    let mut seen = 0;
    while seen < 3 {
        seen += rows_of("all", &mut client);
    }
    assert_eq!(rows_of("two", &mut client), 1);
    assert_eq!(fence(&mut client), []);
}

#[test]
fn a_filter_holds_for_the_feed() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    let mut session = Session::to(addr, Wire::WebSocket, Topic::Transactions, &only([2, 5]));
    assert_eq!(portfolios(&[session.next_of(Topic::Transactions)]), uuids([2]), "of what is retained");
    ingest(addr, "transactions", &(1..=6).map(|n| buy(10 + n, &uuid(n), "ACME", 1)).collect());
    for wanted in [2, 5] {
        assert_eq!(portfolios(&[session.next_of(Topic::Transactions)]), uuids([wanted]));
    }
    assert_eq!(session.fence(), []);
}
