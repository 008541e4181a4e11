//! `/topic/unrealized-pnl` at one flush.

use std::sync::OnceLock;

use bytes::Bytes;
use hub_core::{Expired, Offset, PortfolioId};
use hub_fanout::{Filter, RowKey, Snapshot, View};

use super::{MarkVersions, encode, version};
use crate::page::extend_page;
use crate::state::State;

/// One element per portfolio.
pub(crate) struct MarksView {
    state: Snapshot<State>,
    /// Kept up to date by the projection while somebody subscribes. Of a
    /// flush at which nobody did, worked out by whoever asks first.
    versions: OnceLock<Result<MarkVersions, Expired>>,
}

impl MarksView {
    pub(crate) fn new(state: Snapshot<State>, versions: Option<MarkVersions>) -> MarksView {
        MarksView { state, versions: versions.map_or_else(OnceLock::new, |versions| Ok(versions).into()) }
    }

    /// Of a single mark; doesn't work out those of all others.
    fn version(&self, key: RowKey) -> Result<Offset, Expired> {
        let kept = self.versions.get().and_then(|versions| versions.as_ref().ok()?.get(key));
        kept.map_or_else(|| version(&self.state, key), Ok)
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
        let Filter::Portfolios(wanted) = filter else {
            let versions = self.versions.get_or_init(|| MarkVersions::of(&self.state));
            return Ok(versions.as_ref().map_err(|expired| *expired)?.changed(after, from, limit, keys));
        };
        let mut found = Vec::new();
        for key in wanted.iter().filter_map(|id| self.state.key(*id)) {
            if self.version(key)? > after {
                found.push(key);
            }
        }
        Ok(extend_page(keys, found, from, limit))
    }

    fn portfolio(&self, key: RowKey) -> Result<Option<PortfolioId>, Expired> {
        self.state.portfolio_id(key)
    }

    fn element(&self, key: RowKey) -> Result<Option<Bytes>, Expired> {
        let Some(encoded) = self.state.encoded.get(key) else { return Ok(None) };
        encoded.flushed.at(self.version(key)?, || encode(&self.state, key))
    }
}
