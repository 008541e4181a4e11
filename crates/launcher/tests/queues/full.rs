//! A queue holds so much and no more; whoever publishes beyond that is told.

use std::net::SocketAddr;

use hub_testkit::http;
use hub_testkit::stomp::Version;

use crate::consumer::{connect, consumer, expect, expect_new, expect_nothing, put, settle, tcp};
use crate::support::{address, await_metric, problem};
use crate::{QUEUE, hub};

/// What HTTP says to one message too many.
fn refused_over_http(addr: SocketAddr, queue: &str, body: &[u8]) -> String {
    let answer = http::request(addr, "POST", &format!("/api/publish{queue}"), &[], body).unwrap();
    problem(&answer, 503)
}

/// What STOMP says to it, with a receipt asked for.
fn refused_over_stomp(addr: SocketAddr, queue: &str, body: &[u8]) -> String {
    let mut client = connect(tcp(addr), Version::V1_2);
    client.send(queue, &[("receipt", "r")], body).unwrap();
    let (error, _) = client.expect_error().unwrap();
    assert_eq!(error.header("message"), Some("message refused"), "{error}");
    assert_eq!(error.header("receipt-id"), Some("r"), "{error}");
    error.text().unwrap().to_owned()
}

#[test]
fn a_queue_of_as_many_messages_as_it_may_hold_takes_no_more_until_one_is_acknowledged() {
    let hub = hub(&[("LIMITS__QUEUE_MESSAGES", "3")]);
    let addr = address(&hub);
    put(addr, QUEUE, ["1", "2", "3"]);
    let full = "/queue/relay/x holds as many messages as limits.queue_messages = 3 allows";
    assert_eq!(refused_over_http(addr, QUEUE, b"too many"), full);
    assert!(refused_over_stomp(addr, QUEUE, b"too many").contains(full));
    put(addr, "/queue/relay/y", ["another queue is not full"]);

    // What is unacknowledged counts, too.
    let mut client = consumer(addr, "q", QUEUE, "client-individual");
    let messages = expect_new(&mut client, &["1", "2", "3"]);
    assert_eq!(refused_over_http(addr, QUEUE, b"too many"), full);
    settle(&mut client, "NACK", &messages[1]);
    let second = expect(&mut client, "2", true);
    assert_eq!(refused_over_http(addr, QUEUE, b"too many"), full);
    settle(&mut client, "ACK", &second);
    put(addr, QUEUE, ["4"]);
    expect(&mut client, "4", false);
    assert!(refused_over_stomp(addr, QUEUE, b"too many").contains(full));

    // What is consumed at once never fills it.
    drop(client);
    let mut quick = consumer(addr, "q", QUEUE, "auto");
    for body in ["1", "3", "4"] {
        quick.next_message("q").unwrap_or_else(|error| panic!("{body}: {error}"));
    }
    await_metric(addr, "hub_queue_acknowledged_total", 4);
    for n in 5..20 {
        put(addr, QUEUE, [n.to_string()]);
        expect(&mut quick, &n.to_string(), false);
    }
    expect_nothing(&mut quick);
}

#[test]
fn a_queue_of_as_many_bytes_as_it_may_hold_takes_no_more() {
    let hub = hub(&[("LIMITS__MESSAGE_BYTES", "16384"), ("LIMITS__QUEUE_BYTES", "40000")]);
    let addr = address(&hub);
    let large = "x".repeat(15_000);
    put(addr, QUEUE, [&large, &large]);
    let full = "/queue/relay/x would hold more bytes than limits.queue_bytes = 40000";
    assert_eq!(refused_over_http(addr, QUEUE, large.as_bytes()), full);
    assert!(refused_over_stomp(addr, QUEUE, large.as_bytes()).contains(full));
    put(addr, QUEUE, ["small enough"]);
    let mut client = consumer(addr, "q", QUEUE, "auto");
    expect_new(&mut client, &[&large, &large, "small enough"]);
    expect_nothing(&mut client);
}

#[test]
fn all_queues_together_hold_four_times_as_much_as_one() {
    let hub = hub(&[("LIMITS__MESSAGE_BYTES", "16384"), ("LIMITS__QUEUE_BYTES", "16384")]);
    let addr = address(&hub);
    let large = "x".repeat(15_000);
    for n in 0..4 {
        put(addr, &format!("/queue/relay/{n}"), [&large]);
    }
    let full = "all queues together would hold more bytes than four times limits.queue_bytes, 65536";
    assert_eq!(refused_over_http(addr, "/queue/relay/4", large.as_bytes()), full);
    assert!(refused_over_stomp(addr, "/queue/relay/4", large.as_bytes()).contains(full));
    expect(&mut consumer(addr, "q", "/queue/relay/0", "auto"), &large, false);
    // The consumer may have it before its shard has said so.
    await_metric(addr, "hub_queue_acknowledged_total", 1);
    put(addr, "/queue/relay/4", [&large]);
}
