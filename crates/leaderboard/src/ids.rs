//! The keys of portfolios, which are given once and for all.
//!
//! A table that is only added to, so that whoever looks needs no view of it:
//! whether a portfolio was ranked as of a view its key tells, which then is one
//! of the view's. It is in parts, each of which doubles by itself: no one
//! addition takes long.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, Ordering};

use hub_core::PortfolioId;
use hub_fanout::Latest;

/// Parts, as a power of two.
const PART_BITS: u32 = 9;
/// Slots that a part begins with.
const FIRST_SLOTS: usize = 8;

/// Slots of keys, each where its hash says or, if that one is taken, in the next
/// that was free: the lower half of the hash, then the key's successor, since 0
/// is a free slot.
type Slots = Box<[AtomicU64]>;

/// Keys by ids, for all threads.
pub(crate) struct Ids {
    parts: Box<[Latest<Slots>]>,
    /// Its key is random: ids come from outside.
    hasher: RandomState,
}

/// The keys given so far, for the thread that gives them.
#[derive(Default)]
pub(crate) struct Given {
    /// Of each part.
    counts: Vec<usize>,
    next: u32,
}

impl Default for Ids {
    fn default() -> Ids {
        let parts = (0..1 << PART_BITS).map(|_| Latest::new(empty(FIRST_SLOTS))).collect();
        Ids { parts, hasher: RandomState::new() }
    }
}

impl Ids {
    /// Finds something by the key of a portfolio, given a way that tells whether a
    /// key is that of this one.
    pub(crate) fn find<T>(&self, id: PortfolioId, by_key: impl Fn(u32) -> Option<T>) -> Option<T> {
        let hash = self.hasher.hash_one(id);
        self.parts[part(hash)].look(|slots| {
            let mut index = start(hash, slots);
            loop {
                let slot = slots[index].load(Ordering::Acquire);
                let key = (slot as u32).checked_sub(1)?;
                if slot >> 32 == hash & u64::from(u32::MAX)
                    && let Some(found) = by_key(key)
                {
                    return Some(found);
                }
                index = (index + 1) & (slots.len() - 1);
            }
        })
    }

    /// Gives a portfolio that has none a key: the number of those that have.
    pub(crate) fn add(&self, given: &mut Given, id: PortfolioId) -> u32 {
        let (hash, key) = (self.hasher.hash_one(id), given.next);
        given.next += 1;
        given.counts.resize(self.parts.len(), 0);
        let index = part(hash);
        let (part, count) = (&self.parts[index], &mut given.counts[index]);
        *count += 1;
        let is_full = part.look(|slots| *count * 4 > slots.len() * 3);
        if is_full {
            part.set(part.look(doubled));
        }
        part.look(|slots| put(slots, hash << 32 | u64::from(key + 1)));
        key
    }
}

fn part(hash: u64) -> usize {
    (hash >> (u64::BITS - PART_BITS)) as usize
}

/// By the lower half alone, which is what a slot remembers.
fn start(hash: u64, slots: &Slots) -> usize {
    hash as u32 as usize & (slots.len() - 1)
}

fn put(slots: &Slots, slot: u64) {
    let mut index = start(slot >> 32, slots);
    while slots[index].load(Ordering::Relaxed) != 0 {
        index = (index + 1) & (slots.len() - 1);
    }
    slots[index].store(slot, Ordering::Release);
}

fn doubled(slots: &Slots) -> Slots {
    let more = empty(slots.len() * 2);
    let taken = slots.iter().map(|slot| slot.load(Ordering::Relaxed)).filter(|slot| *slot != 0);
    taken.for_each(|slot| put(&more, slot));
    more
}

fn empty(count: usize) -> Slots {
    (0..count).map(|_| AtomicU64::new(0)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn id(n: u32) -> PortfolioId {
        PortfolioId::from_bytes(u128::from(n).to_be_bytes())
    }

    fn find(ids: &Ids, n: u32) -> Option<u32> {
        // All keys are those of the number that they were given for.
        ids.find(id(n), |key| (key == n).then_some(key))
    }

    #[test]
    fn each_id_has_the_key_that_it_was_given_and_others_have_none() {
        const IDS: u32 = 50_000;
        let (ids, mut given) = (Arc::new(Ids::default()), Given::default());
        std::thread::scope(|scope| {
            for n in 0..IDS {
                assert_eq!(find(&ids, n), None);
                assert_eq!(ids.add(&mut given, id(n)), n);
                if n % (IDS / 4) == 0 {
                    // Whoever has a key finds it, whatever is added meanwhile.
                    let ids = Arc::clone(&ids);
                    scope.spawn(move || (0..=n).for_each(|n| assert_eq!(find(&ids, n), Some(n))));
                }
            }
        });
        (0..IDS).for_each(|n| assert_eq!(find(&ids, n), Some(n)));
        assert_eq!(find(&ids, IDS), None);
    }
}
