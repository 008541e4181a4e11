//! One trade.

use hub_core::event::Side;
use hub_core::event::trading::{SessionId, TradeId};
use hub_core::{Money, Price, Quantity, Symbol, Timestamp};

use crate::percent::Percent;

/// A trade: open until it has an exit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trade {
    /// Its id.
    pub id: TradeId,
    /// Its session.
    pub session: SessionId,
    /// The thing traded.
    pub symbol: Symbol,
    /// BUY earns when the price rises, SELL when it falls.
    pub side: Side,
    /// The quantity.
    pub quantity: Quantity,
    /// The price at which it was opened.
    pub entry_price: Price,
    /// The price at which a loss is ended.
    pub stop_loss: Option<Price>,
    /// The price at which a profit is taken.
    pub target: Option<Price>,
    /// The time at which it was opened.
    pub opened_at: Timestamp,
    /// Its end, once it has one.
    pub exit: Option<Exit>,
}

/// The end of a trade.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exit {
    /// The price at which it was closed.
    pub price: Price,
    /// The P&L it earned.
    pub pnl: Money,
    /// The reason.
    pub reason: ExitReason,
    /// The time at which it was closed.
    pub at: Timestamp,
}

/// A reason for which a trade ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ExitReason {
    /// A price crossed its stop loss.
    StopLoss,
    /// A price crossed its target.
    Target,
    /// Somebody closed it, or stopped its session.
    Manual,
}

impl ExitReason {
    /// The word for it on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            ExitReason::StopLoss => "SL",
            ExitReason::Target => "TARGET",
            ExitReason::Manual => "MANUAL",
        }
    }
}

impl Trade {
    /// `OPEN` or `CLOSED`.
    pub fn status(&self) -> &'static str {
        if self.exit.is_some() { "CLOSED" } else { "OPEN" }
    }

    /// The word for its side on the wire.
    pub fn side_str(&self) -> &'static str {
        match self.side {
            Side::Buy => "BUY",
            Side::Sell => "SELL",
        }
    }

    /// The capital it holds while it is open.
    pub fn cost(&self) -> Money {
        Money::of(self.entry_price, self.quantity)
    }

    /// The P&L at `price`: `(price - entry) * quantity`, the other way
    /// round for SELL. Exact, and never out of range: both products are
    /// positive and less than 2^126.
    pub fn pnl_at(&self, price: Price) -> Money {
        let (now, then) = (Money::of(price, self.quantity).units(), self.cost().units());
        Money::from_units(match self.side {
            Side::Buy => now - then,
            Side::Sell => then - now,
        })
    }

    /// The P&L at `price` in percent of the entry price.
    pub fn percent_at(&self, price: Price) -> Percent {
        let (now, entry) = (i128::from(price.units()), i128::from(self.entry_price.units()));
        let gain = match self.side {
            Side::Buy => now - entry,
            Side::Sell => entry - now,
        };
        Percent::of(gain, entry)
    }

    /// The trade as it ends.
    pub(crate) fn closed(&self, price: Price, reason: ExitReason, at: Timestamp) -> Trade {
        let exit = Exit { price, pnl: self.pnl_at(price), reason, at };
        Trade { exit: Some(exit), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trade(side: Side, quantity: Quantity, entry_price: Price) -> Trade {
        Trade {
            id: TradeId(10),
            session: SessionId(6),
            symbol: "BANKNIFTY".parse().unwrap(),
            side,
            quantity,
            entry_price,
            stop_loss: None,
            target: None,
            opened_at: Timestamp::default(),
            exit: None,
        }
    }

    #[test]
    fn the_documented_example() {
        let (entry, now) = ("195.25".parse().unwrap(), "196.30".parse().unwrap());
        let long = trade(Side::Buy, "50".parse().unwrap(), entry);
        assert_eq!(long.pnl_at(now).to_string(), "52.5");
        assert_eq!(long.percent_at(now).to_string(), "0.54");
        let short = trade(Side::Sell, "50".parse().unwrap(), entry);
        assert_eq!(short.pnl_at(now).to_string(), "-52.5");
        assert_eq!(short.percent_at(now).to_string(), "-0.54");
    }

    #[test]
    fn the_largest_gain_and_loss_can_be_represented() {
        let (least, most) = (Price::from_units(1), Price::from_units(i64::MAX));
        for side in [Side::Buy, Side::Sell] {
            for (entry, now) in [(least, most), (most, least), (most, most)] {
                let trade = trade(side, Quantity::from_units(i64::MAX), entry);
                let sign = if side == Side::Buy { 1 } else { -1 };
                let gain = i128::from(now.units()) - i128::from(entry.units());
                assert_eq!(trade.pnl_at(now).units(), sign * gain * i128::from(i64::MAX));
                let _ = trade.percent_at(now).to_string();
            }
        }
    }
}
