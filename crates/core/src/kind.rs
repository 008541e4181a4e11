//! Kinds of items that can be ingested.

use std::str::FromStr;

/// Kind of items that can be ingested: the last segment of `/api/ingest/{kind}`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// Shares bought and sold.
    Transactions,
    /// Quotes.
    Prices,
    /// Portfolios' master data.
    Portfolios,
    /// Symbols' sectors.
    Symbols,
    /// Portfolios' risk metrics.
    Risk,
    /// Portfolios' worth at the ends of days.
    Valuations,
    /// Positions that a service upstream computed.
    Positions,
    /// Unrealised P&L that a service upstream computed.
    UnrealizedPnl,
    /// Trades on their way through the pipeline (RT-IN-1).
    TradeEvents,
    /// Positions of consumers (RT-IN-2).
    QueueMetrics,
    /// Messages that went to dead-letter queues (RT-IN-3).
    DlqEvents,
    /// Errors of the pipeline (RT-IN-4).
    ErrorEvents,
    /// Trades that validation refused (RT-IN-5).
    InvalidTrades,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 13] = [
        Kind::Transactions,
        Kind::Prices,
        Kind::Portfolios,
        Kind::Symbols,
        Kind::Risk,
        Kind::Valuations,
        Kind::Positions,
        Kind::UnrealizedPnl,
        Kind::TradeEvents,
        Kind::QueueMetrics,
        Kind::DlqEvents,
        Kind::ErrorEvents,
        Kind::InvalidTrades,
    ];

    /// Its name in paths and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Transactions => "transactions",
            Kind::Prices => "prices",
            Kind::Portfolios => "portfolios",
            Kind::Symbols => "symbols",
            Kind::Risk => "risk",
            Kind::Valuations => "valuations",
            Kind::Positions => "positions",
            Kind::UnrealizedPnl => "unrealized-pnl",
            Kind::TradeEvents => "trade-events",
            Kind::QueueMetrics => "queue-metrics",
            Kind::DlqEvents => "dlq-events",
            Kind::ErrorEvents => "error-events",
            Kind::InvalidTrades => "invalid-trades",
        }
    }
}

/// A name that is no kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no such kind")]
pub struct KindError;

impl FromStr for Kind {
    type Err = KindError;

    fn from_str(text: &str) -> Result<Kind, KindError> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(KindError)
    }
}
