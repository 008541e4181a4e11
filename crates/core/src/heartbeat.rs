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
/// silence, and again; the same time after which `SockJS` sends its `h`.
pub const PING_AFTER: Duration = Duration::from_secs(25);

/// Pings that may stay unanswered, each for [`PING_AFTER`]: then the peer is given up.
pub const UNANSWERED_MAX: u8 = 2;

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

/// Sign of life that is due on a WebSocket that has heard nothing for `silent`, while `pings` went unanswered, the last of
/// them sent that long ago. What else is sent is no question: a browser that only reads says nothing before it is asked.
pub fn sign_of_life(silent: Duration, pings: u8, since_ping: Duration) -> Sign {
    if silent < PING_AFTER || pings > 0 && since_ping < PING_AFTER {
        Sign::None
    } else if pings < UNANSWERED_MAX {
        Sign::Ping
    } else {
        Sign::GiveUp
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_peer_is_pinged_twice_and_then_given_up() {
        let (mut pings, mut pinged) = (0, 0);
        for second in 0..75 {
            match sign_of_life(Duration::from_secs(second), pings, Duration::from_secs(second - pinged)) {
                Sign::None => {}
                Sign::Ping => (pings, pinged) = (pings + 1, second),
                Sign::GiveUp => panic!("given up after {second} s"),
            }
        }
        assert_eq!(pings, 2);
        assert_eq!(
            sign_of_life(Duration::from_secs(75), pings, Duration::from_secs(75 - pinged)),
            Sign::GiveUp
        );
    }

    #[test]
    fn nobody_is_given_up_who_was_not_asked() {
        assert_eq!(sign_of_life(Duration::from_secs(3600), 0, Duration::from_secs(3600)), Sign::Ping);
        assert_eq!(sign_of_life(Duration::from_secs(3600), 2, Duration::from_secs(1)), Sign::None);
    }
}
