//! `/topic/position-update` at one flush.

use bytes::Bytes;
use hub_core::{Offset, PortfolioId};
use hub_fanout::{Filter, RowKey, Snapshot, View};

use crate::page::extend_page;
use crate::portfolio::Portfolio;
use crate::state::State;

/// One element per position.
pub(crate) struct PositionsView(pub(crate) Snapshot<State>);

impl View for PositionsView {
    fn changed(
        &self,
        after: Offset,
        from: Option<RowKey>,
        filter: &Filter,
        limit: usize,
        keys: &mut Vec<RowKey>,
    ) -> bool {
        let Filter::Portfolios(wanted) = filter else {
            return self.0.rows.changed(after, from, limit, keys);
        };
        let members = wanted.iter().filter_map(|id| self.0.portfolio(*id)).flat_map(Portfolio::members);
        let changed = members.map(|member| member.row).filter(|row| self.0.rows.version(*row) > Some(after));
        extend_page(keys, changed, from, limit)
    }

    fn portfolio(&self, key: RowKey) -> Option<PortfolioId> {
        let portfolio = self.0.rows.get(key)?.portfolio;
        self.0.portfolios.get(portfolio).map(|portfolio| portfolio.id)
    }

    fn element(&self, key: RowKey) -> Option<Bytes> {
        self.0.rows.get(key).map(|row| row.json())
    }
}
