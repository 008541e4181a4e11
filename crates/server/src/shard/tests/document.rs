//! Documents.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::peer::{Peer, Speaks};
use super::topics::{TALLY_CHANGE_MS, TALLY_PERIOD_MS};
use super::world::{BEGIN, World};

const FOLLOW: &str = r#"{"type":"follow","what":"tally"}"#;

fn bodies(peer: &mut Peer, world: &mut World) -> Vec<String> {
    peer.news(world).into_iter().map(|received| received.body).collect()
}

#[test]
fn it_opens_with_everything_and_goes_on_with_changes_no_quicker_than_it_wants() {
    let mut world = World::new(|_| {});
    world.flush(&[]);
    let mut peer = world.connect(Speaks::Native, 1 << 20);
    peer.send(FOLLOW);
    world.settle();
    assert_eq!(bodies(&mut peer, &mut world), [r#"{"tally":1}"#]);
    world.flush(&[]);
    assert_eq!(bodies(&mut peer, &mut world), [r#"{"tally":2,"after":1}"#]);
    world.flush(&[]);
    world.flush(&[]);
    assert!(bodies(&mut peer, &mut world).is_empty(), "not yet");
    world.pass(Duration::from_millis(TALLY_CHANGE_MS));
    assert_eq!(bodies(&mut peer, &mut world), [r#"{"tally":4,"after":2}"#]);
    world.pass(Duration::from_millis(TALLY_PERIOD_MS));
    let at = BEGIN.as_millis() + u128::from(TALLY_PERIOD_MS);
    assert_eq!(bodies(&mut peer, &mut world), [format!(r#"{{"tally":4,"at":{at}}}"#)]);
}

#[test]
fn a_stalled_reader_is_owed_one_change_however_many_there_were() {
    let mut world = World::new(|_| {});
    let mut peer = world.connect(Speaks::Native, 8);
    peer.send(FOLLOW);
    for _ in 0..50 {
        world.flush(&[]);
        world.pass(Duration::from_millis(TALLY_CHANGE_MS));
    }
    let bodies = bodies(&mut peer, &mut world);
    assert!(bodies.len() < 6, "{bodies:?}");
    assert!(bodies.iter().any(|body| body.starts_with(r#"{"tally":50"#)), "{bodies:?}");
    assert!(!peer.is_at_end());
}

#[test]
fn followed_by_nobody_it_wakes_nobody() {
    let mut world = World::new(|_| {});
    let mut peer = world.connect(Speaks::Native, 1 << 20);
    peer.send(FOLLOW);
    world.settle();
    assert!(world.shard.subscriptions.next_due().is_some());
    peer.send(r#"{"type":"unfollow","what":"tally"}"#);
    world.settle();
    assert_eq!(world.shard.subscriptions.next_due(), None);
    peer.take_all(&mut world);
    world.flush(&[]);
    world.pass(Duration::from_millis(2 * TALLY_PERIOD_MS));
    assert!(bodies(&mut peer, &mut world).is_empty());
}

#[test]
fn followed_anew_it_begins_again() {
    let mut world = World::new(|_| {});
    let mut peer = world.connect(Speaks::Native, 1 << 20);
    for _ in 0..2 {
        peer.send(FOLLOW);
        world.settle();
        assert_eq!(bodies(&mut peer, &mut world), [r#"{"tally":0}"#]);
    }
    world.flush(&[]);
    assert_eq!(bodies(&mut peer, &mut world), [r#"{"tally":1,"after":0}"#], "once");
}

#[test]
fn a_period_that_is_whole_stands_for_what_changed_on_the_way_and_another_does_not() {
    for is_whole in [false, true] {
        let mut world = World::new(|_| {});
        world.tally.is_whole.store(is_whole, Ordering::Relaxed);
        world.flush(&[]);
        let mut peer = world.connect(Speaks::Native, 1 << 20);
        peer.send(FOLLOW);
        world.settle();
        peer.take_all(&mut world);
        // What changed is shown by the period before anybody tells of it.
        world.tally.total.store(2, Ordering::Relaxed);
        world.pass(Duration::from_millis(TALLY_PERIOD_MS));
        assert!(bodies(&mut peer, &mut world).last().unwrap().starts_with(r#"{"tally":2,"at":"#));
        world.flush(&[]);
        let told: &[&str] = if is_whole { &[] } else { &[r#"{"tally":2,"after":1}"#] };
        assert_eq!(bodies(&mut peer, &mut world), told);
    }
}

#[test]
fn one_of_a_crowd_stands_where_its_crowd_says() {
    let mut world = World::new(|_| {});
    let mut peer = world.connect(Speaks::Native, 1 << 20);
    peer.send(r#"{"type":"follow","what":"turn-0"}"#);
    world.settle();
    peer.take_all(&mut world);
    world.turns[0].turns.stood.store(0, Ordering::Relaxed);
    let mut told = Vec::new();
    for _ in 1..=4 {
        world.flush(&[]);
        told.extend(bodies(&mut peer, &mut world));
        world.pass(Duration::from_millis(TALLY_CHANGE_MS));
    }
    let of = |(total, after)| format!(r#"{{"turn":0,"total":{total},"after":{after}}}"#);
    assert_eq!(told, [(2, 0), (4, 2)].map(of), "not at 1 and 3, but not before what it was told");
}

#[test]
fn one_of_a_crowd_is_asked_only_if_it_was_touched_and_stands_where_it_was_not() {
    let mut world = World::new(|_| {});
    let mut peers = [0, 1].map(|number| {
        let mut peer = world.connect(Speaks::Native, 1 << 20);
        peer.send(&format!(r#"{{"type":"follow","what":"turn-{number}"}}"#));
        world.settle();
        assert_eq!(bodies(&mut peer, &mut world), [format!(r#"{{"turn":{number}}}"#)]);
        peer
    });
    let mut news = |world: &mut World| peers.each_mut().map(|peer| bodies(peer, world));
    world.flush(&[]);
    assert_eq!(news(&mut world), [vec![], vec![r#"{"turn":1,"total":1,"after":0}"#.to_owned()]]);
    // What the other one is told is since the flush before, not since the last that it was told of.
    world.flush(&[]);
    assert_eq!(news(&mut world), [vec![r#"{"turn":0,"total":2,"after":1}"#.to_owned()], vec![]]);
    // It has to wait for its time, and loses nothing of what touches it meanwhile.
    for _ in 3..=6 {
        world.flush(&[]);
    }
    world.pass(Duration::from_millis(TALLY_CHANGE_MS));
    let told = [(0, 3), (1, 2)]
        .map(|(number, after)| vec![format!(r#"{{"turn":{number},"total":6,"after":{after}}}"#)]);
    assert_eq!(news(&mut world), told);
    let asked = world.turns[0].turns.asked.each_ref().map(|asked| asked.load(Ordering::Relaxed));
    assert_eq!(asked, [2, 2]);
    world.flush(&[]);
    world.pass(Duration::from_millis(TALLY_CHANGE_MS));
    assert_eq!(news(&mut world)[0], Vec::<String>::new());
}
