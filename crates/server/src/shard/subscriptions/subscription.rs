//! One subscription, whatever it follows.

use hub_core::{Offset, Position};
use hub_fanout::SnapshotReason;

use super::framings::FramingId;
use super::pace::Pace;

/// One subscription of one socket, to a source of type `S`.
pub(super) struct Subscription<S> {
    pub(super) slot: usize,
    pub(super) framing: FramingId,
    pub(super) source: S,
    /// Present if an interval was asked for.
    pub(super) pace: Option<Box<Pace>>,
    /// Reason why it gets a snapshot first, though it asked to resume.
    pub(super) snapshot_reason: Option<SnapshotReason>,
    /// Nothing is taken before the shard stands here: who comes from a
    /// quicker shard may have seen what was in flight there, and is not shown
    /// older values after newer ones.
    pub(super) since: Offset,
}

/// Source of any kind that may be one of kind `K`.
pub(super) trait OfKind<K> {
    /// Gives the source, where it is of this kind.
    fn of_kind(&mut self) -> Option<&mut K>;
}

/// Place where the shard stands: at the last flush.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stands {
    pub(super) position: Position,
    /// The oldest offset to resume from.
    pub(super) horizon: Offset,
    /// An offset behind which all that is recent stands.
    pub(super) recent: Offset,
}
