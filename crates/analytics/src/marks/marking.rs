//! Marks as they are kept from flush to flush.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use hub_core::{Expired, Money, Offset};
use hub_fanout::{RowKey, Snapshot};

use super::holders::Holders;
use super::portfolios::{KnownPnl, Marks};
use super::share::{Marked, Pricing, Share, quantity};
use super::value::pnl;
use crate::listing::SymbolKey;
use crate::portfolio::PortfolioKey;
use crate::row::Phase;
use crate::state::State;

/// Versions and totals of all marks as of the last flush, and the holders of each symbol. All of it follows from the state.
pub(crate) struct Marking {
    state: Snapshot<State>,
    holders: Holders,
    /// By symbol: what its holders are marked at.
    prices: Vec<Option<Marked>>,
    /// By portfolio: half a line of the cache for each, for a tick goes to them in no order.
    totals: Vec<Total>,
    /// By portfolio: positions whose price is stale. Beside the totals, for few ticks go to them.
    stale: Vec<u32>,
    /// Portfolios with large positions, and how many they have.
    large: BTreeMap<PortfolioKey, u32>,
    /// Portfolios whose marks changed since the flush before, at that offset, ascending.
    moved: Vec<PortfolioKey>,
    since: Offset,
    marks: Marks,
}

/// Sum of a portfolio's shares, and the version of its mark.
#[derive(Clone, Copy, Default, Debug)]
struct Total {
    units: i128,
    version: Offset,
    open: u32,
    priced: u32,
}

/// Of so many portfolios one that may have moved is many: to look at all of them costs less than to sort those.
const MANY: usize = 16;

impl Marking {
    /// From scratch: O(all positions).
    pub(crate) fn of(state: Snapshot<State>) -> Result<Marking, Expired> {
        let mut marking = Marking {
            state,
            holders: Holders::default(),
            prices: Vec::new(),
            totals: Vec::new(),
            stale: Vec::new(),
            large: BTreeMap::new(),
            moved: Vec::new(),
            since: Offset::START,
            marks: Marks::default(),
        };
        marking.grow();
        // At their prices at once, so that none has to be looked at again.
        let (listings, freshness) = (&marking.state.reference.listings, marking.state.freshness());
        for (marked, listing) in marking.prices.iter_mut().zip(listings.iter()) {
            *marked = listing.quote.map(|quote| Marked::of(quote, freshness));
        }
        for row in 0..marking.state.rows.len() {
            marking.retake(None, row)?;
        }
        marking.finish(Offset::START)?;
        Ok(marking)
    }

    /// From the flush at `since` to this state, before which these rows changed: O(rows + holders of what was priced
    /// since). What was kept for the state before may be given back: then it takes a start from scratch.
    pub(crate) fn caught_up(
        mut self,
        state: Snapshot<State>,
        rows: &[RowKey],
        since: Offset,
    ) -> Result<Marking, Expired> {
        let before = mem::replace(&mut self.state, state);
        self.grow();
        for row in rows {
            self.retake(Some(&before), *row)?;
        }
        self.finish(since)?;
        Ok(self)
    }

    pub(crate) fn marks(&self) -> &Marks {
        &self.marks
    }

    /// Keys of the marks that changed since the flush at `since`, ascending.
    pub(crate) fn moved(&self, since: Offset) -> Arc<[PortfolioKey]> {
        if self.since == since {
            return self.moved.as_slice().into();
        }
        let mut keys = Vec::new();
        self.marks.changed(since, None, usize::MAX, &mut keys);
        keys.into()
    }

    /// Has room for portfolios and symbols that are new.
    fn grow(&mut self) {
        let portfolios = self.state.portfolios.len() as usize;
        self.totals.resize(portfolios, Total::default());
        self.stale.resize(portfolios, 0);
        self.prices.resize(self.state.reference.listings.len() as usize, None);
    }

    /// Takes a row's share as it was before out of its portfolio's total and puts the present one in, both at the price
    /// that its symbol is marked at.
    fn retake(&mut self, before: Option<&State>, row: RowKey) -> Result<(), Expired> {
        let Some(entry) = self.state.entry(row)? else { return Ok(()) };
        let marked = self.prices[entry.symbol as usize];
        let share = |entry| Share::of(&entry, marked);
        let before = before.map_or(Ok(None), |before| before.entry(row))?;
        let old = before.map(share).unwrap_or_default();
        self.replace(entry.portfolio, old, share(entry));
        if entry.phase == Phase::Open {
            self.holders.set(entry.symbol, entry.portfolio, row, quantity(&entry).unwrap_or_default());
        } else {
            self.holders.remove(entry.symbol, row);
        }
        Ok(())
    }

    fn replace(&mut self, key: PortfolioKey, old: Share, new: Share) {
        let total = &mut self.totals[key as usize];
        total.units += new.units - old.units;
        total.open = total.open + u32::from(new.is_open) - u32::from(old.is_open);
        let [was_priced, is_priced] = [old, new].map(|share| share.pricing != Pricing::Unpriced);
        total.priced = total.priced + u32::from(is_priced) - u32::from(was_priced);
        let [was_stale, is_stale] = [old, new].map(|share| share.pricing == Pricing::Stale);
        if was_stale != is_stale {
            count(&mut self.stale[key as usize], is_stale);
        }
        if old.is_large != new.is_large {
            let large = self.large.entry(key).or_default();
            count(large, new.is_large);
            if *large == 0 {
                self.large.remove(&key);
            }
        }
    }

    /// Marks the holders of what was priced since, and has the marks that changed.
    fn finish(&mut self, since: Offset) -> Result<(), Expired> {
        self.since = since;
        let priced = self.priced_since(since);
        for (version, symbol) in &priced {
            self.mark(*symbol, *version)?;
        }
        let mut traded = Vec::new();
        self.state.portfolios.changed(since, None, usize::MAX, &mut traded)?;
        for key in &traded {
            let version = self.state.portfolios.version(*key)?.unwrap_or_default();
            let total = &mut self.totals[*key as usize];
            // What was priced may be younger.
            total.version = total.version.max(version);
        }
        let relayed = self.relayed(&traded);
        self.find_moved(traded, &priced);
        let Marking { state, totals, stale, large, moved, marks, .. } = self;
        let mut of_large = BTreeMap::new();
        let large = large.keys().filter(|key| totals[**key as usize].version > since);
        for key in large.chain(&relayed) {
            of_large.insert(*key, pnl(&**state, *key)?.map(KnownPnl::from));
        }
        marks.set(moved, |key| {
            let total = &totals[key as usize];
            let is_stale = stale[key as usize] > 0;
            (total.version, of_large.get(&key).map_or_else(|| total.pnl(is_stale), |pnl| *pnl))
        });
        Ok(())
    }

    /// Those of these portfolios that are relayed.
    fn relayed(&self, keys: &[PortfolioKey]) -> Vec<PortfolioKey> {
        let relayed = &self.state.reference.relayed;
        if relayed.is_empty() {
            return Vec::new();
        }
        keys.iter().copied().filter(|key| relayed.contains_key(key)).collect()
    }

    /// Symbols that were priced since, the newest last, each with the version of its price.
    fn priced_since(&self, since: Offset) -> Vec<(Offset, SymbolKey)> {
        let listings = &self.state.reference.listings;
        let mut keys = Vec::new();
        listings.changed(since, None, usize::MAX, &mut keys);
        let mut priced: Vec<_> =
            keys.iter().filter_map(|key| Some((listings.version(*key)?, *key))).collect();
        priced.sort_unstable();
        priced
    }

    /// Finds the portfolios whose marks change.
    fn find_moved(&mut self, traded: Vec<PortfolioKey>, priced: &[(Offset, SymbolKey)]) {
        self.moved = traded;
        let holders = || priced.iter().filter_map(|(_, symbol)| self.holders.of(*symbol));
        let visits = holders().map(|columns| columns.portfolios.len()).sum::<usize>();
        if visits > self.totals.len() / MANY {
            self.moved.clear();
            let moved = (0..).zip(&self.totals).filter(|(_, total)| total.version > self.since);
            self.moved.extend(moved.map(|(key, _)| key));
        } else {
            holders().for_each(|columns| self.moved.extend(&columns.portfolios));
            self.moved.sort_unstable();
            self.moved.dedup();
        }
    }

    /// Marks the holders of a symbol at its price, which is of this version and not older than those before it; it may be
    /// the same, and stale by now.
    fn mark(&mut self, symbol: SymbolKey, version: Offset) -> Result<(), Expired> {
        let quote = self.state.reference.listings.get(symbol).and_then(|listing| listing.quote);
        let Some(new) = quote.map(|quote| Marked::of(quote, self.state.freshness())) else { return Ok(()) };
        let marked = self.prices[symbol as usize].replace(new);
        let Some(columns) = self.holders.of(symbol) else { return Ok(()) };
        if let Some(marked) = marked.filter(|marked| columns.are_small_at(new.price.max(marked.price))) {
            let by = i128::from(new.price.units() - marked.price.units());
            for (key, quantity) in columns.portfolios.iter().zip(&columns.quantities) {
                let total = &mut self.totals[*key as usize];
                total.units += by * i128::from(*quantity);
                total.version = version;
            }
            if marked.is_stale != new.is_stale {
                let stale = &mut self.stale;
                columns.portfolios.iter().for_each(|key| count(&mut stale[*key as usize], new.is_stale));
            }
            return Ok(());
        }
        // Its first price, or large amounts among them: each by itself.
        for row in columns.rows.clone() {
            let Some(entry) = self.state.entry(row)? else { continue };
            self.replace(entry.portfolio, Share::of(&entry, marked), Share::of(&entry, Some(new)));
            self.totals[entry.portfolio as usize].version = version;
        }
        self.holders.measure(symbol);
        Ok(())
    }
}

/// Counts one more, or one less.
fn count(count: &mut u32, more: bool) {
    *count = if more { *count + 1 } else { *count - 1 };
}

impl Total {
    /// P&L of a portfolio without large positions.
    fn pnl(&self, is_stale: bool) -> Option<KnownPnl> {
        let (amount, is_partial) = (Money::from_units(self.units), self.priced < self.open);
        let pnl = KnownPnl { amount, is_partial, is_stale };
        (self.priced > 0 || self.open == 0).then_some(pnl)
    }
}
