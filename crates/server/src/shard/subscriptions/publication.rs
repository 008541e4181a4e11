//! Publications and times that are due, handed to the kinds of source they
//! are for.

use std::sync::Arc;

use hub_fanout::{Flush, Publication};

use super::Subscriptions;
use super::delivery::{Delivery, Lost};
use super::pace::Timer;
use super::relay::RelayRun;
use super::source::{Source, Sources};
use super::subscription::Stands;
use crate::shard::missing::missing;
use crate::shard::sockets::Sockets;

impl Subscriptions {
    /// Stages a publication for its subscribers; gives those who have lost
    /// something. After a flush the turn goes on with
    /// [`expire_feeds`](Subscriptions::expire_feeds) and
    /// [`touch_documents`](Subscriptions::touch_documents).
    pub(in crate::shard) fn deliver(
        &mut self,
        publication: &Publication,
        sockets: &mut Sockets,
    ) -> Vec<Lost> {
        match publication {
            Publication::Flush(flush) => self.deliver_flush(flush, true, sockets),
            Publication::FlushAfterGap(flush) => self.deliver_flush(flush, false, sockets),
            Publication::Feed(batch) => {
                self.delivering(sockets, |sources, delivery| sources.feeds.deliver(batch, delivery))
            }
            Publication::FeedGap => {
                let windows = self.chassis.publisher.windows();
                self.delivering(sockets, |sources, delivery| sources.feeds.reload(windows, delivery))
            }
            Publication::Relay(message) => self.relay(&RelayRun::of(Arc::clone(message)), sockets),
            Publication::RelayGap => {
                self.delivering(sockets, |sources, delivery| sources.relays.lost(delivery))
            }
            Publication::Queue(message) => {
                self.delivering(sockets, |sources, delivery| sources.consumers.deliver(message, delivery))
            }
        }
    }

    /// Stages a run of relayed messages.
    pub(in crate::shard) fn relay(&mut self, run: &RelayRun, sockets: &mut Sockets) -> Vec<Lost> {
        self.delivering(sockets, |sources, delivery| sources.relays.deliver(run, delivery))
    }

    /// Hands a flush to every subscriber that is up to date, and notes it for
    /// those who are not. `listed`: what it lists as changed is all that
    /// changed since the flush this shard saw last.
    ///
    /// Those who are not up to date take what they are owed only when every
    /// topic stands at the flush's position: whatever they get belongs to one.
    fn deliver_flush(&mut self, flush: &Flush, listed: bool, sockets: &mut Sockets) -> Vec<Lost> {
        let Flush { position, horizon, recent, .. } = *flush;
        self.stands = Stands { position, horizon, recent };
        self.delivering(sockets, |sources, delivery| {
            for state in &flush.states {
                sources.states.deliver(state, listed, delivery);
            }
        })
    }

    /// Gives the sockets with events of a feed still to take that are about to
    /// leave, being older than what is to be resumed from.
    pub(in crate::shard) fn endangered_by_expiry(&mut self) -> Vec<usize> {
        self.sources.feeds.endangered(self.stands.horizon, &mut self.entries)
    }

    /// Lets them leave; gives those who have not taken them.
    pub(in crate::shard) fn expire_feeds(&mut self, sockets: &mut Sockets) -> Vec<Lost> {
        let horizon = self.stands.horizon;
        self.delivering(sockets, |sources, delivery| sources.feeds.expire(horizon, delivery))
    }

    /// Something was applied: tells the documents' subscribers.
    pub(in crate::shard) fn touch_documents(&mut self, sockets: &mut Sockets) -> Vec<Lost> {
        self.delivering(sockets, |sources, delivery| sources.documents.touch(delivery))
    }

    /// The hub is shutting down: what waits for its time is told now.
    pub(in crate::shard) fn tell_changed_documents(&mut self, sockets: &mut Sockets) -> Vec<Lost> {
        self.delivering(sockets, |sources, delivery| sources.documents.tell_changed(delivery))
    }

    /// Tells the documents that are due, and has the sockets of subscriptions
    /// whose interval is over take what they are owed.
    pub(in crate::shard) fn wake(&mut self, sockets: &mut Sockets) -> Vec<Lost> {
        let now = sockets.now();
        let mut lost = Vec::new();
        while let Some(due) = self.timers.pop_due(now) {
            match due {
                Timer::Subscription(key) => {
                    let Some(subscription) = self.entries.get_mut(key) else {
                        missing(&self.chassis.metrics, "subscription", key);
                        continue;
                    };
                    if let Some(pace) = &mut subscription.pace {
                        self.timers.unschedule(key, pace);
                    }
                    sockets.owe(subscription.slot);
                }
                Timer::Document(key) => {
                    let told =
                        self.delivering(sockets, |sources, delivery| sources.documents.wake(key, delivery));
                    lost.extend(told);
                }
            }
        }
        lost
    }

    fn delivering(
        &mut self,
        sockets: &mut Sockets,
        deliver: impl FnOnce(&mut Sources, &mut Delivery<'_, Source>),
    ) -> Vec<Lost> {
        let mut lost = Vec::new();
        let mut delivery = Delivery {
            chassis: &self.chassis,
            entries: &mut self.entries,
            framings: &self.framings,
            encoder: &self.encoder,
            timers: &mut self.timers,
            stands: self.stands,
            sockets,
            lost: &mut lost,
        };
        deliver(&mut self.sources, &mut delivery);
        lost
    }
}
