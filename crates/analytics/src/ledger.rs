//! Transactions and prices, taken in one at a time.

mod relaying;
mod walk;
mod worth;

use std::sync::OnceLock;

use hub_core::dto::Execution;
use hub_core::event::Transaction;
use hub_core::{Offset, PortfolioId, Record, Rejection, Symbol, Timestamp};
use hub_fanout::{Applied, RowKey};
use hub_rows::{Chains, Index, KeyHash, Rows, SharedIndex, Values};
use serde::Deserialize;

use crate::closings::{Closing, Closings};
use crate::holding::{self, Holding};
use crate::listing::SymbolKey;
use crate::lots::{Book, Lots};
use crate::portfolio::{self, EncodedMarks, Portfolio, PortfolioKey};
use crate::row::{self, Entry, LotsAt, Phase, aside};
use crate::state::{Beside, ReferenceData, State};
use crate::sums::SymbolSums;

/// Rows and prices that are shown, and whatever only the next record needs to know.
///
/// Whatever can fail is computed first; only then is anything changed.
#[derive(Default, Deserialize)]
#[serde(try_from = "walk::Walked")]
pub(crate) struct Ledger {
    rows: Rows<{ row::WORDS }>,
    portfolios: Rows<{ portfolio::WORDS }>,
    portfolio_ids: Rows<{ portfolio::ID_WORDS }>,
    sums: SymbolSums,
    /// By portfolio.
    encoded: EncodedMarks,
    pub(crate) reference: ReferenceData,
    /// Of rows that have several lots.
    books: Values<Book>,
    /// Rows by portfolio and symbol.
    keys: Index,
    portfolio_keys: SharedIndex,
    symbol_keys: SharedIndex,
    closings: Closings,
    /// Records of the transactions of each row.
    trades: Chains,
}

/// Portfolio, symbol and row of a transaction, as far as there are any.
#[derive(Clone, Copy)]
struct Place {
    portfolio: Option<(PortfolioKey, Portfolio)>,
    symbol: Option<SymbolKey>,
    /// Of both keys.
    hash: Option<KeyHash>,
    row: Option<(RowKey, Entry)>,
}

impl Ledger {
    /// All of it as readers see it, as of the last record, with the rest of what is remembered.
    pub(crate) fn state(&mut self, applied: Applied, beside: Beside) -> State {
        let at = applied.position.offset;
        let rows = self.rows.view(at);
        self.books.view(at, self.rows.oldest());
        State {
            applied,
            rows,
            books: self.books.reader(),
            portfolios: self.portfolios.view(at),
            portfolio_ids: self.portfolio_ids.view(at),
            sums: self.sums.view(at),
            encoded: self.encoded.clone(),
            portfolio_keys: self.portfolio_keys.reader(),
            symbol_keys: self.symbol_keys.reader(),
            trades: self.trades.view(),
            reference: self.reference.clone(),
            beside,
            marks: OnceLock::new(),
        }
    }

    /// Takes back what is kept of past rows for states that are still read, the oldest first, until it is no more than
    /// `bytes`. The newest stays, and whatever somebody holds on to. Gives how many somebody still had.
    pub(crate) fn expire_states(&mut self, bytes: usize) -> usize {
        let (mut expired, mut had) = (None, 0);
        while self.kept_bytes() > bytes {
            let sums = self.sums.rows();
            let oldest =
                [self.rows.oldest_but_one(), self.portfolios.oldest_but_one(), sums.oldest_but_one()];
            let Some(oldest) = oldest.into_iter().flatten().min().filter(|oldest| Some(*oldest) > expired)
            else {
                break;
            };
            let rows = self.rows.expire_before(oldest.next());
            self.books.expire(self.rows.oldest());
            let portfolios = self.portfolios.expire_before(oldest.next());
            let sums = self.sums.expire_before(oldest.next());
            // A state has a view of each.
            had += rows.max(portfolios).max(sums);
            expired = Some(oldest);
        }
        had
    }

    /// Memory of what is kept of past rows for states that are still read.
    pub(crate) fn kept_bytes(&self) -> usize {
        let tables = self.rows.kept_bytes() + self.portfolios.kept_bytes() + self.sums.rows().kept_bytes();
        tables + self.books.kept_bytes()
    }

    /// Forgets what marks are made of: nobody subscribes to them any more.
    pub(crate) fn forget_sheets(&self) {
        self.encoded.iter().for_each(|encoded| encoded.sheet.clear());
    }

    /// AN-POS: adds to or takes from a position.
    pub(crate) fn trade(&mut self, record: &Record, event: &Transaction) -> Result<Execution, Rejection> {
        let place = self.place_of(event.portfolio_id, &event.symbol);
        let before = place.row.map(|(_, entry)| self.holding(&entry)).unwrap_or_default();
        let (after, execution) = holding::trade(record, event, before)?;
        let row = match place.row {
            Some((key, before)) => {
                self.show(record, key, before, after);
                key
            }
            None => self.open(record, event, place, after),
        };
        self.trades.push(row, record.offset);
        Ok(execution)
    }

    /// Time at which the next closed position has been listed with 0 for the horizon.
    pub(crate) fn next_closing(&self, horizon_millis: i64) -> Option<Timestamp> {
        self.closings.next_due(horizon_millis)
    }

    /// Lets closed positions leave their portfolio's unrealised P&L once they
    /// have been listed with 0 for the horizon.
    pub(crate) fn drop_closings(&mut self, now: Timestamp, horizon_millis: i64, offset: Offset) {
        while let Some(closing) = self.closings.pop_due(now, horizon_millis) {
            let Some(entry) = self.entry(closing.row) else { continue };
            // Reopened since, and perhaps closed again: that closing is yet to come.
            if entry.phase == Phase::Closed && entry.updated_at == closing.at {
                let gone = Entry { phase: Phase::Gone, ..entry };
                // The position itself is what it was.
                self.rows.set(closing.row, offset, Offset::START, gone.words());
                self.touch(entry.portfolio, offset);
            }
        }
    }

    /// The symbol's key, if it was traded or priced.
    pub(crate) fn symbol_key(&self, symbol: &Symbol) -> Option<SymbolKey> {
        self.symbol_keys.find(symbol, |key| self.reference.is_of(key, symbol))
    }

    fn portfolio(&self, id: PortfolioId) -> Option<(PortfolioKey, Portfolio)> {
        let mut found = None;
        let key = self.portfolio_keys.find(&id, |key| {
            found = portfolio_of(&self.portfolios, key).filter(|portfolio| portfolio.id == id);
            found.is_some()
        })?;
        Some((key, found?))
    }

    fn place_of(&self, id: PortfolioId, symbol: &Symbol) -> Place {
        let portfolio = self.portfolio(id);
        let symbol = self.symbol_key(symbol);
        let pair = portfolio.map(|(key, _)| key).zip(symbol);
        let hash = pair.map(|pair| self.keys.hash(&pair));
        let row = pair.zip(hash).and_then(|(pair, hash)| self.find(pair, hash));
        Place { portfolio, symbol, hash, row }
    }

    /// The row of a portfolio and a symbol.
    fn find(&self, pair: (PortfolioKey, SymbolKey), hash: KeyHash) -> Option<(RowKey, Entry)> {
        let mut found = None;
        let key = self.keys.find(hash, |key| {
            found = self.entry(key).filter(|entry| (entry.portfolio, entry.symbol) == pair);
            found.is_some()
        })?;
        Some((key, found?))
    }

    fn entry(&self, row: RowKey) -> Option<Entry> {
        self.rows.get(row).map(|row| Entry::of(row.words))
    }

    fn holding(&self, entry: &Entry) -> Holding {
        entry.holding(|book| self.books.get(book))
    }

    /// A position's first accepted transaction, which is a purchase: nothing else finds lots. Its row.
    fn open(&mut self, record: &Record, event: &Transaction, place: Place, holding: Holding) -> RowKey {
        let (key, portfolio) = place.portfolio.unwrap_or_else(|| self.enter(record, event.portfolio_id));
        let symbol = place.symbol.unwrap_or_else(|| self.list(&event.symbol));
        let entry = Entry {
            portfolio: key,
            symbol,
            created_at: record.at,
            updated_at: record.at,
            phase: Phase::Open,
            balance: holding.balance,
            lots: self.put(record.offset, LotsAt::None, holding.lots),
        };
        self.add(record, portfolio, place.hash, entry)
    }

    /// Adds a position to its portfolio; its row.
    fn add(&mut self, record: &Record, portfolio: Portfolio, hash: Option<KeyHash>, entry: Entry) -> RowKey {
        let Entry { portfolio: key, symbol, .. } = entry;
        self.sums.change(symbol, None, &entry.balance);
        let row = self.rows.push(record.offset, record.offset, aside(portfolio.newest), entry.words());
        self.keys.insert(hash.unwrap_or_else(|| self.keys.hash(&(key, symbol))), row);
        let portfolio = Portfolio { newest: Some(row), ..portfolio };
        self.portfolios.set(key, record.offset, record.offset, portfolio.words());
        row
    }

    /// Puts lots where their row finds them, instead of those from before.
    fn put(&mut self, at: Offset, before: LotsAt, lots: Lots) -> LotsAt {
        match (before, lots) {
            (LotsAt::Beside(number), Lots::Several(book)) => {
                LotsAt::Beside(self.books.replace(number, at, book))
            }
            (LotsAt::None | LotsAt::Row { .. }, Lots::Several(book)) => {
                LotsAt::Beside(self.books.add(at, book))
            }
            (before, lots) => {
                if let LotsAt::Beside(number) = before {
                    self.books.remove(number, at);
                }
                LotsAt::of_few(&lots)
            }
        }
    }

    /// Gives out a portfolio's key.
    fn enter(&mut self, record: &Record, id: PortfolioId) -> (PortfolioKey, Portfolio) {
        let portfolio = Portfolio { newest: None, id };
        let key = self.portfolios.push(record.offset, record.offset, 0, portfolio.words());
        self.portfolio_ids.push(record.offset, record.offset, 0, portfolio::id_words(id));
        self.encoded.push();
        let portfolios = &self.portfolios;
        self.portfolio_keys.insert(&id, key, |key| portfolio_of(portfolios, key).map(|it| it.id));
        (key, portfolio)
    }

    /// Gives out a symbol's key.
    pub(crate) fn list(&mut self, symbol: &Symbol) -> SymbolKey {
        let key = self.reference.list(symbol);
        self.sums.push();
        let listings = &self.reference.listings;
        self.symbol_keys.insert(symbol, key, |key| listings.get(key).map(|listing| listing.symbol.clone()));
        key
    }

    /// Shows what a position holds now, and what follows for its portfolio.
    fn show(&mut self, record: &Record, key: RowKey, before: Entry, holding: Holding) {
        self.sums.change(before.symbol, Some(&before.balance), &holding.balance);
        let (is_open, was_open) = (holding.is_open(), before.phase == Phase::Open);
        let phase = if is_open { Phase::Open } else { Phase::Closed };
        let lots = self.put(record.offset, before.lots, holding.lots);
        let entry = Entry { updated_at: record.at, phase, balance: holding.balance, lots, ..before };
        self.rows.set(key, record.offset, record.offset, entry.words());
        if was_open && !is_open {
            self.closings.push(Closing { at: record.at, row: key });
        }
        self.touch(before.portfolio, record.offset);
    }

    /// Notes that a position of the portfolio changed.
    fn touch(&mut self, key: PortfolioKey, offset: Offset) {
        if let Some(row) = self.portfolios.get(key) {
            self.portfolios.set(key, offset, offset, row.words);
        }
    }
}

fn portfolio_of(portfolios: &Rows<{ portfolio::WORDS }>, key: PortfolioKey) -> Option<Portfolio> {
    portfolios.get(key).map(|row| Portfolio::of(row.words))
}
