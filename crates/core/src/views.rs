//! Views that one service has of another: read-only, wired by the launcher. If a view is absent, so is what it would
//! have shown.

use crate::{Money, PortfolioId};

/// Profits of portfolios, for whoever shows them beside something else.
pub trait PortfolioPnl: Send + Sync {
    /// Realised plus unrealised P&L as of what has been applied; `None` where
    /// there is none to know: the portfolio never had a position, or nothing
    /// of what it holds has a price, or the sum is more than money holds.
    ///
    /// Called on the fan-out path: it must not wait.
    fn pnl(&self, id: PortfolioId) -> Option<Money>;
}
