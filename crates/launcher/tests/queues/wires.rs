//! Whatever STOMP runs over, and what a subscription to a queue may not ask for.

use hub_testkit::http;
use hub_testkit::stomp::{Frame, Version};

use crate::consumer::{
    CARRIERS, VERSIONS, connect, consume, consumer, expect, expect_nothing, put, queue, settle, tcp,
};
use crate::support::{address, await_metric, problem, publish};
use crate::{QUEUE, hub, support};

#[test]
fn a_queue_is_served_over_every_wire_in_every_version() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut queues = (0..).map(queue);
    for carrier in CARRIERS {
        for version in VERSIONS {
            let queue = queues.next().unwrap();
            let mut sender = connect(carrier(addr), version);
            let mut client = connect(carrier(addr), version);
            consume(&mut client, "q", &queue, "client-individual");
            for body in ["", "plain", "\u{1f4c8} a\nb\0c"] {
                let headers = [("content-type", "text/x"), ("colour", "blue"), ("receipt", body)];
                let headers = if body.contains('\n') || body.is_empty() { &headers[..2] } else { &headers };
                sender.send(&queue, headers, body.as_bytes()).unwrap();
                let message = expect(&mut client, body, false);
                assert_eq!(message.header("content-type"), Some("text/x"));
                assert_eq!(message.header("colour"), Some("blue"));
                assert_eq!(message.header("destination"), Some(queue.as_str()));
                settle(&mut client, "ACK", &message);
            }
            expect_nothing(&mut client);
        }
    }
}

#[test]
fn octets_are_no_message_for_sockjs_and_wait_for_a_consumer_that_can_have_them() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut client = connect(crate::support::carriers::sockjs(addr), Version::V1_2);
    consume(&mut client, "q", QUEUE, "auto");
    publish(addr, QUEUE, &[], b"\xff\xfe");
    let close = client.expect_end().unwrap().unwrap();
    assert_eq!(close.code, 4501);
    let mut other = consumer(addr, "q", QUEUE, "auto");
    assert_eq!(other.next_message("q").unwrap().body, b"\xff\xfe");
}

#[test]
fn options_are_refused_on_a_queue_by_name() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let id = support::uuid(1);
    for (option, value) in [
        ("portfolio-ids", id.as_str()),
        ("interval", "100"),
        ("batch", "true"),
        ("snapshot", "false"),
        ("resume", "00000000deadbeef-1"),
    ] {
        let mut client = connect(tcp(addr), Version::V1_2);
        client.subscribe("q", QUEUE, &[(option, value), ("receipt", "r")]).unwrap();
        let (error, _) = client.expect_error().unwrap();
        assert_eq!(error.header("message"), Some("subscription refused"), "{error}");
        assert_eq!(error.header("receipt-id"), Some("r"), "{error}");
        let text = error.text().unwrap();
        assert!(text.contains(option) && text.contains(QUEUE), "{text}");
    }
}

#[test]
fn where_clients_may_not_send_they_may_not_send_to_queues_and_other_queues_are_not_there() {
    let hub = support::hub(&[]);
    let addr = address(&hub);
    let mut client = connect(tcp(addr), Version::V1_2);
    client.send(QUEUE, &[("receipt", "r")], b"x").unwrap();
    let (error, _) = client.expect_error().unwrap();
    assert!(error.text().unwrap().contains("relay.client_send is off"), "{error}");
    expect_nothing(&mut consumer(addr, "q", QUEUE, "auto"));

    let answer = http::request(addr, "POST", "/api/publish/queue/other", &[], b"x").unwrap();
    assert!(problem(&answer, 404).contains("/queue/other"));
    let mut client = connect(tcp(addr), Version::V1_2);
    client.subscribe("q", "/queue/other", &[]).unwrap();
    let (error, _) = client.expect_error().unwrap();
    assert!(error.text().unwrap().contains("/queue/other"), "{error}");
}

#[test]
fn what_is_sent_is_counted_by_message_and_a_wrong_acknowledgement_as_an_error() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut client = consumer(addr, "q", QUEUE, "client-individual");
    put(addr, QUEUE, ["1", "2"]);
    let message = expect(&mut client, "1", false);
    expect(&mut client, "2", false);
    settle(&mut client, "NACK", &message);
    expect(&mut client, "1", true);
    let answer = http::get(addr, "/metrics").unwrap();
    let text = answer.text().unwrap();
    let sent = text.lines().find(|line| line.starts_with("hub_messages_sent_total")).unwrap();
    assert!(sent.ends_with(" 3"), "{sent}");
    client.send_frame(&Frame::new("ACK", &[("id", message.header("ack").unwrap())])).unwrap();
    await_metric(addr, r#"hub_errors_total{kind="ack"}"#, 1);
}
