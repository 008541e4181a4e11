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
}

/// The elements of a topic that a subscription wants.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum Filter {
    /// All of them.
    #[default]
    All,
    /// Elements of these portfolios.
    Portfolios(Arc<BTreeSet<PortfolioId>>),
}

impl Filter {
    /// The elements of one portfolio.
    pub fn portfolio(id: PortfolioId) -> Filter {
        Filter::Portfolios(Arc::new(BTreeSet::from([id])))
    }

    /// Admits what both this and `portfolios` do.
    #[must_use]
    pub fn narrowed(self, portfolios: &Arc<BTreeSet<PortfolioId>>) -> Filter {
        match self {
            Filter::All => Filter::Portfolios(Arc::clone(portfolios)),
            Filter::Portfolios(own) => Filter::Portfolios(Arc::new(&*own & &**portfolios)),
        }
    }

    /// True if nothing is left out.
    pub fn is_all(&self) -> bool {
        matches!(self, Filter::All)
    }
}
