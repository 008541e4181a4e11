//! An [`ExpiringMap`] that others may look into.

use std::collections::VecDeque;
use std::hash::Hash;
use std::mem;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use hub_core::Timestamp;
use hub_rows::Queue;
use serde::de::Error as _;
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::walk::Expiring;
use super::{Entry, ExpiringMap, Vacancy};

/// An [`ExpiringMap`] of one thread, which hands out [views](SharedMapView) of it.
///
/// Its thread waits for nobody: while somebody looks, what it would change is put down beside the map. What has expired
/// stays there while a view is left that has it.
pub struct SharedMap<K, V> {
    pub(super) map: Arc<RwLock<ExpiringMap<K, V>>>,
    /// Entries that are to be added to the map, in their order.
    beside: Vec<Waiting<K, V>>,
    forgotten: Arc<Forgotten>,
    /// Of views that may be left, where less was forgotten than is now.
    seen: VecDeque<Arc<Forgotten>>,
    /// Nothing was inserted before.
    oldest: Option<Timestamp>,
}

/// Time up to which entries are forgotten.
#[derive(Clone, Copy, Default, Debug)]
struct Forgotten(Option<Timestamp>);

impl Forgotten {
    fn has(self, at: Timestamp) -> bool {
        self.0.is_some_and(|until| at <= until)
    }
}

#[derive(Clone, Debug)]
struct Waiting<K, V> {
    vacancy: Vacancy<K>,
    value: V,
    at: Timestamp,
}

/// A [`SharedMap`] as it was when the view was taken. Taking one and cloning it are O(1).
#[derive(Clone)]
pub struct SharedMapView<K, V> {
    map: Arc<RwLock<ExpiringMap<K, V>>>,
    /// Ordinal of the first entry of the map that came later.
    end: u32,
    beside: Arc<[Waiting<K, V>]>,
    forgotten: Arc<Forgotten>,
}

impl<K, V> Default for SharedMap<K, V> {
    fn default() -> SharedMap<K, V> {
        SharedMap {
            map: Arc::default(),
            beside: Vec::new(),
            forgotten: Arc::default(),
            seen: VecDeque::new(),
            oldest: None,
        }
    }
}

impl<K: Copy + Eq + Hash, V: Copy> SharedMap<K, V> {
    /// The value of a key, while it is remembered, or the place to [`fill`](SharedMap::fill).
    pub fn look(&self, key: K) -> Result<V, Vacancy<K>> {
        let forgotten = *self.forgotten;
        if let Some(waiting) = beside(&self.beside, key, forgotten) {
            return Ok(waiting.value);
        }
        read(&self.map).look_up(key, |_, entry| !forgotten.has(entry.at)).map(|entry| entry.value)
    }

    /// Remembers a key that was not when it was looked for, and was not since, from `at` on, which is not before that of
    /// any other.
    pub fn fill(&mut self, vacancy: Vacancy<K>, value: V, at: Timestamp) {
        self.oldest.get_or_insert(at);
        self.beside.push(Waiting { vacancy, value, at });
        self.catch_up();
    }

    /// Forgets what was inserted `horizon_millis` or longer before `now`; nothing where there is no horizon.
    pub fn expire(&mut self, now: Timestamp, horizon_millis: Option<i64>) {
        let Some(horizon_millis) = horizon_millis else { return };
        if self.oldest.is_none_or(|oldest| oldest.plus_millis(horizon_millis) > now) {
            return;
        }
        let until = self.forgotten.0.max(Some(now.plus_millis(-horizon_millis)));
        match Arc::get_mut(&mut self.forgotten) {
            Some(unseen) => unseen.0 = until,
            None => self.seen.push_back(mem::replace(&mut self.forgotten, Arc::new(Forgotten(until)))),
        }
        self.catch_up();
    }

    /// The map as it is now, for others.
    pub fn view(&self) -> SharedMapView<K, V> {
        let beside = if self.beside.is_empty() { Arc::default() } else { self.beside.as_slice().into() };
        let (map, forgotten) = (Arc::clone(&self.map), Arc::clone(&self.forgotten));
        let end = read(&map).end();
        SharedMapView { map, end, beside, forgotten }
    }

    /// Makes the changes that wait, unless somebody is looking.
    fn catch_up(&mut self) {
        while self.seen.front_mut().is_some_and(|seen| Arc::get_mut(seen).is_some()) {
            self.seen.pop_front();
        }
        let Ok(mut map) = self.map.try_write() else { return };
        if let Some(until) = self.seen.front().map_or(self.forgotten.0, |seen| seen.0) {
            map.forget_until(until);
        }
        for Waiting { vacancy, value, at } in self.beside.drain(..) {
            map.add(vacancy, value, at);
        }
        self.oldest = map.oldest();
    }
}

impl<K: Copy + Eq + Hash, V: Copy> SharedMapView<K, V> {
    /// The value of a key, and when it was inserted.
    pub fn get(&self, key: K) -> Option<(V, Timestamp)> {
        let forgotten = *self.forgotten;
        if let Some(waiting) = beside(&self.beside, key, forgotten) {
            return Some((waiting.value, waiting.at));
        }
        let map = read(&self.map);
        // Ordinals begin again at 0: fewer than 2^31 entries come while somebody has a view.
        let came_before = |ordinal| self.end.wrapping_sub(ordinal).cast_signed() > 0;
        let entry = map.look_up(key, |ordinal, entry| came_before(ordinal) && !forgotten.has(entry.at));
        entry.ok().map(|entry| (entry.value, entry.at))
    }
}

/// Walked as it is now: neither what is kept for views alone shows, nor what waits.
impl<K: Copy + Serialize, V: Copy + Serialize> Serialize for SharedMap<K, V> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (map, forgotten) = (read(&self.map), *self.forgotten);
        let beside = self.beside.iter().map(|Waiting { vacancy, value, at }| (*at, vacancy.key, *value));
        let entries = map.entries.iter().map(|Entry { at, key, value }| (*at, *key, *value)).chain(beside);
        let remembered = || entries.clone().filter(|(at, ..)| !forgotten.has(*at));
        let mut sequence = to.serialize_seq(Some(remembered().count()))?;
        remembered().try_for_each(|entry| sequence.serialize_element(&entry))?;
        sequence.end()
    }
}

impl<'de, K, V> Deserialize<'de> for SharedMap<K, V>
where
    K: Copy + Eq + Hash + Deserialize<'de>,
    V: Copy + Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<SharedMap<K, V>, D::Error> {
        let entries = Queue::deserialize(from)?;
        let map = ExpiringMap::try_from(Expiring::of(entries)).map_err(D::Error::custom)?;
        let oldest = map.oldest();
        Ok(SharedMap { map: Arc::new(RwLock::new(map)), oldest, ..SharedMap::default() })
    }
}

fn beside<K: Copy + Eq, V>(
    entries: &[Waiting<K, V>],
    key: K,
    forgotten: Forgotten,
) -> Option<&Waiting<K, V>> {
    entries.iter().find(|waiting| waiting.vacancy.key == key && !forgotten.has(waiting.at))
}

/// Locked for a look. Its thread never waits to write, so nobody waits here for long.
fn read<K, V>(map: &RwLock<ExpiringMap<K, V>>) -> RwLockReadGuard<'_, ExpiringMap<K, V>> {
    map.read().unwrap_or_else(PoisonError::into_inner)
}
