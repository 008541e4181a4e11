//! Events in the documented spelling of their kind: posted again, such an item means the same event.

use std::fmt::{Display, Write as _};

use serde_json::Value;

use super::raw::Field;
use super::{
    dlq_events, error_events, invalid_trades, portfolios, positions, prices, queue_metrics, risk, symbols,
    trade_events, trading, transactions, unrealized, valuations,
};
use crate::event::Upstream;
use crate::event::trading::KIND;
use crate::kind::Kind;
use crate::{Event, Timestamp};

/// The item, or the body of the command, that means this event: JSON, decimals as strings of their digits. None for
/// what nobody can send.
pub fn canonical(event: &Event) -> Option<String> {
    let mut to = Members::default();
    match event {
        Event::Transaction(it) => transactions::write(it, &mut to),
        Event::Price(it) => prices::write(it, &mut to),
        Event::Portfolio(it) => portfolios::write(it, &mut to),
        Event::Symbol(it) => symbols::write(it, &mut to),
        Event::Risk(it) => risk::write(it, &mut to),
        Event::TradeEvent(it) => trade_events::write(it, &mut to),
        Event::QueueMetric(it) => queue_metrics::write(it, &mut to),
        Event::DlqEvent(it) => dlq_events::write(it, &mut to),
        Event::ErrorEvent(it) => error_events::write(it, &mut to),
        Event::InvalidTrade(it) => invalid_trades::write(it, &mut to),
        Event::Upstream(it) => match &**it {
            Upstream::Valuation(it) => valuations::write(it, &mut to),
            Upstream::Position(it) => positions::write(it, &mut to),
            Upstream::UnrealizedPnl(it) => unrealized::write(it, &mut to),
        },
        Event::Trading(it) => trading::write(it, &mut to),
        Event::Tick | Event::Settings(_) | Event::Rejected(_) => return None,
    }
    Some(to.finish())
}

/// The path that an event's item is posted to, or that of a command; of what was refused at the door, the one that it
/// had been posted to, as far as that is known.
pub fn post_path(event: &Event) -> Option<String> {
    match event {
        Event::Trading(request) => Some(trading::path(&request.command)),
        Event::Rejected(input) if input.kind == KIND => input.path.as_ref().map(ToString::to_string),
        event => event.kind().parse().ok().map(|kind: Kind| format!("/api/ingest/{}", kind.as_str())),
    }
}

/// The members of an object that is being written, by the canonical names of their fields.
#[derive(Default)]
pub(super) struct Members(String);

impl Members {
    /// A JSON string.
    pub(super) fn text(&mut self, field: &Field, value: impl Display) {
        self.member(field, &Value::from(value.to_string()));
    }

    /// A JSON string, where there is a value.
    pub(super) fn optional(&mut self, field: &Field, value: Option<impl Display>) {
        if let Some(value) = value {
            self.text(field, value);
        }
    }

    /// JSON as it is.
    pub(super) fn json(&mut self, field: &Field, value: impl Into<Value>) {
        self.member(field, &value.into());
    }

    /// A JSON number.
    pub(super) fn count(&mut self, field: &Field, value: impl Into<u64>) {
        self.member(field, &Value::from(value.into()));
    }

    /// A time, where there is one: to the microsecond.
    pub(super) fn time(&mut self, field: &Field, time: Option<Timestamp>) {
        self.optional(field, time.map(Timestamp::to_string_micros));
    }

    fn member(&mut self, field: &Field, value: &Value) {
        let before = if self.0.is_empty() { '{' } else { ',' };
        // Writing to a string does not fail.
        let _ = write!(self.0, "{before}\"{}\":{value}", field.name);
    }

    fn finish(self) -> String {
        if self.0.is_empty() { "{}".to_owned() } else { self.0 + "}" }
    }
}
