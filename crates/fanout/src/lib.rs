//! From a record to bytes waiting for a socket.
//!
//! One thread, the [`runner`], applies the log's records to the
//! [`projection`]s and publishes once per flush what they changed. Every shard
//! takes each [`flush`] and keeps, per subscriber, only what is still owed:
//! a [`subscription`] (a watermark and the keys that are dirty) and an
//! [`outbox`] (bytes a full socket did not take). Publishing never waits for
//! a subscriber.

pub mod flush;
pub mod projection;
pub mod topic;
pub mod view;

pub use flush::{Changed, Flush, FlushBuilder, StateFlush};
pub use projection::{Applied, Projection, Step};
pub use topic::{Catalog, Composition, Interest, Target, TargetError, TopicId};
pub use view::{Filter, RowKey, View};
