//! Takes by sockets as they drain: whoever was not up to date takes what its
//! subscriptions are owed.

use std::time::Instant;

use hub_fanout::Room;

use super::Subscriptions;
use super::recipient::{Recipient, Taken, per_element};
use super::subscription::Subscription;
use crate::shard::missing::missing;
use crate::shard::moment::Moment;

/// Bytes of elements that a socket that lags behind gets at a time.
const CHUNK_BYTES: usize = 64 << 10;

impl Subscriptions {
    /// Takes the next part of what a socket is owed. `draining`: what waits
    /// for its interval as well.
    pub(in crate::shard) fn take(&mut self, slot: usize, draining: bool, now: Moment) -> Taken {
        let followed = self.of_socket(slot).len();
        let mut nothing = Taken::Nothing;
        for index in 0..followed {
            let key = self.by_socket[slot][index];
            let taken = self.take_one(key, draining, now);
            if let Taken::Part { frames, last } = &taken {
                if *last {
                    self.caught_up(key, frames.is_some(), now.instant);
                }
                // Two large topics take turns.
                self.by_socket[slot].rotate_left(index + 1);
            }
            match taken {
                Taken::Nothing => {}
                Taken::Later => nothing = Taken::Later,
                Taken::Part { .. } | Taken::Passed => return taken,
            }
        }
        nothing
    }

    fn take_one(&mut self, key: usize, draining: bool, now: Moment) -> Taken {
        let Some(subscription) = self.entries.get_mut(key) else {
            missing(&self.chassis.metrics, "subscription", key);
            return Taken::Nothing;
        };
        let Subscription { framing, source, pace, snapshot_reason, since, .. } = subscription;
        if snapshot_reason.is_none() && !self.sources.owes(source, *since, self.stands) {
            return Taken::Nothing;
        }
        if let Some(pace) = pace {
            let urgent = || self.sources.is_urgent(source, self.stands.horizon);
            if !(draining || pace.is_due(now.instant) || urgent()) {
                // It is woken when its interval is over.
                self.timers.schedule(key, pace);
                return Taken::Nothing;
            }
            self.timers.unschedule(key, pace);
        }
        let (framings, encoder, stands) = (&self.framings, &self.encoder, self.stands);
        let room = Room::new(CHUNK_BYTES, per_element(framings.get(*framing).composition));
        let (framing, snapshot_reason) = (*framing, *snapshot_reason);
        self.sources
            .take(source, &Recipient { framing, framings, encoder, stands, snapshot_reason, room, now })
    }

    /// Nothing is owed any more.
    fn caught_up(&mut self, key: usize, sent: bool, now: Instant) {
        let Some(subscription) = self.entries.get_mut(key) else {
            return missing(&self.chassis.metrics, "subscription", key);
        };
        subscription.snapshot_reason = None;
        if sent && let Some(pace) = &mut subscription.pace {
            pace.drained(now);
        }
    }
}
