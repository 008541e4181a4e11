//! A peer that sends faster than it may, on a clock that is passed in.
#![allow(clippy::disallowed_methods, reason = "a test needs an origin of time")]

mod support;

use std::time::{Duration, Instant};

use hub_stomp::{ProtocolError, RateLimit, Session, SessionConfig};
use support::{Transcript, config};

const LIMIT: RateLimit = RateLimit { bytes_per_second: 10, burst_bytes: 20 };

fn session(rate: RateLimit, now: Instant) -> Session {
    Session::new(SessionConfig { rate: Some(rate), ..config() }.into(), now)
}

/// Feeds EOLs, after a CONNECT of ten octets.
struct Peer {
    session: Session,
    transcript: Transcript,
    start: Instant,
}

impl Peer {
    fn new() -> Self {
        let start = Instant::now();
        let mut peer = Self { session: session(LIMIT, start), transcript: Transcript::default(), start };
        peer.transcript.feed_at(&mut peer.session, b"CONNECT\n\n\0", start);
        peer
    }

    /// Whether the session still stands after so many octets, so many milliseconds after its start.
    fn sends(&mut self, octets: usize, after_ms: u64) -> bool {
        let now = self.start + Duration::from_millis(after_ms);
        self.transcript.feed_at(&mut self.session, &b"\n".repeat(octets), now);
        self.transcript.refused.is_none()
    }
}

#[test]
fn a_burst_is_let_in_and_no_octet_more() {
    assert!(Peer::new().sends(10, 0));
    let mut peer = Peer::new();
    assert!(!peer.sends(11, 0));
    assert_eq!(peer.transcript.requests.len(), 11, "what was allowed is processed");
    let refusal = peer.transcript.refused.take().expect("refused");
    assert!(matches!(refusal.error(), ProtocolError::TooFast { .. }));
    assert_eq!(
        (refusal.error().title(), refusal.to_string().as_str()),
        (
            "too fast",
            "more came than rate.bytes_per_second = 10 lets in a second, and rate.burst_bytes = 20 at once"
        )
    );
    assert!(peer.session.is_closed());
}

#[test]
fn octets_are_earned_with_time_up_to_a_burst() {
    let mut peer = Peer::new();
    assert!(peer.sends(10, 0) && peer.sends(1, 100) && peer.sends(5, 600));
    assert!(peer.sends(20, 60_000));
    assert!(!peer.sends(1, 60_099), "99 ms earn less than an octet");
}

#[test]
fn a_slow_drip_is_earned_exactly() {
    let mut peer = Peer::new();
    assert!((0..10).all(|at| peer.sends(1, at)));
    // 10 octets went in the first 9 ms, when none was earned yet.
    assert!((1..2000).all(|nth| peer.sends(1, nth * 100)));
    assert!(!peer.sends(1, 199_999));
}

#[test]
fn a_clock_that_steps_back_earns_nothing() {
    let mut peer = Peer::new();
    assert!(peer.sends(5, 1000) && peer.sends(5, 0) && peer.sends(10, 1000));
    assert!(!peer.sends(1, 1000));
}

#[test]
fn the_highest_limits_do_not_overflow() {
    let now = Instant::now();
    let most = RateLimit { bytes_per_second: u32::MAX, burst_bytes: u32::MAX };
    let mut peer = session(most, now);
    let mut transcript = Transcript::default();
    transcript.feed_at(&mut peer, b"CONNECT\n\n\0", now);
    transcript.feed_at(&mut peer, &[b'\n'; 1000], now + Duration::from_hours(24 * 365));
    assert_eq!((transcript.refused, transcript.requests.len()), (None, 1001));
}

#[test]
fn without_a_limit_any_rate_will_do() {
    let transcript = Transcript::of(
        support::session(),
        [[b"CONNECT\n\n\0".as_slice(), &[b'\n'; 9999]].concat().as_slice()],
    );
    assert_eq!((transcript.refused, transcript.requests.len()), (None, 10_000));
}
