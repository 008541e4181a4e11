//! ACK and NACK, in every mode and version (STOMP 1.2, "SUBSCRIBE ack Header").

use hub_testkit::stomp::{Frame, Version};

use crate::consumer::{
    VERSIONS, connect, consume, consumer, expect, expect_new, expect_nothing, put, queue, settle, tcp,
};
use crate::support::{address, await_metric, fence};
use crate::{QUEUE, hub};

const UNKNOWN: &str = r#"hub_errors_total{kind="ack"}"#;

#[test]
fn auto_needs_no_acknowledgement_client_counts_for_all_before_and_client_individual_for_one() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut queues = (0..).map(queue);
    for version in VERSIONS {
        for (ack, again) in
            [("auto", [].as_slice()), ("client", &["4", "5"]), ("client-individual", &["1", "2", "4", "5"])]
        {
            let queue = queues.next().unwrap();
            let mut client = connect(tcp(addr), version);
            consume(&mut client, "q", &queue, ack);
            put(addr, &queue, ["1", "2", "3", "4", "5"]);
            let messages = expect_new(&mut client, &["1", "2", "3", "4", "5"]);
            let has_ack = version == Version::V1_2 && ack != "auto";
            assert!(messages.iter().all(|message| message.header("ack").is_some() == has_ack), "{version:?}");
            if ack != "auto" {
                settle(&mut client, "ACK", &messages[2]);
            }
            client.unsubscribe("q").unwrap();
            expect_nothing(&mut client);

            let mut next = consumer(addr, "q", &queue, "auto");
            for body in again {
                expect(&mut next, body, true);
            }
            expect_nothing(&mut next);
        }
    }
    await_metric(addr, UNKNOWN, 0);
}

#[test]
fn a_client_of_1_0_may_do_without_an_id() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut client = connect(tcp(addr), Version::V1_0);
    let subscribe = [("destination", QUEUE), ("ack", "client"), ("receipt", "r")];
    client.send_frame(&Frame::new("SUBSCRIBE", &subscribe)).unwrap();
    client.await_receipt("r").unwrap();
    put(addr, QUEUE, ["1", "2"]);
    let messages = expect_new(&mut client, &["1", "2"]);
    assert_eq!(messages[0].header("subscription"), None);
    settle(&mut client, "ACK", &messages[0]);
    client.send_frame(&Frame::new("UNSUBSCRIBE", &[("destination", QUEUE)])).unwrap();
    expect_nothing(&mut client);
    let mut next = consumer(addr, "q", QUEUE, "auto");
    expect(&mut next, "2", true);
    expect_nothing(&mut next);
}

#[test]
fn a_nack_sends_a_message_to_another_and_with_client_returns_all_before_it() {
    let hub = hub(&[("LIMITS__QUEUE_PREFETCH", "3")]);
    let addr = address(&hub);
    let mut queues = (0..).map(queue);
    for version in [Version::V1_1, Version::V1_2] {
        for (ack, returned) in [("client-individual", ["2"].as_slice()), ("client", &["1", "2"])] {
            let queue = queues.next().unwrap();
            let mut client = connect(tcp(addr), version);
            consume(&mut client, "q", &queue, ack);
            put(addr, &queue, ["1", "2", "3"]);
            let messages = expect_new(&mut client, &["1", "2", "3"]);
            let mut other = consumer(addr, "q", &queue, "auto");
            settle(&mut client, "NACK", &messages[1]);
            for body in returned {
                expect(&mut other, body, true);
            }
            expect_nothing(&mut client);
            expect_nothing(&mut other);
        }
    }
    await_metric(addr, UNKNOWN, 0);
}

#[test]
fn a_nack_by_the_only_consumer_brings_the_message_again_under_another_id() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut client = consumer(addr, "q", QUEUE, "client-individual");
    put(addr, QUEUE, ["1"]);
    let first = expect(&mut client, "1", false);
    settle(&mut client, "NACK", &first);
    let again = expect(&mut client, "1", true);
    assert_ne!(again.header("ack"), first.header("ack"));
    settle(&mut client, "ACK", &first);
    await_metric(addr, UNKNOWN, 1);
    client.unsubscribe("q").unwrap();
    expect(&mut consumer(addr, "q", QUEUE, "auto"), "1", true);
}

#[test]
fn a_message_that_nobody_can_use_is_dropped_after_as_many_nacks_as_are_configured() {
    let hub = hub(&[("LIMITS__QUEUE_NACKS", "5")]);
    let addr = address(&hub);
    let mut client = consumer(addr, "q", QUEUE, "client-individual");
    put(addr, QUEUE, ["poison", "good"]);
    let mut poison = expect(&mut client, "poison", false);
    let good = expect(&mut client, "good", false);
    for _ in 1..5 {
        settle(&mut client, "NACK", &poison);
        poison = expect(&mut client, "poison", true);
    }
    settle(&mut client, "NACK", &poison);
    expect_nothing(&mut client);
    settle(&mut client, "NACK", &good);
    let good = expect(&mut client, "good", true);
    await_metric(addr, "hub_queues", 1);
    settle(&mut client, "ACK", &good);
    for (what, count) in [
        ("published", 2),
        ("delivered", 7),
        ("redelivered", 5),
        ("dropped", 1),
        ("acknowledged", 1),
        ("refused", 0),
    ] {
        await_metric(addr, &format!("hub_queue_{what}_total"), count);
    }
    await_metric(addr, "hub_queues_bytes", 0);
}

#[test]
fn an_acknowledgement_of_what_is_not_held_costs_no_session_and_changes_nothing() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut client = consumer(addr, "q", QUEUE, "client-individual");
    let mut stranger = consumer(addr, "q", "/queue/relay/y", "client-individual");
    put(addr, QUEUE, ["1"]);
    let message = expect(&mut client, "1", false);
    settle(&mut stranger, "ACK", &message);
    await_metric(addr, UNKNOWN, 1);
    settle(&mut stranger, "NACK", &message);
    await_metric(addr, UNKNOWN, 2);
    for (n, id) in (3..).zip(["x", "1x", "18446744073709551616", "99999999"]) {
        client.send_frame(&Frame::new("ACK", &[("id", id)])).unwrap();
        assert_eq!(fence(&mut client), []);
        await_metric(addr, UNKNOWN, n);
    }
    settle(&mut client, "ACK", &message);
    settle(&mut client, "ACK", &message);
    await_metric(addr, UNKNOWN, 7);
    drop(client);
    expect_nothing(&mut consumer(addr, "q", QUEUE, "auto"));
}

#[test]
fn an_acknowledgement_has_to_name_its_message_exactly() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for (n, version) in VERSIONS.into_iter().enumerate() {
        let queue = queue(n);
        let mut client = connect(tcp(addr), version);
        consume(&mut client, "q", &queue, "client-individual");
        put(addr, &queue, ["1"]);
        let message = expect_new(&mut client, &["1"]).remove(0);
        let id = message.require("message-id").unwrap();
        let parts: Vec<&str> = id.split('-').collect();
        let [epoch, sequence, delivery] = parts[..] else { panic!("{id}") };
        for wrong in [
            delivery.to_owned(),
            format!("-{delivery}"),
            format!("garbage-{delivery}"),
            format!("0000000000000000-{sequence}-{delivery}"),
            format!("{epoch}-999-{delivery}"),
            format!("{epoch}-{sequence}-{delivery}-"),
        ] {
            let header = if version == Version::V1_2 { "id" } else { "message-id" };
            let ack = [(header, wrong.as_str()), ("subscription", "q")];
            client.send_frame(&Frame::new("ACK", &ack)).unwrap();
        }
        assert_eq!(fence(&mut client), []);
        await_metric(addr, UNKNOWN, 6 * (n as u64 + 1));
        drop(client);
        expect(&mut consumer(addr, "q", &queue, "auto"), "1", true);
    }
}
