//! Facts that a service upstream computed.

use serde::{Deserialize, Serialize};

use crate::dto::{PositionRow, UnrealizedPnl};
use crate::kind::Kind;
use crate::{Date, Event, Money, PortfolioId, SymbolCase};

/// A fact that a service upstream computed, taken over as it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Upstream {
    /// The worth of a portfolio at the end of a day (AN-PVAL).
    Valuation(Valuation),
    /// A position, of a portfolio that nobody computes here (AN-WS-1); the last one wins.
    Position(PositionRow),
    /// The unrealised P&L of such a portfolio (AN-WS-2); the last one wins.
    UnrealizedPnl(UnrealizedPnl),
}

impl Upstream {
    /// The ingest kind it came as.
    pub fn kind(&self) -> Kind {
        match self {
            Upstream::Valuation(_) => Kind::Valuations,
            Upstream::Position(_) => Kind::Positions,
            Upstream::UnrealizedPnl(_) => Kind::UnrealizedPnl,
        }
    }

    /// Brings its symbols into this case. Amounts of one that is then named twice add up.
    pub fn fold_symbols(&mut self, case: SymbolCase) {
        match self {
            Upstream::Valuation(_) => {}
            Upstream::Position(it) => case.fold(&mut it.symbol),
            Upstream::UnrealizedPnl(it) => it.fold_symbols(case),
        }
    }
}

impl From<Upstream> for Event {
    fn from(fact: Upstream) -> Event {
        Event::Upstream(Box::new(fact))
    }
}

/// The worth of a portfolio at the end of a day (AN-PVAL); of one day the last one wins.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Valuation {
    /// Portfolio that is worth this.
    pub portfolio_id: PortfolioId,
    /// The day at whose end it is.
    pub date: Date,
    /// All that it holds at that day's prices; at least zero.
    pub portfolio_value: Money,
}
