//! Positions, prices and master data at one position of the log.

mod reference;

use std::ops::Bound;
use std::sync::{Arc, OnceLock};
use std::{iter, mem};

use bytes::Bytes;
use hub_core::event::{PortfolioInfo, SymbolInfo};
use hub_core::{Date, Expired, Freshness, Money, Offset, Pnl, PortfolioId, Settings, Symbol, TransactionId};
use hub_fanout::{Applied, RowKey, SharedMapView};
use hub_rows::{ChainsView, IndexReader, Pin, RowsView, ValuesReader};

pub(crate) use self::reference::ReferenceData;
use crate::history::History;
use crate::holding::Holding;
use crate::listing::{Listing, Quote, SymbolKey};
use crate::lots::Book;
use crate::marks::{self, KnownPnl, Marks, Positions};
use crate::portfolio::{self, EncodedMark, EncodedMarks, Portfolio, PortfolioKey};
use crate::relayed::Relayed;
use crate::risk::Lapses;
use crate::row::{self, Entry, Row, beside};
use crate::sums::{self, Sums, SymbolSumsView};
use crate::symbol_cases::SymbolCases;
use crate::table::Table;

/// Positions, prices and master data as readers have them: as of one position of the log.
///
/// Positions and portfolios are views of tables that the projection edits in place ([`hub_rows`]). What is seldom edited
/// is persistent, so that a clone is O(1) and shares all it holds. Each settle and each flush hands out a state that
/// nobody waits for and that the next record does not change. One that is held while more changes than is kept
/// (`limits.view_bytes`) is [`Expired`] where it is asked for what has changed since.
///
/// Hash maps here are looked up, never walked: their order is random.
pub struct State {
    pub(crate) applied: Applied,
    pub(crate) rows: RowsView<{ row::WORDS }>,
    /// Of rows that have several lots.
    pub(crate) books: ValuesReader<Book>,
    pub(crate) portfolios: RowsView<{ portfolio::WORDS }>,
    pub(crate) portfolio_ids: RowsView<{ portfolio::ID_WORDS }>,
    /// By symbol.
    pub(crate) sums: SymbolSumsView,
    /// By portfolio.
    pub(crate) encoded: EncodedMarks,
    pub(crate) portfolio_keys: IndexReader,
    pub(crate) symbol_keys: IndexReader,
    /// Records of the transactions of each position.
    pub(crate) trades: ChainsView,
    pub(crate) reference: ReferenceData,
    pub(crate) beside: Beside,
    /// Kept by the projection at a flush while somebody subscribes to marks. Otherwise worked out by whoever first asks
    /// which have changed.
    pub(crate) marks: OnceLock<Result<Marks, Expired>>,
}

/// The rest of what a record's outcome depends on.
#[derive(Clone)]
pub(crate) struct Beside {
    /// Transactions that had been applied, with digests of their content.
    pub(crate) applied_ids: SharedMapView<TransactionId, [u8; 8]>,
    pub(crate) symbol_cases: SymbolCases,
    pub(crate) settings: Settings,
    pub(crate) history: History,
    pub(crate) lapses: Lapses,
}

/// Reading.
impl State {
    /// The place in the log that all of this is as of. Before
    /// the first batch, offset 0 of epoch 0.
    pub fn applied(&self) -> Applied {
        self.applied
    }

    /// The same, but for what is known of marks, which each flush has in a form of its own: to be kept for long.
    pub(crate) fn without_marks(&self) -> State {
        State {
            applied: self.applied,
            rows: self.rows.clone(),
            books: self.books.clone(),
            portfolios: self.portfolios.clone(),
            portfolio_ids: self.portfolio_ids.clone(),
            sums: self.sums.clone(),
            encoded: self.encoded.clone(),
            portfolio_keys: self.portfolio_keys.clone(),
            symbol_keys: self.symbol_keys.clone(),
            trades: self.trades.clone(),
            reference: self.reference.clone(),
            beside: self.beside.clone(),
            marks: OnceLock::new(),
        }
    }

    /// True if some of it may be [`Expired`].
    pub fn has_expired(&self) -> bool {
        self.rows.has_expired() || self.portfolios.has_expired() || self.sums.has_expired()
    }

    /// Holds on to the state, for whoever must come to the end of it (saves it): it does not expire meanwhile, whatever
    /// that takes beyond `limits.view_bytes`.
    pub fn pin(&self) -> Result<[Pin; 3], Expired> {
        Ok([self.rows.pin()?, self.portfolios.pin()?, self.sums.pin()?])
    }

    /// All positions, in the order of their keys.
    pub fn positions(&self) -> impl Iterator<Item = Result<Row, Expired>> {
        (0..self.rows.len()).filter_map(|key| self.position(key).transpose())
    }

    /// The position with this key in `/topic/position-update`.
    pub fn position(&self, key: RowKey) -> Result<Option<Row>, Expired> {
        let Some(entry) = self.entry(key)? else { return Ok(None) };
        let portfolio_id = self.portfolio_id(entry.portfolio)?;
        let listing = self.reference.listings.get(entry.symbol);
        Ok(portfolio_id.zip(listing).map(|(portfolio_id, listing)| Row::of(portfolio_id, listing, &entry)))
    }

    /// The portfolios that ever had a position, in the order of their keys in
    /// `/topic/unrealized-pnl`.
    pub fn portfolios(&self) -> impl Iterator<Item = Result<PortfolioId, Expired>> {
        (0..self.portfolios.len()).filter_map(|key| self.portfolio_id(key).transpose())
    }

    /// A portfolio's unrealised P&L (AN-WS-2) as JSON; `None` if it never had
    /// a position, or none of what it holds has a price.
    pub fn mark(&self, id: PortfolioId) -> Result<Option<Bytes>, Expired> {
        let Some(key) = self.key(id) else { return Ok(None) };
        let Some(encoded) = self.encoded.get(key) else { return Ok(None) };
        let EncodedMark { flushed, settled, sheet, .. } = encoded;
        let version = self.mark_version(key)?;
        let cell = if flushed.holds(version) { flushed } else { settled };
        cell.at(version, || sheet.read(self, key, |sheet| marks::encode(self, key, sheet)))
    }

    /// Realised plus unrealised P&L of a portfolio, of what has a price; `None`
    /// if it never had a position, or nothing that it holds has a price, or the sum is more than money holds. O(1) at
    /// a flush while somebody subscribes to marks if nothing of it is stale, otherwise O(positions of the portfolio).
    pub fn pnl(&self, id: PortfolioId) -> Result<Option<Pnl>, Expired> {
        let Some(key) = self.key(id) else { return Ok(None) };
        let Some(marks) = self.marks() else { return marks::pnl(self, key) };
        let Some(KnownPnl { amount, is_partial, is_stale }) = marks.pnl(key) else { return Ok(None) };
        let stale_as_of = if is_stale { marks::stale_as_of(self, key)? } else { None };
        Ok(Some(Pnl { amount, is_partial, stale_as_of }))
    }

    /// A portfolio's worth at the ends of days, the last one first.
    pub fn worths(&self, id: PortfolioId) -> impl Iterator<Item = (Date, Money)> {
        self.history().entries(id, self.key(id)).map(|entry| (entry.date, entry.value))
    }

    /// The ends of days.
    pub(crate) fn history(&self) -> &History {
        &self.beside.history
    }

    /// The newest price of a symbol.
    pub fn quote(&self, symbol: &Symbol) -> Option<Quote> {
        self.reference.listings.get(self.symbol_key(symbol)?)?.quote
    }

    /// All priced symbols, in the order of first mention.
    pub fn quotes(&self) -> impl Iterator<Item = (&Symbol, Quote)> {
        self.reference.listings.iter().filter_map(|listing| Some((&listing.symbol, listing.quote?)))
    }

    /// True of a portfolio that a service upstream computes.
    pub fn is_relayed(&self, id: PortfolioId) -> bool {
        self.key(id).is_some_and(|key| self.relayed(key).is_some())
    }

    /// Which prices are fresh.
    pub fn freshness(&self) -> Freshness {
        Positions::freshness(self)
    }

    /// A portfolio's master data.
    pub fn portfolio_info(&self, id: PortfolioId) -> Option<&PortfolioInfo> {
        self.reference.portfolio_infos.get(&id).map(|described| &described.info)
    }

    /// All portfolios' master data, by id.
    pub fn portfolio_infos(&self) -> impl Iterator<Item = &PortfolioInfo> {
        self.reference.portfolio_infos.values().map(|described| &described.info)
    }

    /// Portfolios' master data behind this id, by id.
    pub(crate) fn portfolio_infos_after(
        &self,
        after: Bound<PortfolioId>,
    ) -> impl Iterator<Item = &PortfolioInfo> {
        let infos = self.reference.portfolio_infos.range((after, Bound::Unbounded));
        infos.map(|(_, described)| &described.info)
    }

    /// A symbol's sector.
    pub fn symbol_info(&self, symbol: &Symbol) -> Option<&Arc<SymbolInfo>> {
        self.reference.symbol_infos.get(symbol)
    }

    /// All symbols' sectors, by symbol.
    pub fn symbol_infos(&self) -> impl Iterator<Item = &Arc<SymbolInfo>> {
        self.reference.symbol_infos.values()
    }

    /// The offset that last changed a portfolio's mark.
    pub(crate) fn mark_version(&self, key: PortfolioKey) -> Result<Offset, Expired> {
        let kept = self.marks().and_then(|marks| marks.version(key));
        kept.map_or_else(|| marks::version(self, key), Ok)
    }

    /// All marks' versions and P&L, if they are known.
    fn marks(&self) -> Option<&Marks> {
        self.marks.get()?.as_ref().ok()
    }

    pub(crate) fn key(&self, id: PortfolioId) -> Option<PortfolioKey> {
        // A portfolio that came later has no row here. An id is never written again, so it does not expire.
        self.portfolio_keys.find(&id, |key| self.portfolio_id(key) == Ok(Some(id)))
    }

    /// Sums of what all portfolios hold of a symbol, if it was ever held.
    pub(crate) fn sums_of_symbol(&self, key: SymbolKey) -> Result<Option<Sums>, Expired> {
        Ok(self.sums.get(key)?.and_then(|row| sums::of_row(row.words)))
    }

    /// Holdings of a position, with its lots.
    pub(crate) fn holding(&self, key: RowKey) -> Result<Holding, Expired> {
        let Some(entry) = self.entry(key)? else { return Ok(Holding::default()) };
        let holding = entry.holding(|book| self.books.get(book));
        // If the row is still there, so was its book.
        self.entry(key)?;
        Ok(holding)
    }

    /// The symbol's key, if it was traded or priced.
    pub(crate) fn symbol_key(&self, symbol: &Symbol) -> Option<SymbolKey> {
        self.symbol_keys.find(symbol, |key| self.reference.is_of(key, symbol))
    }

    pub(crate) fn entry(&self, key: RowKey) -> Result<Option<Entry>, Expired> {
        Ok(self.rows.get(key)?.map(|row| Entry::of(row.words)))
    }
}

impl Positions for State {
    fn portfolio_id(&self, key: PortfolioKey) -> Result<Option<PortfolioId>, Expired> {
        Ok(self.portfolio_ids.get(key)?.map(|row| portfolio::id_of(row.words)))
    }

    fn members(&self, key: PortfolioKey) -> impl Iterator<Item = Result<(RowKey, Entry), Expired>> {
        let portfolio = self.portfolios.get(key);
        let mut next = portfolio.map(|row| row.and_then(|row| Portfolio::of(row.words).newest));
        iter::from_fn(move || {
            let mut step = || {
                let Some(key) = mem::replace(&mut next, Ok(None))? else { return Ok(None) };
                let Some(row) = self.rows.get(key)? else { return Ok(None) };
                next = Ok(beside(row.aside));
                Ok(Some((key, Entry::of(row.words))))
            };
            step().transpose()
        })
    }

    fn listings(&self) -> &Table<Listing> {
        &self.reference.listings
    }

    fn relayed(&self, key: PortfolioKey) -> Option<&Relayed> {
        self.reference.relayed.get(&key)
    }

    fn freshness(&self) -> Freshness {
        self.beside.settings.prices.at(self.applied.at)
    }
}
