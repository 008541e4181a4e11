//! Facts that a socket's peer sent: they are answered in its order, and what
//! ends the session waits for that.

use std::time::Duration;

use hub_core::CloseReason;
use hub_stomp::{Refusal, Reply};

use super::Sockets;
use super::unanswered::{Rejected, Sends};
use crate::ingest::{IngestError, IngestReport};
use crate::shard::missing::missing;
use crate::shard::pending::{Ending, PendingEnding};

/// Turn that a session takes when all that it sent is answered.
pub(in crate::shard) enum AllAnswered {
    /// Some of it is not, or nothing waited for it.
    Goes,
    /// It ends.
    Ends(Ending),
    /// Its peer had shut its side.
    HalfClosed,
}

impl Sockets {
    /// A SEND is on its way into the log: gives its ordinal.
    pub(in crate::shard) fn begin_send(&mut self, slot: usize, reply: Reply<'static>) -> Option<u64> {
        let max = self.chassis.limits.sends_per_session;
        let sends = &mut self.at_mut(slot)?.inbound.sends;
        Some(sends.get_or_insert_with(|| Box::new(Sends::new(max))).begin(reply))
    }

    /// A COMMIT, which is answered behind the SENDs before it. False: there
    /// are none, and it is to be answered now.
    pub(in crate::shard) fn commit(&mut self, slot: usize, reply: &Reply<'_>) -> bool {
        let sends = self.sends(slot);
        let is_behind = sends.is_some();
        if let Some(sends) = sends {
            sends.commit(reply.clone().into_owned());
        }
        is_behind
    }

    /// A SEND is answered; [`Sockets::next_answer`] gives it in its turn.
    pub(in crate::shard) fn answered(
        &mut self,
        slot: usize,
        ordinal: u64,
        answer: Result<IngestReport, IngestError>,
    ) {
        // Its time may have been over before.
        let Some(sends) = self.sends(slot) else { return };
        let had_to_wait = sends.must_wait();
        if !sends.answered(ordinal, answer) {
            return missing(&self.chassis.metrics, "send", usize::try_from(ordinal).unwrap_or(usize::MAX));
        }
        if had_to_wait {
            // There will be more to read.
            self.relist(slot);
        }
    }

    /// The next answer to give, if it is there.
    pub(in crate::shard) fn next_answer(
        &mut self,
        slot: usize,
    ) -> Option<(Reply<'static>, Option<Rejected>)> {
        self.sends(slot)?.pop()
    }

    /// Forgets what it sent once all is answered; gives what waited for that.
    pub(in crate::shard) fn finish_sends(&mut self, slot: usize) -> AllAnswered {
        let finished = self.inbound(slot).and_then(|inbound| inbound.sends.take_if(|sends| sends.is_done()));
        match finished.map(|sends| *sends) {
            Some(Sends { ending: Some(pending), .. }) => AllAnswered::Ends(pending.ending),
            Some(Sends { half_closed: true, .. }) => AllAnswered::HalfClosed,
            _ => AllAnswered::Goes,
        }
    }

    /// Has a session end when all that it sent is answered, or after
    /// `limits.close_ms`; the first ending stands. Gives it back if nothing is
    /// to be answered: it is due now.
    pub(in crate::shard) fn end_behind_sends(&mut self, slot: usize, ending: Ending) -> Option<Ending> {
        let deadline = self.now.instant + Duration::from_millis(self.chassis.limits.close_ms);
        let Some(sends) = self.sends(slot) else { return Some(ending) };
        sends.ending.get_or_insert(PendingEnding { ending, deadline });
        None
    }

    /// The same for a SEND that is refused: an ERROR that waits already tells
    /// of this one, too.
    pub(in crate::shard) fn refuse_behind_sends(
        &mut self,
        slot: usize,
        refusal: Refusal,
        reason: CloseReason,
    ) -> Option<Ending> {
        match self.sends(slot).and_then(|sends| sends.ending.as_mut()) {
            Some(pending) => {
                pending.ending.refuse_too(refusal, reason);
                None
            }
            None => self.end_behind_sends(slot, Ending::refused(refusal, reason)),
        }
    }

    /// Forgets what is not answered; gives the ending that waited for it.
    pub(in crate::shard) fn take_unanswered(&mut self, slot: usize) -> Option<Ending> {
        Some(self.inbound(slot)?.sends.take()?.ending?.ending)
    }

    fn sends(&mut self, slot: usize) -> Option<&mut Sends> {
        self.inbound(slot)?.sends.as_deref_mut()
    }
}
