//! Analytics as a projection: records in, snapshots and flushes out.

use std::sync::Arc;
use std::time::Duration;

use hub_core::event::Transaction;
use hub_core::{Event, Offset, Outcome, Record, Rejection, Timestamp};
use hub_fanout::{
    Applied, Changed, FeedId, FlushBuilder, Interest, Projection, RowKey, Snapshot, StateFlush, StateWriter,
    Step, TopicId,
};

use crate::execution;
use crate::marks::{Marking, MarksView};
use crate::memory::Memory;
use crate::positions::PositionsView;
use crate::state::State;

/// Topics and feed that the projection publishes to.
pub(crate) struct Topics {
    /// `/topic/position-update`.
    pub(crate) positions: TopicId,
    /// `/topic/unrealized-pnl`.
    pub(crate) marks: TopicId,
    /// In `marks`.
    pub(crate) interest: Arc<Interest>,
    /// `/topic/transactions`.
    pub(crate) executions: FeedId,
}

/// Positions and P&L, derived from transactions and prices.
pub struct AnalyticsProjection {
    topics: Topics,
    published: StateWriter<State>,
    memory: Memory,
    /// Memory that may be kept for states that are still read (`limits.view_bytes`).
    view_bytes: usize,
    /// The last record of the flush before.
    flushed: Offset,
    /// As of `flushed`; kept only while somebody subscribes to marks, for it
    /// costs a visit to every holder of every symbol that was priced.
    marking: Option<Marking>,
}

impl AnalyticsProjection {
    pub(crate) fn new(
        topics: Topics,
        published: StateWriter<State>,
        memory: Memory,
        view_bytes: usize,
    ) -> AnalyticsProjection {
        AnalyticsProjection { topics, published, memory, view_bytes, flushed: Offset::START, marking: None }
    }

    /// The same, which keeps the state of each flush for so long of log time.
    #[must_use]
    pub fn keeping(mut self, time: Duration) -> AnalyticsProjection {
        self.published.keep_for(time, self.view_bytes / 2);
        self
    }

    /// Positions and marks, with what changed since this was last called.
    fn publish(&mut self, applied: Applied) -> [StateFlush; 2] {
        let state = self.published.flush();
        self.published.keep(applied, self.memory.ledger.bytes_of_reference(), || state.without_marks());
        let since = std::mem::replace(&mut self.flushed, self.memory.last);
        let mut rows = Vec::new();
        let listed = state.rows.changed(since, None, usize::MAX, &mut rows);
        let rows: Arc<[RowKey]> = rows.into();
        // The newest state does not expire.
        let list = |keys| if listed.is_ok() { Changed::Keys(keys) } else { Changed::Unlisted };
        let marks = self.publish_marks(&state, &rows, since);
        let view = Arc::new(PositionsView::new(state, Arc::clone(&rows)));
        [StateFlush { topic: self.topics.positions, view, changed: list(rows) }, marks]
    }

    fn publish_marks(&mut self, state: &Snapshot<State>, rows: &[RowKey], since: Offset) -> StateFlush {
        let kept = self.marking.take();
        if self.topics.interest.any() {
            // What was traded may have expired as it was before.
            let caught_up = kept.and_then(|marking| marking.caught_up(state.clone(), rows, since).ok());
            self.marking = caught_up.or_else(|| Marking::of(state.clone()).ok());
        } else if kept.is_some() {
            self.memory.ledger.forget_sheets();
        }
        let newest = state.portfolios.newest().max(state.reference.listings.newest());
        let changed = match &self.marking {
            Some(marking) => {
                // Unless somebody has worked them out: they are the same.
                let _ = state.marks.set(Ok(marking.marks().clone()));
                Changed::Keys(marking.moved(since))
            }
            None if newest > since => Changed::Unlisted,
            None => Changed::Keys([].into()),
        };
        StateFlush { topic: self.topics.marks, view: Arc::new(MarksView::new(state.clone())), changed }
    }

    fn transaction(
        &mut self,
        record: &Record,
        event: &Transaction,
        step: &mut Step,
    ) -> Result<Outcome, Rejection> {
        let vacancy = match self.memory.applied_ids.look(event.transaction_id) {
            Err(vacancy) => vacancy,
            Ok(applied) => {
                if *applied != event.digest() {
                    step.warn("transactionId: was applied before, with other content");
                }
                return Ok(Outcome::Duplicate);
            }
        };
        let execution = self.memory.ledger.trade(record, event)?;
        step.emit(self.topics.executions, event.portfolio_id.into(), execution::json(execution));
        self.memory.applied_ids.fill(vacancy, event.digest(), record.at);
        Ok(Outcome::Accepted)
    }

    /// Tells who names a symbol that differs only in case from one that was known before: that may be meant.
    fn tell_case(&mut self, event: &Event, known_before: u32, step: &mut Step) {
        let (symbol, makes_known) = match event {
            Event::Transaction(event) => (&event.symbol, true),
            Event::Price(event) => (&event.symbol, true),
            Event::Symbol(info) => (&info.symbol, false),
            _ => return,
        };
        let Memory { ledger, symbol_cases: cases, .. } = &mut self.memory;
        if ledger.reference.listings.len() > known_before {
            cases.add(symbol);
        }
        // What was applied made its symbol known: mostly nothing has to be looked up.
        let was_applied = makes_known && !matches!(step.outcome(), Some(Outcome::Rejected(_)));
        let is_known = was_applied || ledger.symbol_key(symbol).is_some();
        let other = if is_known { cases.of_known(symbol) } else { cases.of_unknown(symbol) };
        if let Some(other) = other {
            step.warn(format!("symbol: {symbol} differs only in case from {other}, which was known before"));
        }
    }
}

impl Projection for AnalyticsProjection {
    fn next_boundary(&self) -> Option<Timestamp> {
        self.memory.ledger.next_closing(self.memory.settings.resume_horizon_ms)
    }

    fn advance(&mut self, now: Timestamp, offset: Offset, _: &mut Step) {
        self.memory.last = offset;
        self.memory.applied_ids.expire(now, self.memory.settings.idempotency_horizon());
        self.memory.ledger.drop_closings(now, self.memory.settings.resume_horizon_ms, offset);
    }

    fn apply(&mut self, record: &Record, step: &mut Step) {
        self.memory.last = record.offset;
        let known_before = self.memory.ledger.reference.listings.len();
        let outcome = match &record.event {
            Event::Transaction(event) => self.transaction(record, event, step),
            Event::Price(event) => self.memory.ledger.quote(record, event),
            Event::Portfolio(info) => {
                self.memory.ledger.describe(|reference| reference.describe_portfolio(info));
                Ok(Outcome::Accepted)
            }
            Event::Symbol(info) => {
                self.memory.ledger.describe(|reference| reference.describe_symbol(info));
                Ok(Outcome::Accepted)
            }
            Event::Rejected(input) => Err(input.rejection.clone()),
            Event::Settings(settings) => {
                self.memory.settings = *settings;
                return;
            }
            _ => return,
        };
        step.decide(outcome.unwrap_or_else(Outcome::Rejected));
        self.tell_case(&record.event, known_before, step);
    }

    fn settle(&mut self, applied: Applied) {
        self.published.settle(self.memory.ledger.state(applied));
        let kept = self.published.kept_bytes();
        self.memory.ledger.expire_states(self.view_bytes.saturating_sub(kept));
    }

    fn flush(&mut self, flush: &mut FlushBuilder) {
        for StateFlush { topic, view, changed } in self.publish(flush.applied()) {
            flush.state(topic, view, changed);
        }
    }
}
