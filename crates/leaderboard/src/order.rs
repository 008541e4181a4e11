//! An order of members that knows ranks.
//!
//! Members are numbers. Each has a place in the order: a *head*, which settles
//! most comparisons, and among equal heads whatever the [`Place`] that is
//! looked for says of a member. So an entry is twelve bytes, whatever members
//! are ordered by.
//!
//! Why not a ready-made ordered map: nodes also keep how many members are below
//! them, so that "which rank has this" and "who has rank r" cost O(log n). It is
//! a B-tree all of whose members are in leaves, and whose nodes are [pages]: an
//! order is the number of its root, and one that was put aside stays as it is
//! for as long as a view of it is held.
//!
//! [pages]: crate::pages

mod edit;
mod inner;
mod iter;
mod nodes;
mod part;
mod run;

use std::cmp::Ordering;

pub(crate) use nodes::{Nodes, NodesView};

use inner::Inner;
use run::Run;

/// Members of a leaf, at most.
const LEAF: usize = 32;

type Leaf = Run<LEAF>;

/// A place in the order, of somebody who is there or not.
pub(crate) trait Place {
    /// Orders it before all with a greater head.
    fn head(&self) -> u64;

    /// The side on which a member with the same head stands, seen from here: `Less`
    /// if before. Of whoever's place this is it says `Equal`.
    fn seen(&self, member: u32) -> Ordering;
}

/// Members in the order of their places. Edits and questions go by these, which
/// must be those by which members were inserted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    /// A leaf, where there are no levels of inner nodes.
    root: u32,
    levels: u32,
    len: usize,
}

impl Order {
    /// The number of members.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Number of members that stand before this place.
    pub(crate) fn rank(&self, nodes: &NodesView, place: &impl Place) -> usize {
        let (mut node, mut before) = (self.root, 0);
        for _ in 0..self.levels {
            let inner = nodes.inner(node);
            let index = inner.child_of(place);
            before += inner.count_before(index);
            node = inner.child(index);
        }
        before + nodes.leaf(node).before(place)
    }
}

#[cfg(test)]
mod tests;
