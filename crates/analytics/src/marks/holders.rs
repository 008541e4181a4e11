//! Holders of each symbol.

use hub_core::Price;
use hub_fanout::RowKey;
use hub_rows::Column;

use super::share::is_large;
use crate::listing::SymbolKey;
use crate::portfolio::PortfolioKey;

/// For each symbol, the positions in it that are open: those whose value a new price changes. Columns, because a flush
/// goes over them for every symbol that was priced; only an opening or closing adds or removes, in O(1), so in no order.
#[derive(Default, Debug)]
pub(super) struct Holders {
    columns: Vec<Columns>,
    /// By row: its place among the holders of its symbol, while it is open.
    places: Column<u32>,
}

/// Holders of one symbol.
#[derive(Default, Debug)]
pub(super) struct Columns {
    pub(super) portfolios: Vec<PortfolioKey>,
    pub(super) rows: Vec<RowKey>,
    /// Units held; of a position that is large whatever the price, 0.
    pub(super) quantities: Vec<i64>,
    /// No quantity is more.
    most: i64,
}

impl Holders {
    pub(super) fn of(&self, symbol: SymbolKey) -> Option<&Columns> {
        self.columns.get(symbol as usize)
    }

    /// The position is open and holds so many units.
    pub(super) fn set(&mut self, symbol: SymbolKey, portfolio: PortfolioKey, row: RowKey, quantity: i64) {
        let at = symbol as usize;
        if at >= self.columns.len() {
            self.columns.resize_with(at + 1, Columns::default);
        }
        let place = self.place(symbol, row);
        let columns = &mut self.columns[at];
        columns.most = columns.most.max(quantity);
        if let Some(place) = place {
            columns.quantities[place] = quantity;
            return;
        }
        while self.places.len() <= row as usize {
            self.places.push(0);
        }
        self.places.set(row, columns.rows.len() as u32);
        columns.portfolios.push(portfolio);
        columns.rows.push(row);
        columns.quantities.push(quantity);
    }

    /// The position is not open.
    pub(super) fn remove(&mut self, symbol: SymbolKey, row: RowKey) {
        let Some(place) = self.place(symbol, row) else { return };
        let columns = &mut self.columns[symbol as usize];
        columns.portfolios.swap_remove(place);
        columns.rows.swap_remove(place);
        columns.quantities.swap_remove(place);
        if let Some(moved) = columns.rows.get(place) {
            self.places.set(*moved, place as u32);
        }
    }

    /// Finds out what the most is that anybody holds of the symbol.
    pub(super) fn measure(&mut self, symbol: SymbolKey) {
        if let Some(columns) = self.columns.get_mut(symbol as usize) {
            columns.most = columns.quantities.iter().copied().max().unwrap_or_default();
        }
    }

    fn place(&self, symbol: SymbolKey, row: RowKey) -> Option<usize> {
        let place = *self.places.get(row)? as usize;
        (self.of(symbol)?.rows.get(place) == Some(&row)).then_some(place)
    }
}

impl Columns {
    /// True if at this price what each holds is too little to be large.
    pub(super) fn are_small_at(&self, price: Price) -> bool {
        !is_large(i128::from(price.units()) * i128::from(self.most))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Rows of three symbols are traded and closed in any order.
        #[test]
        fn holders_are_those_whose_position_is_open(trades in prop::collection::vec((0_u32..30, 0_i64..4), 0..300)) {
            let (mut holders, mut open) = (Holders::default(), BTreeMap::new());
            for (row, quantity) in trades {
                let (symbol, portfolio) = (row % 3, 100 + row);
                if quantity == 0 {
                    open.remove(&row);
                    holders.remove(symbol, row);
                } else {
                    open.insert(row, quantity);
                    holders.set(symbol, portfolio, row, quantity);
                }
                for symbol in 0..3 {
                    let none = Columns::default();
                    let Columns { portfolios, rows, quantities, most } = holders.of(symbol).unwrap_or(&none);
                    let held: BTreeMap<_, _> = rows.iter().copied().zip(quantities.iter().copied()).collect();
                    let of_symbol = open.iter().filter(|(row, _)| **row % 3 == symbol);
                    let expected: BTreeMap<_, _> = of_symbol.map(|(row, quantity)| (*row, *quantity)).collect();
                    prop_assert_eq!(&held, &expected);
                    prop_assert_eq!(rows.len(), held.len());
                    prop_assert!(portfolios.iter().copied().eq(rows.iter().map(|row| 100 + row)));
                    prop_assert!(held.values().all(|quantity| quantity <= most));
                }
            }
        }
    }
}
