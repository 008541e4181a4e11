//! Cursors: how far a subscriber of a feed has come.

use std::sync::Arc;

use hub_core::Offset;

use super::{EventFilter, FeedEvent, FeedWindow};
use crate::subscription::Room;

/// A subscription to a feed. It queues nothing: it knows which event is next
/// and pulls events from the window as the socket drains. If the window passes
/// it by, it has lost events and must be told.
#[derive(Debug)]
pub struct FeedCursor {
    filter: EventFilter,
    next: u64,
    /// Offset up to which events are known to the subscriber already: a window may lag behind the one he
    /// resumes from.
    after: Offset,
}

/// The start of a subscription to a feed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FeedStart {
    /// With all that is retained.
    Window,
    /// With what follows after this offset.
    After(Offset),
    /// With what happens from now on.
    Now,
}

/// Events that were due have left the window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Passed;

impl FeedCursor {
    /// A subscription that begins now. Whoever wants to start after an offset
    /// asks the [window](FeedWindow::after) first: what has left it is skipped.
    pub fn new(filter: EventFilter, start: FeedStart, window: &FeedWindow) -> FeedCursor {
        let (next, after) = match start {
            FeedStart::Window => (window.first(), Offset::START),
            FeedStart::Now => (window.next(), Offset::START),
            FeedStart::After(after) => (window.after(after).unwrap_or(window.first()), after),
        };
        FeedCursor { filter, next, after }
    }

    /// The events it wants.
    pub fn filter(&self) -> &EventFilter {
        &self.filter
    }

    /// True if the next event is still to happen.
    pub fn is_caught_up(&self, window: &FeedWindow) -> bool {
        self.next >= window.next()
    }

    /// True if it stands just before this event, and that is news: then what
    /// its filter admits of a whole run of events can be handed over as it is.
    pub fn is_at(&self, first: &FeedEvent) -> bool {
        self.next == first.sequence && first.offset > self.after
    }

    /// The ordinal of the next event, and the offset up to which events are
    /// known already: two cursors of the same debt and filter take the same.
    pub fn debt(&self) -> (u64, Offset) {
        (self.next, self.after)
    }

    /// Everything before `next` has been handed over.
    pub fn advance(&mut self, next: u64) {
        self.next = self.next.max(next);
    }

    /// True if events that were due have left the window.
    pub fn is_passed(&self, window: &FeedWindow) -> bool {
        self.next < window.first()
    }

    /// True if the window is about to pass it by, because it is nearly full or
    /// what is next is at or below the `horizon`: it should be drained now,
    /// whatever interval was asked for.
    pub fn is_urgent(&self, window: &FeedWindow, horizon: Offset) -> bool {
        let held = window.next() - window.first();
        let among_the_oldest = self.next.saturating_sub(window.first()) < held / 4;
        among_the_oldest && window.is_filling() || self.is_endangered(window, horizon)
    }

    /// True if what is next is at or below the `horizon`: it is lost when the
    /// window lets that go.
    pub fn is_endangered(&self, window: &FeedWindow, horizon: Offset) -> bool {
        window.get(self.next).is_some_and(|event| event.offset <= horizon)
    }

    /// Takes events in order, as far as `room` goes; what follows from one
    /// record is not torn apart, so that whoever has it can resume after it.
    /// `Ok(true)`: it is caught up.
    pub fn take(
        &mut self,
        window: &FeedWindow,
        mut room: Room,
        events: &mut Vec<Arc<FeedEvent>>,
    ) -> Result<bool, Passed> {
        if self.is_passed(window) {
            return Err(Passed);
        }
        while let Some(event) = window.get(self.next) {
            if event.offset > self.after && self.filter.admits(event.key) {
                let begun = events.last().is_some_and(|last| last.offset == event.offset);
                if !room.is_left() && !begun {
                    return Ok(false);
                }
                room.take(event.json.get().len());
                events.push(Arc::clone(event));
            }
            self.next += 1;
        }
        Ok(true)
    }
}
