//! Publications, turn by turn.
//!
//! A turn takes all publications that are there, within bounds, and stages
//! what each subscription gets of them; the sockets are written when it has
//! them all. No time is waited for company: company is what came while the
//! turn before was written, and what those who publish have ready.

use std::time::Duration;

use hub_fanout::{Flush, Mailbox, Publication};

use super::Shard;
use super::moment::Moment;
use super::subscriptions::{Lost, RelayRun};

/// Publications of a turn, at most.
const PUBLICATIONS_PER_TURN: usize = 256;

/// Bytes of relayed messages after which a turn takes no more.
const BYTES_PER_TURN: usize = 256 << 10;

/// Frames staged after which a turn takes no more publications: that takes
/// a millisecond or two.
const STAGED_PER_TURN: usize = 32 << 10;

/// Time for which those who publish may go on before a turn begins.
const GATHERING: Duration = Duration::from_millis(2);

/// Lets those who publish on this thread go on, but not for long, while more
/// comes of it: requests that came together are handled one after the other,
/// and what they publish leaves together. Nobody is waited for: where nothing
/// more comes, that was one look at the thread's other tasks.
pub(super) async fn gather(mailbox: &Mailbox) {
    let until = Moment::now().instant + GATHERING;
    let mut before = None;
    while before.is_none_or(|before| mailbox.waiting() > before) && Moment::now().instant < until {
        before = Some(mailbox.waiting());
        tokio::task::yield_now().await;
    }
}

impl Shard {
    /// Stages `first` and what more there is.
    pub(super) fn publish_all(&mut self, first: Publication, mailbox: &mut Mailbox) {
        let (mut run, mut bytes, mut next) = (RelayRun::default(), 0, Some(first));
        for _ in 0..PUBLICATIONS_PER_TURN {
            let Some(publication) = next.take().or_else(|| mailbox.try_next()) else { break };
            if let Publication::Relay(message) = publication {
                bytes += message.body.len();
                if let Err(message) = run.push(message) {
                    self.publish_run(&std::mem::replace(&mut run, RelayRun::of(message)));
                }
            } else {
                self.publish_run(&std::mem::take(&mut run));
                self.publish(&publication);
            }
            if bytes >= BYTES_PER_TURN || self.sockets.staged() >= STAGED_PER_TURN {
                break;
            }
        }
        self.publish_run(&run);
    }

    fn publish_run(&mut self, run: &RelayRun) {
        let lost = self.subscriptions.relay(run, &mut self.sockets);
        self.tell_lost(lost);
    }

    fn publish(&mut self, publication: &Publication) {
        let lost = self.subscriptions.deliver(publication, &mut self.sockets);
        self.tell_lost(lost);
        if let Publication::Flush(flush) | Publication::FlushAfterGap(flush) = publication {
            self.flushed(flush);
        }
    }

    /// Every topic stands at the flush's position.
    fn flushed(&mut self, flush: &Flush) {
        let endangered = self.subscriptions.endangered_by_expiry();
        // Who waits for an interval, or for room, gets what is about to leave
        // first; who can't take it is told.
        for slot in endangered {
            self.progress(slot);
        }
        let lost = self.subscriptions.expire_feeds(&mut self.sockets);
        self.tell_lost(lost);
        let lost = self.subscriptions.touch_documents(&mut self.sockets);
        self.tell_lost(lost);
        if let Some(oldest) = flush.oldest.filter(|_| !self.subscriptions.is_empty()) {
            self.delivered.push(oldest);
        }
    }

    /// The flushes of this round are written, as far as sockets took them.
    pub(super) fn observe_delivered(&mut self, now: Moment) {
        for oldest in self.delivered.drain(..) {
            self.chassis.metrics.delivery_seconds.observe(now.seconds_since(oldest));
        }
    }

    /// Closes those who have lost something, and says so.
    pub(super) fn tell_lost(&mut self, lost: Vec<Lost>) {
        for Lost { slot, reason } in lost {
            self.close(slot, reason);
        }
    }
}
