//! Views that one service has of another: read-only, wired by the launcher. If a view is absent, so is what it would
//! have shown.

use crate::event::RiskMetrics;
use crate::{Money, Offset, PortfolioId, Position, Ratio, Timestamp};

/// A view of a past position that is kept no longer, because more changed since than may be kept
/// (`limits.view_bytes`): never to be taken for "no value". Whoever wants the newest looks again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("more has changed since this position than is kept (limits.view_bytes)")]
pub struct Expired;

/// Realised plus unrealised P&L of a portfolio.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pnl {
    /// The sum of what is known.
    pub amount: Money,
    /// Something that the portfolio holds has no price, and is not in the sum.
    pub is_partial: bool,
    /// The time of the oldest price in it that is stale.
    pub stale_as_of: Option<Timestamp>,
}

/// Profits of portfolios, for whoever shows them beside something else: at a
/// position, so that what stands side by side belongs together.
///
/// Called on the fan-out path: nothing here waits.
pub trait PortfolioPnl: Send + Sync {
    /// As of what has been applied.
    fn settled(&self) -> Box<dyn PnlView>;

    /// As of the flush at this position, if it is the newest or still kept.
    fn at(&self, flush: Position) -> Result<Box<dyn PnlView>, Expired>;
}

/// Profits of portfolios at one position.
pub trait PnlView: Send + Sync {
    /// The place in the log that they are as of.
    fn position(&self) -> Position;

    /// P&L of a portfolio; `None` where there is none to know: it never had a
    /// position, or nothing of what it holds has a price, or the sum is more
    /// than money holds.
    fn pnl(&self, id: PortfolioId) -> Result<Option<Pnl>, Expired>;

    /// The offset after which nothing changed of what a portfolio's P&L follows
    /// from: it may be the same all the same, but is not another.
    fn version(&self, id: PortfolioId) -> Result<Offset, Expired>;

    /// The newest version of all.
    fn newest(&self) -> Offset;
}

/// Scores of portfolios, for whoever tells what they are made of.
pub trait PortfolioScores: Send + Sync {
    /// The metrics that rank a portfolio, as of what has been applied.
    fn ranked_by(&self, id: PortfolioId) -> RankedBy;

    /// The score that metrics have (LB-SCORE); `None` of those that nobody is ranked by.
    fn score(&self, metrics: &RiskMetrics) -> Option<Ratio>;
}

/// Metrics that rank a portfolio.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RankedBy {
    /// The place in the log that it is as of.
    pub position: Position,
    /// The metrics; `None` if it is not ranked.
    pub metrics: Option<RiskMetrics>,
    /// The first and the newest record of metrics that were ingested: the newest is the one that brought those that are
    /// held. `None` if none were, so that they are derived.
    pub ingested: Option<[Offset; 2]>,
}
