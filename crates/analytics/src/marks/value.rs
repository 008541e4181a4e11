//! The value of a mark.

use std::cmp::Ordering;

use bytes::Bytes;
use hub_core::dto::UnrealizedPnl;
use hub_core::{Expired, Money, Symbol};

use crate::portfolio::PortfolioKey;
use crate::row::{Entry, Phase};
use crate::state::State;

/// A portfolio's unrealised P&L as JSON, or `None` where nothing that is
/// listed has a value: all that it holds is unpriced. O(n log n) of its
/// positions.
pub(crate) fn encode(state: &State, key: PortfolioKey) -> Result<Option<Bytes>, Expired> {
    let Some(portfolio_id) = state.portfolio_id(key)? else { return Ok(None) };
    let mut listed = Vec::with_capacity(SYMBOLS_USUAL);
    for member in state.members(key) {
        let (_, entry) = member?;
        let value = match entry.phase {
            Phase::Open => unrealized(state, &entry),
            Phase::Closed => Some(Money::ZERO),
            Phase::Gone => continue,
        };
        let listing = state.reference.listings.get(entry.symbol);
        listed.extend(listing.map(|listing| Listed::new(&listing.symbol, value)));
    }
    listed.sort_unstable_by(Listed::in_order);
    let overall = sum_up(&mut listed);
    if !listed.is_empty() && listed.iter().all(|listed| listed.value.is_none()) {
        return Ok(None);
    }
    let mut json = Vec::with_capacity(JSON_LEAST_BYTES + SYMBOL_USUAL_BYTES * listed.len());
    let symbols = listed.iter().filter_map(|listed| Some((listed.symbol, listed.value?)));
    let unpriced = listed.iter().filter(|listed| listed.value.is_none()).map(|listed| listed.symbol);
    UnrealizedPnl::write_json_of(&mut json, portfolio_id, symbols, overall, unpriced);
    Ok(Some(Bytes::from(json)))
}

/// Room for the symbols of a portfolio of usual size.
const SYMBOLS_USUAL: usize = 16;

/// Room for what a mark has beside its symbols, and for a symbol with its value.
const JSON_LEAST_BYTES: usize = 128;
const SYMBOL_USUAL_BYTES: usize = 40;

/// A symbol that is listed in a mark.
struct Listed<'s> {
    /// Its first 8 bytes, which mostly tell which of two comes first.
    prefix: u64,
    symbol: &'s Symbol,
    /// `None`: it is called unpriced.
    value: Option<Money>,
}

impl<'s> Listed<'s> {
    fn new(symbol: &'s Symbol, value: Option<Money>) -> Listed<'s> {
        let text = symbol.as_str().as_bytes();
        let mut prefix = [0; 8];
        let length = text.len().min(prefix.len());
        prefix[..length].copy_from_slice(&text[..length]);
        Listed { prefix: u64::from_be_bytes(prefix), symbol, value }
    }

    fn in_order(&self, other: &Listed<'_>) -> Ordering {
        self.prefix.cmp(&other.prefix).then_with(|| self.symbol.cmp(other.symbol))
    }
}

/// The sum of the symbols, which are in their order.
///
/// Those that would carry the sum beyond what can be represented (about
/// 1.7 * 10^22), in order of symbol, are left out and called unpriced: the
/// total is that of the symbols shown. Nothing real comes near it; what
/// matters is that it neither wraps nor panics.
fn sum_up(listed: &mut [Listed<'_>]) -> Money {
    let mut overall = Money::ZERO;
    for Listed { value, .. } in listed {
        match value.and_then(|value| overall.checked_add(value)) {
            Some(sum) => overall = sum,
            None => *value = None,
        }
    }
    overall
}

/// `price * holdings - totalInvested` of an open position, if it is priced
/// and this can be represented.
pub(crate) fn unrealized(state: &State, entry: &Entry) -> Option<Money> {
    let price = state.reference.listings.get(entry.symbol)?.quote?.price;
    Money::of(price, entry.balance.holdings)?.checked_sub(entry.balance.total_invested)
}
