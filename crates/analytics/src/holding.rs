//! A position and a transaction: what is held, and what becomes of it.

use hub_core::dto::Execution;
use hub_core::event::{Trade, Transaction};
use hub_core::{Price, Quantity, Record, Rejection};

use crate::lots::{Lot, Lots, Shortage};
use crate::position::Balance;

/// Amounts of a position, and the lots that they are of.
#[derive(Clone, Default, Debug)]
pub(crate) struct Holding {
    pub(crate) balance: Balance,
    pub(crate) lots: Lots,
}

/// AN-POS: what the transaction of a record makes of a position, and its execution, or why it can't be taken in.
pub(crate) fn trade(
    record: &Record,
    event: &Transaction,
    before: Holding,
) -> Result<(Holding, Execution), Rejection> {
    let timestamp = record.event_time(event.timestamp)?;
    check_sizes(event)?;
    let Holding { balance, lots } = before;
    let quantity = event.quantity;
    let after = match event.trade {
        Trade::Buy { price } => {
            let balance = balance.bought(price, quantity)?;
            let lot = Lot { bought_at: timestamp, offset: record.offset, price, quantity };
            Holding { balance, lots: lots.with(lot) }
        }
        Trade::Sell { price, lot_price } => {
            let cost = lots.cost(balance.holdings, quantity, lot_price);
            let cost = cost.map_err(|shortage| oversold(shortage, lot_price))?;
            let balance = balance.sold(price, quantity, cost)?;
            Holding { balance, lots: lots.without(quantity, lot_price) }
        }
    };
    // Both are representable, and so is their difference: the gain itself.
    let realized_pnl = after.balance.realized_pnl.checked_sub(balance.realized_pnl).unwrap_or_default();
    Ok((after, Execution { transaction: event.clone(), realized_pnl, timestamp }))
}

/// The door has checked this; a log written by something else has not.
fn check_sizes(event: &Transaction) -> Result<(), Rejection> {
    let (Trade::Buy { price } | Trade::Sell { price, .. }) = event.trade;
    if !event.quantity.is_positive() {
        return Err(Rejection::of("quantity", "must be more than zero"));
    }
    if price < Price::ZERO {
        return Err(Rejection::of("price", "must not be negative"));
    }
    Ok(())
}

fn oversold(Shortage(held): Shortage, lot_price: Option<Price>) -> Rejection {
    let reason = match lot_price {
        Some(price) => format!("is more than the {held} held that were bought at {price}"),
        None => format!("is more than the {held} held"),
    };
    Rejection::of("quantity", reason)
}

impl Holding {
    /// True if something is held.
    pub(crate) fn is_open(&self) -> bool {
        self.balance.holdings > Quantity::ZERO
    }
}
