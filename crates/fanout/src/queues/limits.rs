//! Bounds on what the queues may hold.

use hub_core::TopicName;

/// About what a message takes beside its content: its places in the maps, a queue's name.
pub(super) const MESSAGE_OVERHEAD_BYTES: usize = 128;

/// Something whose place in memory can be told.
pub trait Weigh {
    /// About what it takes in memory, in bytes.
    fn bytes(&self) -> usize;
}

/// Bounds on what the queues may hold, and on how often a message is tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueueLimits {
    /// Messages of one queue, waiting or unacknowledged.
    pub messages: usize,
    /// Bytes of one queue's messages.
    pub bytes: usize,
    /// Bytes of all queues' messages, and with it how many queues there can be.
    pub total_bytes: usize,
    /// A message that comes back by NACK so many times is dropped; 0 means 1.
    pub nacks: u32,
}

impl Default for QueueLimits {
    /// 10,000 messages and 16 MiB a queue, 64 MiB in all, 16 times.
    fn default() -> QueueLimits {
        QueueLimits { messages: 10_000, bytes: 16 << 20, total_bytes: 64 << 20, nacks: 16 }
    }
}

/// A reason why a message is not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum QueueFull {
    /// [`QueueLimits::messages`].
    #[error("{queue} holds as many messages as limits.queue_messages = {limit} allows")]
    Messages {
        /// The queue.
        queue: TopicName,
        /// Messages allowed.
        limit: usize,
    },
    /// [`QueueLimits::bytes`].
    #[error("{queue} would hold more bytes than limits.queue_bytes = {limit}")]
    Bytes {
        /// The queue.
        queue: TopicName,
        /// Bytes allowed.
        limit: usize,
    },
    /// [`QueueLimits::total_bytes`].
    #[error("all queues together would hold more bytes than four times limits.queue_bytes, {limit}")]
    Total {
        /// Bytes allowed.
        limit: usize,
    },
}
