//! The one table of reasons for which the hub closes a connection.
//!
//! 1000-1013 are RFC 6455's (section 7.4) and IANA's; of the private codes
//! 4000-4499 invite the peer to come back, 4500-4999 don't.

/// A close code, the words that go with it, and whether to come back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CloseReason {
    /// The WebSocket close code.
    pub code: u16,
    /// Its name in metrics.
    pub name: &'static str,
    /// Under 124 bytes, so that it fits a close frame.
    pub text: &'static str,
    /// True if the peer should connect again.
    pub come_back: bool,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $const:ident = $code:literal $name:literal $text:literal $come_back:literal;)*) => {
        impl CloseReason {
            $($(#[$doc])*
            pub const $const: CloseReason =
                CloseReason { code: $code, name: $name, text: $text, come_back: $come_back };)*

            /// Every reason, in order of code.
            pub const ALL: &'static [CloseReason] = &[$(CloseReason::$const),*];
        }
    };
}

reasons! {
    /// The peer asked to be closed.
    NORMAL = 1000 "normal" "" true;
    /// The hub is shutting down.
    GOING_AWAY = 1001 "going_away" "Going away" true;
    /// Text over `SockJS` that is no array of texts.
    BROKEN_JSON = 1007 "broken_json" "Broken JSON encoding." false;
    /// The page that connects is not on the list of allowed origins.
    ORIGIN_NOT_ALLOWED = 1008 "origin" "Origin not allowed" false;
    /// More sessions from one address than `limits.sessions_per_address`.
    TOO_MANY_SESSIONS = 1013 "sessions_per_address" "Too many sessions from this address (limits.sessions_per_address)" true;
    /// A feed or relay subscriber read too slowly and would have lost messages.
    OUTBOX_OVERFLOW = 4000 "too_slow" "Too slow: messages would have been lost (limits.outbox_bytes, limits.feed_bytes, limits.feed_events)" true;
    /// The peer sent nothing for longer than its heart-beats promised.
    PEER_SILENT = 4001 "peer_silent" "No heart-beat received" true;
    /// No CONNECT frame within `limits.handshake_ms`.
    HANDSHAKE_TIMEOUT = 4002 "handshake_timeout" "No CONNECT frame in time (limits.handshake_ms)" true;
    /// The log took nothing in.
    NOT_TAKEN_IN = 4003 "not_taken_in" "Not taken in: the log is full or failed" true;
    /// For `limits.stall_ms` the peer took not one byte of what waits for it.
    STALLED = 4004 "stalled" "Nothing was read in time (limits.stall_ms)" true;
    /// A message or STOMP frame was not whole within `limits.message_ms`.
    MESSAGE_TIMEOUT = 4005 "message_timeout" "A message was not whole in time (limits.message_ms)" true;
    /// The peer broke the subprotocol; an ERROR frame told it how.
    PROTOCOL_ERROR = 4500 "protocol_error" "Protocol error" false;
    /// A relayed message that is not text, and a transport that carries
    /// nothing else.
    TEXT_ONLY = 4501 "text_only" "A binary message can't be carried here" false;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_fits_a_close_frame_and_private_codes_say_whether_to_come_back() {
        for reason in CloseReason::ALL {
            assert!(reason.text.len() < 124, "{reason:?}");
            if (4000..5000).contains(&reason.code) {
                assert_eq!(reason.come_back, reason.code < 4500, "{reason:?}");
            }
        }
    }

    #[test]
    fn codes_rise_and_none_is_used_twice() {
        assert!(CloseReason::ALL.windows(2).all(|pair| pair[0].code < pair[1].code));
    }
}
