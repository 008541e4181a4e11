//! Maps as they are walked: their entries in their order. What finds them by key is made again.

use std::hash::Hash;
use std::sync::Arc;

use hub_core::Timestamp;
use hub_rows::Queue;
use rpds::RedBlackTreeMapSync;
use serde::Deserialize;

use super::{Entry, ExpiringMap, NewestMap};

/// An [`ExpiringMap`] that was walked.
#[derive(Deserialize)]
pub(super) struct Expiring<K, V> {
    entries: Queue<Entry<K, V>>,
    max: usize,
}

impl<K, V> Expiring<K, V> {
    /// Of a map that keeps as many as come.
    pub(super) fn of(entries: Queue<Entry<K, V>>) -> Expiring<K, V> {
        Expiring { entries, max: usize::MAX }
    }
}

/// Entries of a map that can't be one's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Damaged {
    #[error("there are more entries than are remembered")]
    TooMany,
    #[error("a key is remembered twice")]
    Twice,
    #[error("an entry is older than the one before it")]
    Order,
}

impl<K: Copy + Eq + Hash, V> TryFrom<Expiring<K, V>> for ExpiringMap<K, V> {
    type Error = Damaged;

    fn try_from(Expiring { entries, max }: Expiring<K, V>) -> Result<ExpiringMap<K, V>, Damaged> {
        let mut map = ExpiringMap::newest(max);
        if entries.len() > map.max {
            return Err(Damaged::TooMany);
        }
        let mut last = Timestamp::default();
        for (ordinal, entry) in (0..).zip(entries.iter()) {
            if entry.at < last {
                return Err(Damaged::Order);
            }
            last = entry.at;
            let hash = map.index.hash(&entry.key);
            let is_same = |other| entries.get(other).is_some_and(|other| other.key == entry.key);
            if map.index.find(hash, is_same).is_some() {
                return Err(Damaged::Twice);
            }
            map.index.insert(hash, ordinal);
        }
        map.entries = entries;
        Ok(map)
    }
}

/// A [`NewestMap`] that was walked.
#[derive(Deserialize)]
pub(super) struct Newest<K: Ord, V> {
    values: RedBlackTreeMapSync<K, Arc<V>>,
    max: usize,
}

impl<K: Copy + Ord, V> From<Newest<K, V>> for NewestMap<K, V> {
    fn from(Newest { values, max }: Newest<K, V>) -> NewestMap<K, V> {
        let mut map = NewestMap { values, max };
        map.keep(max);
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SharedMap;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    type Map = ExpiringMap<u32, String>;

    #[test]
    fn a_map_that_was_walked_goes_on_and_is_walked_alike() {
        let mut map = Map::newest(1500);
        for n in 0..4000 {
            map.insert(n, n.to_string(), at(n.into()));
        }
        map.expire(at(3000), Some(100));
        let bytes = rmp_serde::to_vec(&map).unwrap();
        let mut restored: Map = rmp_serde::from_slice(&bytes).unwrap();
        assert_eq!(rmp_serde::to_vec(&restored).unwrap(), bytes, "though its ordinals began anew");
        assert!((0..4000).all(|n| restored.get(n) == map.get(n)));
        for map in [&mut map, &mut restored] {
            assert!(!map.insert(3999, String::new(), at(4000)));
            (4000..5000).for_each(|n| assert!(map.insert(n, n.to_string(), at(n.into()))));
            map.expire(at(5000), Some(1200));
        }
        assert_eq!(rmp_serde::to_vec(&map).unwrap(), rmp_serde::to_vec(&restored).unwrap());
    }

    #[test]
    fn what_no_map_was_is_refused() {
        let read = |entries: &[(i64, u32)], max: usize| {
            let entries: Vec<_> = entries.iter().map(|(millis, key)| (at(*millis), *key, "")).collect();
            let map = rmp_serde::from_slice::<Map>(&rmp_serde::to_vec(&(entries, max)).unwrap());
            map.map(|map| map.len()).map_err(|error| error.to_string())
        };
        assert_eq!(read(&[(1, 1), (1, 2)], 2), Ok(2));
        for (damaged, entries, max) in [
            (Damaged::TooMany, [(1, 1), (1, 2)], 1),
            (Damaged::Twice, [(1, 1), (1, 1)], 2),
            (Damaged::Order, [(2, 1), (1, 2)], 2),
        ] {
            assert_eq!(read(&entries, max), Err(damaged.to_string()));
        }
    }

    #[test]
    fn what_others_see_and_what_waits_for_them_does_not_show() {
        let [mut plain, mut seen] = [(); 2].map(|()| SharedMap::<u32, u32>::default());
        let mut views = Vec::new();
        for n in 0..100 {
            for map in [&mut plain, &mut seen] {
                map.expire(at(n.into()), Some(40));
                let vacancy = map.look(n % 70).unwrap_err();
                map.fill(vacancy, n, at(n.into()));
            }
            views.push(seen.view());
        }
        let bytes = rmp_serde::to_vec(&plain).unwrap();
        assert_eq!(rmp_serde::to_vec(&seen).unwrap(), bytes, "forgotten, though views have it");
        let looking = seen.map.read().unwrap().len();
        let held = std::sync::Arc::clone(&seen.map);
        let guard = held.read().unwrap();
        for map in [&mut plain, &mut seen] {
            let vacancy = map.look(1000).unwrap_err();
            map.fill(vacancy, 7, at(100));
        }
        assert_eq!(guard.len(), looking, "it waits");
        let bytes = rmp_serde::to_vec(&plain).unwrap();
        assert_eq!(rmp_serde::to_vec(&seen).unwrap(), bytes);
        let mut restored: SharedMap<u32, u32> = rmp_serde::from_slice(&bytes).unwrap();
        assert_eq!(
            (restored.look(1000).ok(), restored.look(29).ok(), restored.look(59).ok()),
            (Some(7), Some(99), None)
        );
        restored.expire(at(139), Some(40));
        assert_eq!((restored.look(29).ok(), restored.look(1000).ok()), (None, Some(7)));
    }

    #[test]
    fn the_newest_come_back() {
        let mut map = NewestMap::newest(2);
        (1..=3).for_each(|n| map.insert(n, Arc::new(n * 10)));
        let bytes = rmp_serde::to_vec(&map).unwrap();
        let mut restored: NewestMap<i32, i32> = rmp_serde::from_slice(&bytes).unwrap();
        restored.insert(4, Arc::new(40));
        assert_eq!(restored.before(9).map(|value| **value).collect::<Vec<_>>(), [40, 30]);
    }
}
