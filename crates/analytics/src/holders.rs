//! Holders of each symbol.

use crate::listing::SymbolKey;
use crate::portfolio::PortfolioKey;

/// For each symbol, the portfolios that hold some of it, ascending: those
/// whose unrealised P&L a new price changes. Dense, because a flush walks it
/// for every symbol that was priced; only an opening or closing edits it.
#[derive(Default, Debug)]
pub(crate) struct Holders(Vec<Vec<PortfolioKey>>);

impl Holders {
    pub(crate) fn of(&self, symbol: SymbolKey) -> &[PortfolioKey] {
        self.0.get(symbol as usize).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn add(&mut self, symbol: SymbolKey, portfolio: PortfolioKey) {
        let place = symbol as usize;
        if place >= self.0.len() {
            self.0.resize_with(place + 1, Vec::new);
        }
        let holders = &mut self.0[place];
        if let Err(at) = holders.binary_search(&portfolio) {
            holders.insert(at, portfolio);
        }
    }

    pub(crate) fn remove(&mut self, symbol: SymbolKey, portfolio: PortfolioKey) {
        if let Some(holders) = self.0.get_mut(symbol as usize)
            && let Ok(at) = holders.binary_search(&portfolio)
        {
            holders.remove(at);
        }
    }
}
