//! A shard's end of the publisher.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;

use super::{FeedBatch, lock};
use crate::flush::Flush;
use crate::queues::Delivery;
use crate::relay::RelayMessage;

/// Flushes a shard may lag behind before it gets only the latest.
pub(super) const FLUSH_BACKLOG_MAX: usize = 16;

/// A publication, as it reaches a shard.
#[derive(Clone)]
pub enum Publication {
    /// The next flush.
    Flush(Arc<Flush>),
    /// A flush after others that this shard was too busy to take: whatever it
    /// lists as changed is not all.
    FlushAfterGap(Arc<Flush>),
    /// The next events of a feed.
    Feed(Arc<FeedBatch>),
    /// More events than this shard was quick enough to take: it looks into
    /// the [windows](super::Publisher::windows).
    FeedGap,
    /// A message to relay at once.
    Relay(Arc<RelayMessage>),
    /// A queue's message for one consumer. The queues bound how many there
    /// are, so none is ever dropped.
    Queue(Delivery<Arc<RelayMessage>>),
    /// Relay messages were lost to this shard here: their subscribers have to
    /// be told.
    RelayGap,
}

/// The publisher's side.
pub(super) struct Outlet {
    pub(super) sender: mpsc::UnboundedSender<Publication>,
    pub(super) load: Arc<Load>,
}

/// Publications that wait in one shard's mailbox, counted.
#[derive(Default)]
pub(super) struct Load {
    pub(super) flushes: AtomicUsize,
    /// The newest flush that was not sent because too many wait; taken once
    /// they don't.
    pub(super) skipped: Mutex<Option<Arc<Flush>>>,
    pub(super) feed: Volume,
    pub(super) relay: Volume,
}

/// A bounded number of bytes in a mailbox, and whether something did not fit
/// since the mailbox was last told so.
#[derive(Default)]
pub(super) struct Volume {
    bytes: AtomicUsize,
    gap: AtomicBool,
}

impl Volume {
    /// True if `size` more fit; counts them if so.
    pub(super) fn admit(&self, size: usize, max: usize) -> bool {
        let fits = self.bytes.load(Ordering::Relaxed) + size <= max;
        if fits {
            self.bytes.fetch_add(size, Ordering::Relaxed);
        }
        fits
    }

    /// Something does not fit. Whether the mailbox has still to be told.
    pub(super) fn open_gap(&self) -> bool {
        !self.gap.swap(true, Ordering::AcqRel)
    }

    fn release(&self, size: usize) {
        self.bytes.fetch_sub(size, Ordering::Relaxed);
    }

    fn close_gap(&self) {
        self.gap.store(false, Ordering::Release);
    }
}

/// A shard's end: what has been published, in order. Bounded: flushes are
/// skipped, relay messages and events dropped, and each leaves a mark.
pub struct Mailbox {
    receiver: mpsc::UnboundedReceiver<Publication>,
    load: Arc<Load>,
}

impl Mailbox {
    pub(super) fn pair() -> (Outlet, Mailbox) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let load = Arc::new(Load::default());
        (Outlet { sender, load: Arc::clone(&load) }, Mailbox { receiver, load })
    }

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

    /// The number of publications that are there.
    pub fn waiting(&self) -> usize {
        self.receiver.len()
    }

    fn taken(&self, publication: &Publication) {
        match publication {
            Publication::Flush(_) | Publication::FlushAfterGap(_) => {
                self.load.flushes.fetch_sub(1, Ordering::AcqRel);
            }
            Publication::Feed(batch) => self.load.feed.release(batch.bytes()),
            Publication::FeedGap => self.load.feed.close_gap(),
            Publication::Relay(message) => self.load.relay.release(message.bytes()),
            Publication::RelayGap => self.load.relay.close_gap(),
            Publication::Queue(_) => {}
        }
    }
}
