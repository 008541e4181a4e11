//! A position's share in the P&L of its portfolio.

use hub_core::{Freshness, Money, Price};

use crate::listing::Quote;
use crate::position::Balance;
use crate::row::{Entry, Phase};

/// Units of money, some 5 * 10^11, from which on an amount is large: of less, three for each of 2^32 positions add up
/// to what 128 bits hold, whatever their order.
const LARGE: u128 = 1 << 92;

/// True of an amount that sums may not be able to hold.
pub(super) fn is_large(units: i128) -> bool {
    units.unsigned_abs() >= LARGE
}

/// The price that holders of a symbol are marked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Marked {
    pub(super) price: Price,
    pub(super) is_stale: bool,
}

impl Marked {
    pub(super) fn of(quote: Quote, freshness: Freshness) -> Marked {
        Marked { price: quote.price, is_stale: freshness.is_stale(quote.time) }
    }
}

/// The price of what is open.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum Pricing {
    /// There is none, or nothing is open.
    #[default]
    Unpriced,
    Fresh,
    Stale,
}

/// A position's share in its portfolio's P&L. Shares are added up, and taken away again, in any order.
///
/// Whether a sum of large amounts can be represented depends on their order, so they have no part in it: a portfolio
/// that has one is summed up one by one.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Share {
    /// Realised and, if it is open and priced, unrealised, in units of money; 0 if it is large.
    pub(super) units: i128,
    pub(super) is_open: bool,
    pub(super) pricing: Pricing,
    pub(super) is_large: bool,
}

impl Share {
    /// At what its symbol is marked at, if it has a price.
    pub(super) fn of(entry: &Entry, marked: Option<Marked>) -> Share {
        let Balance { holdings, total_invested, realized_pnl } = entry.balance;
        let is_open = entry.phase == Phase::Open;
        let marked = marked.filter(|_| is_open);
        let worth = marked.map(|marked| Money::of(marked.price, holdings));
        let amounts = [Some(realized_pnl), Some(total_invested), worth.unwrap_or_default()];
        let is_large = quantity(entry).is_none()
            || worth == Some(None)
            || amounts.into_iter().flatten().any(|amount| is_large(amount.units()));
        let unrealized =
            worth.flatten().map_or(0, |worth| worth.units().wrapping_sub(total_invested.units()));
        let units = if is_large { 0 } else { realized_pnl.units() + unrealized };
        let pricing = match marked {
            Some(Marked { is_stale: true, .. }) => Pricing::Stale,
            Some(_) => Pricing::Fresh,
            None => Pricing::Unpriced,
        };
        Share { units, is_open, pricing, is_large }
    }
}

/// Units that are held; `None` if they are so many that the position is large whatever the price.
pub(super) fn quantity(entry: &Entry) -> Option<i64> {
    let Balance { holdings, total_invested, realized_pnl } = entry.balance;
    let is_large = is_large(total_invested.units()) || is_large(realized_pnl.units());
    i64::try_from(holdings.units()).ok().filter(|_| !is_large)
}
