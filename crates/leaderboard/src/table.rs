//! A table of values by dense keys, in pages.

use std::sync::Arc;

use crate::pages::{Pages, Store};

/// Values, or children, of a page, as a power of two.
const BITS: u32 = 5;
const WIDTH: usize = 1 << BITS;

/// Values or the numbers of the pages below.
#[derive(Clone, Copy)]
pub(crate) struct Entries([u32; WIDTH]);

/// An entry for which there is nothing yet.
const NONE: u32 = u32::MAX;

impl Default for Entries {
    fn default() -> Entries {
        Entries([NONE; WIDTH])
    }
}

/// Values by keys from 0, without gaps: the number of its root, as it was when
/// it was put aside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    root: u32,
    /// Levels of pages above those that have values.
    levels: u32,
    len: u32,
}

/// The pages of tables, as the thread that edits them has them.
#[derive(Default)]
pub(crate) struct TablePages {
    pages: Pages<Entries>,
    age: u64,
}

impl TablePages {
    /// A table without values.
    pub(crate) fn table(&mut self) -> Table {
        Table { root: self.pages.add(Entries::default(), self.age), levels: 0, len: 0 }
    }

    /// The way to read them.
    pub(crate) fn store(&self) -> &Arc<Store<Entries>> {
        self.pages.store()
    }

    /// A view was taken: `age` begins, and pages that only views from before
    /// `oldest` saw are used again.
    pub(crate) fn begin(&mut self, age: u64, oldest: u64) {
        self.age = age;
        self.pages.release(oldest);
    }
}

impl Table {
    /// The number of values.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// The value with this key.
    pub(crate) fn get(&self, store: &Store<Entries>, key: u32) -> Option<u32> {
        if key >= self.len {
            return None;
        }
        let mut entry = self.root;
        for level in (0..=self.levels).rev() {
            entry = store.read(entry).0[index(key, level)];
        }
        Some(entry)
    }

    /// Adds a value; gives its key.
    pub(crate) fn push(&mut self, pages: &mut TablePages, value: u32) -> u32 {
        let key = self.len;
        self.len += 1;
        if u64::from(key) >> (BITS * (self.levels + 1)) > 0 {
            let mut entries = Entries::default();
            entries.0[0] = self.root;
            self.root = pages.pages.add(entries, pages.age);
            self.levels += 1;
        }
        self.set(pages, key, value);
        key
    }

    /// Replaces the value with a key.
    pub(crate) fn set(&mut self, pages: &mut TablePages, key: u32, value: u32) {
        self.root = pages.set(self.root, self.levels, key, value);
    }
}

impl TablePages {
    /// Gives the page that is there instead.
    fn set(&mut self, page: u32, level: u32, key: u32, value: u32) -> u32 {
        let page = self.pages.own(page, self.age);
        let index = index(key, level);
        let entry = if level == 0 {
            value
        } else {
            let below = match self.pages.read(page).0[index] {
                NONE => None,
                below => Some(below),
            };
            let below = below.unwrap_or_else(|| self.pages.add(Entries::default(), self.age));
            self.set(below, level - 1, key, value)
        };
        self.pages.write(page).0[index] = entry;
        page
    }
}

/// The entry that leads to a key.
fn index(key: u32, level: u32) -> usize {
    (key >> (BITS * level)) as usize % WIDTH
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pages::Views;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_table_that_was_put_aside_never_changes(
            // Some of more than two levels of pages, and the steps past their ends.
            first in prop_oneof![0..70_u32, 1000..1100_u32], steps in prop::collection::vec((any::<u32>(), 0..3), 0..300),
        ) {
            let (mut pages, mut views) = (TablePages::default(), Views::default());
            let (mut table, mut model) = (pages.table(), Vec::new());
            let mut aside = vec![];
            for value in 0..first {
                prop_assert_eq!(table.push(&mut pages, value), value);
                model.push(value);
            }
            for (number, step) in steps {
                match (step, model.len() as u32) {
                    (0, _) | (_, 0) => {
                        prop_assert_eq!(table.push(&mut pages, number >> 1), model.len() as u32);
                        model.push(number >> 1);
                    }
                    (1, len) => {
                        table.set(&mut pages, number % len, number >> 1);
                        model[(number % len) as usize] = number >> 1;
                    }
                    _ => {
                        aside.push((table, model.clone(), views.take()));
                        pages.begin(views.age(), views.oldest());
                    }
                }
            }
            aside.push((table, model, views.take()));
            for (table, model, _) in &aside {
                let read = |key| table.get(pages.store(), key);
                prop_assert!((0..model.len() as u32).map(|key| read(key).unwrap()).eq(model.iter().copied()));
                prop_assert_eq!(read(model.len() as u32), None);
            }
        }
    }
}
