//! Positions, prices and master data at one position of the log.

use std::sync::Arc;

use bytes::Bytes;
use hub_core::event::{PortfolioInfo, SymbolInfo};
use hub_core::{Money, Offset, PortfolioId, Symbol};
use hub_fanout::{Applied, RowKey};
use rpds::{HashTrieMapSync, RedBlackTreeMapSync};

use crate::listing::{Listing, Quote, SymbolKey};
use crate::marks;
use crate::portfolio::{Membership, Portfolio, PortfolioKey};
use crate::row::Row;
use crate::table::Table;

/// Positions, prices and master data as a value.
///
/// Everything in it is persistent, so that a clone is O(1) and shares all it
/// holds: each settle and each flush hands out a snapshot that nobody waits
/// for and that the next record does not change. The price is paid by the
/// writer alone, who copies the path to an element when he first changes it
/// after a snapshot.
///
/// Hash maps here are looked up, never walked: their order is random.
#[derive(Clone)]
pub struct State {
    pub(crate) applied: Applied,
    pub(crate) rows: Table<Arc<Row>>,
    pub(crate) portfolios: Table<Arc<Portfolio>>,
    pub(crate) listings: Table<Listing>,
    pub(crate) portfolio_keys: HashTrieMapSync<PortfolioId, PortfolioKey>,
    pub(crate) symbol_keys: HashTrieMapSync<Symbol, SymbolKey>,
    portfolio_infos: RedBlackTreeMapSync<PortfolioId, Arc<PortfolioInfo>>,
    symbol_infos: RedBlackTreeMapSync<Symbol, Arc<SymbolInfo>>,
}

impl Default for State {
    fn default() -> State {
        State {
            applied: Applied::default(),
            rows: Table::default(),
            portfolios: Table::default(),
            listings: Table::default(),
            portfolio_keys: HashTrieMapSync::new_sync(),
            symbol_keys: HashTrieMapSync::new_sync(),
            portfolio_infos: RedBlackTreeMapSync::new_sync(),
            symbol_infos: RedBlackTreeMapSync::new_sync(),
        }
    }
}

/// Reading.
impl State {
    /// The place in the log that all of this is as of. Before
    /// the first batch, offset 0 of epoch 0.
    pub fn applied(&self) -> Applied {
        self.applied
    }

    /// All positions, in the order of their keys.
    pub fn positions(&self) -> impl Iterator<Item = Arc<Row>> {
        self.rows.iter().cloned()
    }

    /// The positions of one portfolio, in the order of their keys; none if it
    /// never had one.
    pub fn positions_of(&self, id: PortfolioId) -> impl Iterator<Item = Arc<Row>> {
        let members = self.portfolio(id).into_iter().flat_map(Portfolio::members);
        members.filter_map(|member| self.rows.get(member.row).cloned())
    }

    /// The position with this key in `/topic/position-update`.
    pub fn position(&self, key: RowKey) -> Option<Arc<Row>> {
        self.rows.get(key).cloned()
    }

    /// The offset that last changed the position with this key.
    pub fn position_version(&self, key: RowKey) -> Option<Offset> {
        self.rows.version(key)
    }

    /// The portfolios that ever had a position, in the order of their keys in
    /// `/topic/unrealized-pnl`.
    pub fn portfolios(&self) -> impl Iterator<Item = PortfolioId> {
        self.portfolios.iter().map(|portfolio| portfolio.id)
    }

    /// A portfolio's unrealised P&L (AN-WS-2) as JSON; `None` if it never had
    /// a position, or none of what it holds has a price.
    pub fn mark(&self, id: PortfolioId) -> Option<Bytes> {
        let key = *self.portfolio_keys.get(&id)?;
        let portfolio = self.portfolios.get(key)?;
        let version = marks::version(self, key);
        let cell = if portfolio.flushed.holds(version) { &portfolio.flushed } else { &portfolio.settled };
        cell.at(version, || marks::encode(self, portfolio))
    }

    /// Realised plus unrealised P&L of a portfolio, of what has a price; `None`
    /// if it never had a position, or nothing that it holds has a price, or the sum is more than money holds.
    pub fn pnl(&self, id: PortfolioId) -> Option<Money> {
        let portfolio = self.portfolio(id)?;
        let (mut total, mut holds, mut priced) = (Money::ZERO, false, false);
        for member in portfolio.members() {
            let Some(row) = self.rows.get(member.row) else { continue };
            total = total.checked_add(row.position().realized_pnl)?;
            if member.membership == Membership::Open {
                holds = true;
                if let Some(unrealized) = marks::unrealized(self, member) {
                    priced = true;
                    total = total.checked_add(unrealized)?;
                }
            }
        }
        (priced || !holds).then_some(total)
    }

    /// The newest price of a symbol.
    pub fn quote(&self, symbol: &Symbol) -> Option<Quote> {
        self.listings.get(*self.symbol_keys.get(symbol)?)?.quote
    }

    /// All priced symbols, in the order of first mention.
    pub fn quotes(&self) -> impl Iterator<Item = (&Symbol, Quote)> {
        self.listings.iter().filter_map(|listing| Some((&listing.symbol, listing.quote?)))
    }

    /// A portfolio's master data.
    pub fn portfolio_info(&self, id: PortfolioId) -> Option<&Arc<PortfolioInfo>> {
        self.portfolio_infos.get(&id)
    }

    /// All portfolios' master data, by id.
    pub fn portfolio_infos(&self) -> impl Iterator<Item = &Arc<PortfolioInfo>> {
        self.portfolio_infos.values()
    }

    /// A symbol's sector.
    pub fn symbol_info(&self, symbol: &Symbol) -> Option<&Arc<SymbolInfo>> {
        self.symbol_infos.get(symbol)
    }

    /// All symbols' sectors, by symbol.
    pub fn symbol_infos(&self) -> impl Iterator<Item = &Arc<SymbolInfo>> {
        self.symbol_infos.values()
    }

    pub(crate) fn portfolio(&self, id: PortfolioId) -> Option<&Portfolio> {
        self.portfolios.get(*self.portfolio_keys.get(&id)?).map(Arc::as_ref)
    }
}

/// Editing: on the projection's thread, on its own copy.
impl State {
    /// The portfolio's key, given out now if it has none.
    pub(crate) fn portfolio_key(&mut self, id: PortfolioId) -> PortfolioKey {
        if let Some(key) = self.portfolio_keys.get(&id) {
            return *key;
        }
        let key = self.portfolios.push(Offset::START, Arc::new(Portfolio::new(id)));
        self.portfolio_keys.insert_mut(id, key);
        key
    }

    /// The symbol's key, given out now if it has none.
    pub(crate) fn symbol_key(&mut self, symbol: &Symbol) -> SymbolKey {
        if let Some(key) = self.symbol_keys.get(symbol) {
            return *key;
        }
        let key = self.listings.push(Offset::START, Listing { symbol: symbol.clone(), quote: None });
        self.symbol_keys.insert_mut(symbol.clone(), key);
        key
    }

    /// The last one wins.
    pub(crate) fn describe_portfolio(&mut self, info: &PortfolioInfo) {
        self.portfolio_infos.insert_mut(info.portfolio_id, Arc::new(info.clone()));
    }

    /// The last one wins.
    pub(crate) fn describe_symbol(&mut self, info: &SymbolInfo) {
        self.symbol_infos.insert_mut(info.symbol.clone(), Arc::new(info.clone()));
    }
}
