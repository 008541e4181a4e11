//! Every message to exactly one of many consumers, in the queue's order.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use hub_testkit::stomp::{StompClient, Version};

use crate::consumer::{
    CARRIERS, answer, connect, consume, consumer, expect, expect_new, expect_nothing, put, settle, tcp,
};
use crate::support::{PATIENCE, address, await_metric, fence, publish, subscribe};
use crate::{QUEUE, hub};

const BELL: &str = "/topic/relay/bell";
const BY_HTTP: usize = 400;
const BY_SEND: usize = 1_500;

/// A message as a consumer got it: who published it, and which of theirs it is.
type Got = (String, usize);

/// Puts its messages into the queue, named by who it is.
type Publish = fn(SocketAddr, &str);

/// Takes messages, and acknowledges them where it has to, until the bell rings and nothing more comes. The client
/// stays: what it has not acknowledged would go to others.
fn take(mut client: StompClient, ack: &str, taken: &Sender<Got>) -> (Vec<Got>, StompClient) {
    let mut got = Vec::new();
    loop {
        let frame = client.next_frame().unwrap();
        if frame.header("destination") == Some(BELL) {
            break;
        }
        assert_eq!(frame.command, "MESSAGE", "{frame}");
        assert_eq!(frame.header("redelivered"), None, "{frame}");
        let (publisher, n) = frame.text().unwrap().split_once(' ').unwrap();
        got.push((publisher.to_owned(), n.parse().unwrap()));
        taken.send(got.last().unwrap().clone()).unwrap();
        // `client` acknowledges what came before, too: every third does.
        if ack == "client-individual" || (ack == "client" && got.len().is_multiple_of(3)) {
            client.send_frame(&answer(Version::V1_2, "ACK", &frame)).unwrap();
        }
    }
    assert_eq!(fence(&mut client), [], "the bell came after the last message");
    (got, client)
}

fn by_http(addr: SocketAddr, name: &str) {
    put(addr, QUEUE, (0..BY_HTTP).map(|n| format!("{name} {n}")));
}

fn by_send(addr: SocketAddr, name: &str) {
    let mut client = connect(tcp(addr), Version::V1_2);
    for n in 0..BY_SEND {
        client.send(QUEUE, &[], format!("{name} {n}").as_bytes()).unwrap();
    }
    client.send(QUEUE, &[("receipt", "last")], format!("{name} {BY_SEND}").as_bytes()).unwrap();
    client.await_receipt("last").unwrap();
}

#[test]
fn thousands_of_messages_from_four_publishers_reach_one_of_nine_consumers_each() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let (taken, all) = channel();
    let mut consumers = Vec::new();
    for ack in ["auto", "client", "client-individual"] {
        for carrier in CARRIERS {
            // One after the other, so that both workers have some.
            let mut client = connect(carrier(addr), Version::V1_2);
            subscribe(&mut client, "bell", BELL);
            consume(&mut client, "q", QUEUE, ack);
            let taken = taken.clone();
            consumers.push(thread::spawn(move || take(client, ack, &taken)));
        }
    }
    drop(taken);
    let publishers: [(&str, Publish, usize); 4] = [
        ("http-1", by_http, BY_HTTP),
        ("http-2", by_http, BY_HTTP),
        ("send-1", by_send, BY_SEND + 1),
        ("send-2", by_send, BY_SEND + 1),
    ];
    let expected: BTreeSet<Got> =
        publishers.iter().flat_map(|(name, _, count)| (0..*count).map(|n| ((*name).to_owned(), n))).collect();
    let publishing = publishers.map(|(name, publish, _)| thread::spawn(move || publish(addr, name)));
    for publisher in publishing {
        publisher.join().unwrap();
    }
    for n in 0..expected.len() {
        all.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("after {n} messages: {error}"));
    }
    publish(addr, BELL, &[], b"");
    let (got, _stay): (Vec<_>, Vec<_>) =
        consumers.into_iter().map(|consumer| consumer.join().unwrap()).unzip();

    assert_eq!(got.iter().map(Vec::len).sum::<usize>(), expected.len(), "none to two");
    assert_eq!(got.iter().flatten().cloned().collect::<BTreeSet<_>>(), expected, "none lost");
    for own in &got {
        assert!(!own.is_empty(), "all take their turns");
        let mut last = BTreeMap::new();
        for (publisher, n) in own {
            let before = last.insert(publisher, n);
            assert!(before < Some(n), "{publisher}: {before:?} came before {n}");
        }
    }
    await_metric(addr, r#"hub_errors_total{kind="ack"}"#, 0);
}

#[test]
fn a_single_consumer_sees_the_order_of_the_queue_whoever_published() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut sender = connect(tcp(addr), Version::V1_2);
    let mut only = consumer(addr, "q", QUEUE, "auto");
    let total = 3_000;
    for n in 0..total {
        let body = n.to_string();
        if n % 10 == 9 {
            // Those before it are in: the tenth comes by another way.
            sender.await_receipt(&(n - 1).to_string()).unwrap();
            put(addr, QUEUE, [&body]);
        } else {
            sender.send(QUEUE, &[("receipt", &body)], body.as_bytes()).unwrap();
        }
    }
    for n in 0..total {
        expect(&mut only, &n.to_string(), false);
    }
    expect_nothing(&mut only);
}

#[test]
fn a_queue_keeps_its_messages_for_those_who_come_later_and_each_queue_its_own() {
    let hub = hub(&[]);
    let addr = address(&hub);
    put(addr, QUEUE, ["1", "2"]);
    put(addr, "/queue/relay/y", ["other"]);
    let mut sender = connect(tcp(addr), Version::V1_2);
    sender.send(QUEUE, &[("receipt", "r"), ("colour", "a:b")], b"3").unwrap();
    sender.await_receipt("r").unwrap();
    let mut client = consumer(addr, "q", QUEUE, "auto");
    let messages = expect_new(&mut client, &["1", "2", "3"]);
    assert_eq!(messages[2].header("colour"), Some("a:b"));
    assert_eq!(messages[2].header("destination"), Some(QUEUE));
    assert_eq!(messages[2].header("receipt"), None);
    assert_eq!(messages[2].header("ack"), None, "it needs no acknowledgement");
    expect_nothing(&mut client);
    expect_new(&mut consumer(addr, "q", "/queue/relay/y", "auto"), &["other"]);
}

#[test]
fn two_subscriptions_of_one_session_are_two_consumers() {
    let hub = hub(&[("LIMITS__QUEUE_PREFETCH", "1")]);
    let addr = address(&hub);
    let mut client = consumer(addr, "a", QUEUE, "client-individual");
    consume(&mut client, "b", QUEUE, "client-individual");
    put(addr, QUEUE, ["1", "2", "3"]);
    let first = expect_new(&mut client, &["1", "2"]);
    let mut subscriptions: Vec<_> = first.iter().map(|message| message.header("subscription")).collect();
    subscriptions.sort_unstable();
    assert_eq!(subscriptions, [Some("a"), Some("b")]);
    expect_nothing(&mut client);
    settle(&mut client, "ACK", &first[1]);
    let third = expect(&mut client, "3", false);
    assert_eq!(third.header("subscription"), first[1].header("subscription"), "the one that has room");
}
