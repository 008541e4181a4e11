//! Raw JSON in all its spellings becomes one typed event, or a rejection with
//! a reason and the canonical name of the field at fault.
//!
//! To add a kind: a line in [`Kind`], a file beside the others with its reader and
//! its writer, and their arms in `fields`, `event` and [`canonical()`].

mod body;
mod canonical;
mod dlq_events;
mod error_events;
mod field;
mod invalid_trades;
mod json_object;
mod lifecycle;
mod object;
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
mod unread;
mod unrealized;
mod valuations;

pub use crate::kind::{Kind, KindError};
pub use body::{BodyError, BodyForm, Item, items};
pub use canonical::{canonical, post_path};
pub use unread::Unread;

use crate::event::{Provenance, RejectedInput, Upstream};
use crate::{Event, Rejection};
use field::Field;
pub(crate) use json_object::JsonObject;
use object::RawObject;

/// An item that was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading {
    /// Event that it means, or its rejection, which keeps its bytes ([`Event::Rejected`]).
    pub event: Event,
    /// Members of it that nobody reads.
    pub unread: Unread,
}

impl From<Event> for Reading {
    /// An event that no item says more than.
    fn from(event: Event) -> Reading {
        Reading { event, unread: Unread::default() }
    }
}

/// Normalises a body of at most `max_items` items: each becomes the event it means, or a
/// rejection that keeps its bytes and the `way` they came ([`Event::Rejected`]). An error is about the body as a whole:
/// then it holds no items ([`unreadable`]).
pub fn events(
    kind: Kind,
    body: &[u8],
    form: BodyForm,
    max_items: usize,
    way: &Provenance<'_>,
) -> Result<Vec<Reading>, BodyError> {
    let reading = |item: &Item<'_>| {
        let rejected = |rejection| rejected(kind.as_str(), rejection, item, way);
        match object(kind, item) {
            Ok(object) => {
                let event = event(kind, &object).unwrap_or_else(rejected);
                Reading { event, unread: object.unread() }
            }
            Err(rejection) => rejected(rejection).into(),
        }
    };
    Ok(items(body, form, max_items)?.iter().map(reading).collect())
}

/// Makes an event of an item of `kind` that means none, for the reason given.
pub fn rejected(kind: &'static str, rejection: Rejection, item: &Item<'_>, way: &Provenance<'_>) -> Event {
    RejectedInput::new(kind, rejection, item.raw()).by(way).into()
}

/// Makes an event of a body that can't be read, whatever kind it was sent as: its rejection, in the words of the error,
/// which keeps all of it. None of a body that holds nothing, or more than it may.
pub fn unreadable(kind: &'static str, error: &BodyError, body: &[u8], way: &Provenance<'_>) -> Option<Event> {
    match error {
        BodyError::Malformed(_) | BodyError::NotOneObject => {
            Some(RejectedInput::new(kind, Rejection::whole(error.to_string()), body).by(way).into())
        }
        BodyError::Empty | BodyError::TooManyItems { .. } => None,
    }
}

/// Reads the event an item means.
pub fn item(kind: Kind, item: &Item<'_>) -> Result<Event, Rejection> {
    event(kind, &object(kind, item)?)
}

fn object<'a>(kind: Kind, item: &Item<'a>) -> Result<RawObject<'a>, Rejection> {
    match kind {
        Kind::InvalidTrades => RawObject::parse_evidence(item, fields(kind)),
        _ => RawObject::parse(item, fields(kind)),
    }
}

/// Names of the members that are read of a kind's items: of each the canonical one, and others for it. Case, `-` and
/// `_` make no difference in them.
pub fn names(kind: Kind) -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    let others =
        |field: &'static Field| field.spellings.iter().copied().filter(|name| *name != field.name).collect();
    fields(kind).iter().map(move |field| (field.name, others(field)))
}

fn fields(kind: Kind) -> &'static [&'static Field] {
    match kind {
        Kind::Transactions => transactions::FIELDS,
        Kind::Prices => prices::FIELDS,
        Kind::Portfolios => portfolios::FIELDS,
        Kind::Symbols => symbols::FIELDS,
        Kind::Risk => risk::FIELDS,
        Kind::Valuations => valuations::FIELDS,
        Kind::Positions => positions::FIELDS,
        Kind::UnrealizedPnl => unrealized::FIELDS,
        Kind::TradeEvents => trade_events::FIELDS,
        Kind::QueueMetrics => queue_metrics::FIELDS,
        Kind::DlqEvents => dlq_events::FIELDS,
        Kind::ErrorEvents => error_events::FIELDS,
        Kind::InvalidTrades => invalid_trades::FIELDS,
    }
}

fn event(kind: Kind, object: &RawObject<'_>) -> Result<Event, Rejection> {
    match kind {
        Kind::Transactions => transactions::read(object).map(|event| Event::Transaction(event.into())),
        Kind::Prices => prices::read(object).map(Event::Price),
        Kind::Portfolios => portfolios::read(object).map(Event::Portfolio),
        Kind::Symbols => symbols::read(object).map(Event::Symbol),
        Kind::Risk => risk::read(object).map(Event::Risk),
        Kind::Valuations => valuations::read(object).map(|it| Upstream::Valuation(it).into()),
        Kind::Positions => positions::read(object).map(|it| Upstream::Position(it).into()),
        Kind::UnrealizedPnl => unrealized::read(object).map(|it| Upstream::UnrealizedPnl(it).into()),
        Kind::TradeEvents => trade_events::read(object).map(|event| Event::TradeEvent(event.into())),
        Kind::QueueMetrics => queue_metrics::read(object).map(Event::QueueMetric),
        Kind::DlqEvents => dlq_events::read(object).map(|event| Event::DlqEvent(event.into())),
        Kind::ErrorEvents => error_events::read(object).map(Event::ErrorEvent),
        Kind::InvalidTrades => invalid_trades::read(object).map(|event| Event::InvalidTrade(event.into())),
    }
}
