//! Plain columns: the least that computing positions takes. Nobody reads them, there are no views, nothing is shared.

mod lots;
mod numbered;

use hub_core::event::{Trade, Transaction};
use hub_core::{
    Event, Money, Offset, PortfolioId, Price, Quantity, Record, Symbol, Timestamp, TransactionId,
};

use self::lots::{FurtherLots, Lot, NO_LOT};
use self::numbered::Numbered;
use crate::contender::Contender;

/// Positions as a structure of arrays, and what finds them. Sales take the oldest lots; one that names its lots is
/// refused, as no workload has it.
#[derive(Default)]
pub(crate) struct Columns {
    holdings: Vec<Quantity>,
    invested: Vec<Money>,
    realized: Vec<Money>,
    /// Of the oldest lot, which holds what the further ones don't.
    lot_price: Vec<Price>,
    lot_time: Vec<Timestamp>,
    created_at: Vec<Timestamp>,
    updated_at: Vec<Timestamp>,
    version: Vec<Offset>,
    /// The second lot of each.
    further: Vec<u32>,
    lots: FurtherLots,
    /// By portfolio and symbol.
    rows: Numbered<(u32, u32)>,
    portfolios: Numbered<PortfolioId>,
    symbols: Numbered<Symbol>,
    applied: Numbered<TransactionId>,
}

impl Columns {
    /// `None` if the transaction is refused. It may have been taken in by half: a ledger can't do that, a limit may.
    fn trade(&mut self, record: &Record, event: &Transaction) -> Option<()> {
        let applied = self.applied.len();
        if self.applied.number(&event.transaction_id) < applied {
            return None;
        }
        let time = record.event_time(event.timestamp).ok()?;
        let pair = (self.portfolios.number(&event.portfolio_id), self.symbols.number(&event.symbol));
        let row = self.rows.number(&pair) as usize;
        if row == self.holdings.len() {
            self.push(record.at);
        }
        match event.trade {
            Trade::Buy { price } => self.buy(row, Lot { price, quantity: event.quantity, time })?,
            Trade::Sell { price, lot_price: None } => self.sell(row, price, event.quantity)?,
            Trade::Sell { .. } => return None,
        }
        self.updated_at[row] = record.at;
        self.version[row] = record.offset;
        Some(())
    }

    fn push(&mut self, at: Timestamp) {
        self.holdings.push(Quantity::ZERO);
        self.invested.push(Money::ZERO);
        self.realized.push(Money::ZERO);
        self.lot_price.push(Price::ZERO);
        self.lot_time.push(at);
        self.created_at.push(at);
        self.updated_at.push(at);
        self.version.push(Offset::START);
        self.further.push(NO_LOT);
    }

    fn buy(&mut self, row: usize, lot: Lot) -> Option<()> {
        let held = self.holdings[row];
        self.holdings[row] = held.checked_add(lot.quantity)?;
        self.invested[row] = self.invested[row].checked_add(Money::of(lot.price, lot.quantity)?)?;
        if held.is_zero() {
            (self.lot_price[row], self.lot_time[row]) = (lot.price, lot.time);
        } else {
            self.lots.push(&mut self.further[row], lot);
        }
        Some(())
    }

    fn sell(&mut self, row: usize, price: Price, quantity: Quantity) -> Option<()> {
        if quantity > self.holdings[row] {
            return None;
        }
        let cost = self.consume(row, quantity)?;
        let gain = Money::of(price, quantity)?.checked_sub(cost)?;
        self.realized[row] = self.realized[row].checked_add(gain)?;
        self.invested[row] = self.invested[row].checked_sub(cost)?;
        self.holdings[row] = self.holdings[row].checked_sub(quantity)?;
        Some(())
    }

    /// Cost of the oldest lots, which go out.
    fn consume(&mut self, row: usize, quantity: Quantity) -> Option<Money> {
        let mut oldest = self.holdings[row].checked_sub(self.lots.held(self.further[row]))?;
        let mut owed = quantity;
        let mut cost = Money::ZERO;
        loop {
            let taken = owed.min(oldest);
            cost = cost.checked_add(Money::of(self.lot_price[row], taken)?)?;
            owed = owed.checked_sub(taken)?;
            if taken < oldest {
                return Some(cost);
            }
            let Some(next) = self.lots.pop(&mut self.further[row]) else { return Some(cost) };
            (self.lot_price[row], self.lot_time[row], oldest) = (next.price, next.time, next.quantity);
        }
    }
}

impl Contender for Columns {
    fn apply(&mut self, record: &Record) -> bool {
        match &record.event {
            Event::Transaction(event) => self.trade(record, event).is_some(),
            _ => false,
        }
    }

    fn settle(&mut self) {}

    fn holdings(&self) -> Quantity {
        Quantity::from_units(self.holdings.iter().map(|held| held.units()).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::Hub;
    use crate::workload::Workload;

    /// Holdings, invested and realised of a position.
    type Balance = (Quantity, Money, Money);

    impl Columns {
        fn balance(&self, portfolio: PortfolioId, symbol: &Symbol) -> Option<Balance> {
            let pair = (self.portfolios.find(&portfolio)?, self.symbols.find(symbol)?);
            let row = self.rows.find(&pair)? as usize;
            Some((self.holdings[row], self.invested[row], self.realized[row]))
        }
    }

    /// Few positions, so that each has many lots, is closed and opened again.
    #[test]
    fn columns_and_the_projection_agree_on_every_position() {
        for seed in 0..3 {
            let mut workload = Workload::new(seed, 3, 400).unwrap();
            let mut records: Vec<Record> = (0..400).map(|_| workload.open()).collect();
            records.extend((0..6_000).map(|_| workload.trade()));
            let (mut columns, mut hub) = (Columns::default(), Hub::new());
            for record in &records {
                assert!(columns.apply(record) && hub.apply(record), "{record:?}");
            }
            hub.settle();
            let state = hub.reads().settled();
            assert_eq!(state.positions().count(), columns.holdings.len());
            let mut closed = 0;
            for row in state.positions().map(|row| row.expect("the newest state")) {
                let row = row.position();
                let shown = (row.holdings, row.total_invested, row.realized_pnl);
                assert_eq!(columns.balance(row.portfolio_id, &row.symbol), Some(shown), "{row:?}");
                closed += usize::from(row.holdings.is_zero());
            }
            assert!(closed > 0 && !columns.lots.is_empty(), "{closed} closed positions");
            assert_eq!([columns.holdings(), hub.holdings()], [workload.holdings(); 2]);
        }
    }

    #[test]
    fn a_transaction_is_applied_once() {
        let mut workload = Workload::new(1, 1, 1).unwrap();
        let record = workload.open();
        let (mut columns, mut hub) = (Columns::default(), Hub::new());
        assert!(columns.apply(&record) && hub.apply(&record));
        let again = Record { offset: record.offset.next(), ..record };
        assert!(!columns.apply(&again) && !hub.apply(&again));
    }
}
