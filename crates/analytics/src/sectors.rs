//! Sectors: what portfolios hold of the symbols of each (AN-SECTOR).

use std::collections::{BTreeMap, BTreeSet};

use hub_core::dto::put_string;
use hub_core::{Expired, PortfolioId, Price, Symbol};

use crate::listing::SymbolKey;
use crate::marks::Positions as _;
use crate::state::State;
use crate::sums::Sums;
use crate::written::{put_money, put_or_null};

/// The sector of symbols that have none, so that shares add up to the whole.
const UNCLASSIFIED: &str = "Unclassified";

/// Positions that are asked for.
#[derive(Clone, Copy)]
pub(crate) enum Held<'a> {
    ByAll,
    By(PortfolioId),
    ByThese(&'a BTreeSet<PortfolioId>),
}

impl Held<'_> {
    /// True of a portfolio whose positions are among them.
    pub(crate) fn includes(self, id: PortfolioId) -> bool {
        match self {
            Held::ByAll => true,
            Held::By(one) => one == id,
            Held::ByThese(ids) => ids.contains(&id),
        }
    }
}

impl State {
    /// Sums by symbol, in the order of symbols: of whatever was ever held. O(symbols), or O(positions of the portfolio).
    pub(crate) fn sums_of(&self, held: Held<'_>) -> Result<Vec<(SymbolKey, &Symbol, Sums)>, Expired> {
        let mut by_key: Vec<(SymbolKey, Sums)> = Vec::new();
        match held {
            Held::ByAll => {
                for key in 0..self.sums.len() {
                    by_key.extend(self.sums_of_symbol(key)?.map(|sums| (key, sums)));
                }
            }
            Held::By(id) => self.extend_by_key(id, &mut by_key)?,
            Held::ByThese(ids) => {
                for id in ids {
                    self.extend_by_key(*id, &mut by_key)?;
                }
                by_key.sort_unstable_by_key(|(key, _)| *key);
                by_key.dedup_by(|(key, sums), (before, all)| {
                    let is_same = key == before;
                    if is_same {
                        *all = all.plus(*sums);
                    }
                    is_same
                });
            }
        }
        let named = |(key, sums)| Some((key, &self.reference.listings.get(key)?.symbol, sums));
        let mut named: Vec<_> = by_key.into_iter().filter_map(named).collect();
        named.sort_unstable_by_key(|(_, symbol, _)| *symbol);
        Ok(named)
    }

    /// Appends what a portfolio holds of each symbol, and ever held.
    fn extend_by_key(&self, id: PortfolioId, by_key: &mut Vec<(SymbolKey, Sums)>) -> Result<(), Expired> {
        let Some(portfolio) = self.key(id) else { return Ok(()) };
        for member in self.members(portfolio) {
            let (_, entry) = member?;
            by_key.push((entry.symbol, Sums::of(&entry.balance)));
        }
        Ok(())
    }

    fn sector(&self, symbol: &Symbol) -> &str {
        self.symbol_info(symbol).map_or(UNCLASSIFIED, |info| &info.sector)
    }

    /// Appends `[{"sector","percentage","totalHoldings","totalInvested","realizedPnl"}]`, in the order of sectors.
    pub(crate) fn write_sectors(&self, held: Held<'_>, out: &mut Vec<u8>) -> Result<(), Expired> {
        let mut sectors: BTreeMap<&str, Sums> = BTreeMap::new();
        for (_, symbol, sums) in self.sums_of(held)? {
            let sector = sectors.entry(self.sector(symbol)).or_default();
            *sector = sector.plus(sums);
        }
        let all = sectors.values().fold(Sums::default(), |all, sums| all.plus(*sums));
        let rows = sectors.iter().map(|(sector, sums)| (*sector, sums));
        write_shares(out, ["sector", "totalHoldings"], rows, &all);
        Ok(())
    }

    /// Appends `[{"symbol","percentage","holdings","totalInvested","realizedPnl"}]`, in the order of symbols, of the
    /// sector's own total; nothing and false if there is no such sector.
    pub(crate) fn write_sector(
        &self,
        held: Held<'_>,
        sector: &str,
        out: &mut Vec<u8>,
    ) -> Result<bool, Expired> {
        if !self.has_sector(sector)? {
            return Ok(false);
        }
        let mut of_sector = self.sums_of(held)?;
        of_sector.retain(|(_, symbol, _)| self.sector(symbol) == sector);
        let all = of_sector.iter().fold(Sums::default(), |all, (_, _, sums)| all.plus(*sums));
        let rows = of_sector.iter().map(|(_, symbol, sums)| (symbol.as_str(), sums));
        write_shares(out, ["symbol", "holdings"], rows, &all);
        Ok(true)
    }

    /// True of a sector of master data, and of what was held and has none.
    fn has_sector(&self, sector: &str) -> Result<bool, Expired> {
        if self.symbol_infos().any(|info| info.sector == sector) {
            return Ok(true);
        }
        if sector != UNCLASSIFIED {
            return Ok(false);
        }
        for (key, listing) in (0..self.sums.len()).zip(self.reference.listings.iter()) {
            if self.symbol_info(&listing.symbol).is_none() && self.sums_of_symbol(key)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Symbols by sector: of master data, and those that were held and have no sector.
    pub(crate) fn sector_catalog(&self) -> Result<BTreeMap<&str, BTreeSet<&Symbol>>, Expired> {
        let mut catalog: BTreeMap<&str, BTreeSet<&Symbol>> = BTreeMap::new();
        for info in self.symbol_infos() {
            catalog.entry(&info.sector).or_default().insert(&info.symbol);
        }
        for (_, symbol, _) in self.sums_of(Held::ByAll)? {
            catalog.entry(self.sector(symbol)).or_default().insert(symbol);
        }
        Ok(catalog)
    }
}

/// Appends an array of what is held, each element with its share in `all`.
fn write_shares<'r>(
    out: &mut Vec<u8>,
    [name, holdings]: [&str; 2],
    rows: impl Iterator<Item = (&'r str, &'r Sums)>,
    all: &Sums,
) {
    out.push(b'[');
    for (number, (text, sums)) in rows.enumerate() {
        out.extend_from_slice(if number == 0 { b"{\"" } else { b",{\"" });
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        put_string(out, text);
        out.extend_from_slice(br#","percentage":"#);
        // A price has the places, and writes its digits as all numbers are written.
        let percentage = sums.share_in(all).map(|share| Price::from_units(share * HUNDREDTH));
        put_or_null(out, percentage, |out, percentage| percentage.write_to(out));
        out.extend_from_slice(b",\"");
        out.extend_from_slice(holdings.as_bytes());
        out.extend_from_slice(b"\":");
        sums.holdings().write_to(out);
        out.extend_from_slice(br#","totalInvested":"#);
        put_or_null(out, sums.total_invested(), put_money);
        out.extend_from_slice(br#","realizedPnl":"#);
        put_or_null(out, sums.realized_pnl(), put_money);
        out.push(b'}');
    }
    out.push(b']');
}

/// Units of a price that are a hundredth.
pub(crate) const HUNDREDTH: i64 = 1_000_000;
