//! Queues.

use super::peer::{Peer, Speaks};
use super::world::World;

const QUEUE: &str = "/queue/work";

fn bodies(peer: &mut Peer, world: &mut World) -> Vec<String> {
    peer.news(world).into_iter().map(|received| received.body).collect()
}

#[test]
fn each_message_goes_to_one_consumer() {
    let mut world = World::new(|_| {});
    let mut peers = [Speaks::RawStomp, Speaks::Stomp].map(|speaks| world.connect(speaks, 1 << 20));
    for peer in &peers {
        peer.subscribe("q", QUEUE, "");
    }
    world.settle();
    for n in 0..10 {
        world.relay(QUEUE, &n.to_string());
    }
    let mut got: Vec<String> = peers.iter_mut().flat_map(|peer| bodies(peer, &mut world)).collect();
    assert!(peers.iter().all(|peer| !peer.is_at_end()));
    got.sort();
    assert_eq!(got, (0..10).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[test]
fn a_consumer_that_does_not_read_is_given_no_more_than_it_may_have_and_loses_none() {
    let mut world = World::new(|limits| limits.queue_prefetch = 4);
    let mut slow = world.connect(Speaks::RawStomp, 8);
    slow.subscribe("q", QUEUE, "");
    world.settle();
    for n in 0..20 {
        world.relay(QUEUE, &n.to_string());
    }
    assert_eq!(world.chassis.queues.load().counters.delivered, 4);
    assert_eq!(bodies(&mut slow, &mut world), (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(world.chassis.queues.load().counters.acknowledged, 20);
}

#[test]
fn what_a_consumer_did_not_acknowledge_goes_to_another_when_it_is_gone() {
    let mut world = World::new(|_| {});
    let mut first = world.connect(Speaks::RawStomp, 1 << 20);
    first.subscribe("q", QUEUE, "ack:client-individual\n");
    world.settle();
    world.relay(QUEUE, "a");
    world.relay(QUEUE, "b");
    let received = first.news(&mut world);
    first.send(&format!("ACK\nid:{}\n\n\0", received[0].headers["ack"]));
    world.settle();
    drop(first);
    world.settle();
    let mut second = world.connect(Speaks::RawStomp, 1 << 20);
    second.subscribe("q", QUEUE, "");
    world.settle();
    let received = second.news(&mut world);
    assert_eq!(received.len(), 1);
    assert_eq!((&*received[0].body, &*received[0].headers["redelivered"]), ("b", "true"));
}
