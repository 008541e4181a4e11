//! Numbers of keys.

use std::hash::{BuildHasher as _, Hash};

use hashbrown::{DefaultHashBuilder, HashTable};

/// Keys in the order in which they came, each kept once: the table that finds them has their numbers and asks for the
/// keys. Hashed with a random key, as ids come from outside.
pub(super) struct Numbered<K> {
    keys: Vec<K>,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl<K> Default for Numbered<K> {
    fn default() -> Numbered<K> {
        Numbered { keys: Vec::new(), numbers: HashTable::new(), hasher: DefaultHashBuilder::default() }
    }
}

impl<K: Clone + Eq + Hash> Numbered<K> {
    pub(super) fn len(&self) -> u32 {
        self.keys.len() as u32
    }

    /// The key's number, if it has one.
    #[cfg(test)]
    pub(super) fn find(&self, key: &K) -> Option<u32> {
        let is_it = |number: &u32| self.keys[*number as usize] == *key;
        self.numbers.find(self.hasher.hash_one(key), is_it).copied()
    }

    /// The key's number, given out now if it has none.
    pub(super) fn number(&mut self, key: &K) -> u32 {
        let Numbered { keys, numbers, hasher } = self;
        let hash = hasher.hash_one(key);
        if let Some(number) = numbers.find(hash, |number| keys[*number as usize] == *key) {
            return *number;
        }
        let number = keys.len() as u32;
        keys.push(key.clone());
        numbers.insert_unique(hash, number, |number| hasher.hash_one(&keys[*number as usize]));
        number
    }
}
