//! Things that are remembered for a while: ids of what was applied, answers
//! to commands, dead letters.

mod shared;
#[cfg(test)]
mod tests;
mod walk;

use std::hash::Hash;
use std::sync::Arc;

use hub_core::Timestamp;
use hub_rows::{Index, KeyHash, Queue};
use rpds::RedBlackTreeMapSync;

pub use self::shared::{SharedMap, SharedMapView};
use serde::{Deserialize, Serialize};

/// Values by key for as long as they are remembered: a time, which is named
/// when they [expire](ExpiringMap::expire), and the newest so many at most,
/// of which there are never more than 2^32 - 1.
///
/// Looked up, and walked to be saved. Each entry is visited once when it goes, so
/// remembering costs O(1) per entry, and none waits while all others are
/// moved: what holds them grows, and gives memory back, in small steps. An
/// entry takes the bytes of its key, its value and its time, and 10 to 13
/// more while there are ever more of them, twice that at most as they go.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(
    try_from = "walk::Expiring<K, V>",
    bound(deserialize = "K: Copy + Eq + Hash + Deserialize<'de>, V: Deserialize<'de>")
)]
pub struct ExpiringMap<K, V = ()> {
    /// In the order of insertion, hence of time.
    entries: Queue<Entry<K, V>>,
    /// The entries' ordinals in the queue, by key.
    #[serde(skip)]
    index: Index,
    /// 2^32 - 1 at most.
    max: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry<K, V> {
    at: Timestamp,
    key: K,
    value: V,
}

/// The place of a key that is not remembered.
#[derive(Clone, Copy, Debug)]
pub struct Vacancy<K> {
    key: K,
    hash: KeyHash,
}

impl<K, V> Default for ExpiringMap<K, V> {
    fn default() -> ExpiringMap<K, V> {
        ExpiringMap::newest(usize::MAX)
    }
}

impl<K, V> ExpiringMap<K, V> {
    /// An empty map of at most `max` entries: the newest.
    pub fn newest(max: usize) -> ExpiringMap<K, V> {
        let max = max.min(u32::MAX as usize);
        ExpiringMap { entries: Queue::starting_at(0), index: Index::default(), max }
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<K: Copy + Eq + Hash, V> ExpiringMap<K, V> {
    /// True while the key is remembered.
    pub fn contains(&self, key: K) -> bool {
        self.get(key).is_some()
    }

    /// The value of a key, while it is remembered.
    pub fn get(&self, key: K) -> Option<&V> {
        self.look(key).ok()
    }

    /// As [`get`](ExpiringMap::get); where there is none, the place to [`fill`](ExpiringMap::fill), so that a key is
    /// hashed and looked for once.
    pub fn look(&self, key: K) -> Result<&V, Vacancy<K>> {
        self.look_up(key, |_, _| true).map(|entry| &entry.value)
    }

    /// The entry of a key that is meant, of those that there are of it.
    fn look_up(
        &self,
        key: K,
        is_meant: impl Fn(u32, &Entry<K, V>) -> bool,
    ) -> Result<&Entry<K, V>, Vacancy<K>> {
        let hash = self.index.hash(&key);
        let entry =
            |ordinal| self.entries.get(ordinal).filter(|entry| entry.key == key && is_meant(ordinal, entry));
        let found = self.index.find(hash, |ordinal| entry(ordinal).is_some());
        found.and_then(entry).ok_or(Vacancy { key, hash })
    }

    /// Remembers a key that was not remembered when it was looked for, and was not since, as
    /// [`insert`](ExpiringMap::insert) does.
    pub fn fill(&mut self, vacancy: Vacancy<K>, value: V, at: Timestamp) {
        debug_assert!(self.look(vacancy.key).is_err(), "a place is filled once");
        self.add(vacancy, value, at);
    }

    fn add(&mut self, Vacancy { key, hash }: Vacancy<K>, value: V, at: Timestamp) {
        let ordinal = self.entries.push_back(Entry { at, key, value });
        self.index.insert(hash, ordinal);
        self.keep(self.max);
    }

    /// Remembers a key from `at` on, which is not before that of any other
    /// entry. False, and nothing changes, if it is remembered already: coming
    /// again does not renew it.
    pub fn insert(&mut self, key: K, value: V, at: Timestamp) -> bool {
        let Err(vacancy) = self.look(key) else { return false };
        self.fill(vacancy, value, at);
        true
    }

    /// At most `max` entries from here on: the oldest beyond go at once.
    pub fn keep(&mut self, max: usize) {
        self.max = max.min(u32::MAX as usize);
        while self.len() > self.max {
            self.forget_oldest();
        }
    }

    /// Forgets entries that were inserted `horizon_millis` or longer before
    /// `now`; none where there is no horizon.
    pub fn expire(&mut self, now: Timestamp, horizon_millis: Option<i64>) {
        let Some(horizon_millis) = horizon_millis else { return };
        while let Some((_, oldest)) = self.entries.front()
            && oldest.at.plus_millis(horizon_millis) <= now
        {
            self.forget_oldest();
        }
    }

    /// Ordinal of the next entry.
    fn end(&self) -> u32 {
        self.entries.end()
    }

    /// Time of the first entry.
    fn oldest(&self) -> Option<Timestamp> {
        self.entries.front().map(|(_, entry)| entry.at)
    }

    /// Forgets entries that were inserted at a time up to this one.
    fn forget_until(&mut self, time: Timestamp) {
        while self.oldest().is_some_and(|oldest| oldest <= time) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((ordinal, oldest)) = self.entries.front() {
            let hash = self.index.hash(&oldest.key);
            self.index.remove(hash, ordinal);
            self.entries.pop_front();
        }
    }
}

/// The entries with the greatest keys, so many at most, as a part of a state
/// that readers see: in order, and never changed in a snapshot of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(
    from = "walk::Newest<K, V>",
    bound(
        serialize = "K: Ord + Serialize, V: Serialize",
        deserialize = "K: Copy + Ord + Deserialize<'de>, V: Deserialize<'de>"
    )
)]
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
