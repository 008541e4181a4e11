//! Members that stand one behind another, and their heads: a leaf, and what an
//! inner node knows of the first member of each of its children.

use std::cmp::Ordering;

use super::Place;
use super::inner::Child;
use super::part::Part;

/// At most `N` entries, in order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run<const N: usize> {
    len: usize,
    heads: [u64; N],
    members: [u32; N],
}

impl<const N: usize> Default for Run<N> {
    fn default() -> Run<N> {
        Run { len: 0, heads: [0; N], members: [0; N] }
    }
}

impl<const N: usize> Run<N> {
    pub(super) fn members(&self) -> &[u32] {
        &self.members[..self.len]
    }

    fn heads(&self) -> &[u64] {
        &self.heads[..self.len]
    }

    /// The first entry.
    pub(super) fn first(&self) -> (u64, u32) {
        self.entry(0)
    }

    pub(super) fn entry(&self, index: usize) -> (u64, u32) {
        (self.heads[index], self.members[index])
    }

    /// These entries as a node's child.
    pub(super) fn as_child(&self, node: u32) -> Child {
        Child { first: self.first(), count: self.len as u32, node, is_sparse: self.is_sparse() }
    }

    /// Number of entries before this place.
    pub(super) fn before(&self, place: &impl Place) -> usize {
        self.prefix(place, |seen| seen == Ordering::Less)
    }

    /// Number of entries at this place or before it.
    pub(super) fn upto(&self, place: &impl Place) -> usize {
        self.prefix(place, |seen| seen != Ordering::Greater)
    }

    /// The index of the entry at this place.
    pub(super) fn find(&self, place: &impl Place) -> Option<usize> {
        let index = self.before(place);
        let there = self.heads().get(index) == Some(&place.head())
            && place.seen(self.members[index]) == Ordering::Equal;
        there.then_some(index)
    }

    fn prefix(&self, place: &impl Place, counts: impl Fn(Ordering) -> bool) -> usize {
        let head = place.head();
        // All are looked at, since looks that do not wait for each other take no
        // longer than the few of a binary search, which do.
        let less = self.heads().iter().filter(|other| **other < head).count();
        let (heads, members) = (&self.heads()[less..], &self.members()[less..]);
        if heads.first() != Some(&head) {
            return less;
        }
        let equal = heads.partition_point(|other| *other == head);
        less + members[..equal].partition_point(|member| counts(place.seen(*member)))
    }

    /// Adds an entry, for which there is room.
    pub(super) fn insert(&mut self, index: usize, (head, member): (u64, u32)) {
        self.heads.copy_within(index..self.len, index + 1);
        self.members.copy_within(index..self.len, index + 1);
        self.len += 1;
        self.set(index, (head, member));
    }

    pub(super) fn set(&mut self, index: usize, (head, member): (u64, u32)) {
        self.heads[index] = head;
        self.members[index] = member;
    }

    pub(super) fn remove(&mut self, index: usize) {
        self.heads.copy_within(index + 1..self.len, index);
        self.members.copy_within(index + 1..self.len, index);
        self.len -= 1;
    }
}

impl<const N: usize> Part for Run<N> {
    const ROOM: usize = N;

    fn len(&self) -> usize {
        self.len
    }

    fn split_off(&mut self, index: usize) -> Run<N> {
        let mut right = Run { len: self.len - index, ..Run::default() };
        right.heads[..right.len].copy_from_slice(&self.heads[index..self.len]);
        right.members[..right.len].copy_from_slice(&self.members[index..self.len]);
        self.len = index;
        right
    }

    fn append(&mut self, other: Run<N>) {
        self.heads[self.len..][..other.len].copy_from_slice(other.heads());
        self.members[self.len..][..other.len].copy_from_slice(other.members());
        self.len += other.len;
    }
}
