//! A portfolio's days as they were known at a time of the past.

use hub_core::{Date, Money, Offset, PortfolioId, Timestamp};

use super::entries::{Source, entries};
use super::{DAYS_KEPT, History, Valued, has_ended};
use crate::portfolio::PortfolioKey;
use crate::risk::SERIES;

/// A day that had ended, and its value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PastDay {
    pub(crate) date: Date,
    /// Of a valuation that was replaced since, it is yet to be found what it was.
    pub(crate) value: Money,
    pub(crate) source: PastSource,
}

/// The reason for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PastSource {
    /// Positions and prices at its end.
    Close {
        at: Timestamp,
        /// The record that was applied last before it.
        as_of: Offset,
    },
    /// A service upstream said so.
    Valuation(Valued),
}

/// Days that counted then are not kept any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Forgotten;

impl History {
    /// Days of a portfolio that had ended at a time, as of a record, the last one first: as many as a series has, or fewer.
    pub(crate) fn past(
        &self,
        id: PortfolioId,
        key: PortfolioKey,
        at: Timestamp,
        as_of: Offset,
    ) -> Result<Vec<PastDay>, Forgotten> {
        let closed = &self.days[..self.days.partition_point(|day| day.at <= at)];
        let held = self.valuations.get(&id).map(|held| &**held).unwrap_or_default();
        let valued: Vec<Valued> = held.iter().filter(|valued| valued.first <= as_of).copied().collect();
        let last = closed.last().map(|day| day.date);
        let first = self.first.iter().rev().find(|first| first.offset <= as_of);
        let next = first.and_then(|first| first.date);
        let ended = entries(closed, Some(key), &valued).filter(|entry| has_ended(entry.date, last, next));
        let days = ended.map(|entry| PastDay {
            date: entry.date,
            value: entry.value,
            source: match entry.source {
                Source::Close(day) => PastSource::Close { at: day.at, as_of: day.as_of },
                Source::Valuation(valued) => PastSource::Valuation(*valued),
            },
        });
        let days: Vec<PastDay> = days.take(SERIES).collect();
        // Before these, there were days that are kept no more.
        let oldest_closed = self
            .days
            .first()
            .filter(|day| self.days.len() == DAYS_KEPT && closed.len() < DAYS_KEPT && day.worths.has(key));
        let oldest_valued = held.first().filter(|_| held.len() == DAYS_KEPT);
        let oldest = oldest_closed.map(|day| day.date).max(oldest_valued.map(|valued| valued.date));
        let is_known = oldest.is_none_or(|oldest| days.get(SERIES - 1).is_some_and(|day| day.date >= oldest));
        if is_known { Ok(days) } else { Err(Forgotten) }
    }
}
