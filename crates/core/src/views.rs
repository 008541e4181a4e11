//! Views that one service has of another: read-only, wired by the launcher. If a view is absent, so is what it would
//! have shown.

use crate::{Money, PortfolioId};

/// A view of a past position that is kept no longer, because more changed since than may be kept
/// (`limits.view_bytes`): never to be taken for "no value". Whoever wants the newest looks again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("more has changed since this position than is kept (limits.view_bytes)")]
pub struct Expired;

/// Profits of portfolios, for whoever shows them beside something else.
pub trait PortfolioPnl: Send + Sync {
    /// Realised plus unrealised P&L as of what has been applied; `None` where
    /// there is none to know: the portfolio never had a position, or nothing
    /// of what it holds has a price, or the sum is more than money holds.
    ///
    /// Called on the fan-out path: it must not wait.
    fn pnl(&self, id: PortfolioId) -> Option<Money>;
}
