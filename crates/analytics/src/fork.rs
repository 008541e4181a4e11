//! A fork: positions and prices as records would leave them.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use hub_core::dto::{Execution, UnrealizedPnl};
use hub_core::event::Transaction;
use hub_core::{
    Expired, Freshness, Offset, Pnl, PortfolioId, Record, Rejection, Settings, Symbol, Timestamp,
    TransactionId,
};
use hub_fanout::{Applied, FeedId, Fork, RowKey, Snapshot, Step};

use crate::history::History;
use crate::holding::{self, Holding};
use crate::listing::{Listing, Quote, Superseded, SymbolKey};
use crate::lots::Lots;
use crate::marks::{self, Positions, Sheet};
use crate::portfolio::PortfolioKey;
use crate::position::Balance;
use crate::relayed::{Origin, Relayed, RelayedPosition};
use crate::row::{Entry, LotsAt, Phase, Row};
use crate::rules::{self, Accounts};
use crate::state::{ReferenceData, State};
use crate::symbol_cases::SymbolCases;
use crate::table::Table;

/// Positions and prices as records would leave them that nobody appended: a [`State`], and over it what they change.
///
/// Taking one is O(1); a transaction costs O(positions of its portfolio). The state stays as it was, and may
/// [expire](Expired) meanwhile: whoever wants to come to the end of it [holds on to it](State::pin).
pub struct AnalyticsFork {
    base: Snapshot<State>,
    applied: Applied,
    executions: FeedId,
    /// Rows that changed, and those that are new.
    rows: BTreeMap<RowKey, Over>,
    /// In the order of their keys.
    new_portfolios: Vec<PortfolioId>,
    new_symbols: HashMap<Symbol, SymbolKey>,
    new_ids: HashMap<TransactionId, ([u8; 8], Timestamp)>,
    reference: ReferenceData,
    symbol_cases: SymbolCases,
    history: History,
    settings: Settings,
    /// Ids that were applied up to here are forgotten.
    forgotten: Option<Timestamp>,
    /// Positions that the state has as closed up to here are listed no more.
    dropped: Option<Timestamp>,
}

/// A row as it would be.
struct Over {
    entry: Entry,
    lots: Lots,
}

impl AnalyticsFork {
    pub(crate) fn of(base: Snapshot<State>, executions: FeedId) -> AnalyticsFork {
        AnalyticsFork {
            applied: base.applied(),
            executions,
            rows: BTreeMap::new(),
            new_portfolios: Vec::new(),
            new_symbols: HashMap::new(),
            new_ids: HashMap::new(),
            reference: base.reference.clone(),
            symbol_cases: base.beside.symbol_cases.clone(),
            history: base.beside.history.clone(),
            settings: base.beside.settings.clone(),
            forgotten: None,
            dropped: None,
            base,
        }
    }

    /// The positions that records changed or opened, in the order of their keys in `/topic/position-update`.
    pub fn changed(&self) -> impl Iterator<Item = Result<Row, Expired>> {
        self.rows.values().filter_map(|over| self.row(&over.entry).transpose())
    }

    /// A position; `None` if there never was one.
    pub fn position(&self, id: PortfolioId, symbol: &Symbol) -> Result<Option<Row>, Expired> {
        let found = self.find(id, symbol)?;
        found.map_or(Ok(None), |(_, entry)| self.row(&entry))
    }

    /// A portfolio's unrealised P&L (AN-WS-2) as JSON, as [`State::mark`] has it.
    pub fn mark(&self, id: PortfolioId) -> Result<Option<Bytes>, Expired> {
        let Some(key) = self.portfolio_key(id) else { return Ok(None) };
        marks::encode(self, key, &Sheet::of(self, key, Offset::START)?)
    }

    /// Realised plus unrealised P&L of a portfolio, as [`State::pnl`] has it.
    pub fn pnl(&self, id: PortfolioId) -> Result<Option<Pnl>, Expired> {
        self.portfolio_key(id).map_or(Ok(None), |key| marks::pnl(self, key))
    }

    /// The newest price of a symbol.
    pub fn quote(&self, symbol: &Symbol) -> Option<Quote> {
        self.reference.listings.get(self.symbol_key(symbol)?)?.quote
    }

    fn row(&self, entry: &Entry) -> Result<Option<Row>, Expired> {
        let id = self.portfolio_id(entry.portfolio)?;
        let listing = self.reference.listings.get(entry.symbol);
        Ok(id.zip(listing).map(|(id, listing)| Row::of(id, listing, entry)))
    }

    fn portfolio_key(&self, id: PortfolioId) -> Option<PortfolioKey> {
        self.base.key(id).or_else(|| {
            let place = self.new_portfolios.iter().position(|new| *new == id)?;
            Some(self.base.portfolios.len() + place as PortfolioKey)
        })
    }

    fn find(&self, id: PortfolioId, symbol: &Symbol) -> Result<Option<(RowKey, Entry)>, Expired> {
        let Some((key, symbol)) = self.portfolio_key(id).zip(self.symbol_key(symbol)) else {
            return Ok(None);
        };
        let is_meant = |member: &Result<(RowKey, Entry), Expired>| {
            member.is_err() || member.is_ok_and(|(_, entry)| entry.symbol == symbol)
        };
        self.members(key).find(is_meant).transpose()
    }

    /// A row as records left it, or as it was: what was closed leaves by time alone.
    fn entry(&self, key: RowKey, before: Entry) -> Entry {
        let Some(over) = self.rows.get(&key) else { return dropped(before, self.dropped) };
        over.entry
    }

    fn holding(&self, key: RowKey) -> Result<Holding, Expired> {
        match self.rows.get(&key) {
            Some(Over { entry, lots }) => Ok(Holding { balance: entry.balance, lots: lots.clone() }),
            None => self.base.holding(key),
        }
    }

    /// Puts down what a transaction makes of a position, of which this row was found.
    fn put(
        &mut self,
        record: &Record,
        event: &Transaction,
        found: Option<(RowKey, Entry)>,
        holding: Holding,
    ) {
        let phase = if holding.is_open() { Phase::Open } else { Phase::Closed };
        let Holding { balance, lots } = holding;
        let (key, before) = found.unwrap_or_else(|| {
            let opened = self.opened(record, event);
            (self.next_row(), opened)
        });
        let entry = Entry { updated_at: record.at, phase, balance, ..before };
        self.rows.insert(key, Over { entry, lots });
    }

    fn opened(&mut self, record: &Record, event: &Transaction) -> Entry {
        let known = self.portfolio_key(event.portfolio_id);
        let portfolio = known.unwrap_or_else(|| self.enter(event.portfolio_id));
        let symbol = self.symbol_key(&event.symbol).unwrap_or_else(|| self.list(&event.symbol));
        Entry {
            portfolio,
            symbol,
            created_at: record.at,
            updated_at: record.at,
            phase: Phase::Open,
            balance: Balance::default(),
            // They are beside it.
            lots: LotsAt::None,
        }
    }

    /// Gives out a portfolio's key.
    fn enter(&mut self, id: PortfolioId) -> PortfolioKey {
        self.new_portfolios.push(id);
        self.base.portfolios.len() + self.new_portfolios.len() as PortfolioKey - 1
    }

    /// A portfolio that is relayed, from now on if it is new.
    fn relayed_portfolio(&mut self, record: &Record, id: PortfolioId) -> PortfolioKey {
        self.portfolio_key(id).unwrap_or_else(|| {
            let key = self.enter(id);
            self.reference.relay(key, record.offset);
            key
        })
    }

    fn next_row(&self) -> RowKey {
        let newest = self.rows.last_key_value().map_or(0, |(key, _)| key + 1);
        newest.max(self.base.rows.len())
    }
}

/// A position at a time: one that was closed up to then is listed no more.
fn dropped(entry: Entry, closed_until: Option<Timestamp>) -> Entry {
    let is_dropped = entry.phase == Phase::Closed && Some(entry.updated_at) <= closed_until;
    if is_dropped { Entry { phase: Phase::Gone, ..entry } } else { entry }
}

impl Positions for AnalyticsFork {
    fn portfolio_id(&self, key: PortfolioKey) -> Result<Option<PortfolioId>, Expired> {
        match key.checked_sub(self.base.portfolios.len()) {
            Some(new) => Ok(self.new_portfolios.get(new as usize).copied()),
            None => self.base.portfolio_id(key),
        }
    }

    fn members(&self, key: PortfolioKey) -> impl Iterator<Item = Result<(RowKey, Entry), Expired>> {
        let new = self.rows.range(self.base.rows.len()..).rev();
        let new = new.filter(move |(_, over)| over.entry.portfolio == key);
        let new = new.map(|(key, over)| Ok((*key, over.entry)));
        new.chain(self.base.members(key).map(|member| {
            let (key, before) = member?;
            Ok((key, self.entry(key, before)))
        }))
    }

    fn listings(&self) -> &Table<Listing> {
        &self.reference.listings
    }

    fn relayed(&self, key: PortfolioKey) -> Option<&Relayed> {
        self.reference.relayed.get(&key)
    }

    fn freshness(&self) -> Freshness {
        self.settings.prices.at(self.applied.at)
    }
}

impl Accounts for AnalyticsFork {
    type Error = Expired;
    type Vacancy = TransactionId;

    fn look(&self, id: TransactionId) -> Result<[u8; 8], TransactionId> {
        let applied = self.new_ids.get(&id).copied().or_else(|| self.base.beside.applied_ids.get(id));
        let is_remembered = |at| self.forgotten.is_none_or(|forgotten| at > forgotten);
        applied.filter(|(_, at)| is_remembered(*at)).map(|(digest, _)| digest).ok_or(id)
    }

    fn fill(&mut self, id: TransactionId, digest: [u8; 8], at: Timestamp) {
        self.new_ids.insert(id, (digest, at));
    }

    fn trade(
        &mut self,
        record: &Record,
        event: &Transaction,
    ) -> Result<Result<Execution, Rejection>, Expired> {
        let found = self.find(event.portfolio_id, &event.symbol)?;
        let before = found.map_or(Ok(Holding::default()), |(key, _)| self.holding(key))?;
        Ok(holding::trade(record, event, before).map(|(after, execution)| {
            self.put(record, event, found, after);
            execution
        }))
    }

    fn symbol_key(&self, symbol: &Symbol) -> Option<SymbolKey> {
        self.new_symbols.get(symbol).copied().or_else(|| self.base.symbol_key(symbol))
    }

    fn list(&mut self, symbol: &Symbol) -> SymbolKey {
        let key = self.reference.list(symbol);
        self.new_symbols.insert(symbol.clone(), key);
        key
    }

    fn quote(&mut self, symbol: SymbolKey, quote: Quote, offset: Offset) -> Result<(), Superseded> {
        let freshness = self.freshness();
        self.reference.quote(symbol, quote, freshness, offset).map(|_| ())
    }

    fn origin(&self, id: PortfolioId) -> Option<Origin> {
        self.portfolio_key(id).map(|key| self.reference.origin(key))
    }

    fn relay_position(&mut self, record: &Record, position: &RelayedPosition<'_>) -> Result<(), Expired> {
        let row = position.row;
        let (key, entry) = if let Some((key, before)) = self.find(row.portfolio_id, &row.symbol)? {
            (key, position.entry(before))
        } else {
            let portfolio = self.relayed_portfolio(record, row.portfolio_id);
            let symbol = self.symbol_key(&row.symbol).unwrap_or_else(|| self.list(&row.symbol));
            (self.next_row(), position.first(portfolio, symbol))
        };
        self.rows.insert(key, Over { entry, lots: Lots::None });
        Ok(())
    }

    fn relay_mark(&mut self, record: &Record, pnl: &UnrealizedPnl) {
        let key = self.relayed_portfolio(record, pnl.portfolio_id);
        self.reference.relay_mark(key, pnl);
    }

    fn reference(&mut self) -> &mut ReferenceData {
        &mut self.reference
    }

    fn symbol_cases(&mut self) -> &mut SymbolCases {
        &mut self.symbol_cases
    }

    fn history(&mut self) -> &mut History {
        &mut self.history
    }

    fn configure(&mut self, settings: Settings) {
        self.settings = settings;
    }
}

impl Fork for AnalyticsFork {
    fn applied(&self) -> Applied {
        self.applied
    }

    fn advance(&mut self, now: Timestamp, _: Offset, _: &mut Step) -> Result<(), Expired> {
        self.applied.at = now;
        let before = |horizon: Option<i64>| {
            horizon.filter(|horizon| *horizon <= now.millis()).map(|horizon| now.plus_millis(-horizon))
        };
        self.forgotten = self.forgotten.max(before(self.settings.idempotency_horizon()));
        let closed_until = before(Some(self.settings.resume_horizon_ms));
        self.dropped = self.dropped.max(closed_until);
        // What a record closed after an earlier step was not among what was dropped then.
        for over in self.rows.values_mut() {
            over.entry = dropped(over.entry, closed_until);
        }
        Ok(())
    }

    fn apply(&mut self, record: &Record, step: &mut Step) -> Result<(), Expired> {
        let executions = self.executions;
        rules::apply(self, executions, record, step)?;
        self.applied.position.offset = record.offset;
        Ok(())
    }
}
