//! The value of a mark.

use std::cmp::Ordering;

use bytes::Bytes;
use hub_core::dto::UnrealizedPnl;
use hub_core::{Expired, Money, Offset, Symbol};
use hub_fanout::RowKey;

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

/// The version of a mark: the latest of what it is computed from. Those are
/// the portfolio (its positions, and closed ones that left) and the prices of
/// what it holds. O(positions of the portfolio).
///
/// It never falls, though a symbol that is closed no longer counts: closing
/// gave the portfolio a version above that of any price before it.
pub(crate) fn version(state: &State, key: PortfolioKey) -> Result<Offset, Expired> {
    let Some(mut newest) = state.portfolios.version(key)? else { return Ok(Offset::START) };
    for member in state.members(key) {
        let (_, entry) = member?;
        if entry.phase == Phase::Open {
            newest = newest.max(state.reference.listings.version(entry.symbol).unwrap_or_default());
        }
    }
    Ok(newest)
}

/// Realised plus unrealised P&L, as [`State::pnl`] has it. O(positions of the portfolio).
pub(crate) fn pnl(state: &State, key: PortfolioKey) -> Result<Option<Money>, Expired> {
    let mut members = state.members(key).collect::<Result<Vec<_>, Expired>>()?;
    // In the order of their keys: whether a sum is too large may depend on it.
    members.reverse();
    Ok(pnl_of(state, &members))
}

fn pnl_of(state: &State, members: &[(RowKey, Entry)]) -> Option<Money> {
    let (mut total, mut holds, mut priced) = (Money::ZERO, false, false);
    for (_, entry) in members {
        total = total.checked_add(entry.balance.realized_pnl)?;
        if entry.phase == Phase::Open {
            holds = true;
            if let Some(unrealized) = unrealized(state, entry) {
                priced = true;
                total = total.checked_add(unrealized)?;
            }
        }
    }
    (priced || !holds).then_some(total)
}

/// `price * holdings - totalInvested` of an open position, if it is priced
/// and this can be represented.
fn unrealized(state: &State, entry: &Entry) -> Option<Money> {
    let price = state.reference.listings.get(entry.symbol)?.quote?.price;
    Money::of(price, entry.balance.holdings)?.checked_sub(entry.balance.total_invested)
}
