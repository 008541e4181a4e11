//! Edits: each of the nodes on the way to a place, if some view sees it, is
//! replaced by a copy.

use std::sync::Arc;

use super::inner::Child;
use super::part::Part;
use super::{Inner, Leaf, Nodes, Order, Place};
use crate::pages::Store;

/// An edit of the leaf that has a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edit {
    /// Adds this member.
    Insert(u32),
    /// Puts this member in the place of the one that is there.
    Replace(u32),
    Remove,
}

impl Order {
    /// Adds a member at a place where none is.
    pub(crate) fn insert(&mut self, nodes: &mut Nodes, place: &impl Place, member: u32) {
        self.edit(nodes, place, Edit::Insert(member));
        self.len += 1;
    }

    /// Puts a member in the place of another, which is that of both.
    pub(crate) fn replace(&mut self, nodes: &mut Nodes, place: &impl Place, member: u32) {
        self.edit(nodes, place, Edit::Replace(member));
    }

    /// Removes the member at this place, where one is.
    pub(crate) fn remove(&mut self, nodes: &mut Nodes, place: &impl Place) {
        self.edit(nodes, place, Edit::Remove);
        self.len -= 1;
        while self.levels > 0 {
            let only = nodes.inners.read(self.root).only_child();
            let Some(only) = only else { break };
            nodes.inners.retire(self.root, nodes.age);
            (self.root, self.levels) = (only, self.levels - 1);
        }
    }

    fn edit(&mut self, nodes: &mut Nodes, place: &impl Place, edit: Edit) {
        let inners = Arc::clone(nodes.inners.store());
        let (root, right) = nodes.edit(&inners, self.root, self.levels, place, edit);
        self.root = root.node;
        if let Some(right) = right {
            self.root = nodes.inners.add(Inner::of([root, right]), nodes.age);
            self.levels += 1;
        }
    }
}

impl Nodes {
    /// Edits what is below a node. Gives what is there instead: a node, and
    /// another one after it if there was no room.
    fn edit(
        &mut self,
        inners: &Store<Inner>,
        node: u32,
        levels: u32,
        place: &impl Place,
        edit: Edit,
    ) -> (Child, Option<Child>) {
        if levels == 0 {
            return self.edit_leaf(node, place, edit);
        }
        let node = self.inners.own(node, self.age);
        let mut inner = inners.write(node);
        let index = inner.child_of(place);
        let (child, right) = self.edit(inners, inner.child(index), levels - 1, place, edit);
        inner.set(index, child);
        let right =
            right.and_then(|right| inner.room_at(index + 1, |inner, index| inner.insert(index, right)));
        if edit == Edit::Remove && child.is_sparse && inner.len() > 1 {
            self.even_out(&mut inner, index.saturating_sub(1), levels - 1);
        }
        (inner.as_child(node), right.map(|right| self.add_inner(&right)))
    }

    fn edit_leaf(&mut self, node: u32, place: &impl Place, edit: Edit) -> (Child, Option<Child>) {
        let node = self.leaves.own(node, self.age);
        let mut leaf = self.leaves.write(node);
        let index = leaf.before(place);
        let right = match edit {
            Edit::Insert(member) => {
                leaf.room_at(index, |leaf, index| leaf.insert(index, (place.head(), member)))
            }
            Edit::Replace(member) => {
                leaf.set(index, (place.head(), member));
                None
            }
            Edit::Remove => {
                debug_assert_eq!(leaf.find(place), Some(index), "what is removed is there");
                leaf.remove(index);
                None
            }
        };
        let child = leaf.as_child(node);
        drop(leaf);
        (child, right.map(|right| self.add_leaf(&right)))
    }

    /// Has the child at `index` and the one after it share what they have.
    fn even_out(&mut self, parent: &mut Inner, index: usize, levels: u32) {
        let [left, right] = [parent.child(index), parent.child(index + 1)];
        let (left, rest) = if levels == 0 {
            let (left, content) = (self.leaves.own(left, self.age), *self.leaves.read(right));
            self.leaves.retire(right, self.age);
            let rest = self.leaves.write(left).share(content);
            let child = self.leaves.read(left).as_child(left);
            (child, rest.map(|rest| self.add_leaf(&rest)))
        } else {
            let (left, content) = (self.inners.own(left, self.age), *self.inners.read(right));
            self.inners.retire(right, self.age);
            let rest = self.inners.write(left).share(content);
            let child = self.inners.read(left).as_child(left);
            (child, rest.map(|rest| self.add_inner(&rest)))
        };
        parent.set(index, left);
        match rest {
            Some(rest) => parent.set(index + 1, rest),
            None => parent.remove(index + 1),
        }
    }

    fn add_leaf(&mut self, leaf: &Leaf) -> Child {
        Child { node: self.leaves.add(*leaf, self.age), ..leaf.as_child(0) }
    }

    fn add_inner(&mut self, inner: &Inner) -> Child {
        Child { node: self.inners.add(*inner, self.age), ..inner.as_child(0) }
    }
}
