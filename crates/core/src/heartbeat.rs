//! Liveness of a connection, with one owner at a time.
//!
//! Heart-beats that a protocol has agreed upon (STOMP's) come first: while the
//! peer promises to be heard, nothing else asks for a sign of life. Where it
//! promises nothing, a WebSocket is pinged; on bare TCP the kernel's
//! keep-alive is left to it. What waits for a full socket counts as neither
//! silence nor life: a slow reader is not a silent peer.

use std::time::Duration;

/// Heart-beats that both sides of STOMP are offered and asked for, in milliseconds: those that stompjs asks for.
pub const STOMP_HEARTBEAT_MS: u32 = 10_000;

/// A WebSocket whose peer promised nothing is pinged after this long a
/// silence; the same time after which `SockJS` sends its `h`.
pub const PING_AFTER: Duration = Duration::from_secs(25);

/// And given up after this long a silence, pings unanswered.
pub const SILENT_AFTER: Duration = Duration::from_secs(75);

/// Sign of life for a connection without agreed heart-beats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sign {
    /// Nothing now.
    None,
    /// A ping.
    Ping,
    /// To be closed.
    GiveUp,
}

/// Sign of life that is due on a WebSocket that has heard nothing for `silent` and sent nothing for `unsent`, with
/// nothing waiting to be sent.
pub fn sign_of_life(silent: Duration, unsent: Duration) -> Sign {
    if silent >= SILENT_AFTER {
        Sign::GiveUp
    } else if silent >= PING_AFTER && unsent >= PING_AFTER {
        Sign::Ping
    } else {
        Sign::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_peer_is_pinged_twice_and_then_given_up() {
        let (mut pings, mut sent) = (0, 0);
        for second in 0..75 {
            match sign_of_life(Duration::from_secs(second), Duration::from_secs(second - sent)) {
                Sign::None => {}
                Sign::Ping => (pings, sent) = (pings + 1, second),
                Sign::GiveUp => panic!("given up after {second} s"),
            }
        }
        assert_eq!(pings, 2);
        assert_eq!(sign_of_life(SILENT_AFTER, Duration::ZERO), Sign::GiveUp);
    }

    #[test]
    fn a_peer_that_is_sent_to_all_the_time_needs_no_ping_until_it_is_given_up() {
        assert_eq!(sign_of_life(Duration::from_secs(60), Duration::from_secs(1)), Sign::None);
    }
}
