//! The table as it was at one position.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use hub_core::{Expired, Offset};

use crate::lease::{Lease, Pin};
use crate::row::{Row, Stored};
use crate::word::{load_at_rest, read};
use crate::writer::{GROUP_ROWS, Shared};

/// A table as it was at one position. Cheap to clone; while one lives, rows that change are copied for it.
///
/// The writer may take that back ([`Rows::expire_before`](crate::Rows::expire_before)): a row that has changed since is
/// then [`Expired`], never another value and never none.
#[derive(Clone)]
pub struct RowsView<const N: usize> {
    shared: Arc<Shared>,
    at: Offset,
    len: u32,
    newest: Offset,
    /// Tells the writer when the last clone is gone, and the clones when they have expired.
    lease: Arc<Lease>,
}

impl<const N: usize> RowsView<N> {
    pub(crate) fn new(
        shared: Arc<Shared>,
        at: Offset,
        len: u32,
        newest: Offset,
        lease: Arc<Lease>,
    ) -> RowsView<N> {
        RowsView { shared, at, len, newest, lease }
    }

    /// The number of rows.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The newest version of all rows.
    pub fn newest(&self) -> Offset {
        self.newest
    }

    /// The row.
    pub fn get(&self, key: u32) -> Result<Option<Row<N>>, Expired> {
        self.first_words(key)
    }

    /// The offset that last changed the row.
    pub fn version(&self, key: u32) -> Result<Option<Offset>, Expired> {
        Ok(self.first_words::<0>(key)?.map(|row| row.version))
    }

    /// True if the writer has taken back what was kept for it: some of its rows may be gone.
    pub fn has_expired(&self) -> bool {
        self.lease.check().is_err()
    }

    /// Holds on to the view, for whoever must come to the end of it: it does not expire meanwhile, nor is anything given
    /// back that was kept since, whatever that takes.
    pub fn pin(&self) -> Result<Pin, Expired> {
        Pin::of(&self.lease)
    }

    /// The row with the first `M` of its words.
    fn first_words<const M: usize>(&self, key: u32) -> Result<Option<Row<M>>, Expired> {
        let cells = if key < self.len { self.shared.rows.get(key) } else { None };
        let Some(cells) = cells else { return Ok(None) };
        let mut stored: Stored<M> = read(cells);
        while stored.stamp > self.at.0 {
            // Nobody writes there until no view is as old as this one, or this one has expired: then nothing that was
            // read there counts, the link and the end of the links no more than the words.
            let copy = stored.older.checked_sub(1).and_then(|place| self.shared.kept.get(place));
            stored = load_at_rest(copy.ok_or(Expired)?);
            self.lease.check()?;
        }
        Ok(Some(stored.row()))
    }

    /// The number of copies that are walked over to the row.
    #[cfg(test)]
    pub(crate) fn steps(&self, key: u32) -> usize {
        let mut stored: Stored<0> = read(self.shared.rows.get(key).unwrap());
        let mut steps = 0;
        while stored.stamp > self.at.0 {
            stored = load_at_rest(self.shared.kept.get(stored.older - 1).unwrap());
            steps += 1;
        }
        steps
    }

    /// Appends to `keys`, ascending, up to `limit` keys greater than `from` (or from the first) whose version is above
    /// `after`. Returns whether there are more. Looks at a number per 64 rows, and at the rows of those where something
    /// changed since.
    pub fn changed(
        &self,
        after: Offset,
        from: Option<u32>,
        limit: usize,
        keys: &mut Vec<u32>,
    ) -> Result<bool, Expired> {
        let Some(mut key) = from.map_or(Some(0), |key| key.checked_add(1)) else { return Ok(false) };
        if self.newest <= after {
            return Ok(false);
        }
        let mut room = limit;
        while key < self.len {
            let group = key / GROUP_ROWS;
            let end = group.saturating_add(1).saturating_mul(GROUP_ROWS).min(self.len);
            if self.has_changed(group, after) {
                for key in key..end {
                    if self.version(key)? <= Some(after) {
                        continue;
                    }
                    if room == 0 {
                        return Ok(true);
                    }
                    room -= 1;
                    keys.push(key);
                }
            }
            key = end;
        }
        Ok(false)
    }

    /// False if no row of the group changed after `after`. What changed after the view was taken counts, too.
    fn has_changed(&self, group: u32, after: Offset) -> bool {
        self.shared.newest.get(group).is_some_and(|newest| newest[0].load(Ordering::Relaxed) > after.0)
    }
}
