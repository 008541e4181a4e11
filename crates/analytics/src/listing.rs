//! A symbol and its newest price.

use hub_core::event::PriceQuote;
use hub_core::{Freshness, Offset, Price, Record, Rejection, Symbol, Timestamp};
use serde::{Deserialize, Serialize};

/// The ordinal of a symbol, in the order of first mention by an accepted
/// transaction or price.
pub(crate) type SymbolKey = u32;

/// A symbol that was traded or priced. Its version, kept by the table it lives in, is the offset of the last record that
/// changed what is shown of the price: its value, whether it is stale, the time of one that is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Listing {
    pub(crate) symbol: Symbol,
    pub(crate) quote: Option<Quote>,
    pub(crate) quoted: Quoted,
}

/// Records of a symbol's prices, as far as there are any.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Quoted {
    /// Of the price that is held.
    pub(crate) newest: Offset,
    /// Of the first that ever was.
    pub(crate) first: Offset,
}

impl Quoted {
    /// The same with a newer price.
    pub(crate) fn by(self, offset: Offset) -> Quoted {
        let first = if self.first == Offset::START { offset } else { self.first };
        Quoted { newest: offset, first }
    }
}

/// A price and when it was quoted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Quote {
    /// The price of one unit.
    pub price: Price,
    /// The event's time, or that of its record.
    pub time: Timestamp,
}

/// Effect of a new quote on the held one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Supersedes {
    /// Nothing: what is held is newer.
    Not,
    /// It confirms the price held, and what is shown stays as it is.
    InTime,
    /// It has another price, or the one held was stale.
    AsShown,
}

/// A newer price is held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Superseded;

impl Quote {
    /// The quote a record brings, or why it is none (BUG-A8: 0 is no price).
    pub(crate) fn of(record: &Record, event: &PriceQuote) -> Result<Quote, Rejection> {
        if !event.price.is_positive() {
            return Err(Rejection::of("price", "must be more than zero"));
        }
        Ok(Quote { price: event.price, time: record.event_time(event.timestamp)? })
    }

    /// The newest by event time wins; at equal times, the later record.
    pub(crate) fn supersedes(&self, held: Option<Quote>, freshness: Freshness) -> Supersedes {
        match held {
            Some(held) if self.time < held.time => Supersedes::Not,
            Some(held) if *self == held => Supersedes::InTime,
            Some(held) if self.price == held.price && !freshness.is_stale(held.time) => Supersedes::InTime,
            _ => Supersedes::AsShown,
        }
    }
}

impl Supersedes {
    /// The version that the change gives to the listing.
    pub(crate) fn version(self, offset: Offset) -> Offset {
        if self == Supersedes::AsShown { offset } else { Offset::START }
    }
}
