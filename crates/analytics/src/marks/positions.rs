//! Positions that marks are of.

use hub_core::{Expired, Freshness, PortfolioId};
use hub_fanout::RowKey;

use crate::listing::Listing;
use crate::portfolio::PortfolioKey;
use crate::relayed::Relayed;
use crate::row::Entry;
use crate::table::Table;

/// Positions and prices: those of a state, or as records would leave them.
pub(crate) trait Positions {
    /// A portfolio's id.
    fn portfolio_id(&self, key: PortfolioKey) -> Result<Option<PortfolioId>, Expired>;

    /// A portfolio's positions, the one that was added last first.
    fn members(&self, key: PortfolioKey) -> impl Iterator<Item = Result<(RowKey, Entry), Expired>>;

    /// Symbols with their prices.
    fn listings(&self) -> &Table<Listing>;

    /// A portfolio that is relayed.
    fn relayed(&self, key: PortfolioKey) -> Option<&Relayed>;

    /// Which prices are fresh.
    fn freshness(&self) -> Freshness;
}
