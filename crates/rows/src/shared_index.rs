//! Numbers of things that are only added, found by their keys while more are added.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::blocks::Blocks;
use crate::word::Word;

/// Bits of a hash that choose a slot of a node.
const SLOT_BITS: u32 = 4;

/// Slots of a word.
const WORD_SLOTS: usize = 2;

/// Words of a node: a line of the cache.
const NODE_WORDS: usize = (1 << SLOT_BITS) / WORD_SLOTS;

/// Bits that choose the node at which a search begins: together these have a slot for each of 16,000 keys.
const ROOT_BITS: u32 = 10;

/// The numbers of things that are elsewhere, by the key of each, for one thread that adds to it while others look.
///
/// A tree of nodes of 16 slots, by the bits of a hash: a slot is empty, or has a number, or leads to a node of those
/// whose hashes begin alike. A node never moves and nothing is removed, so a reader needs no more than to follow; it
/// finds, too, what was added after its view was taken, and whoever looks says that it is not meant.
///
/// Hashes have a key of their own, drawn at random: what is hashed may come from outside. Where the bits of a hash come
/// to an end another one begins, so that any two keys part.
#[derive(Default)]
pub struct SharedIndex {
    reader: IndexReader,
    /// Nodes made, beside those at which a search begins.
    nodes: u32,
}

/// A [`SharedIndex`] as others see it. Cheap to clone.
#[derive(Clone)]
pub struct IndexReader(Arc<Tree<Blocks, RandomState>>);

/// All that one thread writes and others read.
struct Tree<N, S> {
    nodes: N,
    hasher: S,
}

/// The words of nodes, which never move: the processor's, or those of a test.
trait Nodes {
    type Word: Word;

    /// A node's words, if they were made.
    fn get(&self, node: u32) -> Option<&[Self::Word]>;

    /// A node's words, which are 0 if nobody asked for them before.
    fn make(&self, node: u32) -> &[Self::Word];
}

impl Default for IndexReader {
    fn default() -> IndexReader {
        IndexReader(Arc::new(Tree { nodes: Blocks::of(NODE_WORDS), hasher: RandomState::default() }))
    }
}

impl Nodes for Blocks {
    type Word = AtomicU64;

    fn get(&self, node: u32) -> Option<&[AtomicU64]> {
        Blocks::get(self, node)
    }

    fn make(&self, node: u32) -> &[AtomicU64] {
        Blocks::make(self, node)
    }
}

/// Content of a slot.
enum Lead {
    Nowhere,
    Number(u32),
    Node(u32),
}

/// In a slot: it leads to a node. Other slots have one more than a number, or 0.
const NODE: u32 = 1 << 31;

impl Lead {
    fn of(slot: u32) -> Lead {
        match slot.checked_sub(1) {
            None => Lead::Nowhere,
            Some(number) if slot & NODE == 0 => Lead::Number(number),
            Some(_) => Lead::Node(slot & !NODE),
        }
    }

    fn slot(&self) -> u32 {
        match self {
            Lead::Nowhere => 0,
            Lead::Number(number) => number + 1,
            Lead::Node(node) => NODE | node,
        }
    }

    /// Reads a slot, and whatever was written before it.
    fn read(words: &[impl Word], slot: usize) -> Lead {
        let word = words[slot / WORD_SLOTS].load(Ordering::Acquire);
        Lead::of((word >> shift(slot)) as u32)
    }

    /// Writes a slot that others may be reading: the only writer's.
    fn write(&self, words: &[impl Word], slot: usize) {
        let word = &words[slot / WORD_SLOTS];
        let others = word.load(Ordering::Relaxed) & !(u64::from(u32::MAX) << shift(slot));
        // What it leads to was written before it.
        word.store(others | u64::from(self.slot()) << shift(slot), Ordering::Release);
    }
}

fn shift(slot: usize) -> u32 {
    if slot.is_multiple_of(WORD_SLOTS) { 0 } else { u32::BITS }
}

/// The bits of a key's hashes, the next ones first.
struct Path<'k, K, S> {
    hasher: &'k S,
    key: &'k K,
    hash: u64,
    left: u32,
    round: u32,
}

impl<'k, K: Hash, S: BuildHasher> Path<'k, K, S> {
    fn new(hasher: &'k S, key: &'k K) -> Path<'k, K, S> {
        Path { hasher, key, hash: hasher.hash_one(key), left: u64::BITS, round: 0 }
    }

    fn take(&mut self, bits: u32) -> u32 {
        if self.left < bits {
            self.round += 1;
            (self.hash, self.left) = (self.hasher.hash_one((self.round, self.key)), u64::BITS);
        }
        let taken = self.hash as u32 & ((1 << bits) - 1);
        self.hash >>= bits;
        self.left -= bits;
        taken
    }
}

impl IndexReader {
    /// The number of the thing with this key; `is_meant` is asked about one number, whether its thing has the key.
    pub fn find(&self, key: &impl Hash, is_meant: impl FnOnce(u32) -> bool) -> Option<u32> {
        self.0.find(key, is_meant)
    }
}

impl SharedIndex {
    /// The way for others to look.
    pub fn reader(&self) -> IndexReader {
        self.reader.clone()
    }

    /// As [`IndexReader::find`].
    pub fn find(&self, key: &impl Hash, is_meant: impl FnOnce(u32) -> bool) -> Option<u32> {
        self.reader.find(key, is_meant)
    }

    /// Adds the number of a thing that others find from now on. `key_of` has the keys of those that were added; a key
    /// that is there keeps its number.
    ///
    /// # Panics
    ///
    /// If a number, or that of nodes, is 2^31 - 1 or more.
    pub fn insert<K: Hash + Eq>(&mut self, key: &K, number: u32, key_of: impl FnOnce(u32) -> Option<K>) {
        self.reader.0.insert(&mut self.nodes, key, number, key_of);
    }
}

impl<N: Nodes, S: BuildHasher> Tree<N, S> {
    fn find(&self, key: &impl Hash, is_meant: impl FnOnce(u32) -> bool) -> Option<u32> {
        let mut path = Path::new(&self.hasher, key);
        let mut node = path.take(ROOT_BITS);
        loop {
            match Lead::read(self.nodes.get(node)?, path.take(SLOT_BITS) as usize) {
                Lead::Nowhere => return None,
                Lead::Number(number) => return is_meant(number).then_some(number),
                Lead::Node(next) => node = next,
            }
        }
    }

    /// The only writer's, who counts the nodes that it has made.
    fn insert<K: Hash + Eq>(
        &self,
        made: &mut u32,
        key: &K,
        number: u32,
        key_of: impl FnOnce(u32) -> Option<K>,
    ) {
        assert!(number < NODE - 1, "fewer numbers than slots can tell apart");
        let mut path = Path::new(&self.hasher, key);
        let mut node = path.take(ROOT_BITS);
        let mut passed = 0;
        loop {
            passed += 1;
            let (words, slot) = (self.nodes.make(node), path.take(SLOT_BITS) as usize);
            match Lead::read(words, slot) {
                Lead::Node(next) => node = next,
                Lead::Nowhere => return Lead::Number(number).write(words, slot),
                Lead::Number(other) => {
                    let Some(other_key) = key_of(other).filter(|other| other != key) else { return };
                    let mut other_path = Path::new(&self.hasher, &other_key);
                    other_path.take(ROOT_BITS);
                    (0..passed).for_each(|_| _ = other_path.take(SLOT_BITS));
                    let fork = self.fork(made, (path, number), (other_path, other));
                    return Lead::Node(fork).write(words, slot);
                }
            }
        }
    }

    /// A node, to which nothing leads yet, for two numbers whose keys have had the same bits so far.
    fn fork<'k, K: Hash>(
        &self,
        made: &mut u32,
        mut one: (Path<'k, K, S>, u32),
        mut other: (Path<'k, K, S>, u32),
    ) -> u32 {
        let first = new_node(made);
        let mut node = first;
        loop {
            let places = [&mut one, &mut other].map(|(path, _)| path.take(SLOT_BITS) as usize);
            if places[0] == places[1] {
                let next = new_node(made);
                Lead::Node(next).write(self.nodes.make(node), places[0]);
                node = next;
            } else {
                let words = self.nodes.make(node);
                Lead::Number(one.1).write(words, places[0]);
                Lead::Number(other.1).write(words, places[1]);
                return first;
            }
        }
    }
}

fn new_node(made: &mut u32) -> u32 {
    let node = (1 << ROOT_BITS) + *made;
    assert!(node < NODE, "fewer nodes than slots can tell apart");
    *made += 1;
    node
}

#[cfg(test)]
mod tests;
