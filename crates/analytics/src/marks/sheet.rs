//! Inputs of a mark, but for prices.

use std::cmp::Ordering;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use hub_core::{Expired, Offset, Symbol};

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
    pub(super) balance: Balance,
}

/// The newest sheet of a portfolio that anybody has asked for, while somebody subscribes.
#[derive(Default, Debug)]
pub(crate) struct SheetCell(ArcSwapOption<Sheet>);

impl SheetCell {
    /// The sheet as of a state, which is made if it is not the one that is kept.
    pub(crate) fn of(&self, state: &State, key: PortfolioKey) -> Result<Arc<Sheet>, Expired> {
        let version = state.portfolios.version(key)?.unwrap_or_default();
        let held = self.0.load_full();
        if let Some(sheet) = &held
            && sheet.version == version
        {
            return Ok(Arc::clone(sheet));
        }
        let sheet = Arc::new(Sheet::of(state, key, version)?);
        // A reader that lags behind takes it from nobody.
        if held.is_none_or(|held| held.version < version) {
            self.0.store(Some(Arc::clone(&sheet)));
        }
        Ok(sheet)
    }

    /// Keeps none.
    pub(crate) fn clear(&self) {
        self.0.store(None);
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
            if entry.phase != Phase::Gone
                && let Some(listing) = listing
            {
                let is_open = entry.phase == Phase::Open;
                let listed = Listed { symbol: entry.symbol, is_open, balance: entry.balance };
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
