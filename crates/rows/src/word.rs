//! The words of a row as two threads share them: written by one, read by others without waiting for it.

use std::sync::atomic::{self, AtomicU64, Ordering};
use std::{hint, thread};

use crate::row::Stored;

/// Words in front of a row's own.
pub(crate) const HEAD_WORDS: usize = 3;

/// Places of the head's words.
const STAMP: usize = 0;
const VERSION: usize = 1;
const LINKS: usize = 2;

/// In place of a stamp: the row is being written.
const BUSY: u64 = u64::MAX;

/// An atomic word: the processor's, or that of a test which goes through all orders in which it may be seen.
pub(crate) trait Word {
    fn load(&self, ordering: Ordering) -> u64;
    fn store(&self, value: u64, ordering: Ordering);
    /// Puts `new` in the place of `old`, if that is what is there.
    fn replace(&self, old: u64, new: u64) -> bool;
    fn fence(ordering: Ordering);
    /// Lets the writer come to an end, after so many looks in vain.
    fn pause(looks: u32);
}

/// Looks after which the writer's thread is taken for one that does not run.
const SPINS: u32 = 64;

impl Word for AtomicU64 {
    fn load(&self, ordering: Ordering) -> u64 {
        AtomicU64::load(self, ordering)
    }

    fn store(&self, value: u64, ordering: Ordering) {
        AtomicU64::store(self, value, ordering);
    }

    fn replace(&self, old: u64, new: u64) -> bool {
        self.compare_exchange(old, new, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    fn fence(ordering: Ordering) {
        atomic::fence(ordering);
    }

    fn pause(looks: u32) {
        if looks < SPINS { hint::spin_loop() } else { thread::yield_now() }
    }
}

/// Writes a row that readers may be reading: the only writer's.
///
/// Whoever reads one of the new words finds, behind the fences, that the stamp is not the one it began with, or, where
/// one record writes a row twice, that it is younger than its view.
pub(crate) fn write<W: Word, const N: usize>(cells: &[W], row: &Stored<N>) {
    cells[STAMP].store(BUSY, Ordering::Relaxed);
    W::fence(Ordering::Release);
    cells[VERSION].store(row.version, Ordering::Relaxed);
    cells[LINKS].store(u64::from(row.aside) << 32 | u64::from(row.older), Ordering::Relaxed);
    for (cell, word) in cells[HEAD_WORDS..].iter().zip(row.words) {
        cell.store(word, Ordering::Relaxed);
    }
    cells[STAMP].store(row.stamp, Ordering::Release);
}

/// Reads a row that may be written meanwhile: all of one write.
///
/// A row may be written twice with one stamp, for one record, and be read half before and half after: then the stamp
/// is younger than the view of whoever reads, and of all that it read only the link counts, which the second write
/// leaves as it is. A view of that record is taken after both.
pub(crate) fn read<W: Word, const N: usize>(cells: &[W]) -> Stored<N> {
    let mut looks = 0;
    loop {
        let stamp = cells[STAMP].load(Ordering::Acquire);
        if stamp != BUSY {
            let row = load(cells, stamp);
            W::fence(Ordering::Acquire);
            if cells[STAMP].load(Ordering::Relaxed) == stamp {
                return row;
            }
        }
        W::pause(looks);
        looks = looks.saturating_add(1);
    }
}

/// Reads a row that nobody writes: the writer's own, or a copy that was kept.
pub(crate) fn load_at_rest<W: Word, const N: usize>(cells: &[W]) -> Stored<N> {
    load(cells, cells[STAMP].load(Ordering::Relaxed))
}

fn load<W: Word, const N: usize>(cells: &[W], stamp: u64) -> Stored<N> {
    let links = cells[LINKS].load(Ordering::Relaxed);
    let mut words = [0; N];
    for (word, cell) in words.iter_mut().zip(&cells[HEAD_WORDS..]) {
        *word = cell.load(Ordering::Relaxed);
    }
    let version = cells[VERSION].load(Ordering::Relaxed);
    Stored { stamp, version, older: links as u32, aside: (links >> 32) as u32, words }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use loom::sync::atomic as model;
    use loom::thread as model_thread;

    use super::*;

    impl Word for model::AtomicU64 {
        fn load(&self, ordering: Ordering) -> u64 {
            model::AtomicU64::load(self, ordering)
        }

        fn store(&self, value: u64, ordering: Ordering) {
            model::AtomicU64::store(self, value, ordering);
        }

        fn replace(&self, old: u64, new: u64) -> bool {
            self.compare_exchange(old, new, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        }

        fn fence(ordering: Ordering) {
            model::fence(ordering);
        }

        fn pause(_: u32) {
            model_thread::yield_now();
        }
    }

    fn cells() -> Vec<model::AtomicU64> {
        (0..HEAD_WORDS + 2).map(|_| model::AtomicU64::new(0)).collect()
    }

    fn row(stamp: u64, older: u32) -> Stored<2> {
        Stored { stamp, version: stamp, older, aside: 7, words: [10 * stamp, 10 * stamp + 1] }
    }

    #[test]
    fn what_is_read_is_of_one_write() {
        loom::model(|| {
            let cells = Arc::new(cells());
            write(&cells, &row(1, 0));
            let writer = {
                let cells = Arc::clone(&cells);
                model_thread::spawn(move || write(&cells, &row(2, 1)))
            };
            let read: Stored<2> = read(&cells);
            assert!(read == row(1, 0) || read == row(2, 1), "{read:?}");
            writer.join().unwrap();
        });
    }

    /// Two writes of one record, the first of which keeps a copy: whoever reads for a view from before gets what the
    /// view has.
    #[test]
    fn a_view_from_before_finds_its_row_though_one_record_writes_it_twice() {
        loom::model(|| {
            let (cells, kept) = (Arc::new(cells()), Arc::new(cells()));
            write(&cells, &row(1, 0));
            let writer = {
                let (cells, kept) = (Arc::clone(&cells), Arc::clone(&kept));
                model_thread::spawn(move || {
                    write(&kept, &load_at_rest::<_, 2>(&cells));
                    write(&cells, &row(2, 1));
                    write(&cells, &Stored { words: [30, 31], ..row(2, 1) });
                })
            };
            let mut found: Stored<2> = read(&cells);
            if found.stamp > 1 {
                assert_eq!(found.older, 1);
                found = load_at_rest(&kept);
            }
            assert_eq!(found, row(1, 0));
            writer.join().unwrap();
        });
    }
}
