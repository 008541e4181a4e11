//! `/topic/position-update` at one flush.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use hub_core::{Expired, Offset, PortfolioId};
use hub_fanout::{Filter, RowKey, Snapshot, View};

use crate::marks::Positions;
use crate::page::extend_page;
use crate::state::State;

/// One element per position.
pub(crate) struct PositionsView {
    state: Snapshot<State>,
    encoded: EncodedRows,
}

impl PositionsView {
    /// A view of a flush in which these rows changed.
    pub(crate) fn new(state: Snapshot<State>, changed: Arc<[RowKey]>) -> PositionsView {
        PositionsView { state, encoded: EncodedRows::of(changed) }
    }
}

impl View for PositionsView {
    fn changed(
        &self,
        after: Offset,
        from: Option<RowKey>,
        filter: &Filter,
        limit: usize,
        keys: &mut Vec<RowKey>,
    ) -> Result<bool, Expired> {
        let rows = &self.state.rows;
        let Some(wanted) = filter.portfolios() else { return rows.changed(after, from, limit, keys) };
        let portfolios = wanted.iter().filter_map(|id| self.state.key(*id));
        let mut found = Vec::new();
        for member in portfolios.flat_map(|key| self.state.members(key)) {
            let (key, _) = member?;
            if rows.version(key)? > Some(after) {
                found.push(key);
            }
        }
        Ok(extend_page(keys, found, from, limit))
    }

    fn portfolio(&self, key: RowKey) -> Result<Option<PortfolioId>, Expired> {
        let Some(entry) = self.state.entry(key)? else { return Ok(None) };
        self.state.portfolio_id(entry.portfolio)
    }

    fn element(&self, key: RowKey) -> Result<Option<Bytes>, Expired> {
        self.encoded.get(key, || Ok(self.state.position(key)?.map(|row| row.json())))
    }
}

/// Encoded rows of those that changed in one flush, for as long as its view lives: what all shards send. Others, as
/// snapshots have them, are encoded by whoever asks.
struct EncodedRows {
    /// Ascending.
    changed: Arc<[RowKey]>,
    /// Of so many each; made when one of them is asked for.
    parts: Box<[OnceLock<Part>]>,
}

type Part = Box<[OnceLock<Element>]>;

/// Once it is expired, it stays so.
type Element = Result<Option<Bytes>, Expired>;

/// Rows of one part.
const PART_ROWS: usize = 256;

/// Rows of a flush beyond which none is kept: a replay's are all there are.
const ROWS_MAX: usize = 1 << 16;

impl EncodedRows {
    fn of(changed: Arc<[RowKey]>) -> EncodedRows {
        let changed = if changed.len() > ROWS_MAX { [].into() } else { changed };
        let parts = (0..changed.len().div_ceil(PART_ROWS)).map(|_| OnceLock::new()).collect();
        EncodedRows { changed, parts }
    }

    fn get(&self, key: RowKey, encode: impl FnOnce() -> Element) -> Element {
        let Ok(place) = self.changed.binary_search(&key) else { return encode() };
        let part = &self.parts[place / PART_ROWS];
        let part = part.get_or_init(|| (0..PART_ROWS).map(|_| OnceLock::new()).collect());
        part[place % PART_ROWS].get_or_init(encode).clone()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn each_row_that_changed_is_encoded_once_and_others_whenever_they_are_asked_for() {
        let changed: Vec<RowKey> = (0..600).map(|n| 2 * n).collect();
        let encoded = EncodedRows::of(changed.into());
        let count = Cell::new(0);
        let get = |key: RowKey| {
            let encode = || {
                count.set(count.get() + 1);
                Ok(Some(Bytes::from(key.to_string())))
            };
            assert_eq!(encoded.get(key, encode), Ok(Some(key.to_string().into())));
        };
        for key in [0, 510, 512, 1022, 1024, 1198, 0, 510, 512, 1022, 1024, 1198] {
            get(key);
        }
        assert_eq!(count.get(), 6);
        for key in [1, 1199, 1200, 1] {
            get(key);
        }
        assert_eq!(count.get(), 10);
    }

    #[test]
    fn of_a_flush_of_very_many_nothing_is_kept() {
        let encoded = EncodedRows::of((0..=ROWS_MAX as RowKey).collect());
        let element = |text: &'static str| Ok(Some(Bytes::from_static(text.as_bytes())));
        let get = |text| encoded.get(7, || element(text));
        assert_eq!((get("a"), get("b")), (element("a"), element("b")));
    }
}
