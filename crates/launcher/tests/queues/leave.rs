//! What a consumer leaves without an acknowledgement goes to another.

use hub_testkit::stomp::{Frame, StompClient};

use crate::consumer::{
    CARRIERS, connect, consume, consumer, expect, expect_new, expect_nothing, put, queue, settle,
};
use crate::support::{address, fence};
use crate::{QUEUE, hub};

#[expect(clippy::unnecessary_wraps, reason = "the other ways leave no session")]
fn unsubscribes(mut client: StompClient) -> Option<StompClient> {
    client.unsubscribe("q").unwrap();
    assert_eq!(fence(&mut client), []);
    Some(client)
}

fn disconnects(mut client: StompClient) -> Option<StompClient> {
    client.disconnect_with_receipt().unwrap();
    client.expect_end().unwrap();
    None
}

fn drops(client: StompClient) -> Option<StompClient> {
    drop(client);
    None
}

/// An ERROR ends the session.
fn errs(mut client: StompClient) -> Option<StompClient> {
    client.send_frame_text("FROB\n\n\0").unwrap();
    client.expect_error().unwrap();
    None
}

const WAYS: [fn(StompClient) -> Option<StompClient>; 4] = [unsubscribes, disconnects, drops, errs];

#[test]
fn whichever_way_a_consumer_leaves_the_next_gets_what_it_has_not_acknowledged_in_order() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut queues = (0..).map(queue);
    for leave in WAYS {
        for carrier in CARRIERS {
            let queue = queues.next().unwrap();
            let mut client = connect(carrier(addr), hub_testkit::stomp::Version::V1_2);
            consume(&mut client, "q", &queue, "client-individual");
            put(addr, &queue, ["1", "2", "3", "4"]);
            let messages = expect_new(&mut client, &["1", "2", "3", "4"]);
            settle(&mut client, "ACK", &messages[1]);
            // It is there already, and has room.
            let mut next = consumer(addr, "q", &queue, "client-individual");
            expect_nothing(&mut next);
            let _stays = leave(client);
            for body in ["1", "3", "4"] {
                let message = expect(&mut next, body, true);
                settle(&mut next, "ACK", &message);
            }
            expect_nothing(&mut next);
        }
    }
}

#[test]
fn what_nobody_has_acknowledged_waits_and_comes_before_what_is_newer() {
    let hub = hub(&[("LIMITS__QUEUE_PREFETCH", "2")]);
    let addr = address(&hub);
    let mut first = consumer(addr, "q", QUEUE, "client-individual");
    put(addr, QUEUE, ["1", "2", "3"]);
    expect_new(&mut first, &["1", "2"]);
    disconnects(first);
    put(addr, QUEUE, ["4"]);
    let mut second = consumer(addr, "q", QUEUE, "client-individual");
    let message = expect(&mut second, "1", true);
    expect(&mut second, "2", true);
    settle(&mut second, "ACK", &message);
    expect(&mut second, "3", false);
    disconnects(second);
    // However often: it is not a NACK.
    for _ in 0..20 {
        let mut another = consumer(addr, "q", QUEUE, "client-individual");
        expect(&mut another, "2", true);
        expect(&mut another, "3", true);
        disconnects(another);
    }
    let mut last = consumer(addr, "q", QUEUE, "auto");
    expect(&mut last, "2", true);
    expect(&mut last, "3", true);
    expect(&mut last, "4", false);
    expect_nothing(&mut last);
}

#[test]
fn what_was_acknowledged_never_comes_again_even_if_the_consumer_leaves_in_the_same_breath() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for (n, leave) in ["UNSUBSCRIBE\nid:q\n\n\0", "DISCONNECT\n\n\0", ""].into_iter().enumerate() {
        let (queue, done) = (queue(n), queue(n + 3));
        let mut client = consumer(addr, "q", &queue, "client-individual");
        let mut other = consumer(addr, "q", &done, "auto");
        put(addr, &queue, ["1", "2", "3"]);
        let messages = expect_new(&mut client, &["1", "2", "3"]);
        let ack = |message: &Frame| format!("ACK\nid:{}\n\n\0", message.require("ack").unwrap());
        let acks = messages.iter().map(ack).collect::<Vec<_>>().concat();
        client.send_frame_text(&format!("{acks}SEND\ndestination:{done}\n\ndone\0{leave}")).unwrap();
        expect(&mut other, "done", false);
        drop(client);
        expect_nothing(&mut consumer(addr, "q", &queue, "auto"));
    }
}
