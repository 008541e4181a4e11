//! Feeds.

use hub_core::CloseReason;

use super::peer::{Peer, Speaks};
use super::world::{FEED_EVENTS, World};

fn follow(peer: &Peer, speaks: Speaks) {
    match speaks {
        Speaks::Native => peer.send(r#"{"type":"follow","what":"feed"}"#),
        Speaks::RawStomp | Speaks::Stomp => peer.subscribe("f", "/topic/feed", ""),
    }
}

/// The ordinals of the events that came.
fn events(peer: &mut Peer, world: &mut World) -> Vec<u64> {
    peer.news(world).iter().map(|received| received.json().as_u64().unwrap()).collect()
}

#[test]
fn every_event_comes_at_once_and_in_order_in_every_protocol() {
    for speaks in [Speaks::RawStomp, Speaks::Stomp, Speaks::Native] {
        let mut world = World::new(|_| {});
        let mut peer = world.connect(speaks, 1 << 20);
        follow(&peer, speaks);
        world.settle();
        for event in 0..3 {
            world.emit();
            assert_eq!(events(&mut peer, &mut world), [event], "{speaks:?}");
        }
    }
}

#[test]
fn a_reader_that_lags_within_the_window_loses_nothing() {
    for speaks in [Speaks::RawStomp, Speaks::Stomp, Speaks::Native] {
        let mut world = World::new(|_| {});
        let mut peer = world.connect(speaks, 4);
        follow(&peer, speaks);
        world.settle();
        for _ in 0..FEED_EVENTS {
            world.emit();
        }
        let expected: Vec<u64> = (0..FEED_EVENTS as u64).collect();
        assert_eq!(events(&mut peer, &mut world), expected, "{speaks:?}");
        assert!(!peer.is_at_end());
    }
}

#[test]
fn a_reader_that_the_window_passes_by_is_told() {
    let mut world = World::new(|_| {});
    let mut peer = world.connect(Speaks::Stomp, 4);
    follow(&peer, Speaks::Stomp);
    world.settle();
    for _ in 0..3 * FEED_EVENTS {
        world.emit();
    }
    assert!(world.shard.subscriptions.is_empty(), "at once, not when it reads on");
    peer.take_all(&mut world);
    assert_eq!(peer.close.as_ref().map(|(code, _)| *code), Some(CloseReason::OUTBOX_OVERFLOW.code));
    let got: Vec<u64> = peer.received.iter().map(|received| received.json().as_u64().unwrap()).collect();
    assert_eq!(got, (0..got.len() as u64).collect::<Vec<_>>(), "what came came in order");
}

#[test]
fn events_that_a_busy_shard_missed_are_found_in_the_window() {
    let mut world = World::new(|_| {});
    let mut peer = world.connect(Speaks::RawStomp, 1 << 20);
    follow(&peer, Speaks::RawStomp);
    world.settle();
    world.held(|world| (0..20).for_each(|_| world.emit_padded(100 << 10)));
    assert_eq!(peer.news(&mut world).len(), 20, "among them what did not fit the mailbox");
    assert!(!peer.is_at_end());
}
