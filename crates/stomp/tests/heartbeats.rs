//! Who beats when, on a clock that is passed in.
#![allow(clippy::disallowed_methods, reason = "a test needs an origin of time")]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use hub_stomp::{HeartBeat, HeartbeatTimer, Intervals, Liveness, Request, Session};
use support::config;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn beat(offer_ms: u32, wish_ms: u32) -> HeartBeat {
    HeartBeat { offer_ms, wish_ms }
}

fn connect(heart_beat: &str, now: Instant) -> Session {
    let mut session = Session::new(Arc::new(config()), now);
    let frame = format!("CONNECT\naccept-version:1.2\n{heart_beat}\n\0");
    assert!(matches!(session.receive(&mut frame.as_bytes(), now), Ok(Some(Request::Connect(_)))));
    assert!(session.accept("s", now).is_some());
    session
}

#[test]
fn the_longer_interval_counts_and_zero_means_none() {
    let ours = beat(10_000, 5_000);
    let cases = [
        (beat(0, 0), None, None),
        (beat(1, 1), Some(10_000), Some(5_000)),
        (beat(20_000, 30_000), Some(30_000), Some(20_000)),
        (beat(0, 20_000), Some(20_000), None),
        (beat(4_000, 0), None, Some(5_000)),
    ];
    for (theirs, send, receive) in cases {
        let expected = Intervals { send: send.map(ms), receive: receive.map(ms) };
        assert_eq!(Intervals::negotiate(ours, theirs), expected, "{theirs}");
    }
    assert_eq!(Intervals::negotiate(HeartBeat::NONE, beat(1, 1)), Intervals::default());
}

#[test]
fn the_header_is_two_numbers() {
    assert_eq!(HeartBeat::parse("10000,0"), Some(beat(10_000, 0)));
    assert_eq!(HeartBeat::parse(" 1 ,\t2 "), Some(beat(1, 2)));
    assert_eq!(HeartBeat::parse("4294967295,0"), Some(beat(u32::MAX, 0)));
    for malformed in ["", "1", "1,", ",1", "1,2,3", "+1,2", "1;2", "a,b", "0x1,1"] {
        assert_eq!(HeartBeat::parse(malformed), None, "{malformed:?}");
    }
    assert_eq!(beat(3, 4).to_string(), "3,4");
}

#[test]
fn a_heart_beat_is_due_a_tenth_early_after_the_last_write() {
    let start = Instant::now();
    let intervals = Intervals { send: Some(ms(10_000)), receive: None };
    let mut timer = HeartbeatTimer::new(intervals, start);
    assert_eq!(timer.next_deadline(), Some(start + ms(9_000)));
    assert_eq!(timer.poll(start + ms(8_999)), Liveness::Fine);
    assert_eq!(timer.poll(start + ms(9_000)), Liveness::SendHeartbeat);
    timer.on_sent(start + ms(9_000));
    assert_eq!(timer.poll(start + ms(9_000)), Liveness::Fine);
    timer.on_sent(start + ms(12_000));
    assert_eq!(timer.next_deadline(), Some(start + ms(21_000)), "any write counts");
}

#[test]
fn a_peer_is_silent_after_two_intervals() {
    let start = Instant::now();
    let intervals = Intervals { send: None, receive: Some(ms(10_000)) };
    let mut timer = HeartbeatTimer::new(intervals, start);
    assert_eq!(timer.poll(start + ms(19_999)), Liveness::Fine);
    assert_eq!(timer.poll(start + ms(20_000)), Liveness::PeerSilent);
    timer.on_received(start + ms(15_000));
    assert_eq!(timer.poll(start + ms(34_999)), Liveness::Fine);
    assert_eq!(timer.next_deadline(), Some(start + ms(35_000)));
    assert_eq!(timer.poll(start + ms(35_000)), Liveness::PeerSilent);
}

#[test]
fn the_earlier_deadline_is_next_and_silence_comes_first() {
    let start = Instant::now();
    let intervals = Intervals { send: Some(ms(10_000)), receive: Some(ms(1_000)) };
    let timer = HeartbeatTimer::new(intervals, start);
    assert_eq!(timer.next_deadline(), Some(start + ms(2_000)));
    assert_eq!(timer.poll(start + ms(60_000)), Liveness::PeerSilent);
}

#[test]
fn a_clock_that_steps_back_changes_nothing() {
    let start = Instant::now() + ms(60_000);
    let intervals = Intervals { send: Some(ms(1_000)), receive: Some(ms(1_000)) };
    let mut timer = HeartbeatTimer::new(intervals, start);
    timer.on_received(start.checked_sub(ms(5_000)).expect("an earlier instant"));
    timer.on_sent(start.checked_sub(ms(5_000)).expect("an earlier instant"));
    assert_eq!(timer.poll(start), Liveness::Fine);
    assert_eq!(timer.next_deadline(), Some(start + ms(900)));
}

#[test]
fn a_session_beats_as_agreed_from_connected_on() {
    let start = Instant::now();
    let session = connect("heart-beat:4000,6000\n", start);
    let expected = Intervals { send: Some(ms(10_000)), receive: Some(ms(10_000)) };
    assert_eq!(session.intervals(), expected);
    assert_eq!(session.poll(start + ms(9_000)), Liveness::SendHeartbeat);
}

#[test]
fn a_session_without_heart_beats_never_asks_for_any() {
    let start = Instant::now();
    for header in ["", "heart-beat:0,0\n"] {
        let session = connect(header, start);
        assert_eq!((session.intervals(), session.next_deadline()), (Intervals::default(), None));
        assert_eq!(session.poll(start + Duration::from_hours(1000)), Liveness::Fine);
    }
}

#[test]
fn any_octet_is_a_sign_of_life() {
    let start = Instant::now();
    let mut session = connect("heart-beat:10000,0\n", start);
    let half_a_frame = b"SEND\ndest".as_slice();
    assert!(matches!(session.receive(&mut { half_a_frame }, start + ms(15_000)), Ok(None)));
    assert_eq!(session.poll(start + ms(34_999)), Liveness::Fine);
    assert!(matches!(session.receive(&mut [].as_slice(), start + ms(34_000)), Ok(None)));
    assert_eq!(session.poll(start + ms(35_000)), Liveness::PeerSilent, "nothing received is none");
}

#[test]
fn an_interval_out_of_range_is_the_longest_there_is() {
    for value in ["4294967296", "18446744073709551616", &"9".repeat(100)] {
        let longest = HeartBeat { offer_ms: 0, wish_ms: u32::MAX };
        assert_eq!(HeartBeat::parse(&format!("0,{value}")), Some(longest), "{value}");
        let longest = HeartBeat { offer_ms: u32::MAX, wish_ms: 0 };
        assert_eq!(HeartBeat::parse(&format!("{value},0")), Some(longest), "{value}");
    }
    assert_eq!(HeartBeat::parse("0,"), None);
}
