//! What time does to a session, without waiting for it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hub_sockjs::session::{GO_AWAY, Next, ReceiverId, Tick};
use hub_sockjs::{Limits, Session};

#[allow(clippy::disallowed_methods, reason = "any instant will do")]
fn start() -> Instant {
    Instant::now()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A session whose receiver has got the opening frame.
fn open(now: Instant) -> (Session, ReceiverId) {
    let mut session = Session::new(Limits::default(), now);
    let receiver = session.attach(now).unwrap();
    assert_eq!(session.next(receiver, 0, now), Next::Frame(Bytes::from_static(b"o")));
    (session, receiver)
}

#[test]
fn a_receiver_gets_a_heartbeat_every_25_seconds() {
    let t = start();
    let (mut session, receiver) = open(t);
    for beat in 1..4 {
        let due = t + seconds(25 * beat);
        assert_eq!(session.deadline(), Some(due));
        assert_eq!(session.tick(t + seconds(25 * beat - 1)), Tick::Alive);
        assert_eq!(session.next(receiver, 0, due), Next::Nothing);
        assert_eq!(session.tick(due), Tick::Alive);
        assert!(session.take_changes().outbound);
        assert_eq!(session.next(receiver, 0, due), Next::Frame(Bytes::from_static(b"h")));
    }
    session.set_heartbeats(false);
    assert_eq!(session.deadline(), None);
}

#[test]
fn a_session_without_a_receiver_ends_after_5_seconds() {
    let t = start();
    let (mut session, receiver) = open(t);
    assert!(session.offer(vec!["x".to_owned()]).is_ok());
    session.detach(receiver, t + seconds(10));
    assert_eq!(session.deadline(), Some(t + seconds(15)));
    assert_eq!(session.tick(t + seconds(14)), Tick::Alive);
    assert_eq!(session.tick(t + seconds(15)), Tick::Over);
    assert!(session.take_changes().inbound);
    assert!(!session.is_ended(), "what had arrived is received first");
    assert_eq!(session.receive().as_deref(), Some("x"));
    assert!(session.is_ended());
}

#[test]
fn a_closed_session_tells_so_for_5_seconds_and_no_longer() {
    let t = start();
    let (mut session, receiver) = open(t);
    session.close(GO_AWAY, t);
    let told = t + seconds(1);
    assert_eq!(session.next(receiver, 0, told), Next::Last(GO_AWAY.frame()));
    for second in 1..5 {
        // Whoever goes on asking does not keep it alive.
        assert_eq!(session.attach(told + seconds(second)), Err(GO_AWAY));
        assert_eq!(session.tick(told + seconds(second)), Tick::Alive);
    }
    assert_eq!(session.tick(told + seconds(5)), Tick::Over);
}

#[test]
fn a_close_is_not_taken_for_a_stall() {
    let t = start();
    let (mut session, receiver) = open(t);
    session.set_heartbeats(false);
    let late = t + seconds(1000);
    session.close(GO_AWAY, late);
    assert_eq!(session.tick(late), Tick::Alive);
    assert_eq!(session.next(receiver, 0, late), Next::Last(GO_AWAY.frame()));
}

#[test]
fn a_receiver_that_takes_nothing_is_gone_after_a_minute() {
    let t = start();
    let (mut session, receiver) = open(t);
    session.send(&Bytes::from_static(br#"a["x"]"#), t + seconds(10)).unwrap();
    assert_eq!(session.tick(t + seconds(69)), Tick::Alive);
    assert!(!session.is_closed());
    assert_eq!(session.tick(t + seconds(70)), Tick::Alive);
    assert_eq!(session.reason().map(|reason| reason.code), Some(1002));
    assert_eq!(session.next(receiver, 0, t + seconds(70)), Next::Detached);
    assert_eq!(session.buffered_bytes(), 0);
    assert_eq!(session.tick(t + seconds(75)), Tick::Over);
}

#[test]
fn an_interrupted_session_does_not_go_on() {
    let t = start();
    let (mut session, receiver) = open(t);
    session.interrupt(receiver, t);
    let reason = session.attach(t).unwrap_err();
    assert_eq!(reason.frame(), r#"c[1002,"Connection interrupted"]"#);
    // A receiver that is none any more can do no harm.
    session.interrupt(receiver, t);
    session.detach(receiver, t);
    assert_eq!(session.next(receiver, 0, t), Next::Detached);
}
