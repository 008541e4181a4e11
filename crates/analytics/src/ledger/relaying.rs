//! Positions and P&L of portfolios that are relayed.

use hub_core::dto::UnrealizedPnl;
use hub_core::{PortfolioId, Record};

use super::Ledger;
use crate::portfolio::{Portfolio, PortfolioKey};
use crate::relayed::{Origin, RelayedPosition};

impl Ledger {
    /// The origin of a portfolio, if there is one.
    pub(crate) fn origin(&self, id: PortfolioId) -> Option<Origin> {
        self.portfolio(id).map(|(key, _)| self.reference.origin(key))
    }

    /// Takes over a position, of a portfolio that is relayed or new.
    pub(crate) fn relay_position(&mut self, record: &Record, position: &RelayedPosition<'_>) {
        let place = self.place_of(position.row.portfolio_id, &position.row.symbol);
        let Some((row, before)) = place.row else {
            let (key, portfolio) = self.relayed(record, position.row.portfolio_id);
            let symbol = place.symbol.unwrap_or_else(|| self.list(&position.row.symbol));
            self.add(record, portfolio, place.hash, position.first(key, symbol));
            return;
        };
        let entry = position.entry(before);
        if entry != before {
            self.sums.change(entry.symbol, Some(&before.balance), &entry.balance);
            self.rows.set(row, record.offset, record.offset, entry.words());
            self.touch(entry.portfolio, record.offset);
        }
    }

    /// Takes over the unrealised P&L of a portfolio that is relayed or new.
    pub(crate) fn relay_mark(&mut self, record: &Record, pnl: &UnrealizedPnl) {
        let (key, _) = self.relayed(record, pnl.portfolio_id);
        if self.reference.relay_mark(key, pnl) {
            self.touch(key, record.offset);
        }
    }

    /// A portfolio that is relayed, from now on if it is new.
    fn relayed(&mut self, record: &Record, id: PortfolioId) -> (PortfolioKey, Portfolio) {
        self.portfolio(id).unwrap_or_else(|| {
            let (key, portfolio) = self.enter(record, id);
            self.reference.relay(key, record.offset);
            (key, portfolio)
        })
    }
}
