//! Values beside a table.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use hub_core::Offset;

use crate::blocks::Blocks;
use crate::column::Column;
use crate::queue::Queue;

/// Values given back at most when a view is taken, and when one is put anywhere: nothing waits while all go that an old
/// view has held.
const RELEASED_BY_VIEW: usize = 1024;
const RELEASED_BY_EDIT: usize = 2;

type Cells<T> = Blocks<ArcSwapOption<T>>;

/// Values, each of which a row of a [table](crate::Rows) refers to by its number: what does not fit the row's words.
///
/// A value is not edited but replaced, by one with another number if a view may see it; the views of the table then find
/// the old number in their rows, and behind it the old value. So whoever has a view asks it for the row, takes the value,
/// and asks it once more: if the row is still there, so was the value.
pub struct Values<T> {
    cells: Arc<Cells<T>>,
    /// By number, the record that put the value there.
    stamps: Column<Offset>,
    retired: Queue<Retired>,
    free: Queue<u32>,
    /// No view needs what was retired up to here.
    released: Offset,
    /// The newest view.
    viewed: Offset,
    /// Bytes of all values that were ever retired.
    retired_bytes: u64,
}

/// A value that only views from before a record need.
#[derive(Clone, Debug)]
struct Retired {
    at: Offset,
    number: u32,
    /// Bytes of those that were retired before.
    bytes_before: u64,
}

/// Memory of a value.
pub trait Weight {
    /// Bytes, about, that go when it goes.
    fn bytes(&self) -> usize;
}

/// [`Values`] as others see them. Cheap to clone.
pub struct ValuesReader<T>(Arc<Cells<T>>);

impl<T> Default for Values<T> {
    fn default() -> Values<T> {
        Values {
            cells: Arc::new(Blocks::of(1)),
            stamps: Column::default(),
            retired: Queue::default(),
            free: Queue::default(),
            released: Offset::START,
            viewed: Offset::START,
            retired_bytes: 0,
        }
    }
}

impl<T> Clone for ValuesReader<T> {
    fn clone(&self) -> ValuesReader<T> {
        ValuesReader(Arc::clone(&self.0))
    }
}

impl<T> ValuesReader<T> {
    /// The value with this number: the one that is meant, if the view that the number is from has not expired by now.
    pub fn get(&self, number: u32) -> Option<Arc<T>> {
        self.0.get(number)?[0].load_full()
    }
}

impl<T: Weight> Values<T> {
    /// The way for others to read.
    pub fn reader(&self) -> ValuesReader<T> {
        ValuesReader(Arc::clone(&self.cells))
    }

    /// The value with this number.
    pub fn get(&self, number: u32) -> Option<Arc<T>> {
        self.cells.get(number)?[0].load_full()
    }

    /// Adds a value at the record `at`, which is younger than every view that was taken; its number.
    ///
    /// # Panics
    ///
    /// If there are 2^32 values.
    pub fn add(&mut self, at: Offset, value: Arc<T>) -> u32 {
        self.release(RELEASED_BY_EDIT);
        let number = self.free.pop_front().unwrap_or_else(|| {
            self.stamps.push(at);
            u32::try_from(self.stamps.len() - 1).expect("fewer values than numbers")
        });
        self.put(number, at, value);
        number
    }

    /// Puts a value in the place of another at the record `at`; the number that its row has from then on.
    pub fn replace(&mut self, number: u32, at: Offset, value: Arc<T>) -> u32 {
        if self.is_seen(number) {
            self.retire(number, at);
            return self.add(at, value);
        }
        self.put(number, at, value);
        number
    }

    /// Takes a value away at the record `at`: no row has its number from then on.
    pub fn remove(&mut self, number: u32, at: Offset) {
        if self.is_seen(number) { self.retire(number, at) } else { self.give_back(number) }
    }

    /// A view of the table was taken as of `at`, and `oldest` is the oldest that may live: gives back what no view needs.
    pub fn view(&mut self, at: Offset, oldest: Option<Offset>) {
        self.viewed = at;
        self.expire(oldest);
        self.release(RELEASED_BY_VIEW);
    }

    /// The oldest view that is left is `oldest`.
    pub fn expire(&mut self, oldest: Option<Offset>) {
        self.released = self.released.max(oldest.unwrap_or(self.viewed));
    }

    /// Memory of the values that are kept for views. O(log n).
    pub fn kept_bytes(&self) -> usize {
        let Some((first, _)) = self.retired.front() else { return 0 };
        let released = self.retired.partition_point(|retired| retired.at <= self.released);
        let oldest = self.retired.get(first.wrapping_add(released as u32));
        let bytes_before = oldest.map_or(self.retired_bytes, |oldest| oldest.bytes_before);
        (self.retired_bytes - bytes_before) as usize
    }

    fn put(&mut self, number: u32, at: Offset, value: Arc<T>) {
        self.stamps.set(number, at);
        self.cells.make(number)[0].store(Some(value));
    }

    /// True if a view may have the number.
    fn is_seen(&self, number: u32) -> bool {
        self.stamps.get(number).is_some_and(|stamp| *stamp <= self.viewed)
    }

    fn retire(&mut self, number: u32, at: Offset) {
        let bytes = self.get(number).map_or(0, |value| value.bytes());
        self.retired.push_back(Retired { at, number, bytes_before: self.retired_bytes });
        self.retired_bytes += bytes as u64;
    }

    /// Gives back the first so many values that no view needs.
    fn release(&mut self, limit: usize) {
        for _ in 0..limit {
            let Some((_, oldest)) = self.retired.front() else { return };
            let number = oldest.number;
            if oldest.at > self.released {
                return;
            }
            self.retired.pop_front();
            self.give_back(number);
        }
    }

    fn give_back(&mut self, number: u32) {
        self.cells.make(number)[0].store(None);
        self.free.push_back(number);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use hub_core::Expired;
    use proptest::prelude::*;

    use super::*;
    use crate::{Rows, RowsView};

    /// A value that weighs 100 bytes.
    #[derive(PartialEq, Debug)]
    struct Text(u64);

    impl Weight for Text {
        fn bytes(&self) -> usize {
            100
        }
    }

    /// A table of which each row has a value or none.
    #[derive(Default)]
    struct Table {
        rows: Rows<1>,
        values: Values<Text>,
        at: Offset,
        model: Vec<Option<u64>>,
    }

    type Seen = (RowsView<1>, Vec<Option<u64>>);

    impl Table {
        fn number(&self, key: u32) -> Option<u32> {
            number(self.rows.get(key)?.words)
        }

        fn set(&mut self, key: u32, value: Option<u64>) {
            self.at = self.at.next();
            let text = value.map(|value| Arc::new(Text(value)));
            let number = match (self.number(key), text) {
                (Some(before), Some(text)) => Some(self.values.replace(before, self.at, text)),
                (Some(before), None) => {
                    self.values.remove(before, self.at);
                    None
                }
                (None, text) => text.map(|text| self.values.add(self.at, text)),
            };
            let words = [number.map_or(0, |number| u64::from(number) + 1)];
            if (key as usize) < self.model.len() {
                self.rows.set(key, self.at, self.at, words);
                self.model[key as usize] = value;
            } else {
                self.rows.push(self.at, self.at, 0, words);
                self.model.push(value);
            }
        }

        fn view(&mut self) -> Seen {
            let view = self.rows.view(self.at);
            self.values.view(self.at, self.rows.oldest());
            self.at = self.at.next();
            (view, self.model.clone())
        }

        fn read(&self, view: &RowsView<1>, key: u32) -> Result<Option<u64>, Expired> {
            let row = view.get(key)?.unwrap();
            let Some(number) = number(row.words) else { return Ok(None) };
            let value = self.values.reader().get(number).map(|text| text.0);
            view.get(key)?;
            Ok(value)
        }
    }

    fn number([word]: [u64; 1]) -> Option<u32> {
        (word as u32).checked_sub(1)
    }

    #[derive(Clone, Debug)]
    enum Step {
        Set(u32, Option<u64>),
        View,
        Drop(usize),
        Expire(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            8 => (0..6_u32, prop::option::weighted(0.7, any::<u64>())).prop_map(|(key, value)| Step::Set(key, value)),
            3 => Just(Step::View),
            2 => any::<usize>().prop_map(Step::Drop),
            1 => any::<usize>().prop_map(Step::Expire),
        ]
    }

    proptest! {
        #[test]
        fn each_view_finds_its_values_or_has_expired(steps in prop::collection::vec(step(), 0..120)) {
            let (mut table, mut seen) = (Table::default(), Vec::<Seen>::new());
            for step in steps {
                match step {
                    Step::Set(key, value) => table.set(key.min(table.model.len() as u32), value),
                    Step::View => {
                        let view = table.view();
                        seen.push(view);
                    }
                    Step::Drop(which) if !seen.is_empty() => {
                        seen.swap_remove(which % seen.len());
                    }
                    Step::Expire(which) if !seen.is_empty() => {
                        let at = Offset(which as u64 % table.at.0.max(1));
                        table.rows.expire_before(at);
                        table.values.expire(table.rows.oldest());
                    }
                    Step::Drop(_) | Step::Expire(_) => {}
                }
                for (view, model) in &seen {
                    for (key, value) in model.iter().enumerate() {
                        let read = table.read(view, key as u32);
                        prop_assert!(read == Ok(*value) || read == Err(Expired) && view.has_expired());
                    }
                }
            }
            // When nobody looks any more all of it comes back, but for what the newest state has.
            seen.clear();
            drop(table.view());
            prop_assert_eq!(table.values.kept_bytes(), 0);
            drop(table.view());
            let cells = |number| table.values.get(number).map(|text| text.0);
            let held: HashMap<u32, u64> = (0..100).filter_map(|n| Some((n, cells(n)?))).collect();
            let wanted = table.model.iter().enumerate();
            let wanted = wanted.filter_map(|(key, value)| Some((table.number(key as u32)?, (*value)?)));
            prop_assert_eq!(held, wanted.collect::<HashMap<_, _>>());
        }
    }

    #[test]
    fn what_a_view_holds_is_weighed_and_used_again() {
        let mut table = Table::default();
        (0..100).for_each(|key| table.set(key, Some(1)));
        let held = table.view();
        (0..100).for_each(|key| table.set(key, Some(2)));
        (0..100).for_each(|key| table.set(key, Some(3)));
        assert_eq!(table.values.kept_bytes(), 100 * 100, "once each, however often it changed since");
        assert_eq!(table.values.stamps.len(), 200);
        drop(held);
        drop(table.view());
        assert_eq!(table.values.kept_bytes(), 0);
        (0..100).for_each(|key| table.set(key, Some(4)));
        assert_eq!(table.values.stamps.len(), 200, "places are used again");
        (0..100).for_each(|key| table.set(key, None));
        (0..100).for_each(|key| table.set(key, Some(5)));
        assert_eq!(table.values.stamps.len(), 200, "what nobody has seen goes at once");
    }
}
