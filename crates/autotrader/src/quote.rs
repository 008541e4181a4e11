//! The last price of a symbol.

use hub_core::event::PriceQuote;
use hub_core::{Freshness, Offset, Price, Record, Rejection, Timestamp};
use serde::{Deserialize, Serialize};

/// A price, when it was quoted and since when it has been held.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Quote {
    /// The price of one unit.
    pub price: Price,
    /// The event's time, or that of its record.
    pub time: Timestamp,
    /// The record that last changed what is shown of it: its value, whether it is stale, the time of one that is. One
    /// that only confirms it does not count.
    pub changed: Offset,
}

impl Quote {
    /// The quote a record brings, or why it is none.
    pub(crate) fn of(record: &Record, event: &PriceQuote) -> Result<Quote, Rejection> {
        if !event.price.is_positive() {
            return Err(Rejection::of("price", "must be more than zero"));
        }
        let time = record.event_time(event.timestamp)?;
        Ok(Quote { price: event.price, time, changed: record.offset })
    }

    /// The quote that is held once this has come: the newest by event time, at equal
    /// times the later record, as analytics decides. `None`: it is stale.
    pub(crate) fn after(self, held: Option<Quote>, freshness: Freshness) -> Option<Quote> {
        match held {
            Some(held) if self.time < held.time => None,
            Some(held)
                if self.price == held.price && (self.time == held.time || !freshness.is_stale(held.time)) =>
            {
                Some(Quote { changed: held.changed, ..self })
            }
            _ => Some(self),
        }
    }

    /// Its time, if it is stale.
    pub(crate) fn stale_as_of(&self, freshness: Freshness) -> Option<Timestamp> {
        Some(self.time).filter(|time| freshness.is_stale(*time))
    }
}
