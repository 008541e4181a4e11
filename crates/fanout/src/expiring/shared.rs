//! An [`ExpiringMap`] that others may look into.

use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use hub_core::Timestamp;

use super::{ExpiringMap, Vacancy};

/// An [`ExpiringMap`] of one thread, which hands out [views](SharedMapView) of it.
///
/// Its thread waits for nobody: while somebody looks, what it would change is put down beside the map.
pub struct SharedMap<K, V> {
    pub(super) map: Arc<RwLock<ExpiringMap<K, V>>>,
    /// Entries that are to be added to the map, in their order.
    beside: Vec<Waiting<K, V>>,
    /// What was inserted up to here is forgotten, in the map or not yet.
    forgotten: Option<Timestamp>,
    /// Nothing was inserted before.
    oldest: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct Waiting<K, V> {
    vacancy: Vacancy<K>,
    value: V,
    at: Timestamp,
}

/// A [`SharedMap`] as it was when the view was taken, but for what has expired since. Taking one and cloning it are O(1).
#[derive(Clone)]
pub struct SharedMapView<K, V> {
    map: Arc<RwLock<ExpiringMap<K, V>>>,
    /// Ordinal of the first entry of the map that came later.
    end: u32,
    beside: Arc<[Waiting<K, V>]>,
}

impl<K, V> Default for SharedMap<K, V> {
    fn default() -> SharedMap<K, V> {
        SharedMap { map: Arc::default(), beside: Vec::new(), forgotten: None, oldest: None }
    }
}

impl<K: Copy + Eq + Hash, V: Copy> SharedMap<K, V> {
    /// The value of a key, while it is remembered, or the place to [`fill`](SharedMap::fill).
    pub fn look(&self, key: K) -> Result<V, Vacancy<K>> {
        let map = read(&self.map);
        let remembered = |at: Timestamp| self.forgotten.is_none_or(|forgotten| at > forgotten);
        // In the map may be one from before that waits to be forgotten.
        if let Some((value, at)) = beside(&self.beside, key)
            && remembered(at)
        {
            return Ok(value);
        }
        match map.look_up(key) {
            Ok((_, entry)) if remembered(entry.at) => Ok(entry.value),
            Ok(_) => Err(map.vacancy(key)),
            Err(vacancy) => Err(vacancy),
        }
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
        if self.oldest.is_some_and(|oldest| oldest.plus_millis(horizon_millis) <= now) {
            self.forgotten = self.forgotten.max(Some(now.plus_millis(-horizon_millis)));
            self.catch_up();
        }
    }

    /// The map as it is now, for others.
    pub fn view(&self) -> SharedMapView<K, V> {
        let beside = if self.beside.is_empty() { Arc::default() } else { self.beside.as_slice().into() };
        SharedMapView { map: Arc::clone(&self.map), end: read(&self.map).end(), beside }
    }

    /// Makes the changes that wait, unless somebody is looking.
    fn catch_up(&mut self) {
        let Ok(mut map) = self.map.try_write() else { return };
        if let Some(forgotten) = self.forgotten {
            map.forget_until(forgotten);
        }
        for Waiting { vacancy, value, at } in self.beside.drain(..) {
            if self.forgotten.is_none_or(|forgotten| at > forgotten) {
                map.fill(vacancy, value, at);
            }
        }
        self.oldest = map.oldest();
    }
}

impl<K: Copy + Eq + Hash, V: Copy> SharedMapView<K, V> {
    /// The value of a key, and when it was inserted.
    pub fn get(&self, key: K) -> Option<(V, Timestamp)> {
        beside(&self.beside, key).or_else(|| {
            let map = read(&self.map);
            let (ordinal, entry) = map.look_up(key).ok()?;
            // Ordinals begin again at 0: fewer than 2^31 entries come while somebody has a view.
            let came_before = self.end.wrapping_sub(ordinal).cast_signed() > 0;
            came_before.then_some((entry.value, entry.at))
        })
    }
}

fn beside<K: Copy + Eq, V: Copy>(entries: &[Waiting<K, V>], key: K) -> Option<(V, Timestamp)> {
    let found = entries.iter().rev().find(|waiting| waiting.vacancy.key == key);
    found.map(|waiting| (waiting.value, waiting.at))
}

/// Locked for a look. Its thread never waits to write, so nobody waits here for long.
fn read<K, V>(map: &RwLock<ExpiringMap<K, V>>) -> RwLockReadGuard<'_, ExpiringMap<K, V>> {
    map.read().unwrap_or_else(PoisonError::into_inner)
}
