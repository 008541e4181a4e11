//! A position's share in the P&L of its portfolio.

use hub_core::{Money, Price};

use crate::position::Balance;
use crate::row::{Entry, Phase};

/// Units of money, some 5 * 10^11, from which on an amount is large: of less, three for each of 2^32 positions add up
/// to what 128 bits hold, whatever their order.
const LARGE: u128 = 1 << 92;

/// True of an amount that sums may not be able to hold.
pub(super) fn is_large(units: i128) -> bool {
    units.unsigned_abs() >= LARGE
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
    pub(super) is_priced: bool,
    pub(super) is_large: bool,
}

impl Share {
    pub(super) fn of(entry: &Entry, price: Option<Price>) -> Share {
        let Balance { holdings, total_invested, realized_pnl } = entry.balance;
        let is_open = entry.phase == Phase::Open;
        let worth = price.filter(|_| is_open).map(|price| Money::of(price, holdings));
        let amounts = [Some(realized_pnl), Some(total_invested), worth.unwrap_or_default()];
        let is_large = quantity(entry).is_none()
            || worth == Some(None)
            || amounts.into_iter().flatten().any(|amount| is_large(amount.units()));
        let unrealized =
            worth.flatten().map_or(0, |worth| worth.units().wrapping_sub(total_invested.units()));
        let units = if is_large { 0 } else { realized_pnl.units() + unrealized };
        Share { units, is_open, is_priced: worth.is_some(), is_large }
    }
}

/// Units that are held; `None` if they are so many that the position is large whatever the price.
pub(super) fn quantity(entry: &Entry) -> Option<i64> {
    let Balance { holdings, total_invested, realized_pnl } = entry.balance;
    let is_large = is_large(total_invested.units()) || is_large(realized_pnl.units());
    i64::try_from(holdings.units()).ok().filter(|_| !is_large)
}
