//! Ends of sessions that wait for what was sent before.

use std::time::Instant;

use bytes::Bytes;
use hub_core::CloseReason;
use hub_stomp::{Refusal, Reply};

/// End of a session: a last word, if any, and the close.
pub(in crate::shard) struct Ending {
    pub(in crate::shard) last_word: LastWord,
    pub(in crate::shard) close: Close,
}

/// Last word to a session.
pub(in crate::shard) enum LastWord {
    None,
    /// Its DISCONNECT's RECEIPT.
    Receipt(Reply<'static>),
    /// Refusal that it ends for.
    Error(Refusal),
}

/// Close of a session.
pub(in crate::shard) enum Close {
    Because(CloseReason),
    /// Its WebSocket failed: the Close frame that says so, and its code.
    Failed(Bytes, u16),
}

impl Ending {
    /// After a DISCONNECT (STOMP 1.2, "DISCONNECT").
    pub(in crate::shard) fn disconnected(reply: Reply<'static>) -> Ending {
        Ending { last_word: LastWord::Receipt(reply), close: Close::Because(CloseReason::NORMAL) }
    }

    /// By an ERROR.
    pub(in crate::shard) fn refused(refusal: Refusal, reason: CloseReason) -> Ending {
        Ending { last_word: LastWord::Error(refusal), close: Close::Because(reason) }
    }

    /// Without an ERROR.
    pub(in crate::shard) fn closed(reason: CloseReason) -> Ending {
        Ending { last_word: LastWord::None, close: Close::Because(reason) }
    }

    /// By the Close of a WebSocket that can't be followed any further.
    pub(in crate::shard) fn failed(close: Bytes, code: u16) -> Ending {
        Ending { last_word: LastWord::None, close: Close::Failed(close, code) }
    }

    /// Something else is refused meanwhile: one ERROR tells all.
    pub(in crate::shard) fn refuse_too(&mut self, refusal: Refusal, reason: CloseReason) {
        match &mut self.last_word {
            LastWord::Error(first) => first.add(&refusal),
            LastWord::None => self.last_word = LastWord::Error(refusal),
            LastWord::Receipt(_) => *self = Ending::refused(refusal, reason),
        }
    }
}

/// An ending that waits.
pub(in crate::shard) struct PendingEnding {
    pub(in crate::shard) ending: Ending,
    pub(in crate::shard) deadline: Instant,
}

impl PendingEnding {
    /// Says whether it waits no longer.
    pub(in crate::shard) fn is_over(&self, now: Instant) -> bool {
        now >= self.deadline && !matches!(self.ending.last_word, LastWord::Receipt(_))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use hub_stomp::{Request, Session, SessionConfig};

    use super::*;

    /// The reply to a SEND with this receipt.
    fn reply(receipt: &str, now: Instant) -> Reply<'static> {
        let mut session = Session::new(Arc::new(SessionConfig::default()), now);
        let mut connect = &b"CONNECT\naccept-version:1.2\n\n\0"[..];
        assert!(matches!(session.receive(&mut connect, now), Ok(Some(Request::Connect(_)))));
        session.accept("1", now).unwrap();
        let send = format!("SEND\ndestination:/a\nreceipt:{receipt}\n\n\0");
        let request = session.receive(&mut send.as_bytes(), now).unwrap().unwrap();
        request.reply().unwrap().clone().into_owned()
    }

    fn error_of(ending: &Ending) -> String {
        let LastWord::Error(refusal) = &ending.last_word else { panic!("no ERROR") };
        String::from_utf8(refusal.error_frame().to_vec()).unwrap()
    }

    #[test]
    fn one_error_tells_all_that_is_refused_and_the_first_close_stands() {
        let now = Instant::now();
        let refusal = |receipt: &str| reply(receipt, now).refusal("rejected", format!("not {receipt}"));
        let mut ending = Ending::refused(refusal("a"), CloseReason::PROTOCOL_ERROR);
        ending.refuse_too(refusal("b"), CloseReason::GOING_AWAY);
        let error = error_of(&ending);
        assert!(error.contains("receipt-id:a\n"), "{error}");
        assert!(error.ends_with("not a\nrefused, too, receipt 'b': not b\0"), "{error}");
        assert!(matches!(ending.close, Close::Because(CloseReason::PROTOCOL_ERROR)));

        let mut ending = Ending::closed(CloseReason::BROKEN_JSON);
        ending.refuse_too(refusal("b"), CloseReason::PROTOCOL_ERROR);
        assert!(error_of(&ending).ends_with("not b\0"));
        assert!(matches!(ending.close, Close::Because(CloseReason::BROKEN_JSON)));

        let mut ending = Ending::disconnected(reply("bye", now));
        ending.refuse_too(refusal("b"), CloseReason::PROTOCOL_ERROR);
        assert!(error_of(&ending).contains("receipt-id:b\n"), "no RECEIPT: not all was processed");
        assert!(matches!(ending.close, Close::Because(CloseReason::PROTOCOL_ERROR)));
    }

    #[test]
    fn an_error_waits_until_its_deadline_and_a_disconnect_s_receipt_as_long_as_it_takes() {
        let now = Instant::now();
        let deadline = now + Duration::from_secs(5);
        let refused = Ending::refused(reply("a", now).refusal("no", "no"), CloseReason::PROTOCOL_ERROR);
        let due = PendingEnding { ending: refused, deadline };
        assert!(!due.is_over(now) && due.is_over(deadline));
        let due = PendingEnding { ending: Ending::disconnected(reply("bye", now)), deadline };
        assert!(!due.is_over(deadline + Duration::from_secs(3600)));
    }
}
