//! One trade.

use hub_core::event::Side;
use hub_core::event::trading::{SessionId, TradeId};
use hub_core::{Money, Price, Quantity, Symbol, Timestamp};
use serde::{Deserialize, Serialize};

use crate::percent::Percent;

/// A trade: open until it has an exit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
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

    /// The capital it holds while it is open; `None` if it can't be
    /// represented, as that of a trade which was opened can.
    pub fn cost(&self) -> Option<Money> {
        Money::of(self.entry_price, self.quantity)
    }

    /// The P&L at `price`: `(price - entry) * quantity`, the other way
    /// round for SELL. Exact, or `None` if it can't be represented.
    pub fn pnl_at(&self, price: Price) -> Option<Money> {
        let gain = match self.side {
            Side::Buy => price.checked_sub(self.entry_price),
            Side::Sell => self.entry_price.checked_sub(price),
        };
        Money::of(gain?, self.quantity)
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

    /// The trade as it ends; `None` if its P&L can't be represented.
    pub(crate) fn closed(&self, price: Price, reason: ExitReason, at: Timestamp) -> Option<Trade> {
        let exit = Exit { price, pnl: self.pnl_at(price)?, reason, at };
        Some(Trade { exit: Some(exit), ..self.clone() })
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
        assert_eq!(long.pnl_at(now), Some("52.5".parse().unwrap()));
        assert_eq!(long.percent_at(now).to_string(), "0.54");
        let short = trade(Side::Sell, "50".parse().unwrap(), entry);
        assert_eq!(short.pnl_at(now), Some("-52.5".parse().unwrap()));
        assert_eq!(short.percent_at(now).to_string(), "-0.54");
    }

    #[test]
    fn the_largest_gain_and_loss_are_exact_or_none() {
        let (least, most) = (Price::from_units(1), Price::MAX);
        for side in [Side::Buy, Side::Sell] {
            for (entry, now) in [(least, most), (most, least), (most, most)] {
                let many = trade(side, "100000000000".parse().unwrap(), entry);
                let sign = if side == Side::Buy { 1 } else { -1 };
                let gain = i128::from(now.units()) - i128::from(entry.units());
                assert_eq!(many.pnl_at(now).map(Money::units), Some(sign * gain * many.quantity.units()));
                let too_many = trade(side, Quantity::MAX, entry);
                assert_eq!(too_many.pnl_at(now).is_some(), gain == 0);
                assert_eq!(
                    too_many.closed(now, ExitReason::Manual, Timestamp::default()).is_some(),
                    gain == 0
                );
                let _ = too_many.percent_at(now).to_string();
            }
        }
    }
}
