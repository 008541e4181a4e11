//! One position.

use std::sync::Arc;

use bytes::Bytes;
use hub_core::dto::PositionRow;
use hub_core::{Money, Offset, PortfolioId, Price, Quantity, Timestamp};
use hub_fanout::RowKey;

use crate::holding::Holding;
use crate::listing::{Listing, SymbolKey};
use crate::lots::{Book, Lot, Lots};
use crate::portfolio::PortfolioKey;
use crate::position::Balance;

/// Words of a position in its table.
pub(crate) const WORDS: usize = 11;

/// A position as its table has it: numbers alone, 112 bytes with the table's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    pub(crate) portfolio: PortfolioKey,
    pub(crate) symbol: SymbolKey,
    pub(crate) created_at: Timestamp,
    /// Time of the last trade; of a closed position, that at which it was closed.
    pub(crate) updated_at: Timestamp,
    pub(crate) phase: Phase,
    pub(crate) balance: Balance,
    pub(crate) lots: LotsAt,
}

/// The place of a position's open lots.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LotsAt {
    /// Nowhere: nothing is held.
    None,
    /// In the row: one lot, of all that is held, whose price is what was invested by what is held.
    Row { bought_at: Timestamp, offset: Offset },
    /// Beside the table: two or more, in the book with this number.
    Beside(u32),
}

/// State of a position in its portfolio's unrealised P&L.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// Something is held.
    Open,
    /// Nothing is held any more; listed with 0 for the resume horizon, so that no interval or reconnect can skip the
    /// 0 (BUG-A7).
    Closed,
    /// Nothing is held, and it is listed no more.
    Gone,
    /// A service upstream says what is held: it has no lots, and is marked by what that service says.
    Relayed,
}

/// Bits of a word that are the phase's; a time, at most 2^58 microseconds, has the others.
const PHASE_BITS: u32 = 3;

impl Entry {
    pub(crate) fn words(&self) -> [u64; WORDS] {
        // What is open has lots.
        let (phase, lots) = match (self.phase, self.lots) {
            (Phase::Open, LotsAt::Row { bought_at, offset }) => (0, [bought_at.micros() as u64, offset.0]),
            (Phase::Open, LotsAt::Beside(book)) => (3, [book.into(), 0]),
            (Phase::Closed, _) => (1, [0; 2]),
            (Phase::Gone, _) | (Phase::Open, LotsAt::None) => (2, [0; 2]),
            (Phase::Relayed, _) => (4, [0; 2]),
        };
        let Balance { holdings, total_invested, realized_pnl } = self.balance;
        let [holdings, invested, realized] =
            [holdings.units(), total_invested.units(), realized_pnl.units()].map(halves);
        [
            u64::from(self.portfolio) << 32 | u64::from(self.symbol),
            self.created_at.micros() as u64,
            (self.updated_at.micros() as u64) << PHASE_BITS | phase,
            holdings[0],
            holdings[1],
            invested[0],
            invested[1],
            realized[0],
            realized[1],
            lots[0],
            lots[1],
        ]
    }

    pub(crate) fn of(words: [u64; WORDS]) -> Entry {
        let [keys, created, updated, h0, h1, i0, i1, r0, r1, lots @ ..] = words;
        let time = |micros: u64| Timestamp::from_micros(micros.cast_signed()).unwrap_or_default();
        let (phase, lots) = match updated & ((1 << PHASE_BITS) - 1) {
            0 => (Phase::Open, LotsAt::Row { bought_at: time(lots[0]), offset: Offset(lots[1]) }),
            1 => (Phase::Closed, LotsAt::None),
            2 => (Phase::Gone, LotsAt::None),
            3 => (Phase::Open, LotsAt::Beside(lots[0] as u32)),
            _ => (Phase::Relayed, LotsAt::None),
        };
        Entry {
            portfolio: (keys >> 32) as PortfolioKey,
            symbol: keys as SymbolKey,
            created_at: time(created),
            updated_at: time(updated >> PHASE_BITS),
            phase,
            balance: Balance {
                holdings: Quantity::from_units(whole([h0, h1])),
                total_invested: Money::from_units(whole([i0, i1])),
                realized_pnl: Money::from_units(whole([r0, r1])),
            },
            lots,
        }
    }
}

/// Lots.
impl Entry {
    /// The number of the book that its lots are in, beside the table.
    pub(crate) fn book(&self) -> Option<u32> {
        match self.lots {
            LotsAt::Beside(number) => Some(number),
            LotsAt::None | LotsAt::Row { .. } => None,
        }
    }

    /// Holdings with their lots; `book` has those beside the table.
    pub(crate) fn holding(&self, book: impl FnOnce(u32) -> Option<Arc<Book>>) -> Holding {
        let balance = self.balance;
        let lots = match self.lots {
            LotsAt::None => Lots::None,
            LotsAt::Row { bought_at, offset } => Lots::One(Lot {
                bought_at,
                offset,
                price: price_of_one(&balance),
                quantity: balance.holdings,
            }),
            LotsAt::Beside(number) => book(number).map_or(Lots::None, Lots::Several),
        };
        Holding { balance, lots }
    }
}

impl LotsAt {
    /// The place of no lots or one; several are put beside the table.
    pub(crate) fn of_few(lots: &Lots) -> LotsAt {
        match lots {
            Lots::One(lot) => LotsAt::Row { bought_at: lot.bought_at, offset: lot.offset },
            Lots::None | Lots::Several(_) => LotsAt::None,
        }
    }
}

/// The price of a position's only lot: what is left of it has cost that, to the last digit.
fn price_of_one(balance: &Balance) -> Price {
    let price = balance.total_invested.units().checked_div(balance.holdings.units());
    Price::from_units(price.and_then(|price| price.try_into().ok()).unwrap_or_default())
}

/// The two words of 128 bits.
pub(crate) fn halves(units: i128) -> [u64; 2] {
    [(units >> 64) as u64, units as u64]
}

/// Inverse of [`halves`].
pub(crate) fn whole([high, low]: [u64; 2]) -> i128 {
    i128::from(high.cast_signed()) << 64 | i128::from(low)
}

/// A position at one version (AN-WS-1) as people see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row(pub(crate) PositionRow);

impl Row {
    pub(crate) fn of(portfolio_id: PortfolioId, listing: &Listing, entry: &Entry) -> Row {
        let Balance { holdings, total_invested, realized_pnl } = entry.balance;
        Row(PositionRow {
            portfolio_id,
            symbol: listing.symbol.clone(),
            holdings,
            total_invested,
            realized_pnl,
            created_at: Some(entry.created_at),
            updated_at: Some(entry.updated_at),
        })
    }

    /// Its values.
    pub fn position(&self) -> &PositionRow {
        &self.0
    }

    /// Its values as JSON.
    pub fn json(&self) -> Bytes {
        let mut json = Vec::with_capacity(JSON_USUAL_BYTES);
        self.0.write_json(&mut json);
        json.into()
    }
}

/// Room for a row with numbers of usual size.
const JSON_USUAL_BYTES: usize = 256;

/// The position that was added to its portfolio before this one: kept aside in its table, in one number from 1 on.
pub(crate) fn aside(before: Option<RowKey>) -> u32 {
    before.map_or(0, |key| key + 1)
}

/// Inverse of [`aside`].
pub(crate) fn beside(aside: u32) -> Option<RowKey> {
    aside.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_entry_is_what_its_words_say(
            portfolio: u32, symbol: u32, times in [0..253_402_300_800_000_000_i64, 0..253_402_300_800_000_000, 0..253_402_300_800_000_000], which in 0..5, number: u64,
            units in any::<[i128; 3]>(),
        ) {
            let [created_at, updated_at, bought_at] = times.map(|micros| Timestamp::from_micros(micros).unwrap());
            let balance = Balance {
                holdings: Quantity::from_units(units[0] / 2),
                total_invested: Money::from_units(units[1]),
                realized_pnl: Money::from_units(units[2]),
            };
            let (phase, lots) = match which {
                0 => (Phase::Open, LotsAt::Row { bought_at, offset: Offset(number) }),
                1 => (Phase::Open, LotsAt::Beside(number as u32)),
                2 => (Phase::Closed, LotsAt::None),
                3 => (Phase::Gone, LotsAt::None),
                _ => (Phase::Relayed, LotsAt::None),
            };
            let entry = Entry { portfolio, symbol, created_at, updated_at, phase, balance, lots };
            prop_assert_eq!(Entry::of(entry.words()), entry);
        }
    }

    #[test]
    fn the_position_before_is_told_from_none() {
        for before in [None, Some(0), Some(u32::MAX - 1)] {
            assert_eq!(beside(aside(before)), before);
        }
    }
}
