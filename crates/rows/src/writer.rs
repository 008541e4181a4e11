//! The table as its only writer has it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hub_core::Offset;

use crate::blocks::Blocks;
use crate::kept::Kept;
use crate::lease::Lease;
use crate::row::{Row, Stored};
use crate::view::RowsView;
use crate::word::{HEAD_WORDS, load_at_rest, write};

/// Rows that share one number, the newest of their versions, so that a search for what changed passes over most.
pub(crate) const GROUP_ROWS: u32 = 64;

/// The views taken last that are looked at each time.
const YOUNG: usize = 4;

/// Memory that writer and readers share.
pub(crate) struct Shared {
    pub(crate) rows: Blocks,
    /// Copies from before a row was overwritten.
    pub(crate) kept: Blocks,
    /// Per [`GROUP_ROWS`] rows the newest of their versions.
    pub(crate) newest: Blocks,
}

/// Rows of `N` words, with dense keys from 0.
pub struct Rows<const N: usize> {
    shared: Arc<Shared>,
    len: u32,
    newest: Offset,
    kept: Kept,
    /// Views that may live and have not expired, in the order in which they were taken.
    views: VecDeque<(Offset, Arc<Lease>)>,
    /// Number of them when all were last looked at.
    lived: usize,
}

impl<const N: usize> Default for Rows<N> {
    fn default() -> Rows<N> {
        let entry_words = HEAD_WORDS + N;
        let shared =
            Shared { rows: Blocks::of(entry_words), kept: Blocks::of(entry_words), newest: Blocks::of(1) };
        Rows {
            shared: Arc::new(shared),
            len: 0,
            newest: Offset::START,
            kept: Kept::default(),
            views: VecDeque::new(),
            lived: 0,
        }
    }
}

impl<const N: usize> Rows<N> {
    /// The number of rows.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The row as it is now.
    pub fn get(&self, key: u32) -> Option<Row<N>> {
        self.stored(key).map(|stored| stored.row())
    }

    /// Adds a row at the record `at`, whose version is `version` and which keeps `aside`; its key. A record is younger
    /// than every view that was taken, and not older than those before it.
    ///
    /// # Panics
    ///
    /// If there are 2^32 - 1 rows.
    pub fn push(&mut self, at: Offset, version: Offset, aside: u32, words: [u64; N]) -> u32 {
        self.check(at);
        let key = self.len;
        self.len = key.checked_add(1).expect("fewer rows than keys");
        let row = Stored { stamp: at.0, version: version.0, older: 0, aside, words };
        write(self.shared.rows.make(key), &row);
        self.raise(key, version);
        key
    }

    /// Overwrites a row at the record `at`, which is as for [`push`](Rows::push); its version is `version`, if that is
    /// newer than what it has. A row that does not exist stays so.
    pub fn set(&mut self, key: u32, at: Offset, version: Offset, words: [u64; N]) {
        let Some(before) = self.stored(key) else { return };
        self.check(at);
        debug_assert!(at.0 >= before.stamp, "records come in their order");
        let version = version.max(Offset(before.version));
        let older = if self.is_seen(before.stamp) { self.keep(&before, at) } else { before.older };
        let row = Stored { stamp: at.0, version: version.0, older, aside: before.aside, words };
        write(self.shared.rows.make(key), &row);
        self.raise(key, version);
    }

    /// The newest version of all rows.
    pub fn newest_version(&self) -> Offset {
        self.newest
    }

    /// The record that wrote the row last.
    pub fn written(&self, key: u32) -> Option<Offset> {
        self.stored(key).map(|stored| Offset(stored.stamp))
    }

    /// The rows as they are now, by their keys.
    pub(crate) fn newest(&self) -> impl Iterator<Item = Stored<N>> {
        (0..self.len).filter_map(|key| self.stored(key))
    }

    /// Adds a row that was walked: as it was then, without what was kept for views. No offset is the last there could
    /// be, which stands for a row that is being written.
    pub(crate) fn put_back(&mut self, row: Stored<N>) -> Result<(), &'static str> {
        if row.stamp.max(row.version) == u64::MAX {
            return Err("a row has an offset that no record has");
        }
        let next = self.len.checked_add(1).ok_or("there are more rows than keys")?;
        let key = std::mem::replace(&mut self.len, next);
        write(self.shared.rows.make(key), &Stored { older: 0, ..row });
        self.raise(key, Offset(row.version));
        Ok(())
    }

    /// The table as of `at`, the last record whose edits were made. Gives back the copies that only views needed which
    /// were older than all that live.
    pub fn view(&mut self, at: Offset) -> RowsView<N> {
        self.forget_views();
        self.release();
        let lease = Arc::new(Lease::default());
        self.views.push_back((at, Arc::clone(&lease)));
        RowsView::new(Arc::clone(&self.shared), at, self.len, self.newest, lease)
    }

    /// Takes back what is kept for views older than `at`, but for those that somebody holds on to
    /// ([`RowsView::pin`]) and those younger than one of them, which would give nothing back. Gives how many of these
    /// somebody still had.
    pub fn expire_before(&mut self, at: Offset) -> usize {
        let mut had = 0;
        while let Some((_, lease)) = self.views.front_mut().filter(|(oldest, _)| *oldest < at)
            && lease.expire()
        {
            had += usize::from(!is_gone(lease));
            self.views.pop_front();
        }
        self.release();
        had
    }

    /// The position of the oldest view that may live and has not expired.
    pub fn oldest(&self) -> Option<Offset> {
        self.views.front().map(|(oldest, _)| *oldest)
    }

    /// The position of the oldest view that may live, if a younger one was taken since.
    pub fn oldest_but_one(&self) -> Option<Offset> {
        self.oldest().filter(|_| self.views.len() > 1)
    }

    /// The number of copies that are kept for views.
    pub fn kept(&self) -> usize {
        self.kept.len()
    }

    /// Memory of the copies that are kept for views.
    pub fn kept_bytes(&self) -> usize {
        self.kept.len() * (size_of::<u64>() * (HEAD_WORDS + N) + Kept::ENTRY_BYTES)
    }

    /// Gives back the copies that no view needs.
    fn release(&mut self) {
        self.kept.release(self.oldest());
    }

    fn stored(&self, key: u32) -> Option<Stored<N>> {
        if key < self.len { self.shared.rows.get(key).map(load_at_rest) } else { None }
    }

    fn check(&self, at: Offset) {
        debug_assert!(self.views.back().is_none_or(|(newest, _)| at > *newest), "a view does not change");
    }

    /// True if a view has what was written at `stamp`. Those that are gone count until the next is taken.
    fn is_seen(&self, stamp: u64) -> bool {
        self.views.back().is_some_and(|(newest, _)| stamp <= newest.0)
    }

    /// Copies a row aside; the link to the copy. A copy from before that no view needs any more is passed over, so that
    /// a view which is held for long walks over those of views that live, however many came and went meanwhile.
    fn keep(&mut self, row: &Stored<N>, at: Offset) -> u32 {
        let older = self.needed(row.older, row.stamp);
        let place = self.kept.place(at);
        write(self.shared.kept.make(place), &Stored { older, ..*row });
        place + 1
    }

    /// The link to a copy that was overwritten before the record `stamp`, or to the one before it if no view is in
    /// between; 0 if no view is older than `stamp`: then it may be another row's by now.
    fn needed(&self, link: u32, stamp: u64) -> u32 {
        if self.views.front().is_none_or(|(oldest, _)| oldest.0 >= stamp) {
            return 0;
        }
        let cells = link.checked_sub(1).and_then(|place| self.shared.kept.get(place));
        let Some(copy) = cells.map(load_at_rest::<_, N>) else { return 0 };
        let first = self.views.partition_point(|(view, _)| view.0 < copy.stamp);
        let is_needed = self.views.get(first).is_some_and(|(view, _)| view.0 < stamp);
        if is_needed { link } else { copy.older }
    }

    fn raise(&mut self, key: u32, version: Offset) {
        self.newest = self.newest.max(version);
        let newest = &self.shared.newest.make(key / GROUP_ROWS)[0];
        if newest.load(Ordering::Relaxed) < version.0 {
            newest.store(version.0, Ordering::Relaxed);
        }
    }

    /// Forgets views that are gone: the oldest, on account of which most is kept; the last few, of which most are gone
    /// soon; and all others once they could be as many as there are that live, so that looking costs the same however
    /// many that is.
    fn forget_views(&mut self) {
        while self.views.front_mut().is_some_and(|(_, lease)| is_gone(lease)) {
            self.views.pop_front();
        }
        for place in (self.views.len().saturating_sub(YOUNG)..self.views.len()).rev() {
            if self.views.get_mut(place).is_some_and(|(_, lease)| is_gone(lease)) {
                self.views.remove(place);
            }
        }
        if self.views.len() > 2 * self.lived + YOUNG {
            self.views.retain_mut(|(_, lease)| !is_gone(lease));
            self.lived = self.views.len();
        }
    }
}

/// Nobody else has it: whatever the view's last reader read comes before what is written over it from here on.
fn is_gone(lease: &mut Arc<Lease>) -> bool {
    Arc::get_mut(lease).is_some()
}

#[cfg(test)]
mod tests {
    use hub_core::Expired;

    use super::*;

    fn words(view: &RowsView<1>) -> Result<Option<[u64; 1]>, Expired> {
        Ok(view.get(0)?.map(|row| row.words))
    }

    #[test]
    fn a_view_held_for_long_walks_over_those_that_live_and_no_others() {
        let mut rows = Rows::<1>::default();
        rows.push(Offset(1), Offset(1), 0, [1]);
        let held = rows.view(Offset(1));
        let mut between = Vec::new();
        for at in 2..1000 {
            rows.set(0, Offset(at), Offset(at), [at]);
            let view = rows.view(Offset(at));
            if at % 100 == 0 {
                between.push((at, view));
            }
        }
        assert_eq!(words(&held), Ok(Some([1])));
        assert!(between.iter().all(|(at, view)| words(view) == Ok(Some([*at]))));
        // Its own copy, one for each of those between, and one for each end of what is not yet known to be gone.
        assert!(held.steps(0) <= between.len() + 3, "{} copies", held.steps(0));
        between.clear();
        for at in 1000..1010 {
            rows.set(0, Offset(at), Offset(at), [at]);
            drop(rows.view(Offset(at)));
        }
        assert_eq!(words(&held), Ok(Some([1])));
    }
}
