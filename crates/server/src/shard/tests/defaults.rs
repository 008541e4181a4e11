//! Options that are usual where a session was opened.

use std::time::Duration;

use hub_core::Offset;
use hub_fanout::{Extent, Options};

use super::peer::{Peer, Speaks};
use super::world::{FEED_EVENTS, FIRST_EVENT, World};
use crate::service::StompMount;

const INTERVAL: Duration = Duration::from_secs(1);

/// A peer that is connected where `/topic/state` is usually paced, in arrays, and of what is recent; and has followed
/// it with these options.
fn follow(world: &mut World, destination: &str, options: &str) -> Peer {
    let usual = Options { interval: INTERVAL, snapshot: Extent::Recent, batch: true, ..Options::default() };
    world.defaults = StompMount::from("/x").usually([("/topic/state", usual)]).defaults;
    let peer = world.connect(Speaks::Stomp, 1 << 20);
    peer.subscribe("s", destination, options);
    world.settle();
    peer
}

/// The keys in each message.
fn keys(peer: &mut Peer, world: &mut World) -> Vec<Vec<u64>> {
    let key = |element: &serde_json::Value| element["k"].as_u64().unwrap();
    let keys = |json: serde_json::Value| match json.as_array() {
        Some(elements) => elements.iter().map(key).collect(),
        None => vec![key(&json)],
    };
    peer.news(world).into_iter().map(|message| keys(message.json())).collect()
}

/// A world in which 1 changed long ago, and 2 and 3 just now.
fn world() -> World {
    let mut world = World::new(|_| {});
    world.flush(&[1]);
    world.recent = world.position.offset;
    world.flush(&[2, 3]);
    world
}

#[test]
fn who_says_nothing_gets_what_is_usual_there() {
    let mut world = world();
    let mut peer = follow(&mut world, "/topic/state", "");
    assert_eq!(keys(&mut peer, &mut world), [[2, 3]], "in an array, what is recent");
    world.flush(&[1, 2]);
    world.flush(&[1]);
    assert!(keys(&mut peer, &mut world).is_empty(), "its interval is not over");
    world.pass(INTERVAL);
    assert_eq!(keys(&mut peer, &mut world), [[1, 2]], "once");
}

#[test]
fn an_option_that_is_named_wins_and_the_others_stay_usual() {
    let mut world = world();
    let mut peer = follow(&mut world, "/topic/state", "snapshot:true\n");
    assert_eq!(keys(&mut peer, &mut world), [[1, 2, 3]]);
    let mut peer = follow(&mut world, "/topic/state", "batch:false\n");
    assert_eq!(keys(&mut peer, &mut world), [[2], [3]]);
    let mut peer = follow(&mut world, "/topic/state", "snapshot:false\ninterval:0\n");
    world.flush(&[3]);
    world.flush(&[3]);
    assert_eq!(keys(&mut peer, &mut world), [[3], [3]]);
}

#[test]
fn other_destinations_have_the_options_of_everywhere() {
    let mut world = world();
    let mut peer = follow(&mut world, "/topic/second", "");
    assert_eq!(keys(&mut peer, &mut world), [[1], [2], [3]]);
    // A relay refuses options, and none was named.
    let peer = follow(&mut world, "/topic/relay/x", "");
    assert_eq!(peer.close, None);
}

#[test]
fn what_is_recent_of_a_feed_is_what_happened_since_or_all_that_is_retained() {
    let mut world = World::new(|_| {});
    for _ in 0..FEED_EVENTS + 2 {
        world.emit();
    }
    let all: Vec<String> = (2..FEED_EVENTS + 2).map(|event| event.to_string()).collect();
    let newest = Offset(FIRST_EVENT.0 + world.events - 1);
    for (recent, events) in
        [(Offset(newest.0 - 1), &all[all.len() - 1..]), (newest, &[]), (FIRST_EVENT, &all)]
    {
        world.recent = recent;
        world.flush(&[]);
        let mut peer = world.connect(Speaks::RawStomp, 1 << 20);
        peer.subscribe("s", "/topic/feed", "snapshot:recent\n");
        world.settle();
        let bodies: Vec<String> = peer.news(&mut world).into_iter().map(|message| message.body).collect();
        assert_eq!(bodies, events);
    }
}
