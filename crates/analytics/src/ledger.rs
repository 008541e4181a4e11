//! Transactions and prices, taken in one at a time.

use std::collections::HashMap;
use std::sync::Arc;

use hub_core::dto::Execution;
use hub_core::event::{PriceQuote, Trade, Transaction};
use hub_core::{Offset, Outcome, Price, Quantity, Record, Rejection, Timestamp};
use hub_fanout::RowKey;

use crate::closings::{Closing, Closings};
use crate::holders::Holders;
use crate::listing::{Quote, Supersedes, SymbolKey};
use crate::lots::{Lots, Shortage};
use crate::portfolio::{Membership, PortfolioKey};
use crate::position::Balance;
use crate::row::Row;
use crate::state::State;

/// The state that is shown, and what only the next record needs to know.
///
/// Whatever can fail is computed first; only then is anything changed.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) state: State,
    pub(crate) holders: Holders,
    /// By row.
    lots: Vec<Lots>,
    /// Looked up, never walked.
    rows: HashMap<(PortfolioKey, SymbolKey), RowKey>,
    closings: Closings,
}

impl Ledger {
    /// AN-POS: adds to or takes from a position.
    pub(crate) fn trade<'e>(
        &mut self,
        record: &Record,
        event: &'e Transaction,
    ) -> Result<Execution<'e>, Rejection> {
        let timestamp = record.event_time(event.timestamp)?;
        check_sizes(event)?;
        let row = self.row_of(event);
        let before = row.map(|row| self.balance(row)).unwrap_or_default();
        let after = match event.trade {
            Trade::Buy { price } => before.bought(price, event.quantity)?,
            Trade::Sell { price, lot_price } => {
                let lots = row.and_then(|row| self.lots.get(row as usize));
                let cost = lots.map_or(Err(Shortage(Quantity::ZERO)), |lots| {
                    lots.cost(before.holdings, event.quantity, lot_price)
                });
                let cost = cost.map_err(|shortage| oversold(shortage, lot_price))?;
                before.sold(price, event.quantity, cost)?
            }
        };
        let row = row.unwrap_or_else(|| self.open(record, event));
        if let Some(lots) = self.lots.get_mut(row as usize) {
            match event.trade {
                Trade::Buy { price } => lots.add(before.holdings, timestamp, price, event.quantity),
                Trade::Sell { lot_price, .. } => lots.consume(before.holdings, event.quantity, lot_price),
            }
        }
        self.show(record, row, after);
        // Both are representable, and so is their difference: the gain itself.
        let realized_pnl = after.realized_pnl.checked_sub(before.realized_pnl).unwrap_or_default();
        Ok(Execution { transaction: event, realized_pnl, timestamp })
    }

    /// A price: the newest by event time wins.
    pub(crate) fn quote(&mut self, record: &Record, event: &PriceQuote) -> Result<Outcome, Rejection> {
        let quote = Quote::of(record, event)?;
        let symbol = self.state.symbol_key(&event.symbol);
        let held = self.state.listings.get(symbol).and_then(|listing| listing.quote);
        let supersedes = quote.supersedes(held);
        if supersedes == Supersedes::Not {
            return Ok(Outcome::Stale);
        }
        if let Some(listing) = self.state.listings.touch(symbol, supersedes.version(record.offset)) {
            listing.quote = Some(quote);
        }
        Ok(Outcome::Accepted)
    }

    /// Time at which the next closed position has been listed with 0 for the horizon.
    pub(crate) fn next_closing(&self, horizon_millis: i64) -> Option<Timestamp> {
        self.closings.next_due(horizon_millis)
    }

    /// Lets closed positions leave their portfolio's unrealised P&L once they
    /// have been listed with 0 for the horizon.
    pub(crate) fn drop_closings(&mut self, now: Timestamp, horizon_millis: i64, offset: Offset) {
        while let Some(closing) = self.closings.pop_due(now, horizon_millis) {
            let Some(portfolio) = self.state.portfolios.get(closing.portfolio) else { continue };
            // Reopened since, and perhaps closed again: that closing is yet to come.
            if portfolio.membership(closing.row) == Some(Membership::Closed(closing.at)) {
                self.set_membership(closing.portfolio, closing.row, Membership::Gone, offset);
            }
        }
    }

    fn row_of(&self, event: &Transaction) -> Option<RowKey> {
        let portfolio = *self.state.portfolio_keys.get(&event.portfolio_id)?;
        let symbol = *self.state.symbol_keys.get(&event.symbol)?;
        self.rows.get(&(portfolio, symbol)).copied()
    }

    fn balance(&self, row: RowKey) -> Balance {
        let row = self.state.rows.get(row).map(|row| row.position());
        row.map_or_else(Balance::default, Balance::of)
    }

    /// A position's first accepted transaction: for the moment it holds
    /// nothing and is not listed.
    fn open(&mut self, record: &Record, event: &Transaction) -> RowKey {
        let portfolio = self.state.portfolio_key(event.portfolio_id);
        let symbol = self.state.symbol_key(&event.symbol);
        let empty = Balance::default();
        let position = empty.row(event.portfolio_id, event.symbol.clone(), record.at, record.at);
        let row = self.state.rows.push(record.offset, Arc::new(Row::new(portfolio, symbol, position)));
        self.rows.insert((portfolio, symbol), row);
        self.lots.push(Lots::default());
        if let Some(portfolio) = self.state.portfolios.touch(portfolio, record.offset) {
            Arc::make_mut(portfolio).join(row, symbol);
        }
        row
    }

    /// Shows a position's new balance, and what follows for its portfolio.
    fn show(&mut self, record: &Record, key: RowKey, balance: Balance) {
        let Some(row) = self.state.rows.touch(key, record.offset) else { return };
        let (portfolio, symbol) = (row.portfolio, row.symbol);
        let was_open = row.position().holdings.is_positive();
        let before = row.position();
        let created_at = before.created_at.unwrap_or(record.at);
        let position = balance.row(before.portfolio_id, before.symbol.clone(), created_at, record.at);
        *row = Arc::new(Row::new(portfolio, symbol, position));
        match (was_open, balance.holdings.is_positive()) {
            (false, true) => {
                self.holders.add(symbol, portfolio);
                self.set_membership(portfolio, key, Membership::Open, record.offset);
            }
            (true, false) => {
                self.holders.remove(symbol, portfolio);
                self.closings.push(Closing { at: record.at, portfolio, row: key });
                self.set_membership(portfolio, key, Membership::Closed(record.at), record.offset);
            }
            _ => {
                self.state.portfolios.touch(portfolio, record.offset);
            }
        }
    }

    fn set_membership(
        &mut self,
        portfolio: PortfolioKey,
        row: RowKey,
        membership: Membership,
        offset: Offset,
    ) {
        if let Some(portfolio) = self.state.portfolios.touch(portfolio, offset) {
            Arc::make_mut(portfolio).set_membership(row, membership);
        }
    }
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
