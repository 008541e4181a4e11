//! The auto-trader as a projection: records in, snapshots and events out.

use std::sync::Arc;

use arc_swap::ArcSwap;
use hub_core::event::trading::TradingRequest;
use hub_core::{Event, Offset, Outcome, Record, Rejection, Settings, Timestamp};
use hub_fanout::{Applied, EventKey, FeedId, FlushBuilder, Projection, Step};

use crate::answers::{Answered, KeyedAnswers};
use crate::ledger::Ledger;
use crate::messages;
use crate::state::State;
use crate::trade::Trade;

/// Sessions and trades, derived from commands and prices.
///
/// Ids, refusals for lack of capital and exits by stop loss or target follow
/// from the log: they are decided here, and nowhere else.
pub struct AutotraderProjection {
    feed: FeedId,
    read: Arc<ArcSwap<State>>,
    ledger: Ledger,
    keyed: KeyedAnswers,
    settings: Settings,
}

impl AutotraderProjection {
    pub(crate) fn new(feed: FeedId, read: Arc<ArcSwap<State>>) -> AutotraderProjection {
        AutotraderProjection {
            feed,
            read,
            ledger: Ledger::default(),
            keyed: KeyedAnswers::default(),
            settings: Settings::default(),
        }
    }

    fn request(
        &mut self,
        record: &Record,
        request: &TradingRequest,
        step: &mut Step,
    ) -> Result<Outcome, Rejection> {
        if let Some(first) = request.request_id.and_then(|id| self.keyed.get(id)) {
            if first.command != request.command {
                return Err(Rejection::of("requestId", "was used for another command"));
            }
            self.ledger.state.answers.insert(record.offset, Arc::clone(first));
            return Ok(Outcome::Duplicate);
        }
        let (answer, trades) = self.ledger.command(record, &request.command)?;
        let answered = Arc::new(Answered { command: request.command.clone(), answer, at: record.at });
        if let Some(id) = request.request_id {
            self.keyed.insert(id, Arc::clone(&answered));
        }
        self.ledger.state.answers.insert(record.offset, answered);
        self.emit(&trades, record.at, step);
        Ok(Outcome::Accepted)
    }

    fn emit(&self, trades: &[Arc<Trade>], at: Timestamp, step: &mut Step) {
        for trade in trades {
            step.emit(self.feed, EventKey(trade.session.0.into()), messages::trade_event(trade, at));
        }
    }
}

impl Projection for AutotraderProjection {
    fn advance(&mut self, now: Timestamp, _: Offset, _: &mut Step) {
        // What was earned today is a function of log time and needs no step
        // at midnight.
        self.keyed.expire(now, self.settings.idempotency_horizon_ms);
    }

    fn apply(&mut self, record: &Record, step: &mut Step) {
        let outcome = match &record.event {
            Event::Trading(request) => self.request(record, request, step),
            Event::Price(event) => self.ledger.price(record, event).map(|(outcome, ended)| {
                self.emit(&ended, record.at, step);
                outcome
            }),
            Event::Settings(settings) => {
                self.settings = *settings;
                self.ledger.configure(settings.autotrader);
                return;
            }
            _ => return,
        };
        step.decide(outcome.unwrap_or_else(Outcome::Rejected));
    }

    fn settle(&mut self, applied: Applied) {
        self.ledger.state.applied = applied;
        self.read.store(Arc::new(self.ledger.state.clone()));
    }

    /// It has no state topic: its sockets follow documents and a feed.
    fn flush(&mut self, _: &mut FlushBuilder) {}
}
