//! The value of a mark.

use bytes::Bytes;
use hub_core::dto::UnrealizedPnl;
use hub_core::{Expired, Money, Offset, Price, Symbol};
use hub_fanout::RowKey;

use super::positions::Positions;
use super::sheet::Sheet;
use crate::listing::Listing;
use crate::portfolio::PortfolioKey;
use crate::position::Balance;
use crate::row::{Entry, Phase};
use crate::state::State;
use crate::table::Table;

/// A portfolio's unrealised P&L as JSON, or `None` where nothing that is
/// listed has a value: all that it holds is unpriced. O(positions listed).
pub(crate) fn encode(
    positions: &impl Positions,
    key: PortfolioKey,
    sheet: &Sheet,
) -> Result<Option<Bytes>, Expired> {
    let Some(portfolio_id) = positions.portfolio_id(key)? else { return Ok(None) };
    let mut listed = Vec::with_capacity(sheet.positions.len());
    for position in &sheet.positions {
        if let Some(Listing { symbol, quote }) = positions.listings().get(position.symbol) {
            let price = quote.map(|quote| quote.price);
            let value =
                if position.is_open { unrealized(price, &position.balance) } else { Some(Money::ZERO) };
            listed.push((symbol, value));
        }
    }
    let overall = sum_up(&mut listed);
    if !listed.is_empty() && listed.iter().all(|(_, value)| value.is_none()) {
        return Ok(None);
    }
    let mut json = Vec::with_capacity(JSON_LEAST_BYTES + SYMBOL_USUAL_BYTES * listed.len());
    let symbols = listed.iter().filter_map(|(symbol, value)| Some((*symbol, (*value)?)));
    let unpriced = listed.iter().filter(|(_, value)| value.is_none()).map(|(symbol, _)| *symbol);
    UnrealizedPnl::write_json_of(&mut json, portfolio_id, symbols, overall, unpriced);
    Ok(Some(Bytes::from(json)))
}

/// Room for what a mark has beside its symbols, and for a symbol with its value.
const JSON_LEAST_BYTES: usize = 128;
const SYMBOL_USUAL_BYTES: usize = 40;

/// The sum of the symbols, which are in their order.
///
/// Those that would carry the sum beyond what can be represented (about
/// 1.7 * 10^22), in order of symbol, are left out and called unpriced: the
/// total is that of the symbols shown. Nothing real comes near it; what
/// matters is that it neither wraps nor panics.
fn sum_up(listed: &mut [(&Symbol, Option<Money>)]) -> Money {
    let mut overall = Money::ZERO;
    for (_, value) in listed {
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
pub(crate) fn pnl(positions: &impl Positions, key: PortfolioKey) -> Result<Option<Money>, Expired> {
    let mut members = positions.members(key).collect::<Result<Vec<_>, Expired>>()?;
    // In the order of their keys: whether a sum is too large may depend on it.
    members.reverse();
    Ok(pnl_of(positions.listings(), &members))
}

fn pnl_of(listings: &Table<Listing>, members: &[(RowKey, Entry)]) -> Option<Money> {
    let (mut total, mut holds, mut priced) = (Money::ZERO, false, false);
    for (_, entry) in members {
        total = total.checked_add(entry.balance.realized_pnl)?;
        if entry.phase == Phase::Open {
            holds = true;
            let quote = listings.get(entry.symbol).and_then(|listing| listing.quote);
            if let Some(unrealized) = unrealized(quote.map(|quote| quote.price), &entry.balance) {
                priced = true;
                total = total.checked_add(unrealized)?;
            }
        }
    }
    (priced || !holds).then_some(total)
}

/// `price * holdings - totalInvested` of an open position, if it is priced
/// and this can be represented.
fn unrealized(price: Option<Price>, balance: &Balance) -> Option<Money> {
    Money::of(price?, balance.holdings)?.checked_sub(balance.total_invested)
}
