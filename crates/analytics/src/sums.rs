//! Amounts of many positions, added up.

use hub_core::{Money, Offset, Quantity};
use hub_rows::{Column, Rows, RowsView};

use crate::listing::SymbolKey;
use crate::position::Balance;
use crate::row::{halves, whole};
use crate::wide::Wide;

/// Words of a symbol's sums in their table.
pub(crate) const WORDS: usize = 9;

/// Positions, added up. Whatever they are, so is their sum: money that no number holds is none when it is shown.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Sums {
    /// The number of positions, those that were closed included.
    pub(crate) positions: u64,
    /// In units; of 2^32 positions, what they hold fits.
    holdings: i128,
    total_invested: Wide,
    realized_pnl: Wide,
}

impl Sums {
    /// One position.
    pub(crate) fn of(balance: &Balance) -> Sums {
        Sums {
            positions: 1,
            holdings: balance.holdings.units(),
            total_invested: balance.total_invested.units().into(),
            realized_pnl: balance.realized_pnl.units().into(),
        }
    }

    pub(crate) fn plus(self, other: Sums) -> Sums {
        Sums {
            positions: self.positions + other.positions,
            holdings: self.holdings + other.holdings,
            total_invested: self.total_invested.plus(other.total_invested),
            realized_pnl: self.realized_pnl.plus(other.realized_pnl),
        }
    }

    /// Without what was added once.
    pub(crate) fn minus(self, other: Sums) -> Sums {
        Sums {
            positions: self.positions - other.positions,
            holdings: self.holdings - other.holdings,
            total_invested: self.total_invested.minus(other.total_invested),
            realized_pnl: self.realized_pnl.minus(other.realized_pnl),
        }
    }

    pub(crate) fn holdings(&self) -> Quantity {
        Quantity::from_units(self.holdings)
    }

    /// Cost of the open lots; `None` if that is more than money holds.
    pub(crate) fn total_invested(&self) -> Option<Money> {
        self.total_invested.units().map(Money::from_units)
    }

    /// Profit of the closed lots; `None` if that is more than money holds.
    pub(crate) fn realized_pnl(&self) -> Option<Money> {
        self.realized_pnl.units().map(Money::from_units)
    }

    /// The share in what all of it has cost, in hundredths of a percent, half up (AN-SECTOR); `None` where that is 0.
    pub(crate) fn share_in(&self, all: &Sums) -> Option<i64> {
        self.total_invested.ten_thousandths_of(all.total_invested)
    }

    fn words(&self) -> [u64; WORDS] {
        let [h0, h1] = halves(self.holdings);
        let [i0, i1, i2] = self.total_invested.words();
        let [r0, r1, r2] = self.realized_pnl.words();
        [self.positions, h0, h1, i0, i1, i2, r0, r1, r2]
    }

    fn of_words([positions, h0, h1, i0, i1, i2, r0, r1, r2]: [u64; WORDS]) -> Sums {
        Sums {
            positions,
            holdings: whole([h0, h1]),
            total_invested: Wide::of_words([i0, i1, i2]),
            realized_pnl: Wide::of_words([r0, r1, r2]),
        }
    }
}

/// Sums over all portfolios, by symbol: as they are now, and a table as positions have, into which goes what changed when
/// a view is taken of it, so that a view is of the position that all others are of.
#[derive(Default)]
pub(crate) struct SymbolSums {
    now: Column<Changing>,
    /// Symbols whose sums are not yet in the table.
    changed: Vec<SymbolKey>,
    rows: Rows<WORDS>,
}

#[derive(Default)]
struct Changing {
    sums: Sums,
    is_listed: bool,
}

/// [`SymbolSums`] as of a view.
pub(crate) type SymbolSumsView = RowsView<WORDS>;

impl SymbolSums {
    /// A symbol that was listed with the next key.
    pub(crate) fn push(&mut self) {
        self.now.push(Changing::default());
    }

    /// A position was opened, or traded.
    pub(crate) fn change(&mut self, key: SymbolKey, before: Option<&Balance>, after: &Balance) {
        let Some(changing) = self.now.get_mut(key) else { return };
        let with = changing.sums.plus(Sums::of(after));
        changing.sums = before.map_or(with, |before| with.minus(Sums::of(before)));
        if !changing.is_listed {
            changing.is_listed = true;
            self.changed.push(key);
        }
    }

    /// All of it as of the last record.
    pub(crate) fn view(&mut self, at: Offset) -> SymbolSumsView {
        for _ in self.rows.len()..self.now.len() as u32 {
            self.rows.push(at, at, 0, Sums::default().words());
        }
        for key in self.changed.drain(..) {
            if let Some(changing) = self.now.get_mut(key) {
                changing.is_listed = false;
                self.rows.set(key, at, at, changing.sums.words());
            }
        }
        self.rows.view(at)
    }

    /// The table, for what it keeps.
    pub(crate) fn rows(&self) -> &Rows<WORDS> {
        &self.rows
    }

    /// Takes back what is kept for views older than `at`, as [`Rows::expire_before`] does.
    pub(crate) fn expire_before(&mut self, at: Offset) -> usize {
        self.rows.expire_before(at)
    }
}

/// The sums of a symbol, if it was ever held.
pub(crate) fn of_row(words: [u64; WORDS]) -> Option<Sums> {
    Some(Sums::of_words(words)).filter(|sums| sums.positions > 0)
}
