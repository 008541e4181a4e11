//! Transactions that were applied: which records they are, by what they were of.
//!
//! What a transaction says is in the log. Here is where: each row's records, the newest first, and all of them in order.

use std::collections::BinaryHeap;
use std::sync::Arc;

use hub_core::{Expired, Offset, PortfolioId, Record, Symbol};
use hub_fanout::RowKey;
use hub_log::{EventLog, LogError};

use crate::listing::SymbolKey;
use crate::marks::Positions as _;
use crate::state::State;

/// Transactions that are looked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) portfolio: Option<PortfolioId>,
    pub(crate) symbol: Option<Symbol>,
}

/// Records of transactions that were found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Found {
    /// The newest first.
    pub(crate) offsets: Vec<Offset>,
    /// There may be more, with numbers below this one.
    pub(crate) below: Option<u32>,
}

/// Transactions of all portfolios that are gone through for those of one symbol, each time.
const LOOKED_AT: u32 = 1 << 18;

/// Offsets that lie this close are read together: a record is read with those of its block in any case.
const TOGETHER: u64 = 64;

/// Records that are read at once.
const RUN_RECORDS: u64 = 1024;

impl State {
    /// The newest `limit` transactions, at least one, with numbers below `below`. Of a symbol alone they may be fewer, though
    /// there are more: so many are gone through at most. O(limit * log n) with n positions of the portfolio, and what came
    /// later.
    pub(crate) fn trades(&self, wanted: &Wanted, below: u32, limit: usize) -> Result<Found, Expired> {
        let symbol = wanted.symbol.as_ref().map(|symbol| self.symbol_key(symbol));
        match (wanted.portfolio, symbol) {
            (None, None) => Ok(self.all_trades(below, limit)),
            (_, Some(None)) => Ok(Found { offsets: Vec::new(), below: None }),
            (None, Some(Some(symbol))) => self.trades_of_symbol(symbol, below, limit),
            (Some(id), symbol) => {
                let rows = self.rows_of(id, symbol.flatten())?;
                Ok(self.trades_of(&rows, below, limit))
            }
        }
    }

    /// The rows of a portfolio, or that of one symbol.
    pub(crate) fn rows_of(&self, id: PortfolioId, symbol: Option<SymbolKey>) -> Result<Vec<RowKey>, Expired> {
        let Some(key) = self.key(id) else { return Ok(Vec::new()) };
        let is_meant = |of: SymbolKey| symbol.is_none_or(|symbol| symbol == of);
        let rows = self.members(key).filter_map(|member| match member {
            Ok((row, entry)) => is_meant(entry.symbol).then_some(Ok(row)),
            Err(expired) => Some(Err(expired)),
        });
        rows.collect()
    }

    /// The records of a row up to an offset, the newest `limit` of them, in the order of the log.
    pub(crate) fn trades_of_row(&self, row: RowKey, until: Offset, limit: usize) -> Vec<Offset> {
        let mut offsets = self.trades_of(&[row], self.trades.until(until), limit).offsets;
        offsets.reverse();
        offsets
    }

    /// Chains of rows, merged.
    fn trades_of(&self, rows: &[RowKey], below: u32, limit: usize) -> Found {
        let before = |number: u32| self.trades.get(number)?.before;
        let newest = |row: &RowKey| {
            let mut newest = self.trades.newest(*row)?;
            while newest >= below {
                newest = before(newest)?;
            }
            Some(newest)
        };
        let mut next: BinaryHeap<u32> = rows.iter().filter_map(newest).collect();
        let mut offsets = Vec::new();
        while let Some(number) = next.peek().copied() {
            if offsets.len() == limit {
                return Found { offsets, below: Some(number + 1) };
            }
            next.pop();
            if let Some(link) = self.trades.get(number) {
                offsets.push(link.at);
                next.extend(link.before);
            }
        }
        Found { offsets, below: None }
    }

    fn all_trades(&self, below: u32, limit: usize) -> Found {
        let below = below.min(self.trades.len());
        let end = below.saturating_sub(u32::try_from(limit).unwrap_or(u32::MAX));
        let offsets = (end..below).rev().filter_map(|number| Some(self.trades.get(number)?.at)).collect();
        Found { offsets, below: (end > 0).then_some(end) }
    }

    fn trades_of_symbol(&self, symbol: SymbolKey, below: u32, limit: usize) -> Result<Found, Expired> {
        let below = below.min(self.trades.len());
        let end = below.saturating_sub(LOOKED_AT);
        let mut offsets = Vec::new();
        for number in (end..below).rev() {
            let Some(link) = self.trades.get(number) else { continue };
            if self.entry(link.chain)?.is_some_and(|entry| entry.symbol == symbol) {
                if offsets.len() == limit {
                    return Ok(Found { offsets, below: Some(number + 1) });
                }
                offsets.push(link.at);
            }
        }
        Ok(Found { offsets, below: (end > 0).then_some(end) })
    }
}

/// The records at these offsets, which ascend.
pub(crate) fn read(log: &dyn EventLog, offsets: &[Offset]) -> Result<Vec<Arc<Record>>, LogError> {
    let mut found = Vec::with_capacity(offsets.len());
    while let Some(rest @ [first, ..]) = offsets.get(found.len()..) {
        let is_together = |place: &usize| {
            let (one, next) = (rest[place - 1].0, rest[*place].0);
            next - one <= TOGETHER && next - first.0 < RUN_RECORDS
        };
        let run = (1..rest.len()).take_while(is_together).count();
        let records = rest[run].0 - first.0 + 1;
        let before = found.len();
        for record in log.read(Offset(first.0 - 1), records as usize)? {
            if offsets.get(found.len()) == Some(&record.offset) {
                found.push(record);
            }
        }
        if found.len() == before {
            return Err(LogError::Absent { offset: *first });
        }
    }
    Ok(found)
}
