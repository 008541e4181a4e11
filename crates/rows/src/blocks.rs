//! Cells that are added to and never move.

use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;

/// Entries of a block: as many as are zeroed at once, which is part of an edit.
const BLOCK_ENTRIES: u32 = 1024;

/// Blocks of a shelf, and shelves: together all that a `u32` counts.
const SHELF_BLOCKS: u32 = 2048;
const SHELVES: u32 = 2048;

type Block<C> = Box<[C]>;
type Shelf<C> = Box<[OnceLock<Block<C>>]>;

/// Entries of so many cells each, words by default, by dense indexes.
///
/// The writer makes a block when it first needs it; readers follow two pointers to an entry, without waiting.
pub(crate) struct Blocks<C = AtomicU64> {
    entry_cells: usize,
    shelves: Box<[OnceLock<Shelf<C>>]>,
}

impl<C: Default> Blocks<C> {
    pub(crate) fn of(entry_cells: usize) -> Blocks<C> {
        Blocks { entry_cells, shelves: empty(SHELVES) }
    }

    /// The entry, if its block was made.
    pub(crate) fn get(&self, index: u32) -> Option<&[C]> {
        let (place, within) = place(index);
        let block = self.shelves[place].get()?[within].get()?;
        Some(self.entry(block, index))
    }

    /// The entry, for which a block of zeros is made if there is none.
    pub(crate) fn make(&self, index: u32) -> &[C] {
        let (place, within) = place(index);
        let blocks = self.shelves[place].get_or_init(|| empty(SHELF_BLOCKS));
        let zeros = || (0..BLOCK_ENTRIES as usize * self.entry_cells).map(|_| C::default()).collect();
        self.entry(blocks[within].get_or_init(zeros), index)
    }

    fn entry<'b>(&self, block: &'b Block<C>, index: u32) -> &'b [C] {
        let start = (index % BLOCK_ENTRIES) as usize * self.entry_cells;
        &block[start..start + self.entry_cells]
    }
}

/// The shelf, and the block on it.
fn place(index: u32) -> (usize, usize) {
    let block = index / BLOCK_ENTRIES;
    ((block / SHELF_BLOCKS) as usize, (block % SHELF_BLOCKS) as usize)
}

fn empty<T>(count: u32) -> Box<[OnceLock<T>]> {
    (0..count).map(|_| OnceLock::new()).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;

    #[test]
    fn an_entry_keeps_its_place_and_the_last_index_has_one() {
        let blocks = Blocks::<AtomicU64>::of(2);
        assert!(blocks.get(0).is_none());
        for index in [0, 1, BLOCK_ENTRIES - 1, BLOCK_ENTRIES, BLOCK_ENTRIES * SHELF_BLOCKS, u32::MAX] {
            let entry = blocks.make(index);
            assert_eq!(entry.iter().map(|word| word.load(Relaxed)).collect::<Vec<_>>(), [0, 0]);
            entry[1].store(u64::from(index) + 1, Relaxed);
        }
        for index in [0, 1, BLOCK_ENTRIES - 1, BLOCK_ENTRIES, BLOCK_ENTRIES * SHELF_BLOCKS, u32::MAX] {
            let (made, got) = (blocks.make(index), blocks.get(index).unwrap());
            assert!(std::ptr::eq(made, got));
            assert_eq!((got[0].load(Relaxed), got[1].load(Relaxed)), (0, u64::from(index) + 1));
        }
    }
}
