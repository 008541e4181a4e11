//! A persistent ordered map that knows ranks.
//!
//! Why persistent: the projection's thread edits, everybody else reads
//! snapshots. A clone is O(1) and shares everything; the first edit of a node
//! after a clone copies that node, further ones edit it in place.
//!
//! Why not a ready-made persistent map: each node also keeps how many elements
//! are below it, so that "which rank has this" and "who has rank r" cost
//! O(log n). It is a weight-balanced tree (Adams; the balance of Hirai and
//! Yamamoto, 2011), whose weights are just those counts.

use std::cmp::Ordering;
use std::sync::Arc;

/// A side may weigh this many times the other.
const DELTA: usize = 3;
/// An inner grandchild that weighs this many times the outer takes two turns.
const GAMMA: usize = 2;

/// Elements in the order of their keys.
#[derive(Clone, Debug)]
pub(crate) struct Order<K, V> {
    root: Link<K, V>,
}

type Link<K, V> = Option<Arc<Node<K, V>>>;

#[derive(Clone, Debug)]
struct Node<K, V> {
    key: K,
    value: V,
    /// Of the whole subtree.
    len: usize,
    left: Link<K, V>,
    right: Link<K, V>,
}

impl<K, V> Default for Order<K, V> {
    fn default() -> Order<K, V> {
        Order { root: None }
    }
}

impl<K, V> Order<K, V> {
    pub(crate) fn len(&self) -> usize {
        len(&self.root)
    }

    /// The elements in order, from the one with `skip` before it. O(log n),
    /// and O(1) per element.
    pub(crate) fn iter_from(&self, skip: usize) -> Iter<'_, K, V> {
        let mut iter = Iter { path: Vec::new() };
        let (mut link, mut skip) = (&self.root, skip);
        while let Some(node) = link {
            let before = len(&node.left);
            match skip.cmp(&before) {
                Ordering::Less => {
                    iter.path.push(node);
                    link = &node.left;
                }
                Ordering::Equal => {
                    iter.path.push(node);
                    break;
                }
                Ordering::Greater => {
                    skip -= before + 1;
                    link = &node.right;
                }
            }
        }
        iter
    }
}

impl<K: Ord, V> Order<K, V> {
    /// Number of keys that are less than this one, which need not be there.
    pub(crate) fn rank(&self, key: &K) -> usize {
        let (mut link, mut rank) = (&self.root, 0);
        while let Some(node) = link {
            link = match key.cmp(&node.key) {
                Ordering::Less => &node.left,
                Ordering::Equal => return rank + len(&node.left),
                Ordering::Greater => {
                    rank += len(&node.left) + 1;
                    &node.right
                }
            };
        }
        rank
    }
}

impl<K: Ord + Clone, V: Clone> Order<K, V> {
    /// Adds an element, or replaces the one with an equal key.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        insert(&mut self.root, key, value);
    }

    /// Removes the element with this key, if it is there.
    pub(crate) fn remove(&mut self, key: &K) {
        remove(&mut self.root, key);
    }
}

/// In order; the elements still to come are the path's nodes and what is to
/// the right of them.
pub(crate) struct Iter<'a, K, V> {
    path: Vec<&'a Node<K, V>>,
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = &'a V;

    fn next(&mut self) -> Option<&'a V> {
        let node = self.path.pop()?;
        let mut link = &node.right;
        while let Some(next) = link {
            self.path.push(next);
            link = &next.left;
        }
        Some(&node.value)
    }
}

fn len<K, V>(link: &Link<K, V>) -> usize {
    link.as_ref().map_or(0, |node| node.len)
}

fn weight<K, V>(link: &Link<K, V>) -> usize {
    len(link) + 1
}

fn insert<K: Ord + Clone, V: Clone>(link: &mut Link<K, V>, key: K, value: V) {
    let Some(shared) = link else {
        *link = Some(Arc::new(Node { key, value, len: 1, left: None, right: None }));
        return;
    };
    let node = Arc::make_mut(shared);
    match key.cmp(&node.key) {
        Ordering::Less => insert(&mut node.left, key, value),
        Ordering::Equal => node.value = value,
        Ordering::Greater => insert(&mut node.right, key, value),
    }
    balance(shared);
}

fn remove<K: Ord + Clone, V: Clone>(link: &mut Link<K, V>, key: &K) {
    let Some(shared) = link else { return };
    let node = Arc::make_mut(shared);
    match key.cmp(&node.key) {
        Ordering::Less => remove(&mut node.left, key),
        Ordering::Greater => remove(&mut node.right, key),
        Ordering::Equal => {
            let Some((next, value)) = take_first(&mut node.right) else {
                *link = node.left.take();
                return;
            };
            (node.key, node.value) = (next, value);
        }
    }
    balance(shared);
}

fn take_first<K: Ord + Clone, V: Clone>(link: &mut Link<K, V>) -> Option<(K, V)> {
    let shared = link.as_mut()?;
    let node = Arc::make_mut(shared);
    if let Some(first) = take_first(&mut node.left) {
        balance(shared);
        return Some(first);
    }
    let first = (node.key.clone(), node.value.clone());
    *link = node.right.take();
    Some(first)
}

/// Restores the count and the balance of a subtree, one of whose sides has
/// gained or lost one element.
fn balance<K: Clone, V: Clone>(shared: &mut Arc<Node<K, V>>) {
    let node = Arc::make_mut(shared);
    node.count();
    let (left, right) = (weight(&node.left), weight(&node.right));
    if right > DELTA * left {
        if let Some(heavy) = &mut node.right
            && weight(&heavy.left) >= GAMMA * weight(&heavy.right)
        {
            turn_right(heavy);
        }
        turn_left(shared);
    } else if left > DELTA * right {
        if let Some(heavy) = &mut node.left
            && weight(&heavy.right) >= GAMMA * weight(&heavy.left)
        {
            turn_left(heavy);
        }
        turn_right(shared);
    }
}

/// The right child becomes the top.
fn turn_left<K: Clone, V: Clone>(top: &mut Arc<Node<K, V>>) {
    let old = Arc::make_mut(top);
    let Some(mut pivot) = old.right.take() else { return };
    old.right = Arc::make_mut(&mut pivot).left.take();
    old.count();
    std::mem::swap(top, &mut pivot);
    let new = Arc::make_mut(top);
    new.left = Some(pivot);
    new.count();
}

/// The left child becomes the top.
fn turn_right<K: Clone, V: Clone>(top: &mut Arc<Node<K, V>>) {
    let old = Arc::make_mut(top);
    let Some(mut pivot) = old.left.take() else { return };
    old.left = Arc::make_mut(&mut pivot).right.take();
    old.count();
    std::mem::swap(top, &mut pivot);
    let new = Arc::make_mut(top);
    new.right = Some(pivot);
    new.count();
}

impl<K, V> Node<K, V> {
    fn count(&mut self) {
        self.len = len(&self.left) + len(&self.right) + 1;
    }
}

#[cfg(test)]
mod tests;
