//! Ordinals, found by a hash.

use std::mem;

use hashbrown::HashTable;

/// Ordinals that a table holds on average, before there is one more.
const PER_TABLE: usize = 384;

/// The ordinals of things that are elsewhere, by a hash of each.
///
/// A hash table that doubles moves all there is for the sake of one insertion: a second at ten million. Here are
/// many small ones, by linear hashing (W. Litwin, 1980): once they are full on average, one more is added, and takes
/// over its share of one of those there are; as they empty, the last gives back what it has. So an insertion or a
/// removal moves what a few tables hold at worst, however many there are, and memory follows their number: 10 to 20
/// bytes for each.
///
/// Hashes are kept, 4 of those bytes, because to hash things again when ordinals are moved would be to visit them at
/// random: an insertion took more than twice as long, at a million and at ten.
#[derive(Clone, Debug)]
pub(super) struct Ordinals {
    /// One or more.
    tables: Vec<HashTable<Slot>>,
    len: usize,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    ordinal: u32,
}

impl Ordinals {
    /// None yet.
    pub(super) fn new() -> Ordinals {
        Ordinals { tables: vec![HashTable::new()], len: 0 }
    }

    /// The ordinal with this hash that is meant.
    pub(super) fn find(&self, hash: u32, is_meant: impl Fn(u32) -> bool) -> Option<u32> {
        let is_it = |slot: &Slot| slot.hash == hash && is_meant(slot.ordinal);
        self.tables[self.table_of(hash)].find(spread(hash), is_it).map(|slot| slot.ordinal)
    }

    /// Adds an ordinal that is not there.
    pub(super) fn insert(&mut self, hash: u32, ordinal: u32) {
        if self.len >= self.tables.len() * PER_TABLE {
            self.split();
        }
        let table = self.table_of(hash);
        let held = self.tables[table].len();
        // Removed ones leave marks behind, which take room, too: by itself the table would double all the same.
        if held == self.tables[table].capacity() {
            self.rebuild(table, with_room_to_grow(held));
        }
        self.place(Slot { hash, ordinal });
        self.len += 1;
    }

    /// Removes an ordinal.
    pub(super) fn remove(&mut self, hash: u32, ordinal: u32) {
        let table = self.table_of(hash);
        if let Ok(found) = self.tables[table].find_entry(spread(hash), |slot| slot.ordinal == ordinal) {
            found.remove();
            self.len -= 1;
        }
        // Half of what they were split at, so that a number that goes up and down does not split and merge each time.
        if self.len < (self.tables.len() - 1) * PER_TABLE / 2 {
            self.merge();
        }
    }

    /// The table that a hash belongs to: its number is the lowest bits of the hash, so many as the tables need, or one
    /// less where there is no such table yet.
    fn table_of(&self, hash: u32) -> usize {
        let mask = self.tables.len().next_power_of_two() - 1;
        let number = hash as usize & mask;
        if number < self.tables.len() { number } else { number & (mask >> 1) }
    }

    /// Adds a table, which takes over its share of the one that had both.
    fn split(&mut self) {
        let shared = sibling(self.tables.len());
        let half = self.tables[shared].len().div_ceil(2);
        self.tables.push(HashTable::with_capacity(half));
        self.rebuild(shared, half);
    }

    /// Removes the last of several tables; the one that it was split from takes what it has.
    fn merge(&mut self) {
        let Some(last) = self.tables.pop() else { return };
        let shared = sibling(self.tables.len());
        let both = self.tables[shared].len() + last.len();
        self.rebuild(shared, with_room_to_grow(both));
        for slot in last {
            self.place(slot);
        }
    }

    /// Makes a table anew, for so many slots; those it had go where they belong now.
    fn rebuild(&mut self, table: usize, room: usize) {
        let slots = mem::replace(&mut self.tables[table], HashTable::with_capacity(room));
        for slot in slots {
            self.place(slot);
        }
    }

    fn place(&mut self, slot: Slot) {
        let table = self.table_of(slot.hash);
        self.tables[table].insert_unique(spread(slot.hash), slot, |slot| spread(slot.hash));
    }

    /// Bytes that are allocated for it.
    #[cfg(test)]
    pub(super) fn allocated_bytes(&self) -> usize {
        let tables: usize = self.tables.iter().map(HashTable::allocation_size).sum();
        tables + self.tables.capacity() * size_of::<HashTable<Slot>>()
    }
}

/// The hash within a table, whose slots have the lowest bits of theirs in common: there the lowest and the highest of
/// this one count, and each is made of all.
fn spread(hash: u32) -> u64 {
    // By the golden ratio (Fibonacci hashing), which leaves the lowest bits to themselves.
    let product = u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ (product >> 32)
}

/// The table that table `number`, which is not the first, is split from: it has the same lower bits.
fn sibling(number: usize) -> usize {
    number ^ (1 << number.ilog2())
}

fn with_room_to_grow(slots: usize) -> usize {
    slots + slots / 8 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: u32 = 100_000;

    /// Of `MurmurHash3`.
    fn hash(ordinal: u32) -> u32 {
        let mixed = (ordinal ^ (ordinal >> 16)).wrapping_mul(0x85eb_ca6b);
        let mixed = (mixed ^ (mixed >> 13)).wrapping_mul(0xc2b2_ae35);
        mixed ^ (mixed >> 16)
    }

    fn find(ordinals: &Ordinals, ordinal: u32) -> bool {
        ordinals.find(hash(ordinal), |held| held == ordinal).is_some()
    }

    #[test]
    fn each_is_found_while_tables_split_and_merge() {
        let mut ordinals = Ordinals::new();
        for n in 0..MANY {
            assert!(!find(&ordinals, n));
            ordinals.insert(hash(n), n);
            assert!(find(&ordinals, n) && find(&ordinals, n / 2));
        }
        assert!(ordinals.tables.len() > 200 && (0..MANY).all(|n| find(&ordinals, n)));
        for n in 0..MANY {
            ordinals.remove(hash(n), n);
            assert!(!find(&ordinals, n) && (n + 1 == MANY || find(&ordinals, u32::midpoint(n, MANY))));
        }
        assert_eq!((ordinals.len, ordinals.tables.len()), (0, 1));
        assert!(ordinals.allocated_bytes() < 20_000, "{}", ordinals.allocated_bytes());
    }

    #[test]
    fn those_of_one_hash_are_told_apart() {
        let mut ordinals = Ordinals::new();
        (0..2000).for_each(|n| ordinals.insert(7, n));
        (0..2000).step_by(2).for_each(|n| ordinals.remove(7, n));
        for n in 0..2000 {
            assert_eq!(ordinals.find(7, |held| held == n), (n % 2 == 1).then_some(n));
        }
    }

    /// All that a step moves is in two tables at most, and it splits or merges one at most.
    #[test]
    fn no_table_holds_much_more_than_its_share() {
        let mut ordinals = Ordinals::new();
        let check = |ordinals: &Ordinals, tables: usize| {
            assert!(ordinals.tables.len().abs_diff(tables) <= 1);
            if ordinals.tables.len() != tables {
                let longest = ordinals.tables.iter().map(HashTable::capacity).max();
                assert!(longest.is_some_and(|slots| slots < 6 * PER_TABLE), "{longest:?}");
            }
        };
        for n in 0..MANY {
            let tables = ordinals.tables.len();
            ordinals.insert(hash(n), n);
            check(&ordinals, tables);
        }
        for n in 0..MANY {
            let tables = ordinals.tables.len();
            ordinals.remove(hash(n), n);
            check(&ordinals, tables);
        }
    }

    #[test]
    fn those_that_come_and_go_take_no_more_than_at_first() {
        let mut ordinals = Ordinals::new();
        for n in 0..2 * MANY {
            ordinals.insert(hash(n), n);
            if let Some(old) = n.checked_sub(MANY / 10) {
                ordinals.remove(hash(old), old);
            }
            if n % 1000 == 999 {
                let bytes = ordinals.allocated_bytes();
                assert!(bytes <= ordinals.len * 26 + 1000, "{bytes} for {}", ordinals.len);
            }
        }
    }
}
