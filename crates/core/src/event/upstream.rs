//! Facts that a service upstream computed.

use serde::{Deserialize, Serialize};

use crate::kind::Kind;
use crate::{Date, Event, Money, PortfolioId};

/// A fact that a service upstream computed, taken over as it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Upstream {
    /// The worth of a portfolio at the end of a day (AN-PVAL).
    Valuation(Valuation),
}

impl Upstream {
    /// The ingest kind it came as.
    pub fn kind(&self) -> Kind {
        match self {
            Upstream::Valuation(_) => Kind::Valuations,
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
