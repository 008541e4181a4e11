//! The auto-trader as a projection: records in, snapshots and events out.

use std::sync::Arc;

use hub_core::event::trading::TradingRequest;
use hub_core::{Event, Offset, Outcome, Record, Rejection, Timestamp};
use hub_fanout::{
    Applied, EventKey, FeedId, FlushBuilder, Projection, Remembered, StateWriter, Step, WalkError, Walked,
    walk,
};

use crate::answers::CompletedCommand;
use crate::memory::{FORM, Memory};
use crate::messages;
use crate::state::State;
use crate::trade::Trade;

/// Sessions and trades, derived from commands and prices.
///
/// Ids, refusals for lack of capital and exits by stop loss or target follow
/// from the log: they are decided here, and nowhere else.
pub struct AutotraderProjection {
    feed: FeedId,
    published: StateWriter<State>,
    memory: Memory,
}

impl AutotraderProjection {
    pub(crate) fn new(feed: FeedId, published: StateWriter<State>) -> AutotraderProjection {
        AutotraderProjection { feed, published, memory: Memory::default() }
    }

    fn request(
        &mut self,
        record: &Record,
        request: &TradingRequest,
        step: &mut Step,
    ) -> Result<Outcome, Rejection> {
        if let Some(first) = request.request_id.and_then(|id| self.memory.keyed.get(id)) {
            if first.command != request.command {
                return Err(Rejection::of("requestId", "was used for another command"));
            }
            self.memory.ledger.state.answers.insert(record.offset, Arc::clone(first));
            return Ok(Outcome::Duplicate);
        }
        let (answer, trades) = self.memory.ledger.command(record, &request.command)?;
        let answered = Arc::new(CompletedCommand { command: request.command.clone(), answer, at: record.at });
        if let Some(id) = request.request_id {
            self.memory.keyed.insert(id, Arc::clone(&answered), record.at);
        }
        self.memory.ledger.state.answers.insert(record.offset, answered);
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
    fn next_boundary(&self) -> Option<Timestamp> {
        self.memory.ledger.next_stale()
    }

    fn advance(&mut self, now: Timestamp, offset: Offset, _: &mut Step) {
        // What was earned today is a function of log time and needs no step
        // at midnight.
        self.memory.ledger.advance(now, offset);
        self.memory.keyed.expire(now, self.memory.settings.idempotency_horizon());
    }

    fn apply(&mut self, record: &Record, step: &mut Step) {
        let outcome = match &record.event {
            Event::Trading(request) => self.request(record, request, step),
            Event::Price(event) => self.memory.ledger.price(record, event).map(|(outcome, ended)| {
                self.emit(&ended, record.at, step);
                outcome
            }),
            Event::Settings(settings) => {
                self.memory.settings = settings.clone();
                self.memory.ledger.configure(settings.autotrader);
                self.memory.ledger.configure_prices(settings.prices, record.offset);
                return;
            }
            _ => return,
        };
        step.decide(outcome.unwrap_or_else(Outcome::Rejected));
    }

    fn settle(&mut self, applied: Applied) {
        self.memory.ledger.state.applied = applied;
        self.published.settle_from(&self.memory.ledger.state);
    }

    /// There are no state topics here: sockets follow documents of what was
    /// settled, and a feed.
    fn flush(&mut self, _: &mut FlushBuilder) {}

    fn remembered(&self) -> Remembered<'_> {
        Remembered { form: FORM, memory: &self.memory }
    }

    fn restore(&mut self, from: Walked<'_, '_>) -> Result<(), WalkError> {
        self.memory = walk::read(from)?;
        Ok(())
    }
}
