//! Publications and times that are due, handed to the kinds of source they
//! are for.

use hub_fanout::{Flush, Publication};

use super::Subscriptions;
use super::delivery::{Delivery, Lagging};
use super::pace::Timer;
use super::source::{Source, Sources};
use super::subscription::Stands;
use crate::shard::missing::missing;
use crate::shard::sockets::Sockets;

impl Subscriptions {
    /// Hands a publication to its subscribers; gives those who could not take
    /// it. After a flush the loop goes on with
    /// [`expire_feeds`](Subscriptions::expire_feeds) and
    /// [`touch_documents`](Subscriptions::touch_documents).
    pub(in crate::shard) fn deliver(&mut self, publication: &Publication, sockets: &mut Sockets) -> Lagging {
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
            Publication::Relay(message) => {
                self.delivering(sockets, |sources, delivery| sources.relays.deliver(message, delivery))
            }
            Publication::RelayGap => {
                self.delivering(sockets, |sources, delivery| sources.relays.lost(delivery))
            }
            Publication::Queue(message) => {
                self.delivering(sockets, |sources, delivery| sources.consumers.deliver(message, delivery))
            }
        }
    }

    /// Hands a flush to every subscriber that is up to date, and notes it for
    /// those who are not. `listed`: what it lists as changed is all that
    /// changed since the flush this shard saw last.
    ///
    /// Those who are not up to date take what they are owed only when every
    /// topic stands at the flush's position: whatever they get belongs to one.
    fn deliver_flush(&mut self, flush: &Flush, listed: bool, sockets: &mut Sockets) -> Lagging {
        self.stands = Stands { position: flush.position, horizon: flush.horizon };
        self.delivering(sockets, |sources, delivery| {
            for state in &flush.states {
                sources.states.deliver(state, listed, delivery);
            }
        })
    }

    /// Says whether events of a feed are older than what is to be resumed from.
    pub(in crate::shard) fn has_expired_events(&self) -> bool {
        self.sources.feeds.has_expired(self.stands.horizon)
    }

    /// Gives those who have events of a feed still to take, or have lost some.
    pub(in crate::shard) fn behind_feeds(&mut self, sockets: &mut Sockets) -> Lagging {
        self.delivering(sockets, |sources, delivery| sources.feeds.catch_up_all(delivery))
    }

    /// Lets the events leave that are older than what is to be resumed from.
    pub(in crate::shard) fn expire_feeds(&mut self) {
        self.sources.feeds.expire(self.stands.horizon);
    }

    /// Something was applied: tells the documents' subscribers.
    pub(in crate::shard) fn touch_documents(&mut self, sockets: &mut Sockets) -> Lagging {
        self.delivering(sockets, |sources, delivery| sources.documents.touch(delivery))
    }

    /// The hub is shutting down: what waits for its time is told now.
    pub(in crate::shard) fn tell_changed_documents(&mut self, sockets: &mut Sockets) -> Lagging {
        self.delivering(sockets, |sources, delivery| sources.documents.tell_changed(delivery))
    }

    /// Tells the documents that are due, and gives the sockets of
    /// subscriptions whose interval is over.
    pub(in crate::shard) fn wake(&mut self, sockets: &mut Sockets) -> Lagging {
        let now = sockets.now();
        let mut woken = Lagging::default();
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
                    woken.behind.push(subscription.slot);
                }
                Timer::Document(key) => {
                    let lagging =
                        self.delivering(sockets, |sources, delivery| sources.documents.wake(key, delivery));
                    woken.append(lagging);
                }
            }
        }
        woken
    }

    fn delivering(
        &mut self,
        sockets: &mut Sockets,
        deliver: impl FnOnce(&mut Sources, &mut Delivery<'_, Source>),
    ) -> Lagging {
        let mut lagging = Lagging::default();
        let mut delivery = Delivery {
            chassis: &self.chassis,
            entries: &mut self.entries,
            framings: &self.framings,
            encoder: &self.encoder,
            timers: &mut self.timers,
            stands: self.stands,
            sockets,
            lagging: &mut lagging,
        };
        deliver(&mut self.sources, &mut delivery);
        lagging
    }
}
