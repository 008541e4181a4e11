//! Nodes of orders, in pages.

use std::sync::{Arc, RwLockReadGuard};

use super::{Inner, Leaf, Order};
use crate::pages::{Pages, Store};

/// The nodes of some orders, as the thread that edits them has them.
#[derive(Default)]
pub(crate) struct Nodes {
    pub(super) leaves: Pages<Leaf>,
    pub(super) inners: Pages<Inner>,
    pub(super) age: u64,
}

/// The nodes of some orders, as others read them.
#[derive(Clone)]
pub(crate) struct NodesView {
    leaves: Arc<Store<Leaf>>,
    inners: Arc<Store<Inner>>,
}

impl Nodes {
    /// An order without members.
    pub(crate) fn order(&mut self) -> Order {
        Order { root: self.leaves.add(Leaf::default(), self.age), levels: 0, len: 0 }
    }

    /// The way to read them.
    pub(crate) fn view(&self) -> NodesView {
        NodesView { leaves: Arc::clone(self.leaves.store()), inners: Arc::clone(self.inners.store()) }
    }

    /// A view was taken: `age` begins, and pages that only views from before
    /// `oldest` saw are used again.
    pub(crate) fn begin(&mut self, age: u64, oldest: u64) {
        self.age = age;
        self.leaves.release(oldest);
        self.inners.release(oldest);
    }
}

#[cfg(test)]
impl Nodes {
    /// Pages that were ever used.
    pub(super) fn pages(&self) -> usize {
        self.leaves.len() + self.inners.len()
    }
}

impl NodesView {
    pub(super) fn leaf(&self, number: u32) -> RwLockReadGuard<'_, Leaf> {
        self.leaves.read(number)
    }

    pub(super) fn inner(&self, number: u32) -> RwLockReadGuard<'_, Inner> {
        self.inners.read(number)
    }
}
