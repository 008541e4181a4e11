//! One position.

use bytes::Bytes;
use hub_core::dto::PositionRow;
use hub_core::{Money, Quantity, Timestamp};
use hub_fanout::RowKey;

use crate::listing::SymbolKey;
use crate::portfolio::PortfolioKey;
use crate::position::Balance;

/// Words of a position in its table.
pub(crate) const WORDS: usize = 9;

/// A position as its table has it: numbers alone, 96 bytes with the table's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    pub(crate) portfolio: PortfolioKey,
    pub(crate) symbol: SymbolKey,
    pub(crate) created_at: Timestamp,
    /// Time of the last trade; of a closed position, that at which it was closed.
    pub(crate) updated_at: Timestamp,
    pub(crate) phase: Phase,
    pub(crate) balance: Balance,
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
}

/// Bits of a word that are the phase's; a time, at most 2^58 microseconds, has the others.
const PHASE_BITS: u32 = 2;

impl Entry {
    pub(crate) fn words(&self) -> [u64; WORDS] {
        let phase = match self.phase {
            Phase::Open => 0,
            Phase::Closed => 1,
            Phase::Gone => 2,
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
        ]
    }

    pub(crate) fn of(words: [u64; WORDS]) -> Entry {
        let [keys, created, updated, holdings @ .., i0, i1, r0, r1] = words;
        let phase = match updated & ((1 << PHASE_BITS) - 1) {
            0 => Phase::Open,
            1 => Phase::Closed,
            _ => Phase::Gone,
        };
        let time = |micros: u64| Timestamp::from_micros(micros.cast_signed()).unwrap_or_default();
        Entry {
            portfolio: (keys >> 32) as PortfolioKey,
            symbol: keys as SymbolKey,
            created_at: time(created),
            updated_at: time(updated >> PHASE_BITS),
            phase,
            balance: Balance {
                holdings: Quantity::from_units(whole(holdings)),
                total_invested: Money::from_units(whole([i0, i1])),
                realized_pnl: Money::from_units(whole([r0, r1])),
            },
        }
    }
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
            portfolio: u32, symbol: u32, times in [0_i64..253_402_300_800_000_000, 0..253_402_300_800_000_000],
            phase in prop_oneof![Just(Phase::Open), Just(Phase::Closed), Just(Phase::Gone)],
            units in any::<[i128; 3]>(),
        ) {
            let [created_at, updated_at] = times.map(|micros| Timestamp::from_micros(micros).unwrap());
            let balance = Balance {
                holdings: Quantity::from_units(units[0] / 2),
                total_invested: Money::from_units(units[1]),
                realized_pnl: Money::from_units(units[2]),
            };
            let entry = Entry { portfolio, symbol, created_at, updated_at, phase, balance };
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
