//! Analytics as a projection: records in, snapshots and flushes out.

use std::sync::Arc;
use std::time::Duration;

use hub_core::{Offset, Record, Timestamp};
use hub_fanout::{
    Applied, Changed, FeedId, FlushBuilder, Interest, Projection, Remembered, RowKey, Snapshot, StateFlush,
    StateWriter, Step, TopicId, ViewMeter, WalkError, Walked, walk,
};

use crate::documents::{DocumentView, Kept, Kind};
use crate::marks::{Marking, MarksView};
use crate::memory::{FORM, Memory};
use crate::positions::PositionsView;
use crate::state::State;
use crate::summary::SummariesView;

/// Topics and feed that the projection publishes to.
pub(crate) struct Topics {
    /// `/topic/position-update`.
    pub(crate) positions: TopicId,
    /// `/topic/unrealized-pnl`.
    pub(crate) marks: TopicId,
    /// In `marks`, and in what follows from them.
    pub(crate) interest: [Arc<Interest>; 2],
    /// `/topic/portfolio-summary`.
    pub(crate) summaries: TopicId,
    /// `/topic/movers` and `/topic/sectors`.
    pub(crate) documents: [(Kind, TopicId, Arc<Interest>); 2],
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
    /// Tells what is kept for them.
    meter: Arc<ViewMeter>,
    /// The last record of the flush before.
    flushed: Offset,
    /// As of `flushed`; kept only while somebody subscribes to marks, for it
    /// costs a visit to every holder of every symbol that was priced.
    marking: Option<Marking>,
    /// As of `flushed`, in the order of their topics.
    documents: [Kept; 2],
}

impl AnalyticsProjection {
    pub(crate) fn new(
        topics: Topics,
        published: StateWriter<State>,
        memory: Memory,
        view_bytes: usize,
    ) -> AnalyticsProjection {
        let meter = Arc::default();
        AnalyticsProjection {
            topics,
            published,
            memory,
            view_bytes,
            meter,
            flushed: Offset::START,
            marking: None,
            documents: Default::default(),
        }
    }

    /// The same, which keeps the state of each flush for so long of log time.
    #[must_use]
    pub fn keeping(mut self, time: Duration) -> AnalyticsProjection {
        self.published.keep_for(time, self.view_bytes / 2);
        self
    }

    /// Tells what is kept for states that are still read.
    pub fn meter(&self) -> &Arc<ViewMeter> {
        &self.meter
    }

    /// Every topic, with what changed since this was last called.
    fn publish(&mut self, applied: Applied) -> Vec<StateFlush> {
        let state = self.published.flush();
        let replaced = self.memory.history.replaced_bytes();
        let taken = self.memory.ledger.reference.taken_bytes() + replaced;
        self.meter.flushes.expire(self.published.keep(applied, taken, || state.without_marks()));
        self.meter.flushes.set(self.published.kept_bytes());
        let since = std::mem::replace(&mut self.flushed, self.memory.last);
        let mut rows = Vec::new();
        let listed = state.rows.changed(since, None, usize::MAX, &mut rows);
        let rows: Arc<[RowKey]> = rows.into();
        // The newest state does not expire.
        let list = |keys| if listed.is_ok() { Changed::Keys(keys) } else { Changed::Unlisted };
        let marks = self.publish_marks(&state, &rows, since);
        let summaries = self.publish_summaries(&state, &marks.changed, since);
        let documents = self.publish_documents(&state);
        let view = Arc::new(PositionsView::new(state, Arc::clone(&rows)));
        let positions = StateFlush { topic: self.topics.positions, view, changed: list(rows) };
        [positions, marks, summaries].into_iter().chain(documents).collect()
    }

    /// Summaries change with their marks; with names and days, too, and then nobody lists which.
    fn publish_summaries(&self, state: &Snapshot<State>, marks: &Changed, since: Offset) -> StateFlush {
        let changed = if state.names_and_days() > since { Changed::Unlisted } else { marks.clone() };
        let view = Arc::new(SummariesView::new(state.clone()));
        StateFlush { topic: self.topics.summaries, view, changed }
    }

    fn publish_documents(&mut self, state: &Snapshot<State>) -> [StateFlush; 2] {
        let mut kept = self.documents.iter_mut();
        self.topics.documents.each_ref().map(|(kind, topic, interest)| {
            let mut none = Kept::default();
            let kept = kept.next().unwrap_or(&mut none);
            let may_have_changed = kept.follow(*kind, state, interest.any());
            let changed = if may_have_changed { Changed::Apart } else { Changed::Keys([].into()) };
            let view = Arc::new(DocumentView::new(*kind, state.clone(), kept));
            StateFlush { topic: *topic, view, changed }
        })
    }

    fn publish_marks(&mut self, state: &Snapshot<State>, rows: &[RowKey], since: Offset) -> StateFlush {
        let kept = self.marking.take();
        if self.topics.interest.iter().any(|interest| interest.any()) {
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
}

impl Projection for AnalyticsProjection {
    fn next_boundary(&self) -> Option<Timestamp> {
        self.memory.next_boundary()
    }

    fn advance(&mut self, now: Timestamp, offset: Offset, step: &mut Step) {
        self.memory.advance(now, offset, step);
    }

    fn apply(&mut self, record: &Record, step: &mut Step) {
        self.memory.apply(record, self.topics.executions, step);
    }

    fn settle(&mut self, applied: Applied) {
        self.published.settle(self.memory.state(applied));
        let kept = self.published.kept_bytes();
        self.meter.rows.expire(self.memory.ledger.expire_states(self.view_bytes.saturating_sub(kept)));
        self.meter.rows.set(self.memory.ledger.kept_bytes());
    }

    fn flush(&mut self, flush: &mut FlushBuilder) {
        for StateFlush { topic, view, changed } in self.publish(flush.applied()) {
            flush.state(topic, view, changed);
        }
    }

    fn remembered(&self) -> Remembered<'_> {
        Remembered { form: FORM, memory: &self.memory }
    }

    /// The next flush is of all that there is, as that after a replay.
    fn restore(&mut self, from: Walked<'_, '_>) -> Result<(), WalkError> {
        self.memory = walk::read(from)?;
        (self.flushed, self.marking, self.documents) = (Offset::START, None, Default::default());
        Ok(())
    }
}
