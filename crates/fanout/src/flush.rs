//! Flushes: everything that changed, at one position, as the runner publishes it.

use std::sync::Arc;

use hub_core::{Offset, Position, Timestamp};

use crate::projection::Applied;
use crate::topic::TopicId;
use crate::view::{RowKey, View};

/// All state topics at one position.
pub struct Flush {
    /// The last record this flush covers. Everything in it belongs to here.
    pub position: Position,
    /// The effective time of that record.
    pub at: Timestamp,
    /// The oldest offset that a subscriber may resume from.
    pub horizon: Offset,
    /// An offset behind which all that is [recent](crate::resume::RECENT_MILLIS) stands.
    pub recent: Offset,
    /// The time at which the oldest record of this flush was taken in: the start of its
    /// way to the socket. None for the flush that ends a replay.
    pub oldest: Option<Timestamp>,
    /// Every state topic, ordered by [`TopicId`].
    pub states: Vec<StateFlush>,
}

/// One state topic at the flush.
pub struct StateFlush {
    /// Its topic.
    pub topic: TopicId,
    /// Its elements.
    pub view: Arc<dyn View>,
    /// Elements that changed since the flush before.
    pub changed: Changed,
}

/// The elements that changed since the flush before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Changed {
    /// Their keys, ascending.
    Keys(Arc<[RowKey]>),
    /// Not listed (nobody was looking, or too many): whoever needs to know
    /// asks the view what changed after its watermark.
    Unlisted,
    /// A document, which is another one for each filter: whoever wants it asks the view at once.
    Apart,
}

/// Collects what the projections have for a flush.
pub struct FlushBuilder {
    pub(crate) flush: Flush,
}

impl FlushBuilder {
    /// The last record of the flush, and its time.
    pub fn applied(&self) -> Applied {
        Applied { position: self.flush.position, at: self.flush.at }
    }

    /// Adds a state topic.
    pub fn state(&mut self, topic: TopicId, view: Arc<dyn View>, changed: Changed) {
        self.flush.states.push(StateFlush { topic, view, changed });
    }
}
