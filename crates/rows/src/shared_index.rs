//! Numbers of things that are only added, found by their keys while more are added.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::blocks::Blocks;

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
pub struct IndexReader {
    nodes: Arc<Blocks>,
    hasher: Arc<RandomState>,
}

impl Default for IndexReader {
    fn default() -> IndexReader {
        IndexReader { nodes: Arc::new(Blocks::of(NODE_WORDS)), hasher: Arc::default() }
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
    fn read(words: &[AtomicU64], slot: usize) -> Lead {
        let word = words[slot / WORD_SLOTS].load(Ordering::Acquire);
        Lead::of((word >> shift(slot)) as u32)
    }

    /// Writes a slot that others may be reading: the only writer's.
    fn write(&self, words: &[AtomicU64], slot: usize) {
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
struct Path<'k, K> {
    hasher: &'k RandomState,
    key: &'k K,
    hash: u64,
    left: u32,
    round: u32,
}

impl<'k, K: Hash> Path<'k, K> {
    fn new(hasher: &'k RandomState, key: &'k K) -> Path<'k, K> {
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
        assert!(number < NODE - 1, "fewer numbers than slots can tell apart");
        let IndexReader { nodes, hasher } = self.reader.clone();
        let mut path = Path::new(&hasher, key);
        let mut node = path.take(ROOT_BITS);
        let mut passed = 0;
        loop {
            passed += 1;
            let (words, slot) = (nodes.make(node), path.take(SLOT_BITS) as usize);
            match Lead::read(words, slot) {
                Lead::Node(next) => node = next,
                Lead::Nowhere => return Lead::Number(number).write(words, slot),
                Lead::Number(other) => {
                    let Some(other_key) = key_of(other).filter(|other| other != key) else { return };
                    let mut other_path = Path::new(&hasher, &other_key);
                    other_path.take(ROOT_BITS);
                    (0..passed).for_each(|_| _ = other_path.take(SLOT_BITS));
                    let fork = self.fork((path, number), (other_path, other));
                    return Lead::Node(fork).write(words, slot);
                }
            }
        }
    }

    /// A node, to which nothing leads yet, for two numbers whose keys have had the same bits so far.
    fn fork<'k, K: Hash>(&mut self, mut one: (Path<'k, K>, u32), mut other: (Path<'k, K>, u32)) -> u32 {
        let first = self.node();
        let mut node = first;
        loop {
            let places = [&mut one, &mut other].map(|(path, _)| path.take(SLOT_BITS) as usize);
            if places[0] == places[1] {
                let next = self.node();
                Lead::Node(next).write(self.reader.nodes.make(node), places[0]);
                node = next;
            } else {
                let words = self.reader.nodes.make(node);
                Lead::Number(one.1).write(words, places[0]);
                Lead::Number(other.1).write(words, places[1]);
                return first;
            }
        }
    }

    fn node(&mut self) -> u32 {
        let node = (1 << ROOT_BITS) + self.nodes;
        assert!(node < NODE, "fewer nodes than slots can tell apart");
        self.nodes += 1;
        node
    }
}

#[cfg(test)]
mod tests {
    use std::hash::Hasher;
    use std::sync::atomic::AtomicUsize;
    use std::thread;

    use super::*;

    #[test]
    fn each_key_leads_to_its_number_and_no_other_key_does() {
        let mut index = SharedIndex::default();
        let key = |number: u32| u64::from(number) * 3;
        for number in 0..50_000 {
            assert_eq!(index.find(&key(number), |found| key(found) == key(number)), None);
            index.insert(&key(number), number, |other| Some(key(other)));
        }
        for number in 0..50_000 {
            assert_eq!(index.find(&key(number), |found| key(found) == key(number)), Some(number));
            assert_eq!(index.find(&(key(number) + 1), |found| key(found) == key(number) + 1), None);
        }
        assert!(index.nodes < 20_000, "{} nodes", index.nodes);
    }

    #[test]
    fn a_key_that_is_there_keeps_its_number() {
        let mut index = SharedIndex::default();
        index.insert(&5, 0, |_| None);
        index.insert(&5, 1, |_| Some(5));
        assert_eq!(index.find(&5, |_| true), Some(0));
    }

    /// Keys that share a whole hash part in one of the next.
    #[test]
    fn keys_part_however_much_of_their_hashes_is_the_same() {
        /// The first hash of all is the same.
        #[derive(PartialEq, Eq)]
        struct Late(u32);
        impl Hash for Late {
            fn hash<H: Hasher>(&self, state: &mut H) {
                // Whatever was hashed before it is the round.
                let round = state.finish();
                if ROUND_ZERO.with(|zero| *zero.get_or_init(|| round) != round) {
                    self.0.hash(state);
                }
            }
        }
        thread_local!(static ROUND_ZERO: std::cell::OnceCell<u64> = const { std::cell::OnceCell::new() });
        let mut index = SharedIndex::default();
        for number in 0..100 {
            index.insert(&Late(number), number, |other| Some(Late(other)));
        }
        assert!((0..100).all(|number| index.find(&Late(number), |found| found == number) == Some(number)));
        assert!(index.nodes > 13, "the first hash was gone through: {} nodes", index.nodes);
    }

    /// Others find whatever was added before they were told of it, and never a wrong number.
    #[test]
    fn readers_find_all_that_they_were_told_of() {
        const MANY: usize = 20_000;
        let key = |number: u32| u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut index = SharedIndex::default();
        let (reader, told) = (index.reader(), AtomicUsize::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut looked = 0_usize;
                while looked < MANY {
                    let known = told.load(Ordering::Acquire);
                    for number in (looked..known).chain((0..known).step_by(97)) {
                        let number = number as u32;
                        assert_eq!(reader.find(&key(number), |found| found == number), Some(number));
                    }
                    looked = known;
                }
            });
            for number in 0..MANY {
                index.insert(&key(number as u32), number as u32, |other| Some(key(other)));
                told.store(number + 1, Ordering::Release);
            }
        });
    }
}
