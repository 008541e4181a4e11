//! Positions, portfolios and prices as they are walked: tables row by row, then the lots of those that have several.
//! Ids, sums and whatever finds something by its key follow.

use std::cell::Cell;
use std::sync::Arc;

use hub_core::{Offset, Symbol};
use hub_rows::{Chains, Column, Rows, Values};
use serde::ser::{Error as _, SerializeSeq as _, SerializeTuple as _};
use serde::{Deserialize, Serialize, Serializer};

use super::{Closings, Ledger, portfolio_of};
use crate::lots::Book;
use crate::portfolio::{self, Portfolio};
use crate::relayed::Origin;
use crate::row::{self, Entry, LotsAt, Phase, beside};
use crate::state::ReferenceData;

/// A [`Ledger`] that was walked.
#[derive(Deserialize)]
pub(super) struct Walked {
    rows: Rows<{ row::WORDS }>,
    /// In the order of the rows that have one.
    books: Column<Arc<Book>>,
    portfolios: Rows<{ portfolio::WORDS }>,
    reference: ReferenceData,
    closings: Closings,
    trades: Chains,
}

/// The number of its parts.
const PARTS: usize = 6;

impl Serialize for Ledger {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Ledger {
            rows,
            portfolios,
            portfolio_ids: _,
            sums: _,
            encoded: _,
            reference,
            books,
            keys: _,
            portfolio_keys: _,
            symbol_keys: _,
            closings,
            trades,
        } = self;
        let mut parts = to.serialize_tuple(PARTS)?;
        // Where a book is depends on who looked. They are walked in the order of their rows, and so they are numbered.
        let count = Cell::new(0);
        let numbered = |words| {
            let entry = Entry::of(words);
            if entry.book().is_none() {
                return words;
            }
            let number = count.replace(count.get() + 1);
            Entry { lots: LotsAt::Beside(number), ..entry }.words()
        };
        parts.serialize_element(&rows.walked_as(numbered))?;
        parts.serialize_element(&Books { rows, values: books, count: count.get() })?;
        parts.serialize_element(portfolios)?;
        parts.serialize_element(reference)?;
        parts.serialize_element(closings)?;
        parts.serialize_element(trades)?;
        parts.end()
    }
}

struct Books<'a> {
    rows: &'a Rows<{ row::WORDS }>,
    values: &'a Values<Book>,
    count: u32,
}

impl Serialize for Books<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut sequence = to.serialize_seq(Some(self.count as usize))?;
        let rows = (0..self.rows.len()).filter_map(|key| self.rows.get(key));
        for number in rows.filter_map(|row| Entry::of(row.words).book()) {
            let book = self.values.get(number).ok_or_else(|| S::Error::custom("a row has no book"))?;
            sequence.serialize_element(&*book)?;
        }
        sequence.end()
    }
}

impl TryFrom<Walked> for Ledger {
    type Error = &'static str;

    fn try_from(walked: Walked) -> Result<Ledger, &'static str> {
        let Walked { rows, books, portfolios, reference, closings, trades } = walked;
        let mut ledger = Ledger { rows, portfolios, reference, closings, trades, ..Ledger::default() };
        ledger.find_portfolios()?;
        ledger.find_symbols()?;
        ledger.find_rows(&books)?;
        ledger.check_trades()?;
        Ok(ledger)
    }
}

/// Checks, and what finds something by its key, made again.
impl Ledger {
    fn find_portfolios(&mut self) -> Result<(), &'static str> {
        let Ledger { portfolios, portfolio_ids, portfolio_keys, encoded, rows, reference, .. } = self;
        if reference.relayed.keys().any(|key| *key >= portfolios.len()) {
            return Err("a portfolio is relayed that is not there");
        }
        for key in 0..portfolios.len() {
            let portfolio = portfolio_of(portfolios, key);
            let Portfolio { newest, id } = portfolio.ok_or("a portfolio is missing")?;
            if newest.is_none() && reference.origin(key) == Origin::Computed {
                return Err("a portfolio never had a position");
            }
            let is_own = |row| rows.get(row).is_some_and(|row| Entry::of(row.words).portfolio == key);
            if newest.is_some_and(|newest| !is_own(newest)) {
                return Err("a portfolio has a position that is not its own");
            }
            let id_of = |key| portfolio_of(portfolios, key).map(|portfolio| portfolio.id);
            if portfolio_keys.find(&id, |key| id_of(key) == Some(id)).is_some() {
                return Err("a portfolio is there twice");
            }
            portfolio_ids.push(Offset::START, Offset::START, 0, portfolio::id_words(id));
            encoded.push();
            portfolio_keys.insert(&id, key, id_of);
        }
        Ok(())
    }

    fn find_symbols(&mut self) -> Result<(), &'static str> {
        let Ledger { reference, symbol_keys, sums, .. } = self;
        for (key, listing) in (0..).zip(reference.listings.iter()) {
            if symbol_keys.find(&listing.symbol, |key| reference.is_of(key, &listing.symbol)).is_some() {
                return Err("a symbol is there twice");
            }
            let symbol_of = |key| -> Option<Symbol> { Some(reference.listings.get(key)?.symbol.clone()) };
            symbol_keys.insert(&listing.symbol, key, symbol_of);
            sums.push();
        }
        Ok(())
    }

    fn find_rows(&mut self, books: &Column<Arc<Book>>) -> Result<(), &'static str> {
        let mut numbers = 0..;
        for key in 0..self.rows.len() {
            let row = self.rows.get(key).ok_or("a position is missing")?;
            let entry = Entry::of(row.words);
            let (portfolios, symbols) = (self.portfolios.len(), self.reference.listings.len());
            if entry.portfolio >= portfolios || entry.symbol >= symbols {
                return Err("a position is of nobody, or of nothing");
            }
            // Each leads to one before it, so there is an end.
            let is_own =
                |before| before < key && self.entry(before).is_some_and(|it| it.portfolio == entry.portfolio);
            if beside(row.aside).is_some_and(|before| !is_own(before)) {
                return Err("a position leads to another portfolio's");
            }
            if let Some(number) = entry.book() {
                let book = books.get(number).filter(|_| numbers.next() == Some(number));
                let at = self.rows.written(key).unwrap_or_default();
                self.books.add(at, Arc::clone(book.ok_or("lots are of no position")?));
            }
            self.check_lots(&entry)?;
            let pair = (entry.portfolio, entry.symbol);
            let hash = self.keys.hash(&pair);
            if self.find(pair, hash).is_some() {
                return Err("a position is there twice");
            }
            self.keys.insert(hash, key);
            self.sums.change(entry.symbol, None, &entry.balance);
        }
        if numbers.next().map(|count: u32| count as usize) != Some(books.len()) {
            return Err("lots are of no position");
        }
        Ok(())
    }

    /// Lots are of what is held, and have cost what was invested.
    fn check_lots(&self, entry: &Entry) -> Result<(), &'static str> {
        if (entry.phase == Phase::Relayed) != (self.reference.origin(entry.portfolio) == Origin::Relayed) {
            return Err("a position is computed here and upstream");
        }
        if entry.phase == Phase::Relayed {
            return Ok(());
        }
        let holding = self.holding(entry);
        let total = holding.lots.total().ok_or("lots are none that a position has")?;
        let is_open = entry.phase == Phase::Open;
        if total != (entry.balance.holdings, entry.balance.total_invested) || is_open != holding.is_open() {
            return Err("lots are not of what is held");
        }
        Ok(())
    }

    /// Each position that is computed was made by a transaction, and last written by one or later.
    fn check_trades(&self) -> Result<(), &'static str> {
        let trades = self.trades.view();
        if (0..trades.len()).any(|number| trades.get(number).is_none_or(|it| it.chain >= self.rows.len())) {
            return Err("a transaction is of no position");
        }
        let newest = |row| Some(trades.get(trades.newest(row)?)?.at);
        let is_relayed = |row| self.entry(row).is_some_and(|entry| entry.phase == Phase::Relayed);
        let is_traded = |row| match newest(row) {
            Some(newest) => !is_relayed(row) && self.rows.written(row) >= Some(newest),
            None => is_relayed(row),
        };
        if (0..self.rows.len()).all(is_traded) { Ok(()) } else { Err("a position has no transaction") }
    }

    /// True if no row was written by a record after this one.
    pub(crate) fn is_as_of(&self, last: Offset) -> bool {
        let rows = (0..self.rows.len()).all(|key| self.rows.written(key) <= Some(last));
        let quotes = self.reference.listings.iter().all(|listing| listing.quoted.newest <= last);
        rows && quotes && (0..self.portfolios.len()).all(|key| self.portfolios.written(key) <= Some(last))
    }
}
