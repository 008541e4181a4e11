//! Takes that are equal: who wants the same as another and is owed the same is
//! given the same, selected and encoded once. So thousands who come back at
//! once cost one snapshot, and those with an interval one drain.

use std::collections::HashMap;
use std::hash::Hash;

use hub_fanout::{Composition, SnapshotReason};

use super::encoded::Encoded;
use super::framing::Framing;
use super::groups::GroupId;
use super::recipient::{Recipient, Taken};
use crate::shard::wire::Template;

/// Bytes of elements and frames that are kept of one source's takes.
const KEPT_BYTES_MAX: usize = 8 << 20;

/// All that decides what is taken, but for the source itself. `D` is what the
/// subscriber is owed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Before<D> {
    pub(super) group: GroupId,
    pub(super) debt: D,
    composition: Composition,
    snapshot_reason: Option<SnapshotReason>,
}

impl<D> Before<D> {
    pub(super) fn new(group: GroupId, debt: D, recipient: &Recipient<'_>) -> Before<D> {
        let composition = recipient.framings.get(recipient.framing).composition;
        Before { group, debt, composition, snapshot_reason: recipient.snapshot_reason }
    }
}

/// One take: the elements, and the debt that it leaves; `None` where nobody
/// else could come to the same.
pub(super) struct Take<D, E> {
    pub(super) debt: Option<D>,
    pub(super) last: bool,
    pub(super) elements: Vec<E>,
    pub(super) encoded: Encoded,
}

impl<D, E> Take<D, E> {
    /// Gives it to a subscriber; `encode` makes the frames of its elements.
    pub(super) fn give(
        &mut self,
        recipient: &Recipient<'_>,
        encode: impl Fn(&[E], &Framing) -> Template,
    ) -> Taken {
        let Take { last, elements, encoded, .. } = self;
        // A snapshot that nobody asked for is announced, be it empty.
        let says_something = !elements.is_empty() || *last && recipient.snapshot_reason.is_some();
        let encode = |framing: &Framing| encode(elements, framing);
        let frames = || encoded.get(recipient.framing, recipient.framings, encode).clone();
        Taken::Part { frames: says_something.then(frames), last: *last }
    }
}

/// The takes of one source since it last changed.
pub(super) struct Takes<D, E> {
    by_before: HashMap<Before<D>, Take<D, E>>,
    bytes: usize,
}

impl<D, E> Default for Takes<D, E> {
    fn default() -> Takes<D, E> {
        Takes { by_before: HashMap::new(), bytes: 0 }
    }
}

impl<D: Eq + Hash, E> Takes<D, E> {
    /// The take of one who was owed the same.
    pub(super) fn equal(&mut self, before: &Before<D>) -> Option<&mut Take<D, E>> {
        self.by_before.get_mut(before)
    }

    /// Keeps a take for those who are owed the same; its elements have so many
    /// bytes.
    pub(super) fn keep(&mut self, before: Before<D>, take: Take<D, E>, bytes: usize) {
        // Its frames have as many, and a little more.
        let bytes = 2 * bytes;
        if take.debt.is_some() && self.bytes + bytes <= KEPT_BYTES_MAX {
            self.bytes += bytes;
            self.by_before.insert(before, take);
        }
    }

    /// Forgets all: the source has changed.
    pub(super) fn clear(&mut self) {
        if !self.by_before.is_empty() {
            *self = Takes::default();
        }
    }
}
