//! A persistent vector whose elements remember when they last changed.
//!
//! Why persistent: the projection's thread edits, everybody else reads
//! snapshots. A clone is O(1) and shares everything; the first edit of a node
//! after a clone copies that node (at most 16 slots per level, so O(log n) per
//! element), further ones edit it in place. Nothing is ever copied as a whole.
//!
//! Why not a ready-made persistent vector: each node also keeps the newest
//! version below it, so that "what changed after this offset" skips whole
//! subtrees and costs O(what changed * log n), not O(n).

mod walk;

use std::sync::Arc;

use hub_core::Offset;

/// Children per node: 2^4. Wider nodes are read faster and copied more slowly.
const BITS: u32 = 4;
const WIDTH: usize = 1 << BITS;

/// Elements with dense keys from 0, each with the offset that last changed it.
#[derive(Clone, Debug)]
pub(crate) struct Table<T> {
    root: Arc<Node<T>>,
    /// Levels of branches above the leaves.
    height: u32,
    len: u32,
    newest: Offset,
}

#[derive(Clone, Debug)]
enum Node<T> {
    Leaf(Vec<Slot<T>>),
    Branch(Vec<Slot<Arc<Node<T>>>>),
}

#[derive(Clone, Debug)]
struct Slot<T> {
    /// Of an element: its version. Of a child: the newest version below it.
    newest: Offset,
    value: T,
}

impl<T> Slot<T> {
    fn touch(&mut self, version: Offset) -> &mut T {
        self.newest = self.newest.max(version);
        &mut self.value
    }
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table { root: Arc::new(Node::Leaf(Vec::new())), height: 0, len: 0, newest: Offset::START }
    }
}

impl<T> Table<T> {
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// The newest version of all elements.
    pub(crate) fn newest(&self) -> Offset {
        self.newest
    }

    pub(crate) fn get(&self, key: u32) -> Option<&T> {
        self.slot(key).map(|slot| &slot.value)
    }

    /// The offset that last changed the element.
    pub(crate) fn version(&self, key: u32) -> Option<Offset> {
        self.slot(key).map(|slot| slot.newest)
    }

    /// Bytes, at most, of the nodes that so many edits copy.
    pub(crate) fn bytes_of(&self, edits: usize) -> usize {
        let leaf = size_of::<Node<T>>() + WIDTH * size_of::<Slot<T>>();
        let branch = size_of::<Node<T>>() + WIDTH * size_of::<Slot<Arc<Node<T>>>>();
        let path = leaf + self.height as usize * branch;
        let leaves = (self.len as usize).div_ceil(WIDTH);
        // Of all branches together there are hardly more than a fifteenth of the leaves, and each has its path.
        (edits * path).min(leaves * (leaf + branch))
    }

    /// The elements in order of key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        (0..self.len).filter_map(|key| self.get(key))
    }

    fn slot(&self, key: u32) -> Option<&Slot<T>> {
        if key >= self.len {
            return None;
        }
        let mut node = &*self.root;
        let mut shift = self.height * BITS;
        loop {
            match node {
                Node::Leaf(slots) => return slots.get(index(key, 0)),
                Node::Branch(slots) => node = &slots.get(index(key, shift))?.value,
            }
            shift -= BITS;
        }
    }

    /// Appends to `keys`, ascending, up to `limit` keys greater than `from`
    /// (or from the first) whose version is above `after`. Returns whether
    /// there are more. O((found + 1) * log n).
    pub(crate) fn changed(
        &self,
        after: Offset,
        from: Option<u32>,
        limit: usize,
        keys: &mut Vec<u32>,
    ) -> bool {
        let Some(start) = from.map_or(Some(0), |key| key.checked_add(1)) else { return false };
        self.newest > after
            && Search { after, start, room: limit, keys }.walk(&self.root, self.height * BITS, 0)
    }
}

impl<T: Clone> Table<T> {
    /// Adds an element and returns its key.
    pub(crate) fn push(&mut self, version: Offset, value: T) -> u32 {
        let key = self.len;
        if u64::from(key) == (WIDTH as u64) << (self.height * BITS) {
            let child = Slot { newest: self.newest, value: Arc::clone(&self.root) };
            self.root = Arc::new(Node::Branch(vec![child]));
            self.height += 1;
        }
        self.len += 1;
        self.newest = self.newest.max(version);
        let slot = Slot { newest: version, value };
        Arc::make_mut(&mut self.root).push(self.height * BITS, key, slot);
        key
    }

    /// The element, to be changed at `version`. [`Offset::START`] changes it
    /// without anybody noticing.
    pub(crate) fn touch(&mut self, key: u32, version: Offset) -> Option<&mut T> {
        if key >= self.len {
            return None;
        }
        self.newest = self.newest.max(version);
        let mut node = Arc::make_mut(&mut self.root);
        let mut shift = self.height * BITS;
        loop {
            match node {
                Node::Leaf(slots) => return slots.get_mut(index(key, 0)).map(|slot| slot.touch(version)),
                Node::Branch(slots) => {
                    node = Arc::make_mut(slots.get_mut(index(key, shift))?.touch(version));
                }
            }
            shift -= BITS;
        }
    }

    /// Overwrites the elements of these keys, which ascend and which it has: each node above them is visited once, so
    /// that many cost little more than a copy of their leaves.
    pub(crate) fn set_all(&mut self, keys: &[u32], element: &impl Fn(u32) -> (Offset, T)) {
        if !keys.is_empty() {
            let newest = Arc::make_mut(&mut self.root).set_all(self.height * BITS, keys, element);
            self.newest = self.newest.max(newest);
        }
    }
}

impl<T: Clone> Node<T> {
    /// As [`Table::set_all`], of keys below this node; the newest version among them.
    fn set_all(&mut self, shift: u32, keys: &[u32], element: &impl Fn(u32) -> (Offset, T)) -> Offset {
        let mut newest = Offset::START;
        match self {
            Node::Leaf(slots) => {
                for key in keys {
                    let (version, value) = element(*key);
                    if let Some(slot) = slots.get_mut(index(*key, 0)) {
                        *slot.touch(version) = value;
                    }
                    newest = newest.max(version);
                }
            }
            Node::Branch(slots) => {
                for part in keys.chunk_by(|one, next| one >> shift == next >> shift) {
                    if let Some(child) = slots.get_mut(index(part[0], shift)) {
                        let below = Arc::make_mut(&mut child.value).set_all(shift - BITS, part, element);
                        child.newest = child.newest.max(below);
                        newest = newest.max(below);
                    }
                }
            }
        }
        newest
    }

    /// `key` is the first that is not there yet.
    fn push(&mut self, shift: u32, key: u32, slot: Slot<T>) {
        match self {
            Node::Leaf(slots) => slots.push(slot),
            Node::Branch(slots) => {
                let at = index(key, shift);
                if at == slots.len() {
                    let empty = if shift == BITS { Node::Leaf(Vec::new()) } else { Node::Branch(Vec::new()) };
                    slots.push(Slot { newest: Offset::START, value: Arc::new(empty) });
                }
                if let Some(child) = slots.get_mut(at) {
                    Arc::make_mut(child.touch(slot.newest)).push(shift - BITS, key, slot);
                }
            }
        }
    }
}

/// A walk over what changed.
struct Search<'k> {
    after: Offset,
    /// The first key wanted.
    start: u32,
    /// Number of keys that are still wanted.
    room: usize,
    keys: &'k mut Vec<u32>,
}

impl Search<'_> {
    /// Walks the subtree whose first key is `base`; returns whether it
    /// stopped because there was no room for a key it found.
    fn walk<T>(&mut self, node: &Node<T>, shift: u32, base: u32) -> bool {
        // What lies before `start` is skipped without looking at it.
        let first = (self.start.saturating_sub(base) >> shift) as usize;
        match node {
            Node::Leaf(slots) => {
                for (at, _) in
                    slots.iter().enumerate().skip(first).filter(|(_, slot)| slot.newest > self.after)
                {
                    if self.room == 0 {
                        return true;
                    }
                    self.room -= 1;
                    self.keys.push(base + at as u32);
                }
                false
            }
            Node::Branch(slots) => slots.iter().enumerate().skip(first).any(|(at, child)| {
                child.newest > self.after
                    && self.walk(&child.value, shift - BITS, base + ((at as u32) << shift))
            }),
        }
    }
}

/// Which child of a node at `shift` leads to `key`.
fn index(key: u32, shift: u32) -> usize {
    (key >> shift) as usize % WIDTH
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Edit {
        Push,
        Touch(prop::sample::Index),
        SetAll(Vec<prop::sample::Index>),
        Snapshot,
    }

    fn edit() -> impl Strategy<Value = Edit> {
        prop_oneof![
            6 => Just(Edit::Push),
            3 => any::<prop::sample::Index>().prop_map(Edit::Touch),
            1 => prop::collection::vec(any::<prop::sample::Index>(), 0..40).prop_map(Edit::SetAll),
            1 => Just(Edit::Snapshot),
        ]
    }

    fn check(table: &Table<u64>, model: &[(Offset, u64)], after: Offset, from: Option<u32>, limit: usize) {
        assert!(table.iter().eq(model.iter().map(|(_, value)| value)));
        let versions = (0..table.len()).map(|key| table.version(key).unwrap());
        assert!(versions.eq(model.iter().map(|(version, _)| *version)));
        let mut wanted: Vec<u32> = (0..table.len())
            .filter(|key| from.is_none_or(|from| *key > from) && model[*key as usize].0 > after)
            .collect();
        let more = wanted.len() > limit;
        wanted.truncate(limit);
        let mut keys = vec![];
        assert_eq!(table.changed(after, from, limit, &mut keys), more);
        assert_eq!(keys, wanted);
    }

    proptest! {
        #[test]
        fn a_snapshot_never_changes_and_every_question_is_answered_as_by_a_plain_vector(
            edits in prop::collection::vec(edit(), 0..3000),
            after in 0_u64..3000, from in prop::option::of(0_u32..2000), limit in 0_usize..50,
        ) {
            let (mut table, mut model) = (Table::default(), vec![]);
            let mut snapshots = vec![];
            for (at, edit) in edits.into_iter().enumerate() {
                let (version, value) = (Offset(at as u64 + 1), at as u64);
                match edit {
                    Edit::Push => {
                        prop_assert_eq!(table.push(version, value) as usize, model.len());
                        model.push((version, value));
                    }
                    Edit::Touch(index) if !model.is_empty() => {
                        let key = index.index(model.len());
                        *table.touch(key as u32, version).unwrap() = value;
                        model[key] = (version, value);
                    }
                    Edit::SetAll(indexes) => {
                        let places = indexes.iter().filter(|_| !model.is_empty()).map(|index| index.index(model.len()));
                        let keys: BTreeSet<u32> = places.map(|place| place as u32).collect();
                        let keys: Vec<u32> = keys.into_iter().collect();
                        // Of versions that differ, none of which falls.
                        let element = |key: u32| (Offset(version.0 - u64::from(key % 2)), value + u64::from(key));
                        table.set_all(&keys, &element);
                        for key in keys {
                            let (version, value) = element(key);
                            let held = &mut model[key as usize];
                            *held = (version.max(held.0), value);
                        }
                    }
                    Edit::Touch(_) => prop_assert!(table.touch(0, version).is_none()),
                    Edit::Snapshot if snapshots.len() < 20 => snapshots.push((table.clone(), model.clone())),
                    Edit::Snapshot => {}
                }
            }
            snapshots.push((table, model));
            for (table, model) in &snapshots {
                check(table, model, Offset(after), from, limit);
                check(table, model, Offset::START, from, limit);
            }
        }
    }

    #[test]
    fn three_levels_hold() {
        let mut table = Table::default();
        for key in 0..40_000_u32 {
            assert_eq!(table.push(Offset(1), key), key);
        }
        table.touch(33_000, Offset(2));
        let mut keys = vec![];
        assert!(!table.changed(Offset(1), Some(32_767), 10, &mut keys));
        assert_eq!(keys, [33_000]);
        assert!(table.iter().copied().eq(0..40_000));
        assert_eq!(table.get(40_000), None);
    }
}
