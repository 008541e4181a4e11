//! The events of a feed that can still be had.

use std::collections::VecDeque;
use std::sync::Arc;

use hub_core::Offset;

use super::FeedEvent;

/// Bounds of a window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WindowLimits {
    /// Events.
    pub events: usize,
    /// Bytes, about.
    pub bytes: usize,
}

/// The newest events of one feed, in order, without holes. The events are
/// shared: each exists once, however many windows hold it.
#[derive(Clone, Debug)]
pub struct FeedWindow {
    limits: WindowLimits,
    events: VecDeque<Arc<FeedEvent>>,
    bytes: usize,
    /// The ordinal of the next event.
    next: u64,
    /// Of the last event that left.
    left: Offset,
}

impl FeedWindow {
    /// Nothing has happened yet.
    pub fn new(limits: WindowLimits) -> FeedWindow {
        FeedWindow { limits, events: VecDeque::new(), bytes: 0, next: 0, left: Offset::START }
    }

    /// The next event. One that the window has had is not taken again; the
    /// oldest leave when it is full, but never the newest.
    pub fn push(&mut self, event: Arc<FeedEvent>) {
        if event.sequence != self.next {
            debug_assert!(event.sequence < self.next, "an event is missing");
            return;
        }
        self.next += 1;
        self.bytes += event.bytes();
        self.events.push_back(event);
        while self.events.len() > self.limits.events.max(1)
            || self.bytes > self.limits.bytes && self.events.len() > 1
        {
            self.leave();
        }
    }

    /// True if anything is at or below `horizon`.
    pub fn is_due(&self, horizon: Offset) -> bool {
        self.events.front().is_some_and(|event| event.offset <= horizon)
    }

    /// Lets everything at or below `horizon` leave.
    pub fn expire(&mut self, horizon: Offset) {
        while self.is_due(horizon) {
            self.leave();
        }
        self.events.shrink_to(2 * self.events.len());
    }

    /// True if the oldest will soon have to leave for want of room.
    pub fn is_filling(&self) -> bool {
        let nearly = |held: usize, most: usize| held >= most - most / 4;
        nearly(self.events.len(), self.limits.events) || nearly(self.bytes, self.limits.bytes)
    }

    /// The ordinal of the oldest event held, or of the next one.
    pub fn first(&self) -> u64 {
        self.next - self.events.len() as u64
    }

    /// The ordinal of the next event.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The event with this ordinal, if it is held.
    pub fn get(&self, sequence: u64) -> Option<&Arc<FeedEvent>> {
        let index = sequence.checked_sub(self.first())?;
        self.events.get(usize::try_from(index).ok()?)
    }

    /// The first event after `offset`, or where it will be; `None` if events
    /// after it have left.
    pub fn after(&self, offset: Offset) -> Option<u64> {
        if self.left > offset {
            return None;
        }
        let before = self.events.partition_point(|event| event.offset <= offset);
        Some(self.first() + before as u64)
    }

    fn leave(&mut self) {
        if let Some(event) = self.events.pop_front() {
            self.bytes -= event.bytes();
            self.left = event.offset;
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::feed::EventKey;

    fn event(sequence: u64, offset: u64, bytes: usize) -> Arc<FeedEvent> {
        let json = Bytes::from(vec![b'x'; bytes]).into();
        Arc::new(FeedEvent { sequence, offset: Offset(offset), key: EventKey(0), json })
    }

    fn window(events: usize, bytes: usize) -> FeedWindow {
        FeedWindow::new(WindowLimits { events, bytes })
    }

    #[test]
    fn the_oldest_leave_and_what_came_after_them_can_no_longer_be_had() {
        let mut window = window(3, 1 << 20);
        assert_eq!(window.after(Offset(0)), Some(0));
        for sequence in 0..5 {
            window.push(event(sequence, 10 + sequence, 1));
        }
        assert_eq!((window.first(), window.next()), (2, 5));
        // 11 left last: who has everything up to there lost nothing.
        assert_eq!(window.after(Offset(10)), None);
        assert_eq!(window.after(Offset(11)), Some(2));
        assert_eq!(window.after(Offset(13)), Some(4));
        assert_eq!(window.after(Offset(99)), Some(5));
        assert!(window.get(1).is_none() && window.get(2).is_some() && window.get(5).is_none());
    }

    #[test]
    fn the_newest_stays_however_large_it_is() {
        let mut window = window(10, 1000);
        window.push(event(0, 1, 10));
        window.push(event(1, 2, 5000));
        assert_eq!((window.first(), window.next()), (1, 2));
        window.push(event(2, 3, 10));
        assert_eq!(window.first(), 2);
    }

    #[test]
    fn what_is_older_than_the_horizon_leaves() {
        let mut window = window(10, 1 << 20);
        for sequence in 0..4 {
            window.push(event(sequence, 10 * sequence, 1));
        }
        window.expire(Offset(15));
        assert_eq!(window.first(), 2);
        assert_eq!(window.after(Offset(9)), None);
        assert_eq!(window.after(Offset(15)), Some(2));
    }

    #[test]
    fn an_event_that_comes_again_is_held_once() {
        let mut window = window(10, 1 << 20);
        window.push(event(0, 1, 1));
        window.push(event(1, 2, 1));
        window.push(event(0, 1, 1));
        assert_eq!(window.next(), 2);
    }
}
