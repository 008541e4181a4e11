//! From the runner and the relay to every shard, without ever waiting.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hub_core::{Epoch, TopicName};
use tokio::sync::mpsc;

use crate::flush::Flush;

/// Flushes a shard may lag behind before it gets only the latest.
const FLUSH_BACKLOG_MAX: usize = 16;

/// What reaches a shard.
#[derive(Clone)]
pub enum Publication {
    /// The next flush.
    Flush(Arc<Flush>),
    /// A flush after others that this shard was too busy to take: whatever it
    /// lists as changed is not all.
    FlushAfterGap(Arc<Flush>),
    /// A message to relay at once.
    Relay(Arc<RelayMessage>),
    /// Relay messages were lost to this shard here: their subscribers have to
    /// be told.
    RelayGap,
}

/// A message that is relayed as it came: volatile, in memory, not logged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RelayMessage {
    /// Where it was published.
    pub destination: TopicName,
    /// Custom headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Bytes,
    /// The epoch of this process's relay.
    pub epoch: Epoch,
    /// Its ordinal in that epoch.
    pub sequence: u64,
}

impl RelayMessage {
    /// About what it takes in memory.
    fn bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.body.len() + headers + size_of::<RelayMessage>()
    }
}

/// One end per shard. Cheap to clone.
#[derive(Clone)]
pub struct Publisher {
    shards: Arc<[Outlet]>,
    relay_epoch: Epoch,
    /// The last message's ordinal; held while it is handed out, so that every
    /// shard sees the same order.
    relay_sequence: Arc<Mutex<u64>>,
    relay_bytes_max: usize,
}

struct Outlet {
    sender: mpsc::UnboundedSender<Publication>,
    load: Arc<Load>,
}

/// What waits in one shard's mailbox.
#[derive(Default)]
struct Load {
    flushes: AtomicUsize,
    /// The newest flush that was not sent because too many wait; taken once
    /// they don't.
    skipped: Mutex<Option<Arc<Flush>>>,
    relay_bytes: AtomicUsize,
    relay_gap: AtomicBool,
}

/// A shard's end: what has been published, in order. Bounded: flushes are
/// skipped, relay messages dropped, and both leave a mark.
pub struct Mailbox {
    receiver: mpsc::UnboundedReceiver<Publication>,
    load: Arc<Load>,
}

impl Publisher {
    /// A publisher to `shards` shards, each of which may have
    /// `relay_bytes_max` bytes of relay messages waiting.
    pub fn new(shards: usize, relay_epoch: Epoch, relay_bytes_max: usize) -> (Publisher, Vec<Mailbox>) {
        let pairs = (0..shards).map(|_| {
            let (sender, receiver) = mpsc::unbounded_channel();
            let load = Arc::new(Load::default());
            (Outlet { sender, load: Arc::clone(&load) }, Mailbox { receiver, load })
        });
        let (outlets, mailboxes): (Vec<_>, Vec<_>) = pairs.unzip();
        let publisher = Publisher {
            shards: outlets.into(),
            relay_epoch,
            relay_sequence: Arc::default(),
            relay_bytes_max,
        };
        (publisher, mailboxes)
    }

    /// Hands a flush to every shard.
    pub(crate) fn flush(&self, flush: &Arc<Flush>) {
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

    /// Relays a message to the subscribers of `destination`; gives its id.
    pub fn relay(
        &self,
        destination: TopicName,
        headers: Vec<(String, String)>,
        body: Bytes,
    ) -> Arc<RelayMessage> {
        let mut last = lock(&self.relay_sequence);
        let sequence = last.saturating_add(1);
        *last = sequence;
        let message =
            Arc::new(RelayMessage { destination, headers, body, epoch: self.relay_epoch, sequence });
        let size = message.bytes();
        for shard in &*self.shards {
            if shard.load.relay_bytes.load(Ordering::Relaxed) + size > self.relay_bytes_max {
                if !shard.load.relay_gap.swap(true, Ordering::Relaxed) {
                    let _ = shard.sender.send(Publication::RelayGap);
                }
                continue;
            }
            shard.load.relay_bytes.fetch_add(size, Ordering::Relaxed);
            let _ = shard.sender.send(Publication::Relay(Arc::clone(&message)));
        }
        message
    }
}

impl Mailbox {
    /// The next publication; `None` once every publisher is gone. Loses
    /// nothing when it is dropped before it resolves.
    pub async fn next(&mut self) -> Option<Publication> {
        if let Some(publication) = self.try_next() {
            return Some(publication);
        }
        let publication = self.receiver.recv().await;
        publication.inspect(|publication| self.taken(publication))
    }

    /// The next publication if one is there.
    pub fn try_next(&mut self) -> Option<Publication> {
        if let Ok(publication) = self.receiver.try_recv() {
            self.taken(&publication);
            return Some(publication);
        }
        lock(&self.load.skipped).take().map(Publication::FlushAfterGap)
    }

    fn taken(&self, publication: &Publication) {
        match publication {
            Publication::Flush(_) | Publication::FlushAfterGap(_) => {
                self.load.flushes.fetch_sub(1, Ordering::AcqRel);
            }
            Publication::Relay(message) => {
                self.load.relay_bytes.fetch_sub(message.bytes(), Ordering::Relaxed);
            }
            Publication::RelayGap => self.load.relay_gap.store(false, Ordering::Relaxed),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind these is replaced as a whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use hub_core::{Offset, Position, Timestamp};

    use super::*;

    fn flush(offset: u64) -> Arc<Flush> {
        let position = Position { epoch: Epoch(1), offset: Offset(offset) };
        Arc::new(Flush { position, at: Timestamp::default(), oldest: None, states: Vec::new() })
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
        let (publisher, mut mailboxes) = Publisher::new(1, Epoch(1), 1000);
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
        let (publisher, mut mailboxes) = Publisher::new(1, Epoch(1), 1000);
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
        let (publisher, mut mailboxes) = Publisher::new(1, Epoch(7), 1000);
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
}
