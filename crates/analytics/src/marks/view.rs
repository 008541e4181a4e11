//! `/topic/unrealized-pnl` at one flush.

use std::sync::OnceLock;

use bytes::Bytes;
use hub_core::{Offset, PortfolioId};
use hub_fanout::{Filter, RowKey, Snapshot, View};

use super::{MarkVersions, encode, version};
use crate::page::extend_page;
use crate::state::State;

/// One element per portfolio.
pub(crate) struct MarksView {
    state: Snapshot<State>,
    /// Kept up to date by the projection while somebody subscribes. Of a
    /// flush at which nobody did, worked out by whoever asks first.
    versions: OnceLock<MarkVersions>,
}

impl MarksView {
    pub(crate) fn new(state: Snapshot<State>, versions: Option<MarkVersions>) -> MarksView {
        MarksView { state, versions: versions.map_or_else(OnceLock::new, OnceLock::from) }
    }

    /// Of a single mark; doesn't work out those of all others.
    fn version(&self, key: RowKey) -> Offset {
        let kept = self.versions.get().and_then(|versions| versions.get(key));
        kept.unwrap_or_else(|| version(&self.state, key))
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
    ) -> bool {
        let Filter::Portfolios(wanted) = filter else {
            let versions = self.versions.get_or_init(|| MarkVersions::of(&self.state));
            return versions.changed(after, from, limit, keys);
        };
        let known = wanted.iter().filter_map(|id| self.state.key(*id));
        extend_page(keys, known.filter(|key| self.version(*key) > after), from, limit)
    }

    fn portfolio(&self, key: RowKey) -> Option<PortfolioId> {
        self.state.portfolio_id(key)
    }

    fn element(&self, key: RowKey) -> Option<Bytes> {
        let encoded = self.state.encoded.get(key)?;
        encoded.flushed.at(self.version(key), || encode(&self.state, key))
    }
}
