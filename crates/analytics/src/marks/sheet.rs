//! Inputs of a mark, but for prices.

use std::cmp::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hub_core::{Expired, Money, Offset, Quantity, Symbol};

use super::positions::Positions;
use crate::listing::SymbolKey;
use crate::portfolio::PortfolioKey;
use crate::position::Balance;
use crate::row::Phase;
use crate::state::State;

/// The positions that a portfolio's mark lists, in the order of their symbols, as of one version of the portfolio.
///
/// In the table they lie apart, and each leads to the next: to read them takes ten times as long as to encode them. A
/// price changes none of them.
#[derive(Debug)]
pub(crate) struct Sheet {
    version: Offset,
    pub(super) positions: Box<[Listed]>,
}

/// One of them. What was closed lately is listed with 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed {
    pub(super) symbol: SymbolKey,
    pub(super) is_open: bool,
    pub(super) holdings: Quantity,
    pub(super) total_invested: Money,
}

/// The newest sheet of a portfolio that anybody has asked for, while somebody subscribes.
#[derive(Default, Debug)]
pub(crate) struct SheetCell(Mutex<Option<Sheet>>);

impl SheetCell {
    /// Gives `read` the sheet as of a state, which is made if it is not the one that is kept. Whoever else wants this
    /// portfolio's meanwhile waits.
    pub(crate) fn read<R>(
        &self,
        state: &State,
        key: PortfolioKey,
        read: impl FnOnce(&Sheet) -> Result<R, Expired>,
    ) -> Result<R, Expired> {
        let version = state.portfolios.version(key)?.unwrap_or_default();
        let mut held = self.lock();
        match &*held {
            Some(sheet) if sheet.version == version => read(sheet),
            // A reader that lags behind takes it from nobody.
            Some(sheet) if sheet.version > version => {
                drop(held);
                read(&Sheet::of(state, key, version)?)
            }
            _ => read(held.insert(Sheet::of(state, key, version)?)),
        }
    }

    /// Keeps none.
    pub(crate) fn clear(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Sheet>> {
        // What is there is whole, whoever panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sheet {
    /// The sheet of a portfolio, of which this is the version.
    pub(crate) fn of(
        positions: &impl Positions,
        key: PortfolioKey,
        version: Offset,
    ) -> Result<Sheet, Expired> {
        let mut named = Vec::with_capacity(POSITIONS_USUAL);
        for member in positions.members(key) {
            let (_, entry) = member?;
            let listing = positions.listings().get(entry.symbol);
            if matches!(entry.phase, Phase::Open | Phase::Closed)
                && let Some(listing) = listing
            {
                let is_open = entry.phase == Phase::Open;
                let Balance { holdings, total_invested, .. } = entry.balance;
                let listed = Listed { symbol: entry.symbol, is_open, holdings, total_invested };
                named.push(Named { prefix: prefix(&listing.symbol), symbol: &listing.symbol, listed });
            }
        }
        named.sort_unstable_by(Named::in_order);
        Ok(Sheet { version, positions: named.into_iter().map(|named| named.listed).collect() })
    }
}

/// Room for the positions of a portfolio of usual size.
const POSITIONS_USUAL: usize = 16;

/// A position with its place in the order.
struct Named<'s> {
    prefix: u64,
    symbol: &'s Symbol,
    listed: Listed,
}

impl Named<'_> {
    fn in_order(&self, other: &Named<'_>) -> Ordering {
        self.prefix.cmp(&other.prefix).then_with(|| self.symbol.cmp(other.symbol))
    }
}

/// A symbol's first 8 bytes, which mostly tell which of two comes first.
fn prefix(symbol: &Symbol) -> u64 {
    let text = symbol.as_str().as_bytes();
    let mut prefix = [0; 8];
    let length = text.len().min(prefix.len());
    prefix[..length].copy_from_slice(&text[..length]);
    u64::from_be_bytes(prefix)
}
