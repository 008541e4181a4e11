//! What time brings about.

use std::time::Duration;

use hub_core::CloseReason;
use prometheus_client::encoding::text::encode;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{sleep, timeout};

use super::peer::{Peer, Speaks};
use super::world::World;
use crate::stage::Stage;

fn code(peer: &Peer) -> Option<u16> {
    peer.close.as_ref().map(|(code, _)| *code)
}

#[test]
fn heart_beats_are_sent_as_was_agreed_and_no_others() {
    for speaks in [Speaks::RawStomp, Speaks::Stomp] {
        let mut world = World::new(|limits| limits.heartbeat_ms = 1_000);
        let mut peer = world.connect_with(speaks, 1 << 20, "0,4000");
        world.pass(Duration::from_secs(60));
        peer.take_all(&mut world);
        assert!((15..=30).contains(&peer.heartbeats), "{speaks:?}: {}", peer.heartbeats);
        let mut silent = world.connect_with(speaks, 1 << 20, "0,0");
        world.pass(Duration::from_secs(20));
        silent.take_all(&mut world);
        assert_eq!((silent.heartbeats, code(&silent)), (0, None), "{speaks:?}");
    }
}

#[test]
fn a_peer_that_promised_heart_beats_and_is_silent_is_closed_and_one_that_beats_is_not() {
    let mut world = World::new(|limits| limits.heartbeat_ms = 1_000);
    let mut silent = world.connect_with(Speaks::Stomp, 1 << 20, "1000,0");
    let mut beating = world.connect_with(Speaks::Stomp, 1 << 20, "1000,0");
    for _ in 0..20 {
        beating.send("\n");
        world.settle();
        world.pass(Duration::from_millis(900));
    }
    silent.take_all(&mut world);
    beating.take_all(&mut world);
    assert_eq!(code(&silent), Some(CloseReason::PEER_SILENT.code));
    assert_eq!(code(&beating), None);
}

#[test]
fn a_silent_websocket_is_pinged_and_then_given_up() {
    let mut world = World::new(|_| {});
    let mut peer = world.connect(Speaks::Native, 1 << 20);
    world.pass(Duration::from_secs(40));
    peer.take_all(&mut world);
    assert!(peer.pings > 0);
    assert_eq!(code(&peer), None);
    world.pass(Duration::from_secs(60));
    peer.take_all(&mut world);
    assert_eq!(code(&peer), Some(CloseReason::PEER_SILENT.code));
}

#[test]
fn a_peer_that_is_sent_to_all_the_time_is_asked_whether_it_is_there_before_it_is_given_up() {
    for (answers, expected) in [(true, None), (false, Some(CloseReason::PEER_SILENT.code))] {
        let mut world = World::new(|_| {});
        let mut peer = world.connect(Speaks::Native, 1 << 20);
        peer.send(r#"{"type":"follow","what":"state"}"#);
        let mut answered = 0;
        for _ in 0..200 {
            world.flush(&[1]);
            world.pass(Duration::from_secs(1));
            peer.take_all(&mut world);
            if answers && peer.pings > answered {
                answered = peer.pings;
                peer.pong();
                world.settle();
            }
        }
        assert_eq!(code(&peer), expected, "{} pings", peer.pings);
    }
}

#[test]
fn a_session_that_does_not_connect_in_time_is_closed() {
    let mut world = World::new(|limits| limits.handshake_ms = 2_000);
    let mut peer = world.arrive(Speaks::Stomp, 1 << 20);
    world.pass(Duration::from_millis(1_900));
    peer.take_all(&mut world);
    assert_eq!(code(&peer), None);
    world.pass(Duration::from_millis(600));
    peer.take_all(&mut world);
    assert_eq!(code(&peer), Some(CloseReason::HANDSHAKE_TIMEOUT.code));
}

#[test]
fn a_frame_that_is_not_whole_in_time_is_refused() {
    let mut world = World::new(|limits| limits.message_ms = 2_000);
    let mut peer = world.connect(Speaks::RawStomp, 1 << 20);
    peer.send("SEND\ndestination:/topic/relay/a\n\nit goes on and");
    world.settle();
    world.pass(Duration::from_millis(1_900));
    assert!(peer.news(&mut world).is_empty());
    world.pass(Duration::from_millis(600));
    assert_eq!(peer.news(&mut world)[0].command, "ERROR");
}

#[test]
fn a_peer_that_takes_nothing_of_what_waits_is_closed_as_stalled_and_a_slow_one_is_not() {
    let mut world = World::new(|limits| limits.stall_ms = 10_000);
    let mut peers = [world.connect(Speaks::RawStomp, 16), world.connect(Speaks::RawStomp, 16)];
    for peer in &peers {
        peer.subscribe("s", "/topic/state", "");
    }
    world.flush(&(0..100).collect::<Vec<u32>>());
    for _ in 0..40 {
        world.pass(Duration::from_secs(1));
        peers[0].take(1);
    }
    assert_eq!(world.shard.sockets.slots().len(), 1, "the slow one is still there");
    peers[0].take_all(&mut world);
    assert_eq!(peers[0].received.len(), 100);
}

#[test]
fn what_was_slow_to_reach_its_subscribers_is_measured_by_the_wall_s_clock() {
    let mut world = World::new(|_| {});
    let peer = world.connect(Speaks::RawStomp, 1 << 20);
    peer.subscribe("s", "/topic/state", "");
    world.settle();
    world.held(|world| {
        world.flush(&[1]);
        world.pass(Duration::from_secs(3));
    });
    let mut text = String::new();
    encode(&mut text, &world.chassis.metrics.registry()).unwrap();
    assert!(text.contains("hub_delivery_seconds_sum 3.0\nhub_delivery_seconds_count 1\n"), "{text}");
}

/// The loop itself, by the runtime's clock, which is stopped.
#[tokio::test(start_paused = true)]
async fn the_loop_keeps_time_and_ends_when_it_is_told_to() {
    LocalSet::new()
        .run_until(async {
            let mut world = World::new(|limits| limits.heartbeat_ms = 1_000);
            let mut peer = world.connect_with(Speaks::RawStomp, 1 << 20, "0,1000");
            let (shard, inputs, stage) = world.into_parts();
            let running = spawn_local(shard.run(inputs));
            sleep(Duration::from_secs(10)).await;
            while peer.take(usize::MAX) {}
            assert!((5..=20).contains(&peer.heartbeats), "{}", peer.heartbeats);
            stage.send_replace(Stage::Drain);
            sleep(Duration::from_secs(1)).await;
            assert!(!running.is_finished(), "the peer has not ended the stream");
            drop(peer);
            assert!(timeout(Duration::from_secs(20), running).await.is_ok_and(|ended| ended.is_ok()));
        })
        .await;
}
