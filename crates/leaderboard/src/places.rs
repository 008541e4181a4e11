//! Places of portfolios in the ranking, by what their rows say.

use std::cmp::Ordering;

use crate::entry::RankKey;
use crate::known::Known;
use crate::order::Place;
use crate::pages::Store;

/// Rows and names by number: each version of a portfolio's has its own.
pub(crate) type Rows = Store<Option<Known>>;

/// A portfolio's place in the ranking.
pub(crate) struct PlaceByRank<'a> {
    rank_key: RankKey,
    head: u64,
    rows: &'a Rows,
}

impl<'a> PlaceByRank<'a> {
    pub(crate) fn of(rank_key: RankKey, rows: &'a Rows) -> PlaceByRank<'a> {
        PlaceByRank { rank_key, head: rank_key.head(), rows }
    }
}

impl Place for PlaceByRank<'_> {
    fn head(&self) -> u64 {
        self.head
    }

    fn seen(&self, member: u32) -> Ordering {
        let page = self.rows.read(member);
        let row = page.as_ref().and_then(Known::row);
        debug_assert!(row.is_some(), "row {member} is ordered and was let go");
        row.map_or(Ordering::Less, |row| row.rank_key().cmp(&self.rank_key))
    }
}
