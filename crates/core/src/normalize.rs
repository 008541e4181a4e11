//! Raw JSON in all its spellings becomes one typed event, or a rejection with
//! a reason and the canonical name of the field at fault.
//!
//! To add a kind: a line in [`Kind`], a file beside the others with its reader and
//! its writer, and their arms in [`item`] and [`canonical()`].

mod body;
mod canonical;
mod dlq_events;
mod error_events;
mod invalid_trades;
mod lifecycle;
mod portfolios;
mod positions;
mod prices;
mod queue_metrics;
mod raw;
mod risk;
mod symbols;
mod trade_events;
pub mod trading;
mod transactions;
mod unrealized;

pub use crate::kind::{Kind, KindError};
pub use body::{BodyError, BodyForm, Item, items};
pub use canonical::{canonical, post_path};

use crate::dto::{PositionRow, UnrealizedPnl};
use crate::event::{Provenance, RejectedInput};
use crate::{Event, Rejection};
pub(crate) use raw::RawObject;

/// Normalises a body of at most `max_items` items: each becomes the event it means, or a
/// rejection that keeps its bytes and the `way` they came ([`Event::Rejected`]). An error is about the body as a whole:
/// then it holds no items.
pub fn events(
    kind: Kind,
    body: &[u8],
    form: BodyForm,
    max_items: usize,
    way: &Provenance<'_>,
) -> Result<Vec<Event>, BodyError> {
    let event = |item: &Item<'_>| {
        self::item(kind, item).unwrap_or_else(|rejection| rejected(kind.as_str(), rejection, item, way))
    };
    Ok(items(body, form, max_items)?.iter().map(event).collect())
}

/// Makes an event of an item of `kind` that means none, for the reason given.
pub fn rejected(kind: &'static str, rejection: Rejection, item: &Item<'_>, way: &Provenance<'_>) -> Event {
    RejectedInput::new(kind, rejection, item.raw()).by(way).into()
}

/// Reads the event an item means.
pub fn item(kind: Kind, item: &Item<'_>) -> Result<Event, Rejection> {
    let object = RawObject::parse(item)?;
    match kind {
        Kind::Transactions => transactions::read(&object).map(|event| Event::Transaction(event.into())),
        Kind::Prices => prices::read(&object).map(Event::Price),
        Kind::Portfolios => portfolios::read(&object).map(Event::Portfolio),
        Kind::Symbols => symbols::read(&object).map(Event::Symbol),
        Kind::Risk => risk::read(&object).map(Event::Risk),
        Kind::TradeEvents => trade_events::read(&object).map(|event| Event::TradeEvent(event.into())),
        Kind::QueueMetrics => queue_metrics::read(&object).map(Event::QueueMetric),
        Kind::DlqEvents => dlq_events::read(&object).map(|event| Event::DlqEvent(event.into())),
        Kind::ErrorEvents => error_events::read(&object).map(Event::ErrorEvent),
        Kind::InvalidTrades => invalid_trades::read(&object).map(|event| Event::InvalidTrade(event.into())),
    }
}

/// A position as another service reports it (AN-WS-1 and its spellings, FE-1).
pub fn position(item: &Item<'_>) -> Result<PositionRow, Rejection> {
    positions::read(&RawObject::parse(item)?)
}

/// An unrealised P&L as another service reports it (AN-WS-2, FE-1).
pub fn unrealized_pnl(item: &Item<'_>) -> Result<UnrealizedPnl, Rejection> {
    unrealized::read(&RawObject::parse(item)?)
}
