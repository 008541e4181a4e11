//! Events that a log holds.

pub mod form;
mod lifecycle;
mod rejected;
pub mod trading;
mod upstream;

use serde::{Deserialize, Serialize};

pub use form::EventError;
pub use lifecycle::{
    DlqEvent, ErrorEvent, ErrorType, InvalidTrade, MESSAGE_MAX_CHARS, NameError, QueueMetric, Stage,
    TradeEvent, TradeEventType,
};
pub use rejected::{Provenance, RejectedInput, Sender};
pub use upstream::{Upstream, Valuation};

use self::trading::{TradingCommand, TradingRequest};
use crate::kind::Kind;
use crate::settings::Settings;
use crate::{PortfolioId, Price, Quantity, Ratio, Symbol, SymbolCase, Timestamp, TradeId, TransactionId};

/// One thing that happened, as it is kept in the log.
///
/// Its form in the log is binary, see [`form`]; for people it is JSON, externally tagged (`{"price":{...}}`), with
/// decimals as strings of digits.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// Shares were bought or sold (AN-IN-1).
    Transaction(Box<Transaction>),
    /// A symbol has a new price (AN-IN-2).
    Price(PriceQuote),
    /// A portfolio's master data.
    Portfolio(PortfolioInfo),
    /// A symbol's sector (AN-IN-4).
    Symbol(SymbolInfo),
    /// A portfolio's risk metrics (LB-IN-1).
    Risk(RiskMetrics),
    /// A trade reached a stage of the pipeline, or failed there (RT-IN-1).
    TradeEvent(Box<TradeEvent>),
    /// Position of a consumer group in a partition (RT-IN-2).
    QueueMetric(QueueMetric),
    /// A message went to a dead-letter queue (RT-IN-3).
    DlqEvent(Box<DlqEvent>),
    /// Something went wrong in a service of the pipeline (RT-IN-4).
    ErrorEvent(ErrorEvent),
    /// Validation refused a trade (RT-IN-5).
    InvalidTrade(Box<InvalidTrade>),
    /// A service upstream computed something.
    Upstream(Box<Upstream>),
    /// The auto-trader was asked to do something (AT).
    Trading(TradingRequest),
    /// A second passed in which nothing else was written.
    Tick,
    /// The settings that `apply` reads, from here on.
    Settings(Settings),
    /// Something came in that is no event; kept so that nothing is dropped
    /// silently.
    Rejected(Box<RejectedInput>),
}

impl Event {
    /// All words for kinds but `unknown`.
    pub fn kinds() -> impl Iterator<Item = &'static str> {
        Kind::ALL.map(Kind::as_str).into_iter().chain([trading::KIND, "tick", "settings"])
    }

    /// Makes the symbol that it is about one of this case. An invalid trade's stays: it is evidence.
    pub fn fold_symbol(&mut self, case: SymbolCase) {
        match self {
            Event::Transaction(it) => case.fold(&mut it.symbol),
            Event::Price(it) => case.fold(&mut it.symbol),
            Event::Symbol(it) => case.fold(&mut it.symbol),
            Event::Trading(TradingRequest { command: TradingCommand::OpenTrade(it), .. }) => {
                case.fold(&mut it.symbol);
            }
            Event::Upstream(it) => it.fold_symbols(case),
            _ => {}
        }
    }

    /// The ingest kind it came as, as in metrics: `transactions`, `auto-trader`; of what no item
    /// can mean, a word of its own.
    pub fn kind(&self) -> &'static str {
        match self {
            Event::Transaction(_) => Kind::Transactions.as_str(),
            Event::Price(_) => Kind::Prices.as_str(),
            Event::Portfolio(_) => Kind::Portfolios.as_str(),
            Event::Symbol(_) => Kind::Symbols.as_str(),
            Event::Risk(_) => Kind::Risk.as_str(),
            Event::TradeEvent(_) => Kind::TradeEvents.as_str(),
            Event::QueueMetric(_) => Kind::QueueMetrics.as_str(),
            Event::DlqEvent(_) => Kind::DlqEvents.as_str(),
            Event::ErrorEvent(_) => Kind::ErrorEvents.as_str(),
            Event::InvalidTrade(_) => Kind::InvalidTrades.as_str(),
            Event::Upstream(it) => it.kind().as_str(),
            Event::Trading(_) => trading::KIND,
            Event::Tick => "tick",
            Event::Settings(_) => "settings",
            Event::Rejected(input) => Event::kinds().find(|kind| *kind == input.kind).unwrap_or("unknown"),
        }
    }
}

/// BUY or SELL.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Side {
    /// Adds a lot.
    Buy,
    /// Consumes lots.
    Sell,
}

impl Side {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Side::Buy => "BUY",
            Side::Sell => "SELL",
        }
    }
}

/// Shares were bought or sold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// The key of idempotency: applied once, however often it comes.
    pub transaction_id: TransactionId,
    /// Portfolio that trades.
    pub portfolio_id: PortfolioId,
    /// Of what.
    pub symbol: Symbol,
    /// The side and its prices.
    #[serde(flatten)]
    pub trade: Trade,
    /// Quantity traded; more than zero.
    pub quantity: Quantity,
    /// Time at which it happened; the record's `at` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// The trade's id in the pipeline, where its sender told it: it leads to the way that the trade took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade_id: Option<TradeId>,
}

impl Transaction {
    /// Has what every transaction says, and nothing that one may say besides.
    pub fn new(
        transaction_id: TransactionId,
        portfolio_id: PortfolioId,
        symbol: Symbol,
        trade: Trade,
        quantity: Quantity,
    ) -> Transaction {
        Transaction { transaction_id, portfolio_id, symbol, trade, quantity, timestamp: None, trade_id: None }
    }
}

/// Effect of a transaction and its prices; a price is at least zero, that of lots that are named more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "side", rename_all = "UPPERCASE", rename_all_fields = "camelCase")]
pub enum Trade {
    /// Adds a lot at `price`.
    Buy {
        /// Paid per unit.
        price: Price,
    },
    /// Consumes lots: the oldest at exactly `lot_price` where one is named,
    /// else the oldest.
    Sell {
        /// Earned per unit.
        price: Price,
        /// The price of the lots to consume.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lot_price: Option<Price>,
    },
}

impl Trade {
    /// The side alone.
    pub fn side(&self) -> Side {
        match self {
            Trade::Buy { .. } => Side::Buy,
            Trade::Sell { .. } => Side::Sell,
        }
    }
}

/// A symbol's price at a time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PriceQuote {
    /// Of what.
    pub symbol: Symbol,
    /// More than zero.
    pub price: Price,
    /// Time of the quote; the record's `at` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
}

/// A portfolio's master data; the last one wins.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PortfolioInfo {
    /// Which.
    pub portfolio_id: PortfolioId,
    /// Shown to people.
    pub name: String,
    /// Contact, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Contact, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// A symbol's sector; the last one wins.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SymbolInfo {
    /// Which.
    pub symbol: Symbol,
    /// The name of its sector, such as `Technology`.
    pub sector: String,
}

/// A portfolio's risk metrics (AN-KAFKA-OUT, LB-IN-1); the last ones win.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RiskMetrics {
    /// Portfolio that the figures are of.
    pub portfolio_id: PortfolioId,
    /// The average daily return, 0.01 for one percent.
    pub avg_rate_of_return: Ratio,
    /// Return per unit of deviation.
    pub sharpe_ratio: Ratio,
    /// Return per unit of downward deviation.
    pub sortino_ratio: Ratio,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_does_not_pay_for_the_widest_event() {
        assert!(size_of::<Event>() <= 144, "{}", size_of::<Event>());
    }
}
