//! The publisher: from the runner and the relay to every shard, without ever waiting.

mod mailbox;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hub_core::{Epoch, Offset, TopicName};

use self::mailbox::{FLUSH_BACKLOG_MAX, Outlet};
pub use self::mailbox::{Mailbox, Publication};
use crate::feed::{FeedEvent, FeedId, FeedWindow, WindowLimits};
use crate::flush::Flush;
use crate::projection::FeedItem;
use crate::queues::Delivery;
use crate::relay::RelayMessage;

/// Some events of one feed, adjacent and in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedBatch {
    /// Their feed.
    pub feed: FeedId,
    /// At least one.
    pub events: Vec<Arc<FeedEvent>>,
}

impl FeedBatch {
    fn bytes(&self) -> usize {
        self.events.iter().map(|event| event.bytes()).sum()
    }
}

/// Bounds on what may wait for one shard, and on what is kept for all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublisherLimits {
    /// Bytes of relay messages that may wait for one shard.
    pub relay_bytes: usize,
    /// The number of feeds.
    pub feeds: usize,
    /// The bounds of each feed's window. No more bytes of events wait for one
    /// shard.
    pub window: WindowLimits,
}

/// One end per shard. Cheap to clone.
#[derive(Clone)]
pub struct Publisher {
    shards: Arc<[Outlet]>,
    limits: PublisherLimits,
    relay_epoch: Epoch,
    /// The last message's ordinal; held while it is handed out, so that every
    /// shard sees the same order.
    relay_sequence: Arc<Mutex<u64>>,
    /// By [`FeedId`]. Shards have copies of their own and come here only after
    /// a gap.
    windows: Arc<Mutex<Vec<FeedWindow>>>,
    published: Arc<AtomicU64>,
}

impl Publisher {
    /// A publisher to `shards` shards.
    pub fn new(shards: usize, relay_epoch: Epoch, limits: PublisherLimits) -> (Publisher, Vec<Mailbox>) {
        let (outlets, mailboxes): (Vec<_>, Vec<_>) = (0..shards).map(|_| Mailbox::pair()).unzip();
        let publisher = Publisher {
            shards: outlets.into(),
            limits,
            relay_epoch,
            relay_sequence: Arc::default(),
            windows: Arc::new(Mutex::new(vec![FeedWindow::new(limits.window); limits.feeds])),
            published: Arc::default(),
        };
        (publisher, mailboxes)
    }

    /// The last offset published: no subscriber of this log can
    /// have seen more.
    pub fn published(&self) -> Offset {
        Offset(self.published.load(Ordering::Acquire))
    }

    /// The retained events of all feeds, by [`FeedId`].
    pub fn windows(&self) -> Vec<FeedWindow> {
        lock(&self.windows).clone()
    }

    /// Hands a flush to every shard.
    pub fn flush(&self, flush: &Arc<Flush>) {
        self.published.fetch_max(flush.position.offset.0, Ordering::AcqRel);
        lock(&self.windows).iter_mut().for_each(|window| window.expire(flush.horizon));
        for shard in &*self.shards {
            let mut skipped = lock(&shard.load.skipped);
            if shard.load.flushes.load(Ordering::Acquire) >= FLUSH_BACKLOG_MAX {
                *skipped = Some(Arc::clone(flush));
                continue;
            }
            shard.load.flushes.fetch_add(1, Ordering::AcqRel);
            let publication = if skipped.take().is_some() {
                Publication::FlushAfterGap(Arc::clone(flush))
            } else {
                Publication::Flush(Arc::clone(flush))
            };
            // A shard that is gone has no subscribers.
            let _ = shard.sender.send(publication);
        }
    }

    /// Keeps the items in the windows, and once the shards are served
    /// (`live`) hands it to them at once.
    pub fn feed(&self, items: Vec<(Offset, FeedItem)>, live: bool) {
        for batch in self.retain(items) {
            if live && let Some(last) = batch.events.last() {
                self.published.fetch_max(last.offset.0, Ordering::AcqRel);
                self.send_batch(&Arc::new(batch));
            }
        }
    }

    /// Has every shard look into the windows: after a replay.
    pub(crate) fn feed_windows(&self) {
        if self.limits.feeds == 0 {
            return;
        }
        for shard in &*self.shards {
            open_feed_gap(shard);
        }
    }

    fn retain(&self, items: Vec<(Offset, FeedItem)>) -> Vec<FeedBatch> {
        let mut windows = lock(&self.windows);
        let mut batches: Vec<FeedBatch> = Vec::new();
        for (offset, FeedItem { feed, key, json }) in items {
            let Some(window) = windows.get_mut(usize::from(feed.0)) else { continue };
            let event = Arc::new(FeedEvent { sequence: window.next(), offset, key, json });
            window.push(Arc::clone(&event));
            match batches.iter_mut().find(|batch| batch.feed == feed) {
                Some(batch) => batch.events.push(event),
                None => batches.push(FeedBatch { feed, events: vec![event] }),
            }
        }
        batches
    }

    fn send_batch(&self, batch: &Arc<FeedBatch>) {
        let size = batch.bytes();
        for shard in &*self.shards {
            if shard.load.feed.admit(size, self.limits.window.bytes) {
                let _ = shard.sender.send(Publication::Feed(Arc::clone(batch)));
            } else {
                open_feed_gap(shard);
            }
        }
    }

    /// Relays a message to the subscribers of `destination`; gives its id.
    pub fn relay(
        &self,
        destination: TopicName,
        headers: Vec<(String, String)>,
        body: Bytes,
    ) -> Arc<RelayMessage> {
        let mut last = lock(&self.relay_sequence);
        let message = self.numbered(&mut last, destination, headers, body);
        let size = message.bytes();
        for shard in &*self.shards {
            if shard.load.relay.admit(size, self.limits.relay_bytes) {
                let _ = shard.sender.send(Publication::Relay(Arc::clone(&message)));
            } else if shard.load.relay.open_gap() {
                let _ = shard.sender.send(Publication::RelayGap);
            }
        }
        message
    }
}

impl Publisher {
    /// A message that is not sent yet, with the next id.
    pub(crate) fn message(
        &self,
        destination: TopicName,
        headers: Vec<(String, String)>,
        body: Bytes,
    ) -> Arc<RelayMessage> {
        self.numbered(&mut lock(&self.relay_sequence), destination, headers, body)
    }

    fn numbered(
        &self,
        last: &mut u64,
        destination: TopicName,
        headers: Vec<(String, String)>,
        body: Bytes,
    ) -> Arc<RelayMessage> {
        *last = last.saturating_add(1);
        let (epoch, sequence) = (self.relay_epoch, *last);
        Arc::new(RelayMessage { destination, headers, body, epoch, sequence })
    }

    /// Hands a queue's message to its consumer's shard.
    pub(crate) fn deliver(&self, delivery: Delivery<Arc<RelayMessage>>) {
        if let Some(shard) = self.shards.get(delivery.consumer.shard) {
            // A shard that is gone has no consumers.
            let _ = shard.sender.send(Publication::Queue(delivery));
        }
    }
}

fn open_feed_gap(shard: &Outlet) {
    if shard.load.feed.open_gap() {
        let _ = shard.sender.send(Publication::FeedGap);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind these is changed in steps that leave it whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use hub_core::{Position, Timestamp};

    use super::*;
    use crate::feed::EventKey;

    const LIMITS: PublisherLimits =
        PublisherLimits { relay_bytes: 1000, feeds: 1, window: WindowLimits { events: 100, bytes: 1000 } };

    fn emit(publisher: &Publisher, offset: u64, bytes: usize) {
        let item =
            FeedItem { feed: FeedId(0), key: EventKey(0), json: Bytes::from(vec![b'x'; bytes]).into() };
        publisher.feed(vec![(Offset(offset), item)], true);
    }

    fn flush(offset: u64) -> Arc<Flush> {
        let position = Position { epoch: Epoch(1), offset: Offset(offset) };
        let (at, horizon) = (Timestamp::default(), Offset::START);
        Arc::new(Flush { position, at, horizon, recent: horizon, oldest: None, states: Vec::new() })
    }

    fn offset_of(publication: Option<Publication>) -> (bool, u64) {
        match publication {
            Some(Publication::Flush(flush)) => (false, flush.position.offset.0),
            Some(Publication::FlushAfterGap(flush)) => (true, flush.position.offset.0),
            _ => panic!("a flush was awaited"),
        }
    }

    #[test]
    fn a_busy_shard_skips_flushes_and_gets_the_newest_with_a_mark() {
        let (publisher, mut mailboxes) = Publisher::new(1, Epoch(1), LIMITS);
        let mailbox = &mut mailboxes[0];
        let most = FLUSH_BACKLOG_MAX as u64;
        for offset in 1..=most + 5 {
            publisher.flush(&flush(offset));
        }
        for offset in 1..=most {
            assert_eq!(offset_of(mailbox.try_next()), (false, offset));
        }
        assert_eq!(offset_of(mailbox.try_next()), (true, most + 5), "without another flush");
        assert!(mailbox.try_next().is_none());
        publisher.flush(&flush(99));
        assert_eq!(offset_of(mailbox.try_next()), (false, 99));
    }

    #[test]
    fn a_flush_that_overtakes_a_skipped_one_carries_the_mark() {
        let (publisher, mut mailboxes) = Publisher::new(1, Epoch(1), LIMITS);
        let most = FLUSH_BACKLOG_MAX as u64;
        for offset in 1..=most + 1 {
            publisher.flush(&flush(offset));
        }
        assert_eq!(offset_of(mailboxes[0].try_next()), (false, 1));
        publisher.flush(&flush(99));
        for offset in 2..=most {
            assert_eq!(offset_of(mailboxes[0].try_next()), (false, offset));
        }
        assert_eq!(offset_of(mailboxes[0].try_next()), (true, 99));
        assert!(mailboxes[0].try_next().is_none());
    }

    #[test]
    fn relay_messages_beyond_the_bound_leave_one_mark_in_their_place() {
        let (publisher, mut mailboxes) = Publisher::new(1, Epoch(7), LIMITS);
        let topic: TopicName = "/topic/relay/x".parse().unwrap();
        let publish = |body: Bytes| publisher.relay(topic.clone(), Vec::new(), body).sequence;
        assert_eq!(publish(Bytes::from_static(b"a")), 1);
        publish(Bytes::from(vec![0; 2000]));
        publish(Bytes::from(vec![0; 2000]));
        assert!(matches!(mailboxes[0].try_next(), Some(Publication::Relay(m)) if m.body == "a"));
        assert!(matches!(mailboxes[0].try_next(), Some(Publication::RelayGap)));
        assert!(mailboxes[0].try_next().is_none());
        assert_eq!(publish(Bytes::from_static(b"b")), 4);
        assert!(matches!(mailboxes[0].try_next(), Some(Publication::Relay(m)) if m.sequence == 4));
    }

    #[test]
    fn a_shard_that_lags_behind_a_feed_finds_what_it_missed_in_the_windows() {
        let (publisher, mut mailboxes) = Publisher::new(1, Epoch(1), LIMITS);
        let mailbox = &mut mailboxes[0];
        (1..=20).for_each(|offset| emit(&publisher, offset, 100));
        let mut held = FeedWindow::new(LIMITS.window);
        let mut gaps = 0;
        while let Some(publication) = mailbox.try_next() {
            match publication {
                Publication::Feed(batch) => batch.events.iter().cloned().for_each(|event| held.push(event)),
                Publication::FeedGap => (gaps, held) = (gaps + 1, publisher.windows().remove(0)),
                _ => panic!("only events were emitted"),
            }
        }
        assert_eq!((gaps, held.next()), (1, 20));
        emit(&publisher, 21, 1);
        let Some(Publication::Feed(batch)) = mailbox.try_next() else { panic!("it keeps up again") };
        assert_eq!(batch.events[0].sequence, 20);
        assert_eq!(publisher.published(), Offset(21));
    }

    #[test]
    fn what_is_emitted_in_a_replay_is_kept_and_not_sent() {
        let (publisher, mut mailboxes) = Publisher::new(1, Epoch(1), LIMITS);
        let item = FeedItem { feed: FeedId(0), key: EventKey(0), json: Bytes::from_static(b"{}").into() };
        publisher.feed(vec![(Offset(1), item)], false);
        assert!(mailboxes[0].try_next().is_none());
        publisher.feed_windows();
        assert!(matches!(mailboxes[0].try_next(), Some(Publication::FeedGap)));
        assert_eq!(publisher.windows()[0].next(), 1);
    }
}
