//! The value of a mark.

use std::collections::BTreeMap;

use bytes::Bytes;
use hub_core::Money;
use hub_core::dto::UnrealizedPnl;

use crate::portfolio::PortfolioKey;
use crate::row::{Entry, Phase};
use crate::state::State;

/// A portfolio's unrealised P&L as JSON, or `None` where nothing that is
/// listed has a value: all that it holds is unpriced. O(n log n) of its
/// positions.
pub(crate) fn encode(state: &State, key: PortfolioKey) -> Option<Bytes> {
    let mut mark = UnrealizedPnl {
        portfolio_id: state.portfolio_id(key)?,
        symbols: BTreeMap::new(),
        overall: Money::ZERO,
        unpriced: Vec::new(),
    };
    for (_, entry) in state.members(key) {
        let value = match entry.phase {
            Phase::Open => unrealized(state, &entry),
            Phase::Closed => Some(Money::ZERO),
            Phase::Gone => continue,
        };
        let listing = state.reference.listings.get(entry.symbol);
        let Some(symbol) = listing.map(|listing| listing.symbol.clone()) else { continue };
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
pub(crate) fn unrealized(state: &State, entry: &Entry) -> Option<Money> {
    let price = state.reference.listings.get(entry.symbol)?.quote?.price;
    Money::of(price, entry.balance.holdings)?.checked_sub(entry.balance.total_invested)
}
