//! `/topic/unrealized-pnl` at one flush.

use bytes::Bytes;
use hub_core::{Expired, Offset, PortfolioId};
use hub_fanout::{Filter, RowKey, Snapshot, View};

use super::{Marking, Marks, Positions as _, encode};
use crate::page::extend_page;
use crate::state::State;

/// One element per portfolio.
pub(crate) struct MarksView(Snapshot<State>);

impl MarksView {
    pub(crate) fn new(state: Snapshot<State>) -> MarksView {
        MarksView(state)
    }

    fn marks(&self) -> Result<&Marks, Expired> {
        let work_out = || Ok(Marking::of(self.0.clone())?.marks().clone());
        self.0.marks.get_or_init(work_out).as_ref().map_err(|expired| *expired)
    }
}

impl View for MarksView {
    fn changed(
        &self,
        after: Offset,
        from: Option<RowKey>,
        filter: &Filter,
        limit: usize,
        keys: &mut Vec<RowKey>,
    ) -> Result<bool, Expired> {
        let Some(wanted) = filter.portfolios() else {
            return Ok(self.marks()?.changed(after, from, limit, keys));
        };
        let mut found = Vec::new();
        for key in wanted.iter().filter_map(|id| self.0.key(*id)) {
            if self.0.mark_version(key)? > after {
                found.push(key);
            }
        }
        Ok(extend_page(keys, found, from, limit))
    }

    fn portfolio(&self, key: RowKey) -> Result<Option<PortfolioId>, Expired> {
        self.0.portfolio_id(key)
    }

    fn element(&self, key: RowKey) -> Result<Option<Bytes>, Expired> {
        let Some(encoded) = self.0.encoded.get(key) else { return Ok(None) };
        let encode = || encoded.sheet.read(&self.0, key, |sheet| encode(&*self.0, key, sheet));
        encoded.flushed.at(self.0.mark_version(key)?, encode)
    }
}
