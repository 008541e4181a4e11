//! Members one after the other.

use super::{LEAF, NodesView, Order};

/// In order: what is left of a leaf, and of each node above it the number of the
/// child that comes next.
pub(crate) struct Iter<'a> {
    nodes: &'a NodesView,
    leaf: [u32; LEAF],
    next: usize,
    len: usize,
    above: Vec<(u32, usize)>,
    levels: u32,
}

impl Order {
    /// The members in order, from the one with `skip` before it. O(log n), and
    /// O(1) per member.
    pub(crate) fn iter_from<'a>(&self, nodes: &'a NodesView, skip: usize) -> Iter<'a> {
        let above = Vec::with_capacity(self.levels as usize);
        let mut iter = Iter { nodes, leaf: [0; LEAF], next: 0, len: 0, above, levels: self.levels };
        if skip < self.len {
            iter.descend(self.root, skip);
        }
        iter
    }
}

impl Iter<'_> {
    fn descend(&mut self, node: u32, skip: usize) {
        let (mut node, mut skip) = (node, skip);
        while (self.above.len() as u32) < self.levels {
            let inner = self.nodes.inner(node);
            let (index, before) = inner.child_at(skip);
            self.above.push((node, index + 1));
            (node, skip) = (inner.child(index), skip - before);
        }
        let leaf = self.nodes.leaf(node);
        self.leaf[..leaf.members().len()].copy_from_slice(leaf.members());
        (self.next, self.len) = (skip, leaf.members().len());
    }

    /// The first node of those that come next, below the last of those above.
    fn next_child(&mut self) -> Option<u32> {
        let (node, index) = self.above.last_mut()?;
        let child = self.nodes.inner(*node).children().get(*index).copied();
        *index += 1;
        child
    }
}

impl Iterator for Iter<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        while self.next >= self.len {
            if self.above.is_empty() {
                return None;
            }
            match self.next_child() {
                Some(child) => self.descend(child, 0),
                None => drop(self.above.pop()),
            }
        }
        self.next += 1;
        Some(self.leaf[self.next - 1])
    }
}
