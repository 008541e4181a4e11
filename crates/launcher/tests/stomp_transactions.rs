//! Transactions: what is sent in one happens when it is committed, all of it in order, or not at all.

mod support;

use hub_testkit::stomp::{Carrier, Frame, StompClient, StompOptions, Version};
use serde_json::json;

use support::carriers::{CARRIERS, tcp};
use support::{POSITIONS, address, analysis, buy, fence, publish, subscribe, subscriber, uuid};

const TOPIC: &str = "/topic/relay/t";
const QUEUE: &str = "/queue/relay/q";
const FACTS: &str = "/app/transactions";
const VERSIONS: [Version; 3] = [Version::V1_0, Version::V1_1, Version::V1_2];

fn hub(settings: &[(&str, &str)]) -> hub_testkit::process::HubProcess {
    support::hub(&[&[("RELAY__CLIENT_SEND", "true")], settings].concat())
}

fn connect(carrier: Carrier) -> StompClient {
    StompClient::connect(carrier, &StompOptions::default()).unwrap()
}

/// BEGIN, COMMIT or ABORT, and waits until it is done.
fn tell(client: &mut StompClient, command: &str, transaction: &str) {
    let receipt = format!("{command} {transaction}");
    let headers = [("transaction", transaction), ("receipt", &*receipt)];
    client.send_frame(&Frame::new(command, &headers)).unwrap();
    client.await_receipt(&receipt).unwrap();
}

/// Sends in a transaction, and waits until it is held.
fn send_in(client: &mut StompClient, transaction: &str, destination: &str, body: &str) {
    let receipt = format!("held {transaction} {body}");
    let headers = [("transaction", transaction), ("receipt", &*receipt)];
    client.send(destination, &headers, body.as_bytes()).unwrap();
    client.await_receipt(&receipt).unwrap();
}

/// The bodies of the next messages.
fn bodies(client: &mut StompClient, count: usize) -> Vec<String> {
    (0..count).map(|_| client.next_frame().unwrap().text().unwrap().to_owned()).collect()
}

/// Sends frames that are refused; the ERROR.
fn refused(mut client: StompClient, frames: &str) -> Frame {
    client.send_frame_text(frames).unwrap();
    client.expect_error().unwrap_or_else(|error| panic!("{frames:?}: {error}")).0
}

fn consume(client: &mut StompClient, ack: &str) {
    client.subscribe("q", QUEUE, &[("ack", ack), ("receipt", "consumes")]).unwrap();
    client.await_receipt("consumes").unwrap();
}

#[test]
fn a_commit_lets_happen_in_order_what_was_held_until_then_over_every_wire_in_every_version() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut receiver = subscriber(addr, &[("0", TOPIC)]);
    for carrier in CARRIERS {
        for version in VERSIONS {
            let mut sender = StompClient::connect(carrier(addr), &StompOptions::only(version)).unwrap();
            tell(&mut sender, "BEGIN", "t");
            for n in 0..50 {
                send_in(&mut sender, "t", TOPIC, &n.to_string());
            }
            sender.send(TOPIC, &[("receipt", "outside")], b"outside").unwrap();
            sender.await_receipt("outside").unwrap();
            assert_eq!(bodies(&mut receiver, 1), ["outside"], "it waits for no transaction");
            assert_eq!(fence(&mut receiver), []);
            tell(&mut sender, "COMMIT", "t");
            let expected: Vec<_> = (0..50).map(|n| n.to_string()).collect();
            assert_eq!(bodies(&mut receiver, 50), expected);
            assert_eq!(fence(&mut sender), [], "one RECEIPT each");
        }
    }
}

#[test]
fn headers_and_octets_come_through_a_transaction_as_they_are_and_its_name_does_not() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut receiver = subscriber(addr, &[("0", TOPIC)]);
    let mut sender = connect(tcp(addr));
    tell(&mut sender, "BEGIN", "a:b");
    let headers = [("transaction", "a:b"), ("content-type", "text/x"), ("colour", "a:b\\c\nd")];
    sender.send(TOPIC, &headers, b"\0\xff").unwrap();
    tell(&mut sender, "COMMIT", "a:b");
    let message = receiver.next_message("0").unwrap();
    assert_eq!(message.body, b"\0\xff");
    assert_eq!(message.header("content-type"), Some("text/x"));
    assert_eq!(message.header("colour"), Some("a:b\\c\nd"));
    assert_eq!(message.header("transaction"), None);
}

#[test]
fn an_abort_and_every_end_of_a_session_let_nothing_happen() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut receiver = subscriber(addr, &[("0", TOPIC)]);
    let held = |n: u64| {
        let mut sender = connect(CARRIERS[n as usize % 3](addr));
        tell(&mut sender, "BEGIN", "t");
        send_in(&mut sender, "t", TOPIC, "never");
        send_in(&mut sender, "t", QUEUE, "never");
        send_in(&mut sender, "t", FACTS, &buy(n, &uuid(n), "ACME", 1).to_string());
        sender
    };
    for n in 0..3 {
        let mut aborts = held(n);
        tell(&mut aborts, "ABORT", "t");
        // Its name is free again.
        tell(&mut aborts, "BEGIN", "t");
        tell(&mut aborts, "COMMIT", "t");
        held(n).disconnect_with_receipt().unwrap();
        drop(held(n));
        refused(held(n), "FROB\n\n\0");
    }
    let mut client = connect(tcp(addr));
    consume(&mut client, "auto");
    assert_eq!(fence(&mut client), []);
    publish(addr, TOPIC, &[], b"last");
    assert_eq!(bodies(&mut receiver, 1), ["last"]);
    assert_eq!(analysis(addr), "[]");
}

#[test]
fn several_transactions_are_open_at_a_time_and_each_is_committed_by_itself() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut receiver = subscriber(addr, &[("0", TOPIC)]);
    let mut sender = connect(tcp(addr));
    for transaction in ["a", "b", "c"] {
        tell(&mut sender, "BEGIN", transaction);
    }
    for n in 0..6 {
        let transaction = ["a", "b", "c"][n % 3];
        send_in(&mut sender, transaction, TOPIC, &format!("{transaction}{n}"));
    }
    tell(&mut sender, "COMMIT", "b");
    tell(&mut sender, "ABORT", "a");
    tell(&mut sender, "COMMIT", "c");
    assert_eq!(bodies(&mut receiver, 4), ["b1", "b4", "c2", "c5"]);
    assert_eq!(fence(&mut receiver), []);
}

#[test]
fn facts_of_a_transaction_are_applied_by_the_time_of_the_commit_s_receipt() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for (n, carrier) in (1..).zip(CARRIERS) {
        let mut client = connect(carrier(addr));
        let owner = uuid(n);
        tell(&mut client, "BEGIN", "t");
        for id in 0..40 {
            send_in(&mut client, "t", FACTS, &buy(100 * n + id, &owner, "ACME", 1).to_string());
        }
        assert!(!analysis(addr).contains(&owner), "not yet");
        tell(&mut client, "COMMIT", "t");
        let rows = support::holdings(&serde_json::from_str(&analysis(addr)).unwrap());
        assert_eq!(rows[&(owner, "ACME".to_owned())], 40);
    }
}

#[test]
fn the_receipts_of_a_commit_and_of_what_surrounds_it_come_in_the_order_of_the_session() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for (n, carrier) in (1..).zip(CARRIERS) {
        let mut client = connect(carrier(addr));
        let owner = uuid(n);
        let item = |id| buy(100 * n + id, &owner, "ACME", 1);
        let held = |id| format!("SEND\ndestination:{FACTS}\ntransaction:t\n\n{}\0", item(id));
        let sent = |id, receipt| format!("SEND\ndestination:{FACTS}\nreceipt:{receipt}\n\n{}\0", item(id));
        let mut frames = "BEGIN\ntransaction:t\n\n\0".to_owned();
        frames.extend((0..50).map(held));
        frames += &sent(50, "before");
        frames += "COMMIT\ntransaction:t\nreceipt:commit\n\n\0";
        frames += &sent(51, "after");
        frames += "DISCONNECT\nreceipt:end\n\n\0";
        client.send_frame_text(&frames).unwrap();
        for receipt in ["before", "commit", "after", "end"] {
            let frame = client.next_frame().unwrap();
            assert_eq!((&*frame.command, frame.header("receipt-id")), ("RECEIPT", Some(receipt)), "{frame}");
        }
        client.expect_end().unwrap();
        let rows = support::holdings(&serde_json::from_str(&analysis(addr)).unwrap());
        assert_eq!(rows[&(owner, "ACME".to_owned())], 52);
    }
}

#[test]
fn a_rejected_fact_of_a_transaction_is_named_in_an_error_for_the_commit() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let (sound, owner) = (uuid(1), uuid(2));
    let oversold = json!({"transactionId": uuid(2), "portfolioId": owner, "symbol": "ACME", "side": "SELL",
                          "quantity": 5, "price": 11});
    for carrier in CARRIERS {
        let mut client = connect(carrier(addr));
        subscribe(&mut client, "0", POSITIONS);
        tell(&mut client, "BEGIN", "t");
        send_in(&mut client, "t", FACTS, &buy(1, &sound, "ACME", 1).to_string());
        send_in(&mut client, "t", FACTS, &oversold.to_string());
        client.send_frame_text("COMMIT\ntransaction:t\nreceipt:c\n\n\0").unwrap();
        let (error, _) = client.expect_error().unwrap();
        assert_eq!(error.header("message"), Some("rejected"), "{error}");
        assert_eq!(error.header("receipt-id"), Some("c"), "{error}");
        assert!(error.text().unwrap().contains("item 0: quantity: is more than the 0 held"), "{error}");
        let text = analysis(addr);
        assert!(text.contains(&sound) && !text.contains(&owner), "{text}");
    }
}

#[test]
fn what_could_never_be_sent_is_refused_when_it_comes_and_not_when_it_is_committed() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let send = |destination| {
        format!("BEGIN\ntransaction:t\n\n\0SEND\nreceipt:r\ntransaction:t\ndestination:{destination}\n\nx\0")
    };
    for (destination, message, body) in [
        ("/topic/position-update", "message refused", "is computed by the hub"),
        ("/topic/nowhere", "message refused", "there is no destination /topic/nowhere"),
        ("no destination", "bad destination", "is no destination"),
    ] {
        let error = refused(connect(tcp(addr)), &send(destination));
        assert_eq!(
            (error.header("message"), error.header("receipt-id")),
            (Some(message), Some("r")),
            "{error}"
        );
        assert!(error.text().unwrap().contains(body), "{error}");
    }
}

#[test]
fn an_acknowledgement_in_a_transaction_counts_from_its_commit() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut client = connect(tcp(addr));
    consume(&mut client, "client-individual");
    for body in ["1", "2", "3"] {
        publish(addr, QUEUE, &[], body.as_bytes());
    }
    let messages: Vec<_> = (0..3).map(|_| client.next_frame().unwrap()).collect();
    let settle = |client: &mut StompClient, command, transaction, message: &Frame| {
        let id = message.require("ack").unwrap();
        let headers = [("id", id), ("transaction", transaction), ("receipt", "held")];
        client.send_frame(&Frame::new(command, &headers)).unwrap();
        client.await_receipt("held").unwrap();
    };
    tell(&mut client, "BEGIN", "keeps");
    settle(&mut client, "ACK", "keeps", &messages[0]);
    settle(&mut client, "NACK", "keeps", &messages[1]);
    assert_eq!(fence(&mut client), [], "the NACK does not count yet");
    tell(&mut client, "COMMIT", "keeps");
    let again = client.next_message("q").unwrap();
    assert_eq!((again.text().unwrap(), again.header("redelivered")), ("2", Some("true")));
    tell(&mut client, "BEGIN", "drops");
    settle(&mut client, "ACK", "drops", &messages[2]);
    tell(&mut client, "ABORT", "drops");
    tell(&mut client, "BEGIN", "open");
    settle(&mut client, "ACK", "open", &again);
    client.disconnect_with_receipt().unwrap();

    let mut next = connect(tcp(addr));
    consume(&mut next, "auto");
    assert_eq!(bodies(&mut next, 2), ["2", "3"], "only the first was acknowledged");
    assert_eq!(fence(&mut next), []);
}

#[test]
fn transactions_are_bounded_in_number_frames_and_bytes_each_with_an_error_of_its_own() {
    let hub = hub(&[
        ("LIMITS__TRANSACTIONS_PER_SESSION", "3"),
        ("LIMITS__TRANSACTION_FRAMES", "100"),
        ("LIMITS__TRANSACTION_BYTES", "100000"),
    ]);
    let addr = address(&hub);
    let mut receiver = subscriber(addr, &[("0", TOPIC)]);
    let begin = |id: usize| format!("BEGIN\ntransaction:{id}\nreceipt:{id}\n\n\0");
    let many: String = (1..=4).map(begin).collect();
    let send = |body: &str| format!("SEND\ndestination:{TOPIC}\ntransaction:1\n\n{body}\0");
    let frames = begin(1) + &send("x").repeat(101);
    let bytes = begin(1) + &send(&"x".repeat(30_000)).repeat(4);
    for (text, message, body) in [
        (
            many.as_str(),
            "too many transactions",
            "no more open transactions than limits.transactions_per_session = 3",
        ),
        (
            &frames,
            "transaction too large",
            "transaction '1' may hold no more frames than limits.transaction_frames = 100",
        ),
        (&bytes, "transaction too large", "no more octets than limits.transaction_bytes = 100000"),
        ("BEGIN\ntransaction:t\n\n\0BEGIN\ntransaction:t\n\n\0", "duplicate transaction", "'t'"),
    ] {
        let error = refused(connect(tcp(addr)), text);
        assert_eq!(error.header("message"), Some(message), "{error}");
        assert!(error.text().unwrap().contains(body), "{error}");
    }
    assert_eq!(fence(&mut receiver), []);

    // Up to the limit it is in order.
    let mut sender = connect(tcp(addr));
    sender.send_frame_text(&(begin(1) + &send("x").repeat(100))).unwrap();
    tell(&mut sender, "COMMIT", "1");
    assert_eq!(bodies(&mut receiver, 100).len(), 100);
}

#[test]
fn a_queue_that_is_full_fails_the_commit_by_name() {
    let hub = hub(&[("LIMITS__QUEUE_MESSAGES", "3")]);
    let addr = address(&hub);
    let send = |body: &str| format!("SEND\ndestination:{QUEUE}\ntransaction:t\n\n{body}\0");
    let frames = format!("{}{}", send("1"), send("2"));
    let all = format!("BEGIN\ntransaction:t\n\n\0{frames}{frames}COMMIT\ntransaction:t\nreceipt:c\n\n\0");
    let error = refused(connect(tcp(addr)), &all);
    assert_eq!(error.header("message"), Some("message refused"), "{error}");
    assert_eq!(error.header("receipt-id"), Some("c"), "{error}");
    assert!(error.text().unwrap().contains("limits.queue_messages = 3 allows"), "{error}");
}
