//! Stop losses and targets, by the prices that set them off.

use std::collections::BTreeSet;

use hub_core::Price;
use hub_core::event::Side;
use hub_core::event::trading::TradeId;

use crate::trade::{ExitReason, Trade};

/// The levels of one symbol's open trades. A price finds those it crosses
/// without looking at the others.
#[derive(Default, Debug)]
pub(crate) struct Triggers {
    /// Set off by a price at or below.
    below: BTreeSet<(Price, TradeId)>,
    /// Set off by a price at or above.
    above: BTreeSet<(Price, TradeId)>,
}

impl Triggers {
    pub(crate) fn add(&mut self, trade: &Trade) {
        let (below, above) = levels(trade);
        self.below.extend(below.map(|level| (level, trade.id)));
        self.above.extend(above.map(|level| (level, trade.id)));
    }

    pub(crate) fn remove(&mut self, trade: &Trade) {
        let (below, above) = levels(trade);
        if let Some(level) = below {
            self.below.remove(&(level, trade.id));
        }
        if let Some(level) = above {
            self.above.remove(&(level, trade.id));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.below.is_empty() && self.above.is_empty()
    }

    /// The trades that end at `price`, by id.
    pub(crate) fn crossed_by(&self, price: Price) -> Vec<TradeId> {
        let below = self.below.range((price, TradeId(0))..);
        let above = self.above.range(..=(price, TradeId(u64::MAX)));
        let mut crossed: Vec<_> = below.chain(above).map(|(_, trade)| *trade).collect();
        crossed.sort_unstable();
        crossed
    }
}

/// Which level lies below the trade's entry and which above.
fn levels(trade: &Trade) -> (Option<Price>, Option<Price>) {
    match trade.side {
        Side::Buy => (trade.stop_loss, trade.target),
        Side::Sell => (trade.target, trade.stop_loss),
    }
}

/// Reason for which a trade ends at `price`, which crossed one of its levels. They lie on
/// either side of the entry, so it can't be both.
pub(crate) fn reason(trade: &Trade, price: Price) -> ExitReason {
    let (below, above) = levels(trade);
    let is_below = below.is_some_and(|level| price <= level);
    debug_assert!(is_below || above.is_some_and(|level| price >= level), "{price} crosses nothing");
    if is_below == (trade.side == Side::Buy) { ExitReason::StopLoss } else { ExitReason::Target }
}
