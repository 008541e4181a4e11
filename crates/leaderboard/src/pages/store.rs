//! Pages by number, in blocks that never move.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Pages of a block, which are made at once.
const BLOCK: u32 = 256;
/// Blocks of a shelf, and shelves: together all that a `u32` counts.
const SHELF: u32 = 4096;
const SHELVES: u32 = 4096;

/// Nobody ever waits for the lock: no view sees what is being edited.
#[derive(Default)]
struct Page<T> {
    content: RwLock<T>,
    /// The age in which it came into use, for the thread that edits.
    born: AtomicU64,
}

type Block<T> = Box<[Page<T>]>;

/// Pages by number.
pub(crate) struct Store<T> {
    shelves: Box<[OnceLock<Shelf<T>>]>,
}

type Shelf<T> = Box<[OnceLock<Block<T>>]>;

impl<T: Default> Store<T> {
    /// Reads a page.
    pub(crate) fn read(&self, number: u32) -> RwLockReadGuard<'_, T> {
        // Every edit leaves the page whole, panicking or not.
        self.page(number).content.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Edits a page that no view sees.
    pub(crate) fn write(&self, number: u32) -> RwLockWriteGuard<'_, T> {
        self.page(number).content.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The age in which a page came into use.
    pub(super) fn born(&self, number: u32) -> u64 {
        self.page(number).born.load(Ordering::Relaxed)
    }

    /// A page comes into use.
    pub(super) fn bear(&self, number: u32, age: u64) {
        self.page(number).born.store(age, Ordering::Relaxed);
    }

    fn page(&self, number: u32) -> &Page<T> {
        let index = number / BLOCK;
        let blocks = self.shelves[(index / SHELF) as usize].get_or_init(|| empty(SHELF));
        let pages = || (0..BLOCK).map(|_| Page::default()).collect();
        &blocks[(index % SHELF) as usize].get_or_init(pages)[(number % BLOCK) as usize]
    }
}

fn empty<T>(count: u32) -> Box<[OnceLock<T>]> {
    (0..count).map(|_| OnceLock::new()).collect()
}

impl<T> Default for Store<T> {
    fn default() -> Store<T> {
        Store { shelves: empty(SHELVES) }
    }
}
