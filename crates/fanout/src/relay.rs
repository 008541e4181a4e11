//! Messages that are relayed as they came: to a topic's subscribers by the
//! [publisher](crate::publisher), to one consumer by the
//! [queues](crate::queues).

use bytes::Bytes;
use hub_core::{Epoch, Offset, Position, TopicName};

/// A message that is relayed as it came: volatile, in memory, not logged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RelayMessage {
    /// The destination it was published to.
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
    /// The position that its id begins with.
    pub fn position(&self) -> Position {
        Position { epoch: self.epoch, offset: Offset(self.sequence) }
    }

    /// About what it takes in memory.
    pub fn bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.body.len() + headers + size_of::<RelayMessage>()
    }
}
