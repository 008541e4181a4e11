//! Writes: however much a turn brings, a socket is written as seldom as can be.

use super::peer::{Peer, Speaks};
use super::world::World;

const TOPIC: &str = "/topic/relay/writes";

/// A subscriber of these destinations, each by an id of its own.
fn subscriber(world: &mut World, speaks: Speaks, capacity: usize, destinations: &[&str]) -> Peer {
    let mut peer = world.connect(speaks, capacity);
    for (index, destination) in destinations.iter().enumerate() {
        peer.subscribe(&format!("sub-{index}"), destination, "");
    }
    world.settle();
    peer.news(world);
    peer
}

/// The number of writes to a peer while something happens.
fn writes(peer: &Peer, world: &mut World, happens: impl FnOnce(&mut World)) -> u64 {
    let before = peer.writes();
    happens(world);
    peer.writes() - before
}

#[test]
fn a_hundred_messages_that_are_there_leave_in_at_most_four_writes() {
    for speaks in [Speaks::RawStomp, Speaks::Stomp] {
        for destination in [TOPIC, "/queue/writes", "/topic/feed"] {
            let mut world = World::new(|limits| limits.queue_prefetch = 100);
            let mut peer = subscriber(&mut world, speaks, 1 << 20, &[destination]);
            let publish = |world: &mut World| match destination {
                "/topic/feed" => world.emit_padded(300),
                relayed => world.relay(relayed, &"x".repeat(300)),
            };
            let count =
                writes(&peer, &mut world, |world| world.held(|world| (0..100).for_each(|_| publish(world))));
            assert!((1..=4).contains(&count), "{speaks:?} {destination}: {count} writes");
            assert_eq!(peer.news(&mut world).len(), 100, "{speaks:?} {destination}");
        }
    }
}

#[test]
fn a_hundred_messages_to_topics_that_take_turns_leave_in_at_most_four_writes() {
    let (one, other) = ("/topic/relay/one", "/topic/relay/other");
    let mut world = World::new(|_| {});
    let mut peer = subscriber(&mut world, Speaks::Stomp, 1 << 20, &[one, other]);
    let publish = |world: &mut World| (0..100).for_each(|n| world.relay([one, other][n % 2], &n.to_string()));
    let count = writes(&peer, &mut world, |world| world.held(publish));
    assert!((1..=4).contains(&count), "{count} writes");
    let bodies: Vec<String> = peer.news(&mut world).into_iter().map(|received| received.body).collect();
    assert_eq!(bodies, (0..100).map(|n| n.to_string()).collect::<Vec<_>>(), "in the order of all");
}

#[test]
fn a_flush_of_three_topics_reaches_a_socket_in_one_write() {
    let mut world = World::new(|_| {});
    let topics = ["/topic/state", "/topic/second", "/topic/third"];
    let mut peer = subscriber(&mut world, Speaks::Stomp, 1 << 20, &topics);
    assert_eq!(writes(&peer, &mut world, |world| world.flush(&[1])), 1);
    let mut from: Vec<String> = peer
        .news(&mut world)
        .into_iter()
        .map(|mut received| received.headers.remove("destination").unwrap())
        .collect();
    from.sort();
    assert_eq!(from, ["/topic/second", "/topic/state", "/topic/third"], "none is conflated");
}

#[test]
fn publications_of_a_turn_reach_each_of_a_thousand_subscribers_in_one_write() {
    let mut world = World::new(|_| {});
    let mut peers: Vec<Peer> =
        (0..1_000).map(|_| subscriber(&mut world, Speaks::RawStomp, 1 << 20, &[TOPIC])).collect();
    let before: u64 = peers.iter().map(Peer::writes).sum();
    world.held(|world| (0..32).for_each(|n| world.relay(TOPIC, &n.to_string())));
    assert_eq!(peers.iter().map(Peer::writes).sum::<u64>() - before, 1_000);
    for peer in &mut peers {
        let bodies: Vec<String> = peer.news(&mut world).into_iter().map(|received| received.body).collect();
        assert_eq!(bodies, (0..32).map(|n| n.to_string()).collect::<Vec<_>>());
    }
}

#[test]
fn what_a_read_brings_is_answered_in_one_write() {
    let mut world = World::new(|_| {});
    let mut peer = subscriber(&mut world, Speaks::RawStomp, 1 << 20, &[]);
    let count = writes(&peer, &mut world, |world| {
        let frames = (0..20).map(|n| format!("SUBSCRIBE\nid:{n}\ndestination:{TOPIC}\nreceipt:{n}\n\n\0"));
        peer.send(&frames.collect::<String>());
        world.settle();
    });
    assert_eq!((count, peer.news(&mut world).len()), (1, 20));
}

#[test]
fn a_reader_of_large_messages_that_keeps_up_is_kept_and_one_that_does_not_is_told() {
    let mut world = World::new(|limits| limits.outbox_bytes = 8 << 10);
    let mut reader = subscriber(&mut world, Speaks::Stomp, 1 << 20, &[TOPIC]);
    let mut slow = subscriber(&mut world, Speaks::Stomp, 8 << 10, &[TOPIC]);
    let body = "x".repeat(6 << 10);
    world.held(|world| (0..40).for_each(|_| world.relay(TOPIC, &body)));
    assert_eq!(reader.news(&mut world).len(), 40);
    assert_eq!(reader.close, None);
    slow.take_all(&mut world);
    assert!(slow.received.len() < 40 && slow.close.is_some());
}

#[test]
fn a_round_in_parts_reaches_everybody_once_and_answers_come_behind_what_was_staged_before() {
    let mut world = World::new(|_| {});
    world.slice_rounds(1);
    let mut peers: Vec<Peer> =
        (0..8).map(|_| subscriber(&mut world, Speaks::RawStomp, 1 << 20, &[TOPIC])).collect();
    let asking = peers.pop().unwrap();
    world.hold();
    world.relay(TOPIC, "a");
    asking.send(&format!("SUBSCRIBE\nid:more\ndestination:{TOPIC}\nreceipt:r\n\n\0"));
    world.release();
    peers.push(asking);
    for (index, peer) in peers.iter_mut().enumerate() {
        let commands: Vec<String> =
            peer.news(&mut world).into_iter().map(|received| received.command).collect();
        let expected = if index == 7 { vec!["MESSAGE", "RECEIPT"] } else { vec!["MESSAGE"] };
        assert_eq!(commands, expected, "{index}");
    }
}

#[test]
fn who_asks_while_a_long_round_is_written_is_answered_before_its_end() {
    let mut world = World::new(|_| {});
    world.slice_rounds(4);
    let mut asking = subscriber(&mut world, Speaks::RawStomp, 1 << 20, &[]);
    let peers: Vec<Peer> =
        (0..40).map(|_| subscriber(&mut world, Speaks::RawStomp, 1 << 20, &[TOPIC])).collect();
    let before: u64 = peers.iter().map(Peer::writes).sum();
    world.hold();
    world.relay(TOPIC, "a");
    world.release_to_step();
    assert!(world.step(), "the publication, and the first part of its round");
    asking.send(&format!("SUBSCRIBE\nid:more\ndestination:{TOPIC}\nreceipt:r\n\n\0"));
    assert!(world.step());
    asking.take(usize::MAX);
    assert_eq!(asking.received.len(), 1);
    let written = peers.iter().map(Peer::writes).sum::<u64>() - before;
    assert!(written < 40, "{written}");
    world.settle();
    assert_eq!(peers.iter().map(Peer::writes).sum::<u64>() - before, 40);
}
