//! What the outside may read.

use std::sync::Arc;

use arc_swap::ArcSwap;
use hub_core::views::PortfolioPnl;
use hub_core::{Money, PortfolioId};

use crate::state::State;

/// The way to what has been applied. Cheap to clone.
#[derive(Clone)]
pub struct AnalyticsReads(pub(crate) Arc<ArcSwap<State>>);

impl AnalyticsReads {
    /// The state as of the last batch: a caller finds in it every write that
    /// was acknowledged before. Wait-free, and however long it is held, it
    /// never holds up `apply`.
    pub fn settled(&self) -> Arc<State> {
        self.0.load_full()
    }
}

impl PortfolioPnl for AnalyticsReads {
    fn pnl(&self, id: PortfolioId) -> Option<Money> {
        self.0.load().pnl(id)
    }
}
