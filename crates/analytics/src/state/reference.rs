//! Prices and master data.

mod walk;

use std::mem;
use std::sync::Arc;

use hub_core::dto::UnrealizedPnl;
use hub_core::event::{PortfolioInfo, SymbolInfo};
use hub_core::{Freshness, Offset, PortfolioId, Symbol, Timestamp};
use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

use crate::listing::{Listing, Quote, Quoted, Superseded, Supersedes, SymbolKey};
use crate::portfolio::PortfolioKey;
use crate::relayed::{Origin, Relayed};
use crate::table::Table;

/// Symbols with their prices, and master data: persistent, so that the projection edits its own copy.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ReferenceData {
    pub(crate) listings: Table<Listing>,
    #[serde(with = "walk::portfolio_infos")]
    pub(super) portfolio_infos: RedBlackTreeMapSync<PortfolioId, Arc<Described>>,
    pub(super) symbol_infos: RedBlackTreeMapSync<Symbol, Arc<SymbolInfo>>,
    /// Portfolios that are relayed: all others are computed.
    pub(crate) relayed: RedBlackTreeMapSync<PortfolioKey, Relayed>,
    /// The last record that changed a portfolio's.
    described: Offset,
    /// The last record that changed a symbol's.
    classified: Offset,
    /// Prices and master data taken since anybody asked what they cost.
    #[serde(skip)]
    quotes: usize,
    #[serde(skip)]
    descriptions: usize,
}

/// A portfolio's master data, and the record that said so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Described {
    pub(super) info: PortfolioInfo,
    offset: Offset,
}

impl Default for ReferenceData {
    fn default() -> ReferenceData {
        ReferenceData {
            listings: Table::default(),
            portfolio_infos: RedBlackTreeMapSync::new_sync(),
            symbol_infos: RedBlackTreeMapSync::new_sync(),
            relayed: RedBlackTreeMapSync::new_sync(),
            described: Offset::START,
            classified: Offset::START,
            quotes: 0,
            descriptions: 0,
        }
    }
}

/// Bytes of a node of a persistent tree, with its key and what leads to its value.
const TREE_NODE_BYTES: usize = 96;

/// Bytes of a description that has names of usual length, which a state keeps that has it no more.
const DESCRIPTION_BYTES: usize = 256;

/// Editing: on the projection's thread, on its own copy.
impl ReferenceData {
    /// The last record that changed what is known of a portfolio.
    pub(crate) fn described(&self) -> Offset {
        self.described
    }

    /// The last record that changed what is known of a symbol.
    pub(crate) fn classified(&self) -> Offset {
        self.classified
    }

    /// The last record that changed what is known of this portfolio.
    pub(crate) fn described_at(&self, id: PortfolioId) -> Offset {
        self.portfolio_infos.get(&id).map_or(Offset::START, |described| described.offset)
    }

    /// Memory, at most, that the prices and master data take by themselves which were taken since this was last called:
    /// all others are shared with the state before.
    pub(crate) fn taken_bytes(&mut self) -> usize {
        let prices = self.listings.bytes_of(mem::take(&mut self.quotes));
        let descriptions = mem::take(&mut self.descriptions);
        let all = self.portfolio_infos.size() + self.symbol_infos.size() + self.relayed.size();
        // A path from the top has at most twice as many nodes as the tree has levels where it is full.
        let path = 2 * (all.max(1).ilog2() as usize + 1);
        prices + (descriptions * path).min(all) * TREE_NODE_BYTES + descriptions * DESCRIPTION_BYTES
    }

    /// True if the symbol has this key.
    pub(crate) fn is_of(&self, key: SymbolKey, symbol: &Symbol) -> bool {
        self.listings.get(key).is_some_and(|listing| listing.symbol == *symbol)
    }

    /// Adds a symbol, without a price; its key.
    pub(crate) fn list(&mut self, symbol: &Symbol) -> SymbolKey {
        self.listings
            .push(Offset::START, Listing { symbol: symbol.clone(), quote: None, quoted: Quoted::default() })
    }

    /// A price: the newest by event time wins. Gives the one that was held before, or `Err` if that is newer.
    pub(crate) fn quote(
        &mut self,
        symbol: SymbolKey,
        quote: Quote,
        freshness: Freshness,
        offset: Offset,
    ) -> Result<Option<Quote>, Superseded> {
        let held = self.listings.get(symbol).and_then(|listing| listing.quote);
        let supersedes = quote.supersedes(held, freshness);
        if supersedes == Supersedes::Not {
            return Err(Superseded);
        }
        self.quotes += 1;
        if let Some(listing) = self.listings.touch(symbol, supersedes.version(offset)) {
            listing.quote = Some(quote);
            listing.quoted = listing.quoted.by(offset);
        }
        Ok(held)
    }

    /// The time of a symbol's price.
    pub(crate) fn priced_at(&self, symbol: SymbolKey) -> Option<Timestamp> {
        self.listings.get(symbol)?.quote.map(|quote| quote.time)
    }

    /// Times of all prices.
    pub(crate) fn priced(&self) -> impl Iterator<Item = (SymbolKey, Timestamp)> {
        (0..self.listings.len()).filter_map(|symbol| Some((symbol, self.priced_at(symbol)?)))
    }

    /// Notes that what is shown of a price changed by time or settings alone.
    pub(crate) fn touch_price(&mut self, symbol: SymbolKey, offset: Offset) {
        self.quotes += 1;
        self.listings.touch(symbol, offset);
    }

    /// The last one wins.
    pub(crate) fn describe_portfolio(&mut self, info: &PortfolioInfo, offset: Offset) {
        if self.portfolio_infos.get(&info.portfolio_id).is_some_and(|held| held.info == *info) {
            return;
        }
        self.descriptions += 1;
        self.described = offset;
        let described = Described { info: info.clone(), offset };
        self.portfolio_infos.insert_mut(info.portfolio_id, Arc::new(described));
    }

    /// The origin of a portfolio that there is.
    pub(crate) fn origin(&self, key: PortfolioKey) -> Origin {
        if self.relayed.contains_key(&key) { Origin::Relayed } else { Origin::Computed }
    }

    /// Notes that a portfolio which is new is relayed, since a record.
    pub(crate) fn relay(&mut self, key: PortfolioKey, since: Offset) {
        self.descriptions += 1;
        self.relayed.insert_mut(key, Relayed { since, mark: None });
    }

    /// A relayed portfolio's unrealised P&L. True if it is another.
    pub(crate) fn relay_mark(&mut self, key: PortfolioKey, pnl: &UnrealizedPnl) -> bool {
        let Some(relayed) = self.relayed.get(&key).filter(|relayed| relayed.mark.as_deref() != Some(pnl))
        else {
            return false;
        };
        let relayed = Relayed { mark: Some(Arc::new(pnl.clone())), ..*relayed };
        self.descriptions += 1;
        self.relayed.insert_mut(key, relayed);
        true
    }

    /// The last one wins.
    pub(crate) fn describe_symbol(&mut self, info: &SymbolInfo, offset: Offset) {
        if self.symbol_infos.get(&info.symbol).is_some_and(|held| **held == *info) {
            return;
        }
        self.descriptions += 1;
        self.classified = offset;
        self.symbol_infos.insert_mut(info.symbol.clone(), Arc::new(info.clone()));
    }
}
