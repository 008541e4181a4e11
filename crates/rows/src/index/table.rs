//! A short table of hashes and numbers.

use super::KeyHash;

/// A number, and the hash of the key of what it stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Slot {
    pub(super) hash: KeyHash,
    pub(super) number: u32,
}

/// No number. Its hash is above all others, so that a search ends there by itself.
const EMPTY: Slot = Slot { hash: KeyHash(u32::MAX), number: 0 };

/// Slots behind those that hashes name, for which there is room from the beginning: mostly enough.
const BEHIND: usize = 8;

/// Numbers in the order of their hashes, each in the place that its hash names or in the next free one after it
/// (ordered linear probing, O. Amble and D. Knuth, 1974): a search, in vain or not, is a short walk over neighbours,
/// mostly in one line of the cache.
#[derive(Clone, Default, Debug)]
pub(super) struct Table {
    /// Places that hashes name, and as many behind them as it took.
    slots: Vec<Slot>,
    /// The number of places that hashes name.
    places: u32,
    len: u32,
}

impl Table {
    /// A table of slots, so many and in the order of their hashes, with room for half as many more.
    pub(super) fn of(sorted: impl Iterator<Item = Slot>, len: usize) -> Table {
        let places = len + len / 2 + 1;
        let mut slots = Vec::with_capacity(places + BEHIND);
        slots.resize(places, EMPTY);
        let mut next = 0;
        for slot in sorted {
            let at = slot.hash.place(places as u32).max(next);
            if at == slots.len() {
                lengthen(&mut slots);
            }
            slots[at] = slot;
            next = at + 1;
        }
        Table { slots, places: places as u32, len: len as u32 }
    }

    /// The number of slots that are not empty.
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// Slots that are not empty, in the order of their hashes.
    pub(super) fn iter(&self) -> impl Iterator<Item = Slot> {
        self.slots.iter().copied().filter(|slot| *slot != EMPTY)
    }

    /// The number with this hash that is meant.
    pub(super) fn find(&self, hash: KeyHash, mut is_meant: impl FnMut(u32) -> bool) -> Option<u32> {
        let near = self.slots.get(hash.place(self.places)..)?;
        near.iter()
            .take_while(|slot| slot.hash <= hash)
            .find(|slot| slot.hash == hash && is_meant(slot.number))
            .map(|slot| slot.number)
    }

    /// Adds a slot behind those of its hash.
    pub(super) fn insert(&mut self, slot: Slot) {
        if 5 * u64::from(self.len) >= 4 * u64::from(self.places) {
            *self = Table::of(self.iter(), self.len());
        }
        let mut at = slot.hash.place(self.places);
        while self.slots.get(at).is_some_and(|other| other.hash <= slot.hash) {
            at += 1;
        }
        let free = self.slots.iter().skip(at).position(|slot| *slot == EMPTY);
        let free = free.map_or(self.slots.len(), |beyond| at + beyond);
        if free == self.slots.len() {
            lengthen(&mut self.slots);
        }
        self.slots.copy_within(at..free, at + 1);
        self.slots[at] = slot;
        self.len += 1;
    }

    /// Removes a slot; false if it is not there.
    pub(super) fn remove(&mut self, slot: Slot) -> bool {
        let first = slot.hash.place(self.places);
        let near = self.slots.iter().skip(first).take_while(|other| other.hash <= slot.hash);
        let Some(at) = near.into_iter().position(|other| *other == slot).map(|beyond| first + beyond) else {
            return false;
        };
        // Those behind it that are not in the place which their hash names move up.
        let behind = self.slots.iter().enumerate().skip(at + 1);
        let moved = behind
            .take_while(|(place, slot)| **slot != EMPTY && slot.hash.place(self.places) < *place)
            .count();
        self.slots.copy_within(at + 1..at + 1 + moved, at);
        self.slots[at + moved] = EMPTY;
        self.len -= 1;
        true
    }

    /// Places for slots, empty ones included.
    pub(super) fn room(&self) -> usize {
        self.slots.capacity()
    }
}

/// Adds an empty slot behind all others: by itself the memory would double.
fn lengthen(slots: &mut Vec<Slot>) {
    if slots.len() == slots.capacity() {
        slots.reserve_exact(BEHIND);
    }
    slots.push(EMPTY);
}

impl KeyHash {
    /// The place that it names among so many: by its highest bits, since its lowest choose the table.
    fn place(self, places: u32) -> usize {
        ((u64::from(self.0) * u64::from(places)) >> 32) as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Hashes near each other, at both ends of their range and in the middle.
    fn hash() -> impl Strategy<Value = KeyHash> {
        prop_oneof![0_u32..40, (1_u32 << 31)..(1 << 31) + 40, u32::MAX - 40..u32::MAX, any::<u32>()]
            .prop_map(|hash| KeyHash(hash.min(u32::MAX - 1)))
    }

    proptest! {
        #[test]
        fn a_table_has_what_a_plain_list_has(
            steps in prop::collection::vec((hash(), any::<prop::sample::Index>(), 0..3), 0..400),
        ) {
            let (mut table, mut model) = (Table::default(), Vec::new());
            for (number, (hash, which, step)) in (0..).zip(steps) {
                if step == 0 && !model.is_empty() {
                    let gone: Slot = model.swap_remove(which.index(model.len()));
                    prop_assert!(table.remove(gone) && !table.remove(gone));
                } else {
                    let slot = Slot { hash, number };
                    prop_assert!(!table.remove(slot));
                    table.insert(slot);
                    model.push(slot);
                }
                prop_assert_eq!(table.len(), model.len());
                for Slot { hash, number } in &model {
                    prop_assert_eq!(table.find(*hash, |it| it == *number), Some(*number));
                }
                prop_assert_eq!(table.find(hash, |_| false), None);
            }
            let mut sorted = model.clone();
            sorted.sort_by_key(|slot| (slot.hash, slot.number));
            let mut held: Vec<Slot> = table.iter().collect();
            prop_assert!(held.is_sorted_by_key(|slot| slot.hash));
            held.sort_by_key(|slot| (slot.hash, slot.number));
            prop_assert_eq!(held, sorted);
            prop_assert!(table.room() < 3 * model.len().max(100) + 100);
        }
    }
}
