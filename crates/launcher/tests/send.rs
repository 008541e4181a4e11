//! SEND to `/app/{kind}`: taken in in order, answered when it is durable and applied, refused in words.

mod support;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use hub_testkit::stomp::{Carrier, Frame, StompClient, StompOptions};
use hub_testkit::ws::{Close, WsOptions};
use hub_testkit::{Error, OverSocket as _};
use serde_json::{Value, json};

use support::{
    MARKS, PATIENCE, POSITIONS, address, analysis, await_metric, buy, fence, holdings, hub, subscribe, uuid,
};

const TRANSACTIONS: &str = "/app/transactions";
const CARRIERS: [fn(SocketAddr) -> Carrier; 3] = [websocket, sockjs, tcp];

fn websocket(addr: SocketAddr) -> Carrier {
    Carrier::websocket(addr, "/ws", &WsOptions { deadline: PATIENCE, ..WsOptions::default() }).unwrap()
}

fn sockjs(addr: SocketAddr) -> Carrier {
    Carrier::sockjs(addr, "/ws", &WsOptions { deadline: PATIENCE, ..WsOptions::default() }).unwrap()
}

fn tcp(addr: SocketAddr) -> Carrier {
    Carrier::tcp(addr, PATIENCE).unwrap()
}

fn connect(carrier: Carrier) -> StompClient {
    StompClient::connect(carrier, &StompOptions::default()).unwrap()
}

/// Sends with a receipt, and doesn't wait.
fn send(client: &mut StompClient, destination: &str, receipt: &str, items: &Value) {
    client.send(destination, &[("receipt", receipt)], items.to_string().as_bytes()).unwrap();
}

fn sell(id: u64, portfolio: &str, quantity: u64) -> Value {
    json!({"transactionId": uuid(id), "portfolioId": portfolio, "symbol": "ACME", "side": "SELL",
           "quantity": quantity, "price": 11})
}

/// What is held, by portfolio and symbol.
fn held(addr: SocketAddr) -> BTreeMap<(String, String), u64> {
    holdings(&serde_json::from_str(&analysis(addr)).unwrap())
}

fn held_of(addr: SocketAddr, portfolio: &str) -> Option<u64> {
    held(addr).get(&(portfolio.to_owned(), "ACME".to_owned())).copied()
}

/// The ids of receipts, in their order; nothing else may be among them.
fn receipts(frames: &[Frame]) -> Vec<&str> {
    let id = |frame: &'_ Frame| assert_eq!(frame.command, "RECEIPT", "{frame}");
    frames.iter().inspect(|frame| id(frame)).map(|frame| frame.header("receipt-id").unwrap()).collect()
}

/// All frames up to the end of the connection, whatever ends it.
fn read_to_end(client: &mut StompClient) -> Vec<Frame> {
    let mut frames = Vec::new();
    loop {
        match client.next_frame() {
            Ok(frame) => frames.push(frame),
            Err(Error::Closed { .. } | Error::Ended { .. }) => return frames,
            Err(error) => panic!("after {} frames: {error}", frames.len()),
        }
    }
}

fn protocol_error(carrier: fn(SocketAddr) -> Carrier) -> Option<Close> {
    let close = Close { code: 4500, reason: "Protocol error".to_owned() };
    (!std::ptr::fn_addr_eq(carrier, tcp as fn(SocketAddr) -> Carrier)).then_some(close)
}

#[test]
fn every_kind_is_taken_in_and_its_receipt_comes_when_it_is_applied() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for (n, carrier) in (1..).zip(CARRIERS) {
        let owner = uuid(n);
        let mut client = connect(carrier(addr));
        send(&mut client, TRANSACTIONS, "one", &buy(10 * n, &owner, "ACME", 1));
        client.await_receipt("one").unwrap();
        assert_eq!(held_of(addr, &owner), Some(1));

        let two = json!([buy(10 * n + 1, &owner, "ACME", 1), buy(10 * n + 2, &owner, "ACME", 1)]);
        send(&mut client, TRANSACTIONS, "array", &two);
        client.await_receipt("array").unwrap();
        assert_eq!(held_of(addr, &owner), Some(3));

        let lines = [3, 4].map(|id| buy(10 * n + id, &owner, "ACME", 1).to_string()).join("\n");
        let headers = [("content-type", "application/x-ndjson"), ("receipt", "lines")];
        client.send(TRANSACTIONS, &headers, lines.as_bytes()).unwrap();
        client.await_receipt("lines").unwrap();
        assert_eq!(held_of(addr, &owner), Some(5));

        subscribe(&mut client, "mark", &format!("{MARKS}/{owner}"));
        send(&mut client, "/app/prices", "price", &json!([{"symbol": "ACME", "price": 20 + n}]));
        client.await_receipt("price").unwrap();
        let wanted = 5 * (10 + n);
        while client.next_message("mark").unwrap().json().unwrap()["overallUnrealised_Pnl"] != wanted {}

        send(&mut client, "/app/portfolios", "named", &json!({"portfolioId": owner, "name": "One"}));
        send(&mut client, "/app/symbols", "listed", &json!({"symbol": "ACME", "sector": "Tools"}));
        client.await_receipt("listed").unwrap();
        client.await_receipt("named").unwrap();
        client.disconnect_with_receipt().unwrap();
    }
    await_metric(addr, r#"hub_ingest_total{kind="transactions",status="accepted"}"#, 15);
    await_metric(addr, r#"hub_ingest_total{kind="symbols",status="accepted"}"#, 3);
}

#[test]
fn what_was_taken_in_before_or_is_out_of_date_is_fine() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut client = connect(websocket(addr));
    for receipt in ["first", "again"] {
        send(&mut client, TRANSACTIONS, receipt, &buy(1, &uuid(1), "ACME", 1));
        client.await_receipt(receipt).unwrap();
    }
    for (receipt, time) in [("new", "2026-02-07T10:30:00Z"), ("old", "2026-02-07T10:29:00Z")] {
        send(&mut client, "/app/prices", receipt, &json!({"symbol": "ACME", "price": 5, "timestamp": time}));
        client.await_receipt(receipt).unwrap();
    }
    assert_eq!(held_of(addr, &uuid(1)), Some(1));
    await_metric(addr, r#"hub_ingest_total{kind="transactions",status="duplicate"}"#, 1);
    await_metric(addr, r#"hub_ingest_total{kind="prices",status="stale"}"#, 1);
}

#[test]
fn without_a_receipt_nothing_is_answered_and_all_the_same_it_is_taken_in_before_what_follows() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for (n, carrier) in (1..).zip(CARRIERS) {
        let mut client = connect(carrier(addr));
        client.send(TRANSACTIONS, &[], buy(10 * n, &uuid(n), "ACME", 2).to_string().as_bytes()).unwrap();
        send(&mut client, TRANSACTIONS, "sold", &sell(10 * n + 1, &uuid(n), 2));
        assert_eq!(receipts(&[client.next_frame().unwrap()]), ["sold"]);
        assert_eq!(held_of(addr, &uuid(n)), Some(0));
        assert_eq!(fence(&mut client), []);
    }
}

/// So many SENDs, every other of which sells what the one before bought.
fn pipeline(client: &mut StompClient, owner: &str, first: u64, count: u64) {
    for n in first..first + count {
        let item = if (n - first).is_multiple_of(2) { buy(n, owner, "ACME", 1) } else { sell(n, owner, 1) };
        send(client, TRANSACTIONS, &n.to_string(), &item);
    }
}

#[test]
fn hundreds_sent_without_waiting_are_taken_in_in_order_and_the_disconnect_answered_last() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let count = 400;
    for (n, carrier) in (1..).zip(CARRIERS) {
        let mut client = connect(carrier(addr));
        let first = 10_000 * n;
        pipeline(&mut client, &uuid(n), first, count);
        client.send_frame(&Frame::new("DISCONNECT", &[("receipt", "bye")])).unwrap();
        let frames = read_to_end(&mut client);
        let ids = receipts(&frames);
        let (last, before) = ids.split_last().unwrap();
        assert_eq!(*last, "bye");
        let mut before: Vec<u64> = before.iter().map(|id| id.parse().unwrap()).collect();
        before.sort_unstable();
        assert!(before.into_iter().eq(first..first + count), "each once");
        assert_eq!(held_of(addr, &uuid(n)), Some(0));
    }
}

#[test]
fn a_peer_that_has_said_all_and_shut_its_side_is_still_answered() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut client = connect(tcp(addr));
    pipeline(&mut client, &uuid(1), 1, 50);
    client.send_frame(&Frame::new("DISCONNECT", &[("receipt", "bye")])).unwrap();
    client.socket_mut().shutdown_write().unwrap();
    let frames = read_to_end(&mut client);
    assert_eq!(receipts(&frames).len(), 51);
}

#[test]
fn sessions_that_send_at_once_do_not_wait_for_each_other_to_end() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut clients: Vec<_> =
        CARRIERS.iter().chain(&CARRIERS).map(|carrier| connect(carrier(addr))).collect();
    for (n, client) in (1..).zip(&mut clients) {
        pipeline(client, &uuid(n), 1_000 * n, 100);
    }
    for (n, client) in (1..).zip(&mut clients) {
        client.await_receipt(&(1_000 * n + 99).to_string()).unwrap();
        assert_eq!(held_of(addr, &uuid(n)), Some(0));
    }
}

#[test]
fn of_a_rejected_item_the_error_says_which_and_why_and_the_others_were_taken_in() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for (n, carrier) in (1..).zip(CARRIERS) {
        let (id, owner) = (100 * n, uuid(n));
        let mut client = connect(carrier(addr));
        send(&mut client, TRANSACTIONS, "before", &buy(id, &owner, "ACME", 30));
        let items = json!([
            buy(id + 1, &owner, "OTHER", 1),
            sell(id + 2, &owner, 31),
            {"transactionId": uuid(id + 3), "portfolioId": owner, "symbol": "ACME", "side": "SIDEWAYS",
             "quantity": 1, "price": 1},
            sell(id + 4, &owner, 10),
        ]);
        send(&mut client, TRANSACTIONS, "mixed", &items);
        let (error, close) = client.expect_error().unwrap();
        assert_eq!(error.header("message"), Some("rejected"), "{error}");
        assert_eq!(error.header("receipt-id"), Some("mixed"));
        let text = error.text().unwrap();
        assert!(text.lines().any(|line| line == "item 1: quantity: is more than the 30 held"), "{text}");
        assert!(text.lines().any(|line| line.starts_with("item 2: side: ")), "{text}");
        assert!(!text.contains("item 0") && !text.contains("item 3"), "{text}");
        assert_eq!(close, protocol_error(carrier));
        assert_eq!(receipts(&[client.next_frame().unwrap()]), ["before"], "it had been answered before");

        let found = held(addr);
        assert_eq!(found[&(owner.clone(), "ACME".to_owned())], 20);
        assert_eq!(found[&(owner, "OTHER".to_owned())], 1);
    }
}

#[test]
fn a_single_rejected_item_is_named_and_changes_nothing() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut client = connect(websocket(addr));
    subscribe(&mut client, "0", POSITIONS);
    client.send(TRANSACTIONS, &[], sell(1, &uuid(1), 5).to_string().as_bytes()).unwrap();
    let (error, _) = client.expect_error().unwrap();
    assert_eq!(error.header("message"), Some("rejected"));
    assert_eq!(error.header("receipt-id"), None, "none was asked for");
    assert_eq!(error.text().unwrap().trim_end(), "item 0: quantity: is more than the 0 held");
    assert_eq!(analysis(addr), "[]");
}

#[test]
fn what_is_no_message_for_the_hub_is_refused() {
    let hub = hub(&[("LIMITS__INGEST_ITEMS", "3")]);
    let addr = address(&hub);
    let four = (1..=4).map(|n| buy(n, &uuid(n), "ACME", 1)).collect::<Value>().to_string();
    let item = buy(1, &uuid(1), "ACME", 1).to_string();
    for (destination, body) in [
        (TRANSACTIONS, "{\"transactionId\":"),
        (TRANSACTIONS, ""),
        (TRANSACTIONS, "nonsense"),
        (TRANSACTIONS, four.as_str()),
        ("/app/dividends", item.as_str()),
        ("/app/TRANSACTIONS", item.as_str()),
        ("/app/transactions/today", item.as_str()),
        ("/app", item.as_str()),
    ] {
        for carrier in CARRIERS {
            let mut client = connect(carrier(addr));
            client.send(destination, &[("receipt", "r")], body.as_bytes()).unwrap();
            let (error, close) =
                client.expect_error().unwrap_or_else(|error| panic!("{destination}: {error}"));
            assert_eq!(error.header("message"), Some("message refused"), "{destination} {body}: {error}");
            assert_eq!(error.header("receipt-id"), Some("r"), "{destination} {body}");
            assert!(!error.body.is_empty(), "{destination} {body}: it says why");
            assert_eq!(close, protocol_error(carrier), "{destination} {body}");
        }
    }
    assert_eq!(analysis(addr), "[]", "nothing was taken in");
}

#[test]
fn a_hub_that_stops_answers_what_it_has_taken_in_and_nothing_else() {
    for carrier in CARRIERS {
        let mut hub = hub(&[]);
        let mut client = connect(carrier(address(&hub)));
        // All in one piece, so that the hub has them long before it can have taken them in.
        let frames = (1..=2_000).map(|n| {
            let item = buy(n, &uuid(n), "ACME", 1);
            format!("SEND\ndestination:{TRANSACTIONS}\nreceipt:{n}\n\n{item}\0")
        });
        client.send_frame_text(&frames.collect::<String>()).unwrap();
        let first = client.next_frame().unwrap();
        hub.signal_terminate().unwrap();
        let mut frames = vec![first];
        frames.extend(read_to_end(&mut client));
        drop(client);
        assert_eq!(hub.wait_for_exit().unwrap().code(), Some(0));

        // A refusal of what came too late is in order.
        frames.retain(|frame| frame.command != "ERROR");
        let mut answered: Vec<u64> = receipts(&frames).iter().map(|id| id.parse().unwrap()).collect();
        answered.sort_unstable();
        hub.restart().unwrap();
        let mut found: Vec<_> = held(address(&hub)).into_keys().map(|(owner, _)| owner).collect();
        found.sort();
        let answered: Vec<_> = answered.into_iter().map(uuid).collect();
        assert_eq!(found, answered, "taken in, and answered");
        assert!(found.iter().eq((1..).map(uuid).take(found.len()).collect::<Vec<_>>().iter()), "in order");
    }
}

/// A session that may have one SEND under way is read on when it is answered.
#[test]
fn however_few_may_be_under_way_all_are_answered_in_order() {
    let hub = hub(&[("LIMITS__SENDS_PER_SESSION", "1")]);
    for carrier in CARRIERS {
        let mut client = connect(carrier(address(&hub)));
        let names: Vec<String> = (0..50).map(|n| format!("r{n}")).collect();
        for (n, name) in (1..).zip(&names) {
            send(&mut client, "/app/prices", name, &json!({"symbol": "ACME", "price": n}));
        }
        let frames: Vec<Frame> = names.iter().map(|_| client.next_frame().unwrap()).collect();
        assert_eq!(receipts(&frames), names);
    }
}
