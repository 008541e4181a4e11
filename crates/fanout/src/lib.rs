//! From a record to bytes waiting for a socket.
//!
//! One thread, the [`runner`], applies the log's records to the
//! [`projection`]s and publishes once per flush what they changed. Every shard
//! takes each [`flush`] from its [mailbox](publisher::Mailbox) and keeps, per
//! subscriber, only what is still owed: a [`subscription`] (a watermark and
//! the keys that are dirty) and an [`outbox`] (bytes a full socket did not
//! take). Events of a [`feed`] go out at once. Publishing never waits for a
//! subscriber.

pub mod document;
pub mod encoded;
pub mod expiring;
pub mod feed;
pub mod flush;
pub mod fork;
pub mod interned;
pub mod meter;
pub mod options;
pub mod outbox;
pub mod outcomes;
pub mod projection;
pub mod published;
pub mod publisher;
pub mod queue_relay;
pub mod queues;
pub mod relay;
pub mod resume;
pub mod runner;
mod state_machine;
pub mod subscription;
#[cfg(feature = "testing")]
pub mod testing;
pub mod topic;
pub mod view;
pub mod walk;

pub use document::{Cadence, Composed, Crowd, Document, Member, Occasion, Touched};
pub use encoded::EncodedCell;
pub use expiring::{ExpiringMap, NewestMap, SharedMap, SharedMapView, Vacancy};
pub use feed::{
    EventFilter, EventJson, EventKey, FeedCursor, FeedEvent, FeedId, FeedStart, FeedWindow, Passed,
    WindowLimits, WriteJson,
};
pub use flush::{Changed, Flush, FlushBuilder, StateFlush};
pub use fork::{Apart, DryRun, Foreseen, Fork};
pub use interned::Interned;
pub use meter::{Meter, ViewMeter};
pub use options::{Extent, Options};
pub use outbox::Outbox;
pub use outcomes::{Claim, Outcomes, Stopped};
pub use projection::{Applied, FeedItem, Projection, Step};
pub use published::{Latest, Snapshot, StateReader, StateWriter, published};
pub use publisher::{FeedBatch, Mailbox, Publication, Publisher, PublisherLimits};
pub use queue_relay::{QueueLoad, QueueRelay};
pub use relay::RelayMessage;
pub use resume::{SnapshotReason, honour};
pub use runner::{Progress, Runner, RunnerHandle, RunnerState};
pub use subscription::{Debt, Room, Start, StateSubscription};
pub use topic::{Catalog, Composition, Interest, Target, TargetError, Topic, TopicId};
pub use view::{Filter, RowKey, View};
pub use walk::{Remembered, WalkError, Walked};
