//! Things that are remembered for a while: ids of what was applied, answers
//! to commands, dead letters.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;

use hub_core::Timestamp;
use rpds::RedBlackTreeMapSync;

/// Values by key for as long as they are remembered: a time, which is named
/// when they [expire](ExpiringMap::expire), and the newest so many at most.
///
/// Looked up, never walked: its order is random. Each entry is visited once
/// when it goes, so remembering costs O(1) per entry.
#[derive(Clone, Debug)]
pub struct ExpiringMap<K, V = ()> {
    values: HashMap<K, V>,
    /// In the order of insertion, hence of time.
    inserted: VecDeque<(Timestamp, K)>,
    max: usize,
}

impl<K, V> Default for ExpiringMap<K, V> {
    fn default() -> ExpiringMap<K, V> {
        ExpiringMap::newest(usize::MAX)
    }
}

impl<K, V> ExpiringMap<K, V> {
    /// An empty map of at most `max` entries: the newest.
    pub fn newest(max: usize) -> ExpiringMap<K, V> {
        ExpiringMap { values: HashMap::new(), inserted: VecDeque::new(), max }
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl<K: Copy + Eq + Hash, V> ExpiringMap<K, V> {
    /// True while the key is remembered.
    pub fn contains(&self, key: K) -> bool {
        self.values.contains_key(&key)
    }

    /// The value of a key, while it is remembered.
    pub fn get(&self, key: K) -> Option<&V> {
        self.values.get(&key)
    }

    /// Remembers a key from `at` on, which is not before that of any other
    /// entry. False, and nothing changes, if it is remembered already: coming
    /// again does not renew it.
    pub fn insert(&mut self, key: K, value: V, at: Timestamp) -> bool {
        if self.values.contains_key(&key) {
            return false;
        }
        self.values.insert(key, value);
        self.inserted.push_back((at, key));
        self.keep(self.max);
        true
    }

    /// At most `max` entries from here on: the oldest beyond go at once.
    pub fn keep(&mut self, max: usize) {
        self.max = max;
        while self.inserted.len() > max {
            self.forget_oldest();
        }
    }

    /// Forgets entries that were inserted `horizon_millis` or longer before
    /// `now`; none where there is no horizon.
    pub fn expire(&mut self, now: Timestamp, horizon_millis: Option<i64>) {
        let Some(horizon_millis) = horizon_millis else { return };
        while let Some((at, _)) = self.inserted.front()
            && at.plus_millis(horizon_millis) <= now
        {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, key)) = self.inserted.pop_front() {
            self.values.remove(&key);
        }
    }
}

/// The entries with the greatest keys, so many at most, as a part of a state
/// that readers see: in order, and never changed in a snapshot of it.
#[derive(Clone, Debug)]
pub struct NewestMap<K: Ord, V> {
    values: RedBlackTreeMapSync<K, Arc<V>>,
    max: usize,
}

impl<K: Copy + Ord, V> NewestMap<K, V> {
    /// An empty map of at most `max` entries.
    pub fn newest(max: usize) -> NewestMap<K, V> {
        NewestMap { values: RedBlackTreeMapSync::new_sync(), max }
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.values.size()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value of a key, while it is among the newest.
    pub fn get(&self, key: K) -> Option<&Arc<V>> {
        self.values.get(&key)
    }

    /// Adds an entry; the oldest goes where there would be too many.
    pub fn insert(&mut self, key: K, value: Arc<V>) {
        self.values.insert_mut(key, value);
        self.keep(self.max);
    }

    /// At most `max` entries from here on: the oldest beyond go at once.
    pub fn keep(&mut self, max: usize) {
        self.max = max;
        while self.values.size() > max
            && let Some(oldest) = self.values.first().map(|(key, _)| *key)
        {
            self.values.remove_mut(&oldest);
        }
    }

    /// Values of keys below `before`, the newest first.
    pub fn before(&self, before: K) -> impl Iterator<Item = &Arc<V>> {
        self.values.range(..before).rev().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    #[test]
    fn a_key_is_remembered_for_the_horizon_and_not_longer() {
        let mut map = ExpiringMap::default();
        assert!(map.insert(1, "early", at(1000)) && map.insert(2, "late", at(1001)));
        map.expire(at(1099), Some(100));
        assert!(!map.insert(1, "again", at(1099)), "which does not renew it");
        assert_eq!((map.get(1), map.len()), (Some(&"early"), 2));
        map.expire(at(1100), Some(100));
        assert!(!map.contains(1) && map.contains(2));
        assert_eq!((map.len(), map.inserted.len()), (1, 1));
        assert!(map.insert(1, "new", at(1100)));
        map.expire(at(2000), None);
        assert_eq!(map.len(), 2);
    }

    #[test]
    fn the_newest_are_remembered_however_many_come() {
        let mut map = ExpiringMap::newest(100);
        assert!((0..110).all(|n| map.insert(n, (), at(0))));
        assert_eq!((map.len(), map.inserted.len()), (100, 100));
        assert!(!map.insert(10, (), at(0)), "remembered, so nothing goes");
        assert!(map.contains(10) && map.insert(9, (), at(0)) && !map.contains(10));
    }

    #[test]
    fn a_smaller_number_is_kept_from_then_on() {
        let mut map = ExpiringMap::newest(100);
        (0..100).for_each(|n| assert!(map.insert(n, (), at(0))));
        map.keep(2);
        assert_eq!((map.len(), map.inserted.len()), (2, 2));
        assert!(map.contains(98) && map.insert(100, (), at(0)) && !map.contains(98));
        map.keep(0);
        assert!(map.insert(100, (), at(0)) && map.is_empty(), "nothing is remembered");
    }

    #[test]
    fn the_newest_are_shown_and_a_snapshot_does_not_change() {
        let mut map = NewestMap::newest(3);
        (1..=4).for_each(|n| map.insert(n, Arc::new(n * 10)));
        let before = map.clone();
        map.insert(5, Arc::new(50));
        assert_eq!((map.len(), map.get(2), map.get(3)), (3, None, Some(&Arc::new(30))));
        assert_eq!(map.before(5).map(|value| **value).collect::<Vec<_>>(), [40, 30]);
        assert_eq!(before.before(9).map(|value| **value).collect::<Vec<_>>(), [40, 30, 20]);
        map.keep(1);
        map.insert(6, Arc::new(60));
        assert_eq!(map.before(9).map(|value| **value).collect::<Vec<_>>(), [60]);
        map.keep(0);
        assert!(map.is_empty());
    }
}
