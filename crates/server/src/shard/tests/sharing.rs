//! Sharing: what several subscribers get is selected and looked up once.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::peer::{Peer, Speaks};
use super::topics::portfolio_of;
use super::world::World;

/// Subscribers of the state topic by ids of their own, `options` given the
/// ordinal of each.
fn subscribers(world: &mut World, count: u32, options: impl Fn(u32) -> String) -> Vec<Peer> {
    let mut peers: Vec<Peer> = (0..count).map(|_| world.connect(Speaks::Stomp, 1 << 20)).collect();
    world.held(|_| {
        for (index, peer) in (0..).zip(&peers) {
            peer.subscribe(&format!("sub-{index}"), "/topic/state", &options(index));
        }
    });
    // What they begin with.
    world.flush(&[]);
    for peer in &mut peers {
        peer.take_all(world);
    }
    peers
}

/// The keys that each got, who has them by his own id.
fn keys(peers: &mut [Peer], world: &mut World) -> Vec<Vec<u64>> {
    let mut keys = Vec::new();
    for (index, peer) in peers.iter_mut().enumerate() {
        peer.take_all(world);
        let received = std::mem::take(&mut peer.received);
        assert!(received.iter().all(|message| message.headers["subscription"] == format!("sub-{index}")));
        keys.push(received.iter().filter_map(|message| message.json()["k"].as_u64()).collect());
    }
    keys
}

/// How often the view was asked for an element, and what changed, since it was
/// last counted.
fn asked(world: &World) -> (u64, u64) {
    let asked = &world.table.asked;
    (asked.elements.swap(0, Ordering::Relaxed), asked.changed.swap(0, Ordering::Relaxed))
}

#[test]
fn a_flush_is_looked_up_once_for_all_who_want_all() {
    let mut world = World::new(|_| {});
    let mut peers = subscribers(&mut world, 30, |_| String::new());
    asked(&world);
    world.flush(&[1, 2, 3]);
    assert_eq!(asked(&world), (3, 0));
    assert!(keys(&mut peers, &mut world).iter().all(|keys| *keys == [1, 2, 3]));
}

#[test]
fn viewers_of_their_own_portfolios_cost_what_changed_of_them() {
    let mut world = World::new(|_| {});
    // Key k belongs to portfolio k % 4: ten viewers of each but the last.
    let own = |index: u32| format!("portfolio-ids:{}\n", portfolio_of(index % 3));
    let mut peers = subscribers(&mut world, 30, own);
    asked(&world);
    world.flush(&[0, 1, 3, 4]);
    assert_eq!(asked(&world), (3, 0), "each once, and that of nobody not at all");
    for (index, keys) in keys(&mut peers, &mut world).into_iter().enumerate() {
        let expected: &[u64] = [&[0, 4][..], &[1], &[]][index % 3];
        assert_eq!(keys, expected, "{index}");
    }
}

#[test]
fn sets_that_overlap_cost_the_rows_that_each_gets() {
    let mut world = World::new(|_| {});
    let sets = [[0, 1], [1, 2], [2, 0]];
    let two = |index: u32| {
        let [one, other] = sets[index as usize].map(portfolio_of);
        format!("portfolio-ids:{one},{other}\n")
    };
    let mut peers = subscribers(&mut world, 3, two);
    asked(&world);
    world.flush(&[0, 1, 2, 3]);
    assert_eq!(asked(&world), (6, 0));
    assert_eq!(keys(&mut peers, &mut world), [[0, 1], [1, 2], [0, 2]]);
}

#[test]
fn a_flush_that_lists_nothing_is_looked_up_once_for_each_wish() {
    let mut world = World::new(|limits| limits.dirty_keys = 1);
    let own = |index: u32| format!("portfolio-ids:{}\n", portfolio_of(index % 2));
    let mut peers = subscribers(&mut world, 20, own);
    // So many that the shard is given only the last of them, unlisted.
    world.held(|world| {
        asked(world);
        (0..40).for_each(|key| world.flush(&[key]));
    });
    let (elements, changed) = asked(&world);
    assert!(elements <= 40 && changed <= 4, "{elements} elements, {changed} questions");
    for (index, keys) in keys(&mut peers, &mut world).into_iter().enumerate() {
        let own: Vec<u64> = (0..40).filter(|key| key % 4 == index as u64 % 2).collect();
        assert_eq!(keys, own, "{index}");
    }
}

#[test]
fn who_comes_at_once_shares_a_snapshot() {
    let mut world = World::new(|_| {});
    world.flush(&(0..100).collect::<Vec<u32>>());
    asked(&world);
    let mut peers = subscribers(&mut world, 30, |_| String::new());
    // The first was alone, as far as anybody knew.
    assert!(asked(&world).0 <= 200);
    assert!(keys(&mut peers, &mut world).iter().all(|keys| keys.len() == 100));
}

#[test]
fn who_waits_for_an_interval_shares_what_comes_of_it() {
    let mut world = World::new(|_| {});
    let mut peers = subscribers(&mut world, 20, |_| "interval:1000\n".to_owned());
    world.flush(&[1]);
    keys(&mut peers, &mut world);
    world.flush(&[1, 2]);
    world.flush(&[3]);
    asked(&world);
    world.pass(Duration::from_secs(1));
    assert_eq!(asked(&world).0, 3);
    assert!(keys(&mut peers, &mut world).iter().all(|keys| *keys == [1, 2, 3]));
}

#[test]
fn what_was_kept_for_others_does_not_outlive_who_it_was_for() {
    let mut world = World::new(|_| {});
    world.flush(&[1, 2]);
    let own = |index: u32| format!("portfolio-ids:{}\n", portfolio_of(index % 2));
    drop(subscribers(&mut world, 4, own));
    world.settle();
    let mut peers = subscribers(&mut world, 4, |index| own(index + 1));
    world.flush(&[4, 5]);
    for (index, keys) in keys(&mut peers, &mut world).into_iter().enumerate() {
        assert_eq!(keys, [[1, 5].as_slice(), &[4]][index % 2], "{index}");
    }
}
