//! Places of copies, and when they are free again.

use hub_core::Offset;

use crate::column::Column;
use crate::queue::Queue;

/// Places of copies of rows as they were before they were overwritten.
#[derive(Default)]
pub(crate) struct Kept {
    /// Copies in the order in which they were made, with the offset that overwrote their row.
    queue: Queue<(u32, Offset)>,
    free: Column<u32>,
    /// Places that were ever used.
    places: u32,
}

impl Kept {
    /// Memory beside a copy's own words.
    pub(crate) const ENTRY_BYTES: usize = size_of::<(u32, Offset)>() + size_of::<u32>();

    /// A place for a row that is overwritten at `at`.
    pub(crate) fn place(&mut self, at: Offset) -> u32 {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places += 1;
            self.places - 1
        });
        self.queue.push_back((place, at));
        place
    }

    /// Gives back the places of copies that no view needs, where the oldest view is of `oldest`; `None`: there is none.
    /// A view from when a row was overwritten on has what it was overwritten with.
    pub(crate) fn release(&mut self, oldest: Option<Offset>) {
        while let Some((_, (place, overwritten))) = self.queue.front()
            && oldest.is_none_or(|oldest| *overwritten <= oldest)
        {
            self.free.push(*place);
            self.queue.pop_front();
        }
    }

    /// Copies that are kept.
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }
}
