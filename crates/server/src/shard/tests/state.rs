//! State topics.

use std::time::Duration;

use hub_core::{Epoch, Position};

use super::peer::{Peer, Speaks};
use super::world::World;

/// Follows the state topic, from a snapshot on.
fn follow(peer: &Peer, speaks: Speaks, options: &str) {
    match speaks {
        Speaks::Native => peer.send(r#"{"type":"follow","what":"state"}"#),
        Speaks::RawStomp | Speaks::Stomp => peer.subscribe("s", "/topic/state", options),
    }
}

/// Keys and values of the elements that came.
fn values(peer: &mut Peer, world: &mut World) -> Vec<(u64, u64)> {
    let mut values = Vec::new();
    for received in peer.news(world) {
        let json = received.json();
        let element = json.get("data").unwrap_or(&json);
        if element.is_object() {
            values.push((element["k"].as_u64().unwrap(), element["v"].as_u64().unwrap()));
        }
    }
    values
}

#[test]
fn a_snapshot_comes_first_and_then_each_flush_at_once_in_every_protocol() {
    for speaks in [Speaks::RawStomp, Speaks::Stomp, Speaks::Native] {
        let mut world = World::new(|_| {});
        world.flush(&[1, 2]);
        let mut peer = world.connect(speaks, 1 << 20);
        follow(&peer, speaks, "");
        world.settle();
        assert_eq!(values(&mut peer, &mut world), [(1, 1), (2, 1)], "{speaks:?}");
        world.flush(&[2, 3]);
        assert_eq!(values(&mut peer, &mut world), [(2, 2), (3, 2)], "{speaks:?}");
        assert!(world.is_state_followed());
        assert_eq!(peer.close, None);
    }
}

#[test]
fn the_last_message_of_a_flush_says_where_to_resume() {
    let mut world = World::new(|_| {});
    let mut peer = world.connect(Speaks::RawStomp, 1 << 20);
    follow(&peer, Speaks::RawStomp, "");
    world.flush(&[1, 2]);
    let resumes: Vec<Option<String>> =
        peer.news(&mut world).iter().map(|message| message.headers.get("resume").cloned()).collect();
    assert_eq!(resumes, [None, Some(world.position.to_string())]);
}

#[test]
fn who_comes_back_gets_what_changed_since() {
    let mut world = World::new(|_| {});
    world.flush(&[1, 2]);
    let resume = world.position;
    world.flush(&[2]);
    let mut peer = world.connect(Speaks::RawStomp, 1 << 20);
    follow(&peer, Speaks::RawStomp, &format!("resume:{resume}\n"));
    world.settle();
    assert_eq!(values(&mut peer, &mut world), [(2, 2)]);
}

#[test]
fn who_can_t_be_given_what_changed_since_gets_a_snapshot_that_says_why() {
    let mut world = World::new(|_| {});
    world.flush(&[1]);
    let mut peer = world.connect(Speaks::RawStomp, 1 << 20);
    let elsewhere = Position { epoch: Epoch(1), ..world.position };
    follow(&peer, Speaks::RawStomp, &format!("resume:{elsewhere}\n"));
    world.settle();
    world.flush(&[1]);
    let reasons: Vec<Option<String>> =
        peer.news(&mut world).iter().map(|message| message.headers.get("snapshot").cloned()).collect();
    assert_eq!(reasons, [Some("unknown-epoch".to_owned()), None]);
}

#[test]
fn a_stalled_reader_gets_current_values_when_it_reads_on_and_is_kept() {
    for speaks in [Speaks::RawStomp, Speaks::Stomp, Speaks::Native] {
        let mut world = World::new(|_| {});
        let mut peer = world.connect(speaks, 64);
        follow(&peer, speaks, "");
        for _ in 0..100 {
            world.flush(&[1, 2]);
        }
        assert!(world.chassis.metrics.conflated.get() > 0, "{speaks:?}");
        let values = values(&mut peer, &mut world);
        assert!(values.len() < 20, "{speaks:?}: {values:?}");
        assert_eq!(values[values.len() - 2..], [(1, 100), (2, 100)], "{speaks:?}");
        assert_eq!((peer.close.clone(), peer.is_at_end()), (None, false));
    }
}

#[test]
fn a_stalled_reader_costs_its_neighbour_nothing() {
    let mut world = World::new(|_| {});
    let stalled = world.connect(Speaks::RawStomp, 16);
    let mut reader = world.connect(Speaks::RawStomp, 1 << 20);
    for peer in [&stalled, &reader] {
        follow(peer, Speaks::RawStomp, "");
    }
    for flush in 1..=10 {
        world.flush(&[1]);
        assert_eq!(values(&mut reader, &mut world), [(1, flush)]);
    }
}

#[test]
fn an_interval_delays_and_conflates() {
    let mut world = World::new(|_| {});
    let mut peer = world.connect(Speaks::RawStomp, 1 << 20);
    follow(&peer, Speaks::RawStomp, "interval:1000\n");
    world.flush(&[1]);
    assert_eq!(values(&mut peer, &mut world), [(1, 1)], "the first is due at once");
    for _ in 0..3 {
        world.flush(&[1, 2]);
        world.pass(Duration::from_millis(100));
        assert!(values(&mut peer, &mut world).is_empty());
    }
    world.pass(Duration::from_millis(600));
    assert!(values(&mut peer, &mut world).is_empty());
    world.pass(Duration::from_millis(100));
    assert_eq!(values(&mut peer, &mut world), [(1, 4), (2, 4)]);
}

#[test]
fn an_unsubscribed_topic_sends_no_more_and_is_followed_by_nobody() {
    let mut world = World::new(|_| {});
    let mut peer = world.connect(Speaks::RawStomp, 1 << 20);
    follow(&peer, Speaks::RawStomp, "");
    world.flush(&[1]);
    assert_eq!(values(&mut peer, &mut world), [(1, 1)]);
    peer.send("UNSUBSCRIBE\nid:s\n\n\0");
    world.settle();
    assert!(!world.is_state_followed());
    world.flush(&[1]);
    assert!(values(&mut peer, &mut world).is_empty());
}

#[test]
fn flushes_that_were_skipped_are_made_up_for() {
    let mut world = World::new(|_| {});
    let mut peer = world.connect(Speaks::RawStomp, 1 << 20);
    follow(&peer, Speaks::RawStomp, "");
    world.settle();
    // More than wait for one shard: it is given the last of them, unlisted.
    world.held(|world| (1..=40).for_each(|key| world.flush(&[key])));
    let mut keys: Vec<u64> = values(&mut peer, &mut world).into_iter().map(|(key, _)| key).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys, (1..=40).collect::<Vec<u64>>());
}
