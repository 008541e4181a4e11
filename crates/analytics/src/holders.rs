//! Holders of each symbol.

use hub_fanout::RowKey;
use hub_rows::Column;

use crate::listing::SymbolKey;
use crate::portfolio::PortfolioKey;

/// For each symbol, the portfolios that hold some of it: those whose unrealised P&L a new price changes. Dense, because
/// a flush walks it for every symbol that was priced; only an opening or closing edits it, in O(1), so in no order.
#[derive(Default, Debug)]
pub(crate) struct Holders {
    by_symbol: Vec<Vec<Holder>>,
    /// By row: its place among the holders of its symbol, while it is open.
    places: Column<u32>,
}

/// A position that is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Holder {
    pub(crate) portfolio: PortfolioKey,
    row: RowKey,
}

impl Holders {
    pub(crate) fn of(&self, symbol: SymbolKey) -> &[Holder] {
        self.by_symbol.get(symbol as usize).map_or(&[], Vec::as_slice)
    }

    /// The position, which was not open, is.
    pub(crate) fn add(&mut self, symbol: SymbolKey, portfolio: PortfolioKey, row: RowKey) {
        let symbol = symbol as usize;
        if symbol >= self.by_symbol.len() {
            self.by_symbol.resize_with(symbol + 1, Vec::new);
        }
        while self.places.len() <= row as usize {
            self.places.push(0);
        }
        let holders = &mut self.by_symbol[symbol];
        self.places.set(row, holders.len() as u32);
        holders.push(Holder { portfolio, row });
    }

    /// The position, which was open, is not.
    pub(crate) fn remove(&mut self, symbol: SymbolKey, row: RowKey) {
        let place = self.places.get(row).map_or(usize::MAX, |place| *place as usize);
        let Some(holders) = self.by_symbol.get_mut(symbol as usize) else { return };
        if holders.get(place).is_some_and(|holder| holder.row == row) {
            holders.swap_remove(place);
            if let Some(moved) = holders.get(place) {
                self.places.set(moved.row, place as u32);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Rows of three symbols open and close in any order.
        #[test]
        fn holders_are_those_whose_position_is_open(toggled in prop::collection::vec(0_u32..30, 0..300)) {
            let (mut holders, mut open) = (Holders::default(), BTreeSet::new());
            for row in toggled {
                let (symbol, portfolio) = (row % 3, 100 + row);
                if open.remove(&row) {
                    holders.remove(symbol, row);
                } else {
                    open.insert(row);
                    holders.add(symbol, portfolio, row);
                }
                for symbol in 0..4 {
                    let held: BTreeSet<_> = holders.of(symbol).iter().map(|holder| holder.portfolio).collect();
                    let expected = open.iter().filter(|row| **row % 3 == symbol).map(|row| 100 + row).collect();
                    prop_assert_eq!(&held, &expected);
                    prop_assert_eq!(held.len(), holders.of(symbol).len());
                }
            }
        }
    }
}
