//! For whom something is taken from a source, and what comes of it.

use hub_fanout::{Composition, Room, SnapshotReason};

use super::framing::Encoder;
use super::framings::{FramingId, Framings};
use super::subscription::Stands;
use crate::shard::moment::Moment;
use crate::shard::wire::Frames;

/// About what the head of a MESSAGE adds to its body, where every element is
/// a message of its own.
const HEAD_BYTES: usize = 256;

/// For whom something is taken from a source.
pub(super) struct Recipient<'a> {
    pub(super) framing: FramingId,
    pub(super) framings: &'a Framings,
    pub(super) encoder: &'a Encoder,
    pub(super) stands: Stands,
    pub(super) snapshot_reason: Option<SnapshotReason>,
    pub(super) room: Room,
    pub(super) now: Moment,
}

/// Outcome of taking from a source.
pub(in crate::shard) enum Taken {
    /// Nothing is owed, or nothing is due.
    Nothing,
    /// A part of what is owed; `last`: all of it.
    Part { frames: Option<Frames>, last: bool },
    /// Something owed that can't be had any more as of the last flush: it comes with
    /// the next.
    Later,
    /// It has lost events.
    Passed,
}

/// Bytes that an element costs beside its own.
pub(super) fn per_element(composition: Composition) -> usize {
    match composition {
        Composition::Array => 1,
        Composition::Each => HEAD_BYTES,
    }
}
