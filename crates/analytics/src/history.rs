//! The worth of portfolios at the ends of days (AN-PVAL).
//!
//! A day is closed by log time: what follows from positions and prices at that instant is derived, for all portfolios at
//! once. What a service upstream says a portfolio was worth on a day beats what was derived of it, whichever came first.

mod day;
mod entries;
mod past;
mod walk;

use std::mem;
use std::sync::Arc;

use hub_core::event::Valuation;
use hub_core::{Date, Money, Offset, Outcome, PortfolioId, Record, Rejection, Timestamp};
use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

use crate::portfolio::PortfolioKey;

pub(crate) use day::{Day, Ends, Worths, worths};
pub(crate) use entries::Entry;
pub(crate) use past::{PastDay, PastSource};

/// Days of a portfolio that are kept: a year, and what makes its first and its last whole months.
pub(crate) const DAYS_KEPT: usize = 400;

/// Bytes of the nodes that lead to a portfolio's valuations, of as many portfolios as there are.
const NODES_BYTES: usize = 40 * 96;

/// All of it, as a value: a copy costs nothing, and stays as it is.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct History {
    /// Days that were closed, the oldest first.
    #[serde(with = "walk::days")]
    days: Arc<Vec<Arc<Day>>>,
    /// The days that would end first, by the settings that said so, until one was closed.
    first: Arc<Vec<FirstDay>>,
    /// More of the last one.
    ends: Option<Arc<Ends>>,
    /// Of each portfolio, by date.
    #[serde(with = "walk::valuations")]
    valuations: RedBlackTreeMapSync<PortfolioId, Arc<[Valued]>>,
    /// No portfolio has more of them.
    most_valued: usize,
    /// The last record that changed any of it.
    newest: Offset,
    /// Bytes of what was replaced since anybody asked.
    #[serde(skip)]
    replaced_bytes: usize,
}

/// The day that would end first, from a record on; `None` where none would.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct FirstDay {
    offset: Offset,
    date: Option<Date>,
}

/// A portfolio's worth on a day, as a service upstream said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Valued {
    pub(crate) date: Date,
    pub(crate) value: Money,
    /// The record that said so: of those that say the same one after another, the first.
    pub(crate) offset: Offset,
    /// The first record of that day.
    pub(crate) first: Offset,
    /// Time of the first record of that day.
    pub(crate) created_at: Timestamp,
    /// Time of the last one.
    pub(crate) updated_at: Timestamp,
}

impl Default for History {
    fn default() -> History {
        History {
            days: Arc::default(),
            first: Arc::default(),
            ends: None,
            valuations: RedBlackTreeMapSync::new_sync(),
            most_valued: 0,
            newest: Offset::START,
            replaced_bytes: 0,
        }
    }
}

impl History {
    /// The last record that changed any of it.
    pub(crate) fn newest(&self) -> Offset {
        self.newest
    }

    /// The day that was closed last.
    pub(crate) fn last(&self) -> Option<&Day> {
        self.days.last().map(|day| &**day)
    }

    /// More of that day.
    pub(crate) fn ends(&self) -> Option<&Ends> {
        self.ends.as_deref()
    }

    /// Memory, at most, that only states from before take up by what was replaced since this was last called.
    pub(crate) fn replaced_bytes(&mut self) -> usize {
        mem::take(&mut self.replaced_bytes)
    }

    /// True if a portfolio may have so many days with a value.
    pub(crate) fn may_have(&self, days: usize) -> bool {
        self.days.len() + self.most_valued >= days
    }

    /// The last record that said anything of this portfolio's days, or closed one.
    pub(crate) fn version(&self, id: PortfolioId) -> Offset {
        let valued =
            self.valuations.get(&id).and_then(|valued| valued.iter().map(|valued| valued.offset).max());
        let closed = self.last().map(|day| day.offset);
        valued.max(closed).unwrap_or_default()
    }

    /// Days on which a portfolio has a value, the last one first. Its key is that in the table of portfolios, if it ever
    /// had a position.
    pub(crate) fn entries(
        &self,
        id: PortfolioId,
        key: Option<PortfolioKey>,
    ) -> impl Iterator<Item = Entry<'_>> {
        let valued = self.valuations.get(&id).map(|valued| &**valued).unwrap_or_default();
        entries::entries(&self.days, key, valued)
    }

    /// The next day to end is this one, by the settings in the record at `offset`.
    pub(crate) fn begin(&mut self, offset: Offset, date: Option<Date>) {
        if self.days.is_empty() {
            Arc::make_mut(&mut self.first).push(FirstDay { offset, date });
        }
    }

    /// Closes a day.
    pub(crate) fn close(&mut self, day: Day, ends: Ends) {
        self.newest = day.offset;
        let days = Arc::make_mut(&mut self.days);
        let over = (days.len() + 1).saturating_sub(DAYS_KEPT);
        days.drain(..over);
        days.push(Arc::new(day));
        self.ends = Some(Arc::new(ends));
    }

    /// Takes in what a portfolio was worth: the last one of a day counts. One of a day before all that are kept changes
    /// nothing.
    pub(crate) fn value(&mut self, record: &Record, event: &Valuation) -> Result<Outcome, Rejection> {
        if lies_ahead(record, event) {
            return Err(Rejection::of("date", "lies ahead"));
        }
        let held = self.valuations.get(&event.portfolio_id).map(|held| &**held).unwrap_or_default();
        let place = held.partition_point(|valued| valued.date < event.date);
        let before = held.get(place).filter(|valued| valued.date == event.date);
        if before.is_some_and(|before| before.value == event.portfolio_value) {
            return Ok(Outcome::Accepted);
        }
        if place == 0 && before.is_none() && held.len() == DAYS_KEPT {
            return Ok(Outcome::Stale);
        }
        let valued = Valued {
            date: event.date,
            value: event.portfolio_value,
            offset: record.offset,
            first: before.map_or(record.offset, |before| before.first),
            created_at: before.map_or(record.at, |before| before.created_at),
            updated_at: record.at,
        };
        let (earlier, later) = (&held[..place], &held[place + usize::from(before.is_some())..]);
        let all = earlier.iter().copied().chain([valued]).chain(later.iter().copied());
        let over = (earlier.len() + 1 + later.len()).saturating_sub(DAYS_KEPT);
        let all: Arc<[Valued]> = all.skip(over).collect();
        self.replaced_bytes += size_of_val(held) + NODES_BYTES;
        self.most_valued = self.most_valued.max(all.len());
        self.valuations.insert_mut(event.portfolio_id, all);
        self.newest = record.offset;
        Ok(Outcome::Accepted)
    }
}

/// True of a day that is to come, which has no worth.
pub(crate) fn lies_ahead(record: &Record, event: &Valuation) -> bool {
    event.date > tomorrow(record.at)
}

/// True of a day that is over, though somebody may have said already what another was worth: given the last that was
/// closed, and the next to be.
pub(crate) fn has_ended(date: Date, last: Option<Date>, next: Option<Date>) -> bool {
    match (last, next) {
        (Some(last), _) => date <= last,
        (None, Some(next)) => date < next,
        (None, None) => true,
    }
}

/// The day after the one that UTC has: wherever a portfolio is, no later one has begun.
fn tomorrow(now: Timestamp) -> Date {
    let days = now.second().div_euclid(24 * 60 * 60) + 1;
    i32::try_from(days).ok().and_then(Date::from_days).unwrap_or_default()
}
