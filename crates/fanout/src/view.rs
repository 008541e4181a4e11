//! Views: a state topic as it looks at one flush.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use hub_core::{Expired, Offset, PortfolioId};

/// The key of one element of a state topic: a dense ordinal, given out by the
/// projection in the order in which the log first mentions the element. Small,
/// ordered, and the same on every node.
pub type RowKey = u32;

/// A state topic at one flush: immutable, shared by all shards.
///
/// An element has a *version*: the offset that last changed it. Versions only
/// grow. Everything a subscriber needs (snapshot, deltas, resume) is a
/// question about versions.
///
/// A view that is held for long may be [`Expired`] in parts, while later ones
/// are not: whoever finds one so goes on with the next flush.
pub trait View: Send + Sync {
    /// Appends to `keys`, ascending, up to `limit` keys greater than `from`
    /// (or from the first) that `filter` admits and whose version is above
    /// `after`. Returns whether there may be more.
    ///
    /// Called on the fan-out path: bounded by `limit` where there is no
    /// filter, by the size of the filter's portfolios where there is one.
    fn changed(
        &self,
        after: Offset,
        from: Option<RowKey>,
        filter: &Filter,
        limit: usize,
        keys: &mut Vec<RowKey>,
    ) -> Result<bool, Expired>;

    /// The portfolio that the element belongs to, by which a [`Filter`] admits
    /// it; `None`: it belongs to none.
    fn portfolio(&self, key: RowKey) -> Result<Option<PortfolioId>, Expired>;

    /// The element's current value as JSON, encoded at most once and shared,
    /// or `None` if it has none (a wholly unpriced portfolio).
    fn element(&self, key: RowKey) -> Result<Option<Bytes>, Expired>;

    /// The same for whoever wants these: of a document, which is summed up over what is wanted, another one for each
    /// filter.
    fn element_for(&self, key: RowKey, filter: &Filter) -> Result<Option<Bytes>, Expired> {
        let _ = filter;
        self.element(key)
    }
}

/// The elements of a topic that a subscription wants.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Filter {
    portfolios: Option<Arc<BTreeSet<PortfolioId>>>,
    limit: Option<u16>,
}

impl Filter {
    /// All of them.
    pub const ALL: Filter = Filter { portfolios: None, limit: None };

    /// Elements of these portfolios.
    pub fn of(portfolios: impl Into<Arc<BTreeSet<PortfolioId>>>) -> Filter {
        Filter { portfolios: Some(portfolios.into()), limit: None }
    }

    /// The elements of one portfolio.
    pub fn portfolio(id: PortfolioId) -> Filter {
        Filter::of(BTreeSet::from([id]))
    }

    /// Admits what both this and `portfolios` do.
    #[must_use]
    pub fn narrowed(self, portfolios: &Arc<BTreeSet<PortfolioId>>) -> Filter {
        let both = match &self.portfolios {
            None => Arc::clone(portfolios),
            Some(own) => Arc::new(&**own & &**portfolios),
        };
        Filter { portfolios: Some(both), ..self }
    }

    /// The same of a document with so many rows, where that has a say ([`View::element_for`]).
    #[must_use]
    pub fn limited(self, limit: Option<u16>) -> Filter {
        Filter { limit, ..self }
    }

    /// The portfolios that are wanted; `None`: all of them.
    pub fn portfolios(&self) -> Option<&Arc<BTreeSet<PortfolioId>>> {
        self.portfolios.as_ref()
    }

    /// The number of rows that a document is to have.
    pub fn limit(&self) -> Option<u16> {
        self.limit
    }

    /// True if no portfolio is left out.
    pub fn is_all(&self) -> bool {
        self.portfolios.is_none()
    }
}
