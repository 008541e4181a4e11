//! Movers: the symbols that earn most, and those that lose most (FE-4).

use std::cmp::Reverse;
use std::collections::HashMap;

use hub_core::dto::put_string;
use hub_core::{Expired, Money, Price, Symbol, Timestamp};

use crate::listing::SymbolKey;
use crate::marks::{Positions as _, unrealized};
use crate::sectors::{HUNDREDTH, Held};
use crate::state::State;
use crate::sums::Sums;
use crate::wide::Wide;
use crate::written::{put_money, put_or_null};

/// Movers each way, unless another number is asked for.
pub(crate) const MOVERS: usize = 5;

/// A symbol that is held and has a price.
struct Mover<'s> {
    symbol: &'s Symbol,
    unrealized: Money,
    /// In hundredths of a percent.
    change: Option<i64>,
    /// The time of its price, if that is stale.
    stale_as_of: Option<Timestamp>,
}

impl State {
    /// Appends `{"gainers":[{"symbol","unrealizedPnl","priceChangePercent"}],"losers":[...]}`: at most so many each way,
    /// those that earn or lose most first, of equal ones in the order of symbols. A gain of 0 is one. Symbols without a
    /// price are in neither, nor are those whose P&L is more than money holds. `priceChangePercent` is against the price
    /// at the end of the last day, with two places; null before there is one. O(symbols), or O(positions held).
    pub(crate) fn write_movers(
        &self,
        held: Held<'_>,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Expired> {
        let (mut gainers, mut losers): (Vec<_>, Vec<_>) =
            self.movers(held)?.into_iter().partition(|mover| mover.unrealized >= Money::ZERO);
        // Sorts that are stable: in the order of symbols they are.
        gainers.sort_by_key(|mover| Reverse(mover.unrealized));
        losers.sort_by_key(|mover| mover.unrealized);
        for (begin, movers) in [(&br#"{"gainers":["#[..], gainers), (br#"],"losers":["#, losers)] {
            out.extend_from_slice(begin);
            for (number, mover) in movers.iter().take(limit).enumerate() {
                out.extend_from_slice(if number == 0 { b"" } else { b"," });
                mover.write(out);
            }
        }
        out.extend_from_slice(b"]}");
        Ok(())
    }

    fn movers(&self, held: Held<'_>) -> Result<Vec<Mover<'_>>, Expired> {
        let (freshness, ends) = (self.freshness(), self.history().ends());
        let relayed = self.relayed_parts(held)?;
        let mover = |(key, symbol, sums): (SymbolKey, _, Sums)| {
            let quote = self.reference.listings.get(key)?.quote;
            let (sums, gain) = match relayed.get(&key) {
                Some(part) => (sums.minus(part.sums), part.gain),
                None => (sums, None),
            };
            let holdings = Some(sums.holdings()).filter(|holdings| holdings.is_positive());
            let own = match (holdings, quote) {
                (Some(holdings), Some(quote)) => {
                    Some(unrealized(Some(quote.price), holdings, sums.total_invested()?)?)
                }
                _ => None,
            };
            let own_and_relayed = own.map(Wide::from).into_iter().chain(gain);
            let unrealized = own_and_relayed.reduce(Wide::plus)?.money()?;
            Some(Mover {
                symbol,
                unrealized,
                change: quote.and_then(|quote| change(quote.price, ends?.price(key)?)),
                stale_as_of: own.and(quote).map(|quote| quote.time).filter(|time| freshness.is_stale(*time)),
            })
        };
        Ok(self.sums_of(held)?.into_iter().filter_map(mover).collect())
    }

    /// By symbol: what relayed portfolios hold, of which nothing is worked out here, and what upstream says it earns.
    fn relayed_parts(&self, held: Held<'_>) -> Result<HashMap<SymbolKey, RelayedPart>, Expired> {
        let mut parts: HashMap<SymbolKey, RelayedPart> = HashMap::new();
        for (key, relayed) in &self.reference.relayed {
            let id = self.portfolio_id(*key)?;
            if !id.is_some_and(|id| held.includes(id)) {
                continue;
            }
            for member in self.members(*key) {
                let (_, entry) = member?;
                let part = parts.entry(entry.symbol).or_default();
                part.sums = part.sums.plus(Sums::of(&entry.balance));
                let symbol = self.reference.listings.get(entry.symbol).map(|listing| &listing.symbol);
                let said =
                    relayed.mark.as_ref().zip(symbol).and_then(|(mark, symbol)| mark.symbols.get(symbol));
                if let Some(said) = said.filter(|_| !entry.balance.holdings.is_zero()) {
                    part.gain = Some(part.gain.unwrap_or_default().plus(Wide::from(*said)));
                }
            }
        }
        Ok(parts)
    }
}

/// The part of a symbol's sums that is relayed.
#[derive(Default)]
struct RelayedPart {
    sums: Sums,
    gain: Option<Wide>,
}

/// The change of a price, in hundredths of a percent, half up; `None` if that is more than a price has digits for.
fn change(now: Price, before: Price) -> Option<i64> {
    let [now, before] = [now, before].map(|price| i128::from(price.units()));
    let by = now - before;
    let size = Wide::from(by.abs()).ten_thousandths_of(Wide::from(before))?;
    let size = Some(size).filter(|size| size.checked_mul(HUNDREDTH).is_some())?;
    Some(if by < 0 { -size } else { size })
}

impl Mover<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"symbol":"#);
        put_string(out, self.symbol.as_str());
        out.extend_from_slice(br#","unrealizedPnl":"#);
        put_money(out, self.unrealized);
        out.extend_from_slice(br#","priceChangePercent":"#);
        put_or_null(out, self.change, |out, change| Price::from_units(change * HUNDREDTH).write_to(out));
        if let Some(time) = self.stale_as_of {
            out.extend_from_slice(format!(r#","stale":true,"asOf":"{time}""#).as_bytes());
        }
        out.push(b'}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_rounded_half_up_either_way() {
        let price = |text: &str| text.parse::<Price>().unwrap();
        for (now, before, expected) in [
            ("11", "10", 1000),
            ("9", "10", -1000),
            ("10", "10", 0),
            ("10.0005", "10", 1),
            ("9.9995", "10", -1),
            ("10.00049", "10", 0),
        ] {
            assert_eq!(change(price(now), price(before)), Some(expected), "{now} after {before}");
        }
        assert_eq!(change(Price::MAX, Price::from_units(1)), None);
    }
}
