//! Ends of connections, and of the shard.

use std::time::Duration;

use hub_core::CloseReason;

use super::peer::{Peer, Speaks};
use super::world::World;

const TOPIC: &str = "/topic/relay/news";

fn code(peer: &Peer) -> Option<u16> {
    peer.close.as_ref().map(|(code, _)| *code)
}

#[test]
fn a_peer_that_goes_leaves_nothing_behind() {
    let mut world = World::new(|_| {});
    for speaks in [Speaks::RawStomp, Speaks::Stomp] {
        let peer = world.connect(speaks, 16);
        peer.subscribe("a", TOPIC, "");
        peer.subscribe("b", "/topic/state", "interval:1000\n");
        peer.subscribe("c", "/topic/feed", "");
        peer.subscribe("d", "/queue/work", "");
        world.flush(&[1, 2, 3]);
        world.emit();
        world.relay("/queue/work", "left");
        drop(peer);
        world.settle();
        world.assert_deserted();
    }
    let peer = world.connect(Speaks::Native, 16);
    for what in ["tally", "state", "feed"] {
        peer.send(&format!(r#"{{"type":"follow","what":"{what}"}}"#));
    }
    world.flush(&[1, 2, 3]);
    drop(peer);
    world.settle();
    world.assert_deserted();
}

#[test]
fn a_slot_that_is_used_again_has_nothing_of_who_was_there_before() {
    let mut world = World::new(|_| {});
    let peer = world.connect(Speaks::RawStomp, 1 << 20);
    peer.subscribe("a", TOPIC, "");
    world.settle();
    drop(peer);
    world.settle();
    let mut next = world.connect(Speaks::RawStomp, 1 << 20);
    world.relay(TOPIC, "for nobody");
    assert!(next.news(&mut world).is_empty());
}

#[test]
fn a_drain_hands_over_what_is_owed_and_then_says_that_it_goes() {
    let mut world = World::new(|_| {});
    let mut slow = world.connect(Speaks::Stomp, 64);
    slow.subscribe("s", "/topic/state", "interval:60000\n");
    world.flush(&[1]);
    slow.take_all(&mut world);
    world.flush(&[1, 2]);
    world.drain();
    slow.take_all(&mut world);
    let values: Vec<u64> =
        slow.received.iter().map(|received| received.json()["v"].as_u64().unwrap()).collect();
    assert_eq!(values, [1, 2, 2], "without waiting for its interval");
    assert_eq!(code(&slow), Some(CloseReason::GOING_AWAY.code));
    slow.answer_close();
    world.settle();
    drop(slow);
    world.settle();
    assert!(world.shard.sockets.is_empty());
}

#[test]
fn a_drain_waits_for_who_reads_nothing_until_its_deadline() {
    let mut world = World::new(|_| {});
    let stalled = world.connect(Speaks::RawStomp, 16);
    stalled.subscribe("a", TOPIC, "");
    world.settle();
    world.relay(TOPIC, "more than it takes");
    let close = Duration::from_millis(world.chassis.limits.close_ms);
    world.drain();
    world.pass(close.checked_sub(Duration::from_millis(500)).unwrap());
    assert!(!world.shard.sockets.is_empty());
    world.pass(2 * close);
    assert!(world.shard.sockets.is_empty(), "once to be read, once to be closed");
}

#[test]
fn a_refused_frame_is_answered_by_an_error_and_ends_the_session() {
    let mut world = World::new(|_| {});
    let mut peer = world.connect(Speaks::Stomp, 1 << 20);
    peer.subscribe("a", TOPIC, "");
    peer.subscribe("b", "/topic/nowhere", "receipt:r\n");
    world.settle();
    let received = peer.news(&mut world);
    assert_eq!(received.len(), 1);
    assert_eq!((&*received[0].command, &*received[0].headers["receipt-id"]), ("ERROR", "r"));
    assert_eq!(code(&peer), Some(CloseReason::PROTOCOL_ERROR.code));
    world.relay(TOPIC, "too late");
    assert!(peer.news(&mut world).is_empty(), "nothing follows an ERROR");
}

#[test]
fn a_disconnect_has_its_receipt_after_what_was_owed_though_the_peer_has_shut_its_side() {
    let mut world = World::new(|_| {});
    let mut peer = world.connect(Speaks::RawStomp, 32);
    peer.subscribe("a", TOPIC, "");
    world.settle();
    world.relay(TOPIC, "a message that does not fit the stream");
    peer.send("DISCONNECT\nreceipt:bye\n\n\0");
    peer.shut();
    world.settle();
    peer.take_all(&mut world);
    let commands: Vec<&str> = peer.received.iter().map(|received| &*received.command).collect();
    assert_eq!(commands, ["MESSAGE", "RECEIPT"]);
    assert!(peer.is_at_end());
    world.settle();
    assert!(world.shard.sockets.is_empty());
}

#[test]
fn a_peer_that_makes_the_hub_answer_and_reads_nothing_is_closed() {
    let mut world = World::new(|limits| {
        limits.outbox_bytes = 4096;
        limits.message_bytes = 4096;
    });
    let peer = world.connect(Speaks::RawStomp, 64);
    let most = 2 * 4096 + 4096;
    for n in 0..1000 {
        peer.send(&format!("SEND\ndestination:{TOPIC}\nreceipt:{n:0>100}\n\n\0"));
        world.settle();
        assert!(world.outbox_bytes() <= most + 4096, "{}", world.outbox_bytes());
    }
    world.pass(Duration::from_millis(2 * world.chassis.limits.close_ms));
    assert!(world.shard.sockets.is_empty());
}
