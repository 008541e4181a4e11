//! Receipts: a position as its records make it, and nothing else.
//!
//! A receipt is worked out from the log alone, by the rules that `apply` goes by: the transactions of the position, one
//! after another, and the quote that was the newest. That it says what the position's row says is checked each time.

mod basis;
mod json;
mod runs;
mod ticks;
mod turn;

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use hub_core::event::{Trade, Transaction};
use hub_core::{Event, Money, Offset, Price, Quantity, Record, Symbol, TransactionId};

pub(crate) use self::basis::{Basis, Point, PointSource};
pub(crate) use self::json::{Head, Score, schema, write_pnl, write_position, write_score};
pub(crate) use self::runs::{Runs, Said};
pub(crate) use self::ticks::{Search, Tick};
pub(crate) use self::turn::Turn;
use crate::holding::{self, Holding};
use crate::lots::Lot;
use crate::marks;

/// A position that was taken through its transactions again.
pub(crate) struct Receipt {
    pub(crate) symbol: Symbol,
    /// In the order of the log.
    steps: Vec<Step>,
    pub(crate) holding: Holding,
    /// The quote behind the mark.
    tick: Option<Tick>,
    bought: HashMap<Offset, Bought>,
}

/// A transaction, and what it did.
struct Step {
    record: Arc<Record>,
    realized_pnl: Money,
    /// Of a sale, in the order in which it took them.
    taken: Vec<Taken>,
}

/// A part of a lot that was sold.
struct Taken {
    lot: Lot,
    quantity: Quantity,
    cost: Money,
    gain: Money,
}

/// A purchase.
#[derive(Clone, Copy)]
struct Bought {
    id: TransactionId,
    quantity: Quantity,
}

/// Records don't make the position that was applied: the log or the hub is wrong.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the records of {symbol} make another position than was applied, from that at {at} on")]
pub(crate) struct Differs {
    pub(crate) symbol: Symbol,
    pub(crate) at: Offset,
}

impl Receipt {
    /// The position in a symbol that these records make, its transactions that were applied, all up to a position of the
    /// log; `tick` was the newest quote there.
    pub(crate) fn of(
        symbol: Symbol,
        records: Vec<Arc<Record>>,
        tick: Option<Tick>,
    ) -> Result<Receipt, Differs> {
        let (steps, bought) = (Vec::with_capacity(records.len()), HashMap::new());
        let mut receipt = Receipt { symbol, steps, holding: Holding::default(), tick, bought };
        for record in records {
            receipt.go_on(record)?;
        }
        Ok(receipt)
    }

    fn go_on(&mut self, record: Arc<Record>) -> Result<(), Differs> {
        let differs = || Differs { symbol: self.symbol.clone(), at: record.offset };
        let Event::Transaction(event) = &record.event else { return Err(differs()) };
        if event.symbol != self.symbol {
            return Err(differs());
        }
        let taken = taken(&self.holding, event);
        let before = mem::take(&mut self.holding);
        let (after, execution) = holding::trade(&record, event, before).map_err(|_| differs())?;
        if matches!(event.trade, Trade::Buy { .. }) {
            let bought = Bought { id: event.transaction_id, quantity: event.quantity };
            self.bought.insert(record.offset, bought);
        }
        self.holding = after;
        let realized_pnl = execution.realized_pnl;
        self.steps.push(Step { record, realized_pnl, taken });
        Ok(())
    }

    /// The last of its records.
    pub(crate) fn last(&self) -> Offset {
        self.steps.last().map_or(Offset::START, |step| step.record.offset)
    }

    /// The worth of what is held (AN-PVAL); `None` where it has no price, or is more than money holds.
    fn worth(&self) -> Option<Money> {
        if self.holding.is_open() {
            Money::of(self.price()?, self.holding.balance.holdings)
        } else {
            Some(Money::ZERO)
        }
    }

    fn price(&self) -> Option<Price> {
        self.tick.map(|tick| tick.quote.price)
    }

    /// AN-UPL: of what is closed 0, priced or not; `None` where it has no price, or is more than money holds.
    fn unrealized_pnl(&self) -> Option<Money> {
        let balance = self.holding.balance;
        if self.holding.is_open() {
            marks::unrealized(self.price(), balance.holdings, balance.total_invested)
        } else {
            Some(Money::ZERO)
        }
    }
}

/// Parts of lots that a transaction sells, each with what it cost and what it gained.
fn taken(before: &Holding, event: &Transaction) -> Vec<Taken> {
    let Trade::Sell { price, lot_price } = event.trade else { return Vec::new() };
    let parts = before.lots.taken(event.quantity, lot_price).into_iter();
    let part = |(lot, quantity): (Lot, Quantity)| {
        // A part of amounts that can be represented, neither of which is less than 0.
        let worth = |price| Money::of(price, quantity).unwrap_or_default();
        let cost = worth(lot.price);
        Taken { lot, quantity, cost, gain: worth(price).checked_sub(cost).unwrap_or_default() }
    };
    parts.map(part).collect()
}
