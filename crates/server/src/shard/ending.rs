//! Endings in their turn: a session that is to end for what its peer sent is
//! told first what became of all it sent before.
//!
//! Nothing may follow an ERROR or a Close, so these wait for the answers of
//! SENDs that are under way, but no longer than `limits.close_ms`. The RECEIPT
//! of a DISCONNECT waits as long as it takes: it says that all was processed.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hub_core::CloseReason;
use hub_stomp::{Refusal, Reply};

use super::Shard;

/// How a session ends: a last word, if any, and the close.
pub(super) struct Ending {
    last_word: LastWord,
    close: Close,
}

enum LastWord {
    None,
    /// Its DISCONNECT's RECEIPT.
    Receipt(Reply<'static>),
    /// What it is refused for.
    Error(Refusal),
}

enum Close {
    Because(CloseReason),
    /// Its WebSocket failed: the Close frame that says so, and its code.
    Failed(Bytes, u16),
}

impl Ending {
    /// After a DISCONNECT (STOMP 1.2, "DISCONNECT").
    pub(super) fn disconnected(reply: Reply<'static>) -> Ending {
        Ending { last_word: LastWord::Receipt(reply), close: Close::Because(CloseReason::NORMAL) }
    }

    /// By an ERROR.
    pub(super) fn refused(refusal: Refusal, reason: CloseReason) -> Ending {
        Ending { last_word: LastWord::Error(refusal), close: Close::Because(reason) }
    }

    /// Without an ERROR.
    pub(super) fn closed(reason: CloseReason) -> Ending {
        Ending { last_word: LastWord::None, close: Close::Because(reason) }
    }

    /// By the Close of a WebSocket that can't be followed any further.
    pub(super) fn failed(close: Bytes, code: u16) -> Ending {
        Ending { last_word: LastWord::None, close: Close::Failed(close, code) }
    }

    /// Something else is refused meanwhile: one ERROR tells all.
    fn refuse_too(&mut self, refusal: Refusal, reason: CloseReason) {
        match &mut self.last_word {
            LastWord::Error(first) => first.add(&refusal),
            LastWord::None => self.last_word = LastWord::Error(refusal),
            LastWord::Receipt(_) => *self = Ending::refused(refusal, reason),
        }
    }
}

/// An ending that waits.
pub(super) struct Due {
    ending: Ending,
    deadline: Instant,
}

impl Due {
    /// Whether it waits no longer.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        now >= self.deadline && !matches!(self.ending.last_word, LastWord::Receipt(_))
    }
}

impl Shard {
    /// Ends a session once what it sent is answered, which may be now. Nothing
    /// more is read from it, and no subscription of its goes on.
    pub(super) fn end_in_turn(&mut self, slot: usize, ending: Ending) {
        let Some(socket) = self.sockets.get_mut(slot) else { return };
        let Some(sends) = &mut socket.sends else { return self.end(slot, ending) };
        if sends.ending.is_none() {
            let deadline = self.now + Duration::from_millis(self.chassis.limits.close_ms);
            sends.ending = Some(Due { ending, deadline });
            self.unsubscribe_all(slot);
        }
    }

    /// Ends a session for a SEND that is rejected, once those behind it are
    /// answered.
    pub(super) fn end_rejected(&mut self, slot: usize, refusal: Refusal, reason: CloseReason) {
        self.count_error("stomp");
        self.note(slot, refusal.reason(), &refusal);
        let Some(socket) = self.sockets.get_mut(slot) else { return };
        if let Some(session) = socket.protocol.as_deref_mut().and_then(|protocol| protocol.stomp()) {
            session.close();
        }
        match socket.sends.as_mut().and_then(|sends| sends.ending.as_mut()) {
            Some(due) => due.ending.refuse_too(refusal, reason),
            None => self.end_in_turn(slot, Ending::refused(refusal, reason)),
        }
    }

    /// The ending that waited: all is answered, or the time is over.
    pub(super) fn end_due(&mut self, slot: usize, due: Due) {
        let Some(socket) = self.sockets.get_mut(slot) else { return };
        if socket.is_streaming() {
            // There may be more to read: the peer's Close, or its end.
            socket.ready.list();
            self.end(slot, due.ending);
        }
    }

    /// What is not answered by now will not be.
    pub(super) fn end_overdue(&mut self, slot: usize) {
        let sends = self.sockets.get_mut(slot).and_then(|socket| socket.sends.take());
        if let Some(due) = sends.and_then(|sends| sends.ending) {
            self.end_due(slot, due);
        }
    }

    fn end(&mut self, slot: usize, ending: Ending) {
        let Some(wire) = self.sockets.get(slot).map(|socket| socket.wire) else { return };
        match ending.last_word {
            LastWord::None => {}
            LastWord::Receipt(reply) => self.acknowledge(slot, wire, &reply),
            LastWord::Error(refusal) => {
                self.send(slot, wire.wrap(&refusal.error_frame()));
                if let Some(socket) = self.sockets.get_mut(slot) {
                    socket.is_noted = true;
                }
            }
        }
        match ending.close {
            Close::Because(reason) => self.close(slot, reason),
            Close::Failed(close, code) => {
                self.count_close(u32::from(code));
                self.leave(slot, close);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

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
        let due = Due { ending: refused, deadline };
        assert!(!due.is_over(now) && due.is_over(deadline));
        let due = Due { ending: Ending::disconnected(reply("bye", now)), deadline };
        assert!(!due.is_over(deadline + Duration::from_secs(3600)));
    }
}
