//! From a feed's events to the sockets of a shard.

use std::sync::Arc;

use hub_core::{CloseReason, Position};
use hub_fanout::{FeedBatch, FeedWindow};

use super::Shard;
use super::deliver::Encoded;
use super::framing::Run;
use super::subscribe::Source;

/// A feed as this shard sees it.
pub(super) struct Feed {
    /// The shard's own, of shared events.
    pub(super) window: FeedWindow,
    pub(super) subscribers: Vec<usize>,
}

impl Shard {
    /// Hands new events to every subscriber at once.
    pub(super) fn deliver_feed(&mut self, batch: &FeedBatch) {
        let Some(feed) = self.feeds.get_mut(usize::from(batch.feed.0)) else { return };
        for event in &batch.events {
            feed.window.push(Arc::clone(event));
        }
        // As in `deliver_state`: nobody comes or goes while the loop runs.
        let subscribers = std::mem::take(&mut feed.subscribers);
        let (mut encoded, mut behind, mut sent) = (Encoded::default(), Vec::new(), 0);
        let fits =
            batch.events.iter().map(|event| event.bytes()).sum::<usize>() <= self.chassis.limits.outbox_bytes;
        for key in &subscribers {
            match self.deliver_events(*key, batch, fits, &mut encoded) {
                Some(messages) => sent += messages,
                None => behind.push(*key),
            }
        }
        self.chassis.metrics.messages_sent.inc_by(sent);
        self.feeds[usize::from(batch.feed.0)].subscribers = subscribers;
        for key in behind {
            self.catch_up(key);
        }
    }

    /// One subscriber's part, if it is up to date; gives the number of
    /// messages.
    fn deliver_events(
        &mut self,
        key: usize,
        batch: &FeedBatch,
        fits: bool,
        encoded: &mut Encoded,
    ) -> Option<u64> {
        let subscription = self.subscriptions.get_mut(key)?;
        let Source::Feed { cursor, .. } = &mut subscription.source else { return None };
        let socket = self.sockets.get_mut(subscription.slot)?;
        let (first, last) = (batch.events.first()?, batch.events.last()?);
        let at_once = fits
            && cursor.is_at(first)
            && subscription.pace.is_none()
            && subscription.instead.is_none()
            && socket.outbox.is_empty();
        if !at_once {
            return None;
        }
        cursor.advance(last.sequence + 1);
        let stands = Position { epoch: self.chassis.log.epoch(), ..self.position };
        let run = Run { stands, events: &batch.events, instead: None };
        let (framings, with) = (&self.framings, &self.encoder);
        let encode = || framings.get(subscription.framing).feed(&run, with);
        let frames = encoded.get(subscription.framing, encode);
        if socket.send(frames.bytes.clone(), self.now).is_err() {
            self.gone.push(subscription.slot);
        }
        Some(frames.messages)
    }

    /// Lets a subscriber pull, unless the window has passed it by: then it is
    /// told.
    fn catch_up(&mut self, key: usize) {
        let Some(subscription) = self.subscriptions.get(key) else { return };
        let Source::Feed { feed, cursor } = &subscription.source else { return };
        let slot = subscription.slot;
        if cursor.is_passed(&self.feeds[usize::from(feed.0)].window) {
            self.close(slot, CloseReason::OUTBOX_OVERFLOW);
        } else {
            self.progress(slot);
        }
    }

    /// More was told than this shard was quick enough to take: the windows
    /// have what it missed, or subscribers have lost it.
    pub(super) fn reload_feeds(&mut self) {
        let windows = self.chassis.publisher.windows();
        for (feed, window) in self.feeds.iter_mut().zip(windows) {
            feed.window = window;
        }
        self.catch_up_all();
    }

    /// Events older than the resume horizon leave.
    pub(super) fn expire_feeds(&mut self) {
        if !self.feeds.iter().any(|feed| feed.window.is_due(self.horizon)) {
            return;
        }
        // Who waits for an interval gets them first; who can't take them is
        // told.
        self.catch_up_all();
        for feed in &mut self.feeds {
            feed.window.expire(self.horizon);
        }
        self.catch_up_all();
    }

    fn catch_up_all(&mut self) {
        let keys: Vec<usize> = self.feeds.iter().flat_map(|feed| feed.subscribers.iter().copied()).collect();
        for key in keys {
            self.catch_up(key);
        }
    }
}
