//! Relay topics.

use hub_core::CloseReason;

use super::peer::{Peer, Speaks};
use super::world::World;

const TOPIC: &str = "/topic/relay/news";

fn bodies(peer: &mut Peer, world: &mut World) -> Vec<String> {
    peer.news(world).into_iter().map(|received| received.body).collect()
}

#[test]
fn a_message_comes_once_to_all_who_follow_its_destination() {
    let mut world = World::new(|_| {});
    let mut peers = [Speaks::RawStomp, Speaks::Stomp].map(|speaks| world.connect(speaks, 1 << 20));
    for peer in &peers {
        peer.subscribe("a", TOPIC, "");
        peer.subscribe("b", "/topic/relay/other", "");
    }
    world.settle();
    world.relay(TOPIC, "hello");
    for peer in &mut peers {
        let received = peer.news(&mut world);
        assert_eq!(received.len(), 1);
        assert_eq!((&*received[0].body, &*received[0].headers["subscription"]), ("hello", "a"));
    }
}

#[test]
fn a_client_s_message_comes_back_to_whoever_follows_it_itself_included() {
    let mut world = World::new(|_| {});
    let mut peer = world.connect(Speaks::Stomp, 1 << 20);
    peer.subscribe("a", TOPIC, "");
    peer.send(&format!("SEND\ndestination:{TOPIC}\n\nhi\0"));
    world.settle();
    assert_eq!(bodies(&mut peer, &mut world), ["hi"]);
}

#[test]
fn a_reader_that_would_lose_a_message_is_told_so_and_keeps_what_it_has() {
    let mut world = World::new(|limits| limits.outbox_bytes = 4096);
    let mut peer = world.connect(Speaks::Stomp, 64);
    let mut reader = world.connect(Speaks::Stomp, 1 << 20);
    for peer in [&peer, &reader] {
        peer.subscribe("a", TOPIC, "");
    }
    world.settle();
    let sent: Vec<String> = (0..40).map(|n| format!("{n:0>400}")).collect();
    for body in &sent {
        world.relay(TOPIC, body);
    }
    assert_eq!(bodies(&mut reader, &mut world), sent);
    peer.take_all(&mut world);
    let got: Vec<&String> = peer.received.iter().map(|received| &received.body).collect();
    assert!(!got.is_empty() && got.len() < sent.len());
    assert!(got.iter().zip(&sent).all(|(got, sent)| *got == sent), "in order, none left out");
    assert_eq!(peer.close.map(|(code, _)| code), Some(CloseReason::OUTBOX_OVERFLOW.code));
}

#[test]
fn who_may_have_missed_what_a_busy_shard_could_not_take_is_told() {
    let mut world = World::new(|_| {});
    let mut peer = world.connect(Speaks::Stomp, 1 << 22);
    let mut other = world.connect(Speaks::Stomp, 1 << 22);
    peer.subscribe("a", TOPIC, "");
    other.subscribe("s", "/topic/state", "");
    world.settle();
    let body = "x".repeat(100 << 10);
    world.held(|world| (0..20).for_each(|_| world.relay(TOPIC, &body)));
    peer.take_all(&mut world);
    other.take_all(&mut world);
    assert_eq!(peer.close.map(|(code, _)| code), Some(CloseReason::OUTBOX_OVERFLOW.code));
    assert_eq!(other.close, None);
}
