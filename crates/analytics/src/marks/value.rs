//! The value of a mark.

use hub_core::dto::UnrealizedPnl;
use std::collections::BTreeMap;

use bytes::Bytes;
use hub_core::Money;

use crate::portfolio::{Member, Membership, Portfolio};
use crate::state::State;

/// A portfolio's unrealised P&L as JSON, or `None` where nothing that is
/// listed has a value: all that it holds is unpriced. O(n log n) of its
/// positions.
pub(crate) fn encode(state: &State, portfolio: &Portfolio) -> Option<Bytes> {
    let mut mark = UnrealizedPnl {
        portfolio_id: portfolio.id,
        symbols: BTreeMap::new(),
        overall: Money::ZERO,
        unpriced: Vec::new(),
    };
    for member in portfolio.members() {
        let value = match member.membership {
            Membership::Open => unrealized(state, member),
            Membership::Closed(_) => Some(Money::ZERO),
            Membership::Gone => continue,
        };
        let Some(symbol) = state.listings.get(member.symbol).map(|listing| listing.symbol.clone()) else {
            continue;
        };
        match value {
            Some(value) => drop(mark.symbols.insert(symbol, value)),
            None => mark.unpriced.push(symbol),
        }
    }
    sum_up(&mut mark);
    if mark.symbols.is_empty() && !mark.unpriced.is_empty() {
        return None;
    }
    let mut json = Vec::with_capacity(128 + 40 * mark.symbols.len());
    mark.write_json(&mut json);
    Some(Bytes::from(json))
}

/// Adds the symbols up.
///
/// Those that would carry the sum beyond what can be represented (about
/// 1.7 * 10^22), in order of symbol, are left out and called unpriced: the
/// total is that of the symbols shown. Nothing real comes near it; what
/// matters is that it neither wraps nor panics.
fn sum_up(mark: &mut UnrealizedPnl) {
    let UnrealizedPnl { symbols, overall, unpriced, .. } = mark;
    symbols.retain(|symbol, value| {
        let sum = overall.checked_add(*value);
        match sum {
            Some(sum) => *overall = sum,
            None => unpriced.push(symbol.clone()),
        }
        sum.is_some()
    });
    unpriced.sort_unstable();
}

/// `price * holdings - totalInvested` of an open position, if it is priced
/// and this can be represented.
pub(crate) fn unrealized(state: &State, member: &Member) -> Option<Money> {
    let price = state.listings.get(member.symbol)?.quote?.price;
    let position = state.rows.get(member.row)?;
    let position = position.position();
    Money::of(price, position.holdings)?.checked_sub(position.total_invested)
}
