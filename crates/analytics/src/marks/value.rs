//! The value of a mark.

use std::cell::RefCell;

use bytes::Bytes;
use hub_core::dto::{UnrealizedPnl, UnrealizedPnlJson};
use hub_core::{Expired, Freshness, Money, Offset, Pnl, PortfolioId, Price, Quantity, Timestamp};
use hub_fanout::RowKey;

use super::positions::Positions;
use super::sheet::{Listed, Sheet};
use crate::listing::Listing;
use crate::portfolio::PortfolioKey;
use crate::position::Balance;
use crate::relayed::Relayed;
use crate::row::{Entry, Phase};
use crate::state::State;

/// A portfolio's unrealised P&L as JSON, or `None` where nothing that is
/// listed has a value: all that it holds is unpriced. O(positions listed).
pub(crate) fn encode(
    positions: &impl Positions,
    key: PortfolioKey,
    sheet: &Sheet,
) -> Result<Option<Bytes>, Expired> {
    if let Some(relayed) = positions.relayed(key) {
        return Ok(relayed.mark.as_ref().map(|mark| json(mark)));
    }
    let Some(portfolio_id) = positions.portfolio_id(key)? else { return Ok(None) };
    // Room that has been there before, so that what is kept is of its own length and is allocated once.
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.clear();
        let has_value = write(positions, portfolio_id, sheet, scratch);
        Ok(has_value.then(|| Bytes::copy_from_slice(scratch)))
    })
}

/// JSON of a mark that is relayed, as it came.
fn json(mark: &UnrealizedPnl) -> Bytes {
    let mut json = Vec::new();
    mark.write_json(&mut json);
    json.into()
}

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes it, and says whether there is a value.
///
/// Symbols that would carry the sum beyond what can be represented (about
/// 1.7 * 10^22), in order of symbol, are left out and called unpriced: the
/// total is that of the symbols shown. Nothing real comes near it; what
/// matters is that it neither wraps nor panics.
fn write(positions: &impl Positions, portfolio_id: PortfolioId, sheet: &Sheet, out: &mut Vec<u8>) -> bool {
    let (listings, mut oldest) = (positions.listings(), Oldest::of(positions.freshness()));
    let mut json = UnrealizedPnlJson::begin(out);
    let mut stale = Vec::new();
    let (mut overall, mut has_value, mut unpriced) = (Money::ZERO, false, Vec::new());
    for position in &sheet.positions {
        let Some(Listing { symbol, quote, .. }) = listings.get(position.symbol) else { continue };
        let Listed { is_open, holdings, total_invested, .. } = *position;
        let price = quote.map(|quote| quote.price);
        let value = if is_open { unrealized(price, holdings, total_invested) } else { Some(Money::ZERO) };
        match value.and_then(|value| Some((value, overall.checked_add(value)?))) {
            Some((value, sum)) => {
                (overall, has_value) = (sum, true);
                json.symbol(symbol, value);
                if quote.is_some_and(|quote| is_open && oldest.note(quote.time)) {
                    stale.push(symbol);
                }
            }
            None => unpriced.push(symbol),
        }
    }
    let has_value = has_value || unpriced.is_empty();
    json.end(portfolio_id, overall, unpriced, stale, oldest.time);
    has_value
}

/// The version of a mark: the latest of what it is computed from. Those are
/// the portfolio (its positions, and closed ones that left) and the prices of
/// what it holds, becoming stale included. O(positions of the portfolio).
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
pub(crate) fn pnl(positions: &impl Positions, key: PortfolioKey) -> Result<Option<Pnl>, Expired> {
    let mut members = positions.members(key).collect::<Result<Vec<_>, Expired>>()?;
    // In the order of their keys: whether a sum is too large may depend on it.
    members.reverse();
    Ok(match positions.relayed(key) {
        Some(relayed) => relayed_pnl(relayed, &members),
        None => pnl_of(positions, &members),
    })
}

fn relayed_pnl(relayed: &Relayed, members: &[(RowKey, Entry)]) -> Option<Pnl> {
    let (mut realized, mut holds) = (Money::ZERO, false);
    for (_, entry) in members {
        realized = realized.checked_add(entry.balance.realized_pnl)?;
        holds |= !entry.balance.holdings.is_zero();
    }
    relayed.pnl(realized, holds)
}

/// The time of the oldest stale price in a portfolio's P&L. O(positions of the portfolio).
pub(crate) fn stale_as_of(
    positions: &impl Positions,
    key: PortfolioKey,
) -> Result<Option<Timestamp>, Expired> {
    if let Some(relayed) = positions.relayed(key) {
        return Ok(relayed.mark.as_ref().and_then(|mark| mark.as_of));
    }
    let mut oldest = Oldest::of(positions.freshness());
    for member in positions.members(key) {
        let (_, entry) = member?;
        let quote = positions.listings().get(entry.symbol).and_then(|listing| listing.quote);
        let Balance { holdings, total_invested, .. } = entry.balance;
        if let Some(quote) = quote.filter(|_| entry.phase == Phase::Open)
            && unrealized(Some(quote.price), holdings, total_invested).is_some()
        {
            oldest.note(quote.time);
        }
    }
    Ok(oldest.time)
}

fn pnl_of(positions: &impl Positions, members: &[(RowKey, Entry)]) -> Option<Pnl> {
    let (listings, mut oldest) = (positions.listings(), Oldest::of(positions.freshness()));
    let (mut amount, mut open, mut priced) = (Money::ZERO, 0, 0);
    for (_, entry) in members {
        amount = amount.checked_add(entry.balance.realized_pnl)?;
        if entry.phase == Phase::Open {
            open += 1;
            let quote = listings.get(entry.symbol).and_then(|listing| listing.quote);
            let Balance { holdings, total_invested, .. } = entry.balance;
            if let Some(unrealized) = unrealized(quote.map(|quote| quote.price), holdings, total_invested) {
                priced += 1;
                amount = amount.checked_add(unrealized)?;
                if let Some(quote) = quote {
                    oldest.note(quote.time);
                }
            }
        }
    }
    let pnl = Pnl { amount, is_partial: priced < open, stale_as_of: oldest.time };
    (priced > 0 || open == 0).then_some(pnl)
}

/// The oldest of the times that are stale.
struct Oldest {
    freshness: Freshness,
    time: Option<Timestamp>,
}

impl Oldest {
    fn of(freshness: Freshness) -> Oldest {
        Oldest { freshness, time: None }
    }

    /// True if it is stale.
    fn note(&mut self, time: Timestamp) -> bool {
        let is_stale = self.freshness.is_stale(time);
        if is_stale {
            self.time = Some(self.time.map_or(time, |oldest| oldest.min(time)));
        }
        is_stale
    }
}

/// `price * holdings - totalInvested` of an open position, if it is priced
/// and this can be represented.
pub(crate) fn unrealized(price: Option<Price>, holdings: Quantity, total_invested: Money) -> Option<Money> {
    Money::of(price?, holdings)?.checked_sub(total_invested)
}
