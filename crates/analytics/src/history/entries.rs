//! A portfolio's days.

use std::sync::Arc;

use hub_core::{Date, Money, PortfolioId, Timestamp};
use sha2::{Digest as _, Sha256};

use super::{Day, Valued};
use crate::portfolio::PortfolioKey;

/// A portfolio's worth at the end of a day.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'h> {
    pub(crate) date: Date,
    pub(crate) value: Money,
    pub(crate) source: Source<'h>,
}

/// The reason for a value.
#[derive(Clone, Copy)]
pub(crate) enum Source<'h> {
    /// It follows from positions and prices.
    Close(&'h Day),
    /// A service upstream said so.
    Valuation(&'h Valued),
}

impl Entry<'_> {
    /// The entry's id: the same wherever the day's worth is asked for, a UUID of version 8.
    fn id(&self, portfolio: PortfolioId) -> PortfolioId {
        let mut hash = Sha256::new_with_prefix(portfolio.to_bytes());
        hash.update(self.date.days().to_be_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&hash.finalize()[..16]);
        id[6] = id[6] & 0x0f | 0x80;
        id[8] = id[8] & 0x3f | 0x80;
        PortfolioId::from_bytes(id)
    }

    /// Times of its first value and of that which counts.
    fn times(&self) -> [Timestamp; 2] {
        match self.source {
            Source::Close(day) => [day.at; 2],
            Source::Valuation(valued) => [valued.created_at, valued.updated_at],
        }
    }

    /// Appends `{"id","portfolioId","date","portfolioValue","createdAt","updatedAt"}`.
    pub(crate) fn write_json(&self, portfolio: PortfolioId, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"id":""#);
        self.id(portfolio).write_to(out);
        out.extend_from_slice(br#"","portfolioId":""#);
        portfolio.write_to(out);
        out.extend_from_slice(format!(r#"","date":"{}","portfolioValue":"#, self.date).as_bytes());
        self.value.write_to(out);
        let [created, updated] = self.times();
        out.extend_from_slice(format!(r#","createdAt":"{created}","updatedAt":"{updated}"}}"#).as_bytes());
    }
}

/// Days of a portfolio, the last one first: of a day that has both, what was said upstream.
pub(super) fn entries<'h>(
    days: &'h [Arc<Day>],
    key: Option<PortfolioKey>,
    valued: &'h [Valued],
) -> impl Iterator<Item = Entry<'h>> {
    let closed = days.iter().rev().filter_map(move |day| {
        let value = day.worths.get(key?)?;
        Some(Entry { date: day.date, value, source: Source::Close(day) })
    });
    let said = |valued: &'h Valued| Entry {
        date: valued.date,
        value: valued.value,
        source: Source::Valuation(valued),
    };
    let mut closed = closed.peekable();
    let mut valued = valued.iter().rev().map(said).peekable();
    std::iter::from_fn(move || {
        let (close, said) = (closed.peek().map(|entry| entry.date), valued.peek().map(|entry| entry.date));
        if said < close {
            return closed.next();
        }
        closed.next_if(|entry| Some(entry.date) == said);
        valued.next()
    })
}
