//! Facts that a session sent and that wait to be answered, in its order.

use std::collections::VecDeque;
use std::time::Instant;

use hub_core::CloseReason;
use hub_stomp::{Refusal, Reply};

use crate::ingest::{IngestError, IngestReport};
use crate::shard::pending::PendingEnding;

/// Rejected items that an ERROR names one by one.
const NAMED_MAX: usize = 20;

/// Facts a session sent that are not answered yet, in its order: so are the
/// answers.
pub(super) struct Sends {
    /// Facts that may be under way before the session is read no further
    /// (`limits.sends_per_session`).
    max: usize,
    /// The ordinal of the first.
    first: u64,
    under_way: VecDeque<UnderWay>,
    /// A SEND of the COMMIT that is being answered was rejected.
    commit_failed: bool,
    /// Ending for when everything before is answered.
    pub(super) ending: Option<PendingEnding>,
    /// Its peer has shut its side, and reads on.
    pub(super) half_closed: bool,
}

struct UnderWay {
    reply: Reply<'static>,
    is_commit: bool,
    answer: Option<Result<IngestReport, IngestError>>,
}

impl Sends {
    /// Nothing is under way yet.
    pub(super) fn new(max: usize) -> Sends {
        Sends {
            max,
            first: 0,
            under_way: VecDeque::new(),
            commit_failed: false,
            ending: None,
            half_closed: false,
        }
    }

    /// Says whether the session is to be read no further for now.
    pub(super) fn must_wait(&self) -> bool {
        self.under_way.len() >= self.max || self.ending.is_some()
    }

    /// Says whether it is to end, answered or not.
    pub(super) fn is_overdue(&self, now: Instant) -> bool {
        self.ending.as_ref().is_some_and(|pending| pending.is_over(now))
    }

    /// One more; its ordinal.
    pub(super) fn begin(&mut self, reply: Reply<'static>) -> u64 {
        self.under_way.push_back(UnderWay { reply, is_commit: false, answer: None });
        self.first + self.under_way.len() as u64 - 1
    }

    /// A COMMIT, in its turn.
    pub(super) fn commit(&mut self, reply: Reply<'static>) {
        let answer = Some(Ok(IngestReport::default()));
        self.under_way.push_back(UnderWay { reply, is_commit: true, answer });
    }

    /// Keeps the answer to a SEND until its turn. False: there is none of this
    /// ordinal, or no longer.
    #[must_use]
    pub(super) fn answered(&mut self, ordinal: u64, answer: Result<IngestReport, IngestError>) -> bool {
        let index = ordinal.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        let sent = index.and_then(|index| self.under_way.get_mut(index));
        sent.map(|sent| sent.answer = Some(answer)).is_some()
    }

    /// Says whether all of it is answered.
    pub(super) fn is_done(&self) -> bool {
        self.under_way.is_empty()
    }

    /// The next answer to give. A COMMIT of which a SEND was rejected has none:
    /// the ERROR names it.
    pub(super) fn pop(&mut self) -> Option<(Reply<'static>, Option<Rejected>)> {
        loop {
            self.under_way.front()?.answer.as_ref()?;
            let UnderWay { reply, is_commit, answer } = self.under_way.pop_front()?;
            self.first += 1;
            let rejected = rejected(&reply, &answer?);
            self.commit_failed |= rejected.is_some() && reply.is_of_commit();
            if !(is_commit && std::mem::take(&mut self.commit_failed)) {
                return Some((reply, rejected));
            }
        }
    }
}

/// The ERROR that says what is not fine, and the reason to close with.
pub(super) type Rejected = (Refusal, CloseReason);

/// `None`: all is fine.
fn rejected(reply: &Reply<'_>, answer: &Result<IngestReport, IngestError>) -> Option<Rejected> {
    let refused = |message, detail, counted| reply.refusal(message, detail).because(counted);
    match answer {
        Ok(answer) if answer.rejected == 0 => None,
        Ok(answer) => {
            let refusal = refused("rejected", rejections(answer), "rejected");
            Some((refusal, CloseReason::PROTOCOL_ERROR))
        }
        Err(error @ IngestError::Body(_)) => {
            let refusal = refused("message refused", error.to_string(), "message_refused");
            Some((refusal, CloseReason::PROTOCOL_ERROR))
        }
        Err(error @ (IngestError::Draining | IngestError::Stopped(_))) => {
            let refusal = refused("going away", error.to_string(), "going_away");
            Some((refusal, CloseReason::GOING_AWAY))
        }
        Err(error @ IngestError::Log(_)) => {
            let refusal = refused("not taken in", error.to_string(), "not_taken_in");
            Some((refusal, CloseReason::NOT_TAKEN_IN))
        }
    }
}

/// A line per rejected item.
fn rejections(answer: &IngestReport) -> String {
    let rejected = answer.results.iter().filter(|result| result.status == "rejected");
    let mut lines: Vec<String> = rejected
        .take(NAMED_MAX)
        .map(|result| {
            let field = result.field.as_deref().map(|field| format!("{field}: ")).unwrap_or_default();
            format!("item {}: {field}{}", result.index, result.reason.as_deref().unwrap_or_default())
        })
        .collect();
    if answer.rejected > lines.len() {
        lines.push(format!("and {} more", answer.rejected - lines.len()));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_to_what_was_not_sent_is_none() {
        let mut sends = Sends::new(1);
        assert!(!sends.answered(0, Ok(IngestReport::default())));
        assert!(sends.is_done() && sends.pop().is_none());
    }
}
