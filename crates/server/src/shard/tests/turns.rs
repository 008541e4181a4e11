//! Turns: what one peer brings does not keep the others waiting.

use super::peer::{Received, Speaks};
use super::world::World;

const TOPIC: &str = "/topic/relay/turns";

/// Messages of the busy peer, and frames in each: more than a turn together.
const MESSAGES: usize = 12;
const FRAMES: usize = 100;

fn send(body: &str) -> String {
    format!("SEND\ndestination:{TOPIC}\n\n{body}\0")
}

#[test]
fn a_peer_that_brings_more_than_its_turn_loses_nothing_and_others_come_in_between() {
    for speaks in [Speaks::RawStomp, Speaks::Stomp] {
        let mut world = World::new(|_| {});
        let mut reader = world.connect(Speaks::RawStomp, 1 << 22);
        reader.subscribe("r", TOPIC, "");
        let (busy, other) = (world.connect(speaks, 1 << 20), world.connect(speaks, 1 << 20));
        for message in 0..MESSAGES {
            let frames = (0..FRAMES).map(|frame| send(&format!("{:>500}", message * FRAMES + frame)));
            busy.send(&frames.collect::<String>());
        }
        other.send(&send("other"));
        world.settle();
        let received = reader.news(&mut world);
        let is_other = |received: &Received| received.body == "other";
        let place = received.iter().position(is_other).expect("the other's message");
        assert!(place < MESSAGES * FRAMES, "{speaks:?}: behind all that the busy one brought");
        let busy: Vec<usize> = received
            .iter()
            .filter(|received| !is_other(received))
            .map(|received| received.body.trim().parse().expect("an ordinal"))
            .collect();
        assert_eq!(busy, (0..MESSAGES * FRAMES).collect::<Vec<_>>(), "{speaks:?}");
    }
}

#[test]
fn a_turn_is_as_long_as_the_limit_says() {
    let mut world = World::new(|limits| limits.turn_bytes = 1 << 30);
    let mut reader = world.connect(Speaks::RawStomp, 1 << 22);
    reader.subscribe("r", TOPIC, "");
    let (busy, other) = (world.connect(Speaks::RawStomp, 1 << 20), world.connect(Speaks::RawStomp, 1 << 20));
    busy.send(&(0..MESSAGES * FRAMES).map(|frame| send(&format!("{frame:>500}"))).collect::<String>());
    other.send(&send("other"));
    world.settle();
    let received = reader.news(&mut world);
    assert_eq!(received.last().map(|last| last.body.as_str()), Some("other"), "behind all of the busy one's");
}
