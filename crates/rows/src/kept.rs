//! Places of copies, and when they are free again.

use hub_core::Offset;

use crate::queue::Queue;

/// Places of copies of rows as they were before they were overwritten.
///
/// None is taken out of the queue before its place is wanted again: however many an old view has held, it gives them
/// back at once.
#[derive(Default)]
pub(crate) struct Kept {
    /// Copies in the order in which they were made, with the offset that overwrote their row.
    queue: Queue<(u32, Offset)>,
    /// No view needs what was overwritten up to here.
    released: Offset,
    /// Places that were ever used.
    places: u32,
}

impl Kept {
    /// Memory beside a copy's own words.
    pub(crate) const ENTRY_BYTES: usize = size_of::<(u32, Offset)>();

    /// A place for a row that is overwritten at `at`.
    pub(crate) fn place(&mut self, at: Offset) -> u32 {
        let place = self.take_free().unwrap_or_else(|| {
            self.places += 1;
            self.places - 1
        });
        self.queue.push_back((place, at));
        place
    }

    fn take_free(&mut self) -> Option<u32> {
        let (_, (place, overwritten)) = self.queue.front()?;
        let free = (*overwritten <= self.released).then_some(*place)?;
        self.queue.pop_front();
        Some(free)
    }

    /// Gives back the places of copies that no view needs, where the oldest view is of `oldest`; `None`: there is none.
    /// A view from when a row was overwritten on has what it was overwritten with.
    pub(crate) fn release(&mut self, oldest: Option<Offset>) {
        let newest = self.queue.back().map(|(_, overwritten)| *overwritten);
        self.released = self.released.max(oldest.or(newest).unwrap_or_default());
    }

    /// The number of copies that are kept. O(log n).
    pub(crate) fn len(&self) -> usize {
        self.queue.len() - self.queue.partition_point(|(_, overwritten)| *overwritten <= self.released)
    }
}
