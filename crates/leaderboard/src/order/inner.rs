//! Inner nodes: children, and what is known of each without looking at it.

use super::Place;
use super::part::Part;
use super::run::Run;

/// Children of an inner node, at most.
const INNER: usize = 32;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Inner {
    /// The first member of each child: one that is there, so that it can be
    /// asked for its place.
    firsts: Run<INNER>,
    /// Members below each child.
    counts: [u32; INNER],
    children: [u32; INNER],
}

/// A child, and what is known of it.
#[derive(Clone, Copy)]
pub(super) struct Child {
    /// The head and number of its first member.
    pub(super) first: (u64, u32),
    /// Members below it.
    pub(super) count: u32,
    pub(super) node: u32,
    /// It has so few entries that it is to share with a neighbour.
    pub(super) is_sparse: bool,
}

impl Inner {
    pub(super) fn of(children: [Child; 2]) -> Inner {
        let mut inner = Inner::default();
        children.into_iter().enumerate().for_each(|(index, child)| inner.insert(index, child));
        inner
    }

    /// This node as a child.
    pub(super) fn as_child(&self, node: u32) -> Child {
        let count = self.count_before(self.len()) as u32;
        Child { first: self.firsts.first(), count, node, is_sparse: self.is_sparse() }
    }

    pub(super) fn only_child(&self) -> Option<u32> {
        (self.len() == 1).then_some(self.children[0])
    }

    pub(super) fn children(&self) -> &[u32] {
        &self.children[..self.len()]
    }

    pub(super) fn child(&self, index: usize) -> u32 {
        self.children[index]
    }

    /// Members below the children before this one.
    pub(super) fn count_before(&self, index: usize) -> usize {
        self.counts[..index].iter().map(|count| *count as usize).sum()
    }

    /// The child that has this place, or would have it.
    pub(super) fn child_of(&self, place: &impl Place) -> usize {
        self.firsts.upto(place).saturating_sub(1)
    }

    /// The child with the member that has `skip` before it here, and how many of
    /// these are before the child. The last one, if there are too few.
    pub(super) fn child_at(&self, skip: usize) -> (usize, usize) {
        let (mut index, mut before) = (0, 0);
        while index + 1 < self.len() && before + self.counts[index] as usize <= skip {
            before += self.counts[index] as usize;
            index += 1;
        }
        (index, before)
    }

    /// A child has changed.
    pub(super) fn set(&mut self, index: usize, child: Child) {
        self.firsts.set(index, child.first);
        self.counts[index] = child.count;
        self.children[index] = child.node;
    }

    #[cfg(test)]
    pub(super) fn first_of(&self, index: usize) -> (u64, u32) {
        self.firsts.entry(index)
    }

    /// Adds a child, for which there is room.
    pub(super) fn insert(&mut self, index: usize, child: Child) {
        let len = self.len();
        self.counts.copy_within(index..len, index + 1);
        self.children.copy_within(index..len, index + 1);
        self.firsts.insert(index, child.first);
        self.set(index, child);
    }

    pub(super) fn remove(&mut self, index: usize) {
        let len = self.len();
        self.counts.copy_within(index + 1..len, index);
        self.children.copy_within(index + 1..len, index);
        self.firsts.remove(index);
    }
}

impl Part for Inner {
    const ROOM: usize = INNER;

    fn len(&self) -> usize {
        self.firsts.len()
    }

    fn split_off(&mut self, index: usize) -> Inner {
        let len = self.len();
        let mut right = Inner { firsts: self.firsts.split_off(index), ..Inner::default() };
        right.counts[..len - index].copy_from_slice(&self.counts[index..len]);
        right.children[..len - index].copy_from_slice(&self.children[index..len]);
        right
    }

    fn append(&mut self, other: Inner) {
        let (len, more) = (self.len(), other.len());
        self.counts[len..][..more].copy_from_slice(&other.counts[..more]);
        self.children[len..][..more].copy_from_slice(&other.children[..more]);
        self.firsts.append(other.firsts);
    }
}
