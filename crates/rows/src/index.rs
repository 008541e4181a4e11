//! Numbers of things, found by the things' keys.

mod table;

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::mem;

use self::table::{Slot, Table};

/// Numbers that a table holds on average, before there is one more.
const PER_TABLE: usize = 384;

/// The numbers of things that are elsewhere, by the key of each: it holds hashes and numbers, and whoever looks says
/// which thing is meant. Looked up, never walked.
///
/// Hashes have a key of their own, drawn at random: what is hashed may come from outside.
///
/// A hash table that doubles moves all there is for the sake of one insertion: a second at ten million. Here are
/// many small ones, by linear hashing (W. Litwin, 1980): once they are full on average, one more is added, and takes
/// over its share of one of those there are; as they empty, the last gives back what it has. So an insertion or a
/// removal moves what a few tables hold at worst, however many there are, and memory follows their number: 10 to 13
/// bytes for each while there are ever more, twice that at most as they go.
///
/// Hashes are kept, 4 of those bytes, because to hash things again when numbers are moved would be to visit them at
/// random: an insertion took more than twice as long, at a million and at ten.
#[derive(Clone, Debug)]
pub struct Index {
    /// One or more.
    tables: Vec<Table>,
    len: usize,
    hasher: RandomState,
}

/// The hash of a key in one [`Index`], so that looking for a thing and adding it hash its key once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct KeyHash(u32);

impl Default for Index {
    fn default() -> Index {
        Index { tables: vec![Table::default()], len: 0, hasher: RandomState::new() }
    }
}

impl Index {
    /// The hash of a key.
    pub fn hash(&self, key: &impl Hash) -> KeyHash {
        // The greatest stands for none.
        KeyHash((self.hasher.hash_one(key) as u32).min(u32::MAX - 1))
    }

    /// The number of the thing that is meant, whose key has this hash.
    pub fn find(&self, hash: KeyHash, is_meant: impl FnMut(u32) -> bool) -> Option<u32> {
        self.tables[self.table_of(hash)].find(hash, is_meant)
    }

    /// Adds the number of a thing that is not there, whose key has this hash.
    pub fn insert(&mut self, hash: KeyHash, number: u32) {
        if self.len >= self.tables.len() * PER_TABLE {
            self.split();
        }
        let table = self.table_of(hash);
        self.tables[table].insert(Slot { hash, number });
        self.len += 1;
    }

    /// Removes the number of a thing whose key has this hash.
    pub fn remove(&mut self, hash: KeyHash, number: u32) {
        let table = self.table_of(hash);
        if self.tables[table].remove(Slot { hash, number }) {
            self.len -= 1;
        }
        // Half of what they were split at, so that a number that goes up and down does not split and merge each time.
        if self.len < (self.tables.len() - 1) * PER_TABLE / 2 {
            self.merge();
        }
    }

    /// The table that a hash belongs to: its number is the lowest bits of the hash, so many as the tables need, or one
    /// less where there is no such table yet.
    fn table_of(&self, KeyHash(hash): KeyHash) -> usize {
        let mask = self.tables.len().next_power_of_two() - 1;
        let number = hash as usize & mask;
        if number < self.tables.len() { number } else { number & (mask >> 1) }
    }

    /// Adds a table, which takes over its share of the one that had both.
    fn split(&mut self) {
        let added = self.tables.len();
        let shared = sibling(added);
        self.tables.push(Table::default());
        let both = mem::take(&mut self.tables[shared]);
        for table in [shared, added] {
            let share = || both.iter().filter(|slot| self.table_of(slot.hash) == table);
            self.tables[table] = Table::of(share(), share().count());
        }
    }

    /// Removes the last of several tables; the one that it was split from takes what it has.
    fn merge(&mut self) {
        let Some(last) = self.tables.pop() else { return };
        let shared = sibling(self.tables.len());
        let shared = &mut self.tables[shared];
        let mut both: Vec<Slot> = shared.iter().chain(last.iter()).collect();
        both.sort_by_key(|slot| slot.hash);
        let len = both.len();
        *shared = Table::of(both.into_iter(), len);
    }

    /// Bytes that are allocated for it.
    pub fn allocated_bytes(&self) -> usize {
        let slots: usize = self.tables.iter().map(Table::room).sum();
        slots * size_of::<Slot>() + self.tables.capacity() * size_of::<Table>()
    }
}

/// The table that table `number`, which is not the first, is split from: it has the same lower bits.
fn sibling(number: usize) -> usize {
    number ^ (1 << number.ilog2())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: u32 = 100_000;

    /// Of `MurmurHash3`.
    fn hash(number: u32) -> KeyHash {
        let mixed = (number ^ (number >> 16)).wrapping_mul(0x85eb_ca6b);
        let mixed = (mixed ^ (mixed >> 13)).wrapping_mul(0xc2b2_ae35);
        KeyHash(mixed ^ (mixed >> 16))
    }

    fn find(index: &Index, number: u32) -> bool {
        index.find(hash(number), |held| held == number).is_some()
    }

    #[test]
    fn each_is_found_while_tables_split_and_merge() {
        let mut index = Index::default();
        for n in 0..MANY {
            assert!(!find(&index, n));
            index.insert(hash(n), n);
            assert!(find(&index, n) && find(&index, n / 2));
        }
        assert!(index.tables.len() > 200 && (0..MANY).all(|n| find(&index, n)));
        for n in 0..MANY {
            index.remove(hash(n), n);
            assert!(!find(&index, n) && (n + 1 == MANY || find(&index, u32::midpoint(n, MANY))));
        }
        assert_eq!((index.len, index.tables.len()), (0, 1));
        assert!(index.allocated_bytes() < 20_000, "{}", index.allocated_bytes());
    }

    #[test]
    fn those_of_one_hash_are_told_apart() {
        let mut index = Index::default();
        (0..2000).for_each(|n| index.insert(KeyHash(7), n));
        (0..2000).step_by(2).for_each(|n| index.remove(KeyHash(7), n));
        for n in 0..2000 {
            assert_eq!(index.find(KeyHash(7), |held| held == n), (n % 2 == 1).then_some(n));
        }
    }

    /// All that a step moves is in two tables at most, and it splits or merges one at most.
    #[test]
    fn no_table_holds_much_more_than_its_share() {
        let mut index = Index::default();
        let check = |index: &Index, tables: usize| {
            assert!(index.tables.len().abs_diff(tables) <= 1);
            if index.tables.len() != tables {
                let longest = index.tables.iter().map(Table::room).max();
                assert!(longest.is_some_and(|slots| slots < 4 * PER_TABLE), "{longest:?}");
            }
        };
        for n in 0..MANY {
            let tables = index.tables.len();
            index.insert(hash(n), n);
            check(&index, tables);
        }
        for n in 0..MANY {
            let tables = index.tables.len();
            index.remove(hash(n), n);
            check(&index, tables);
        }
    }

    #[test]
    fn those_that_come_and_go_take_no_more_than_at_first() {
        let mut index = Index::default();
        for n in 0..2 * MANY {
            index.insert(hash(n), n);
            if let Some(old) = n.checked_sub(MANY / 10) {
                index.remove(hash(old), old);
            }
            if n % 1000 == 999 {
                let bytes = index.allocated_bytes();
                assert!(bytes <= index.len * 26 + 1000, "{bytes} for {}", index.len);
            }
        }
    }
}
