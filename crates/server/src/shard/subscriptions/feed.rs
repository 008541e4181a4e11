//! Feeds: events in order, none lost within a retained window.

use std::borrow::Cow;
use std::sync::Arc;

use hub_core::{CloseReason, Offset};
use hub_fanout::feed::EventKey;
use hub_fanout::{
    EventFilter, Extent, FeedBatch, FeedCursor, FeedEvent, FeedId, FeedStart, FeedWindow, SnapshotReason,
};
use slab::Slab;

use super::delivery::Delivery;
use super::encoded::Encoded;
use super::framing::{Framing, Run};
use super::groups::{GroupId, Groups, Wanted};
use super::recipient::{Recipient, Taken};
use super::request::Starting;
use super::subscription::{OfKind, Subscription};
use super::takes::{Before, Take, Takes};
use crate::shard::missing::missing;

/// The feeds, as this shard sees them, by id.
pub(super) struct Feeds(Vec<Feed>);

struct Feed {
    /// The shard's own, of shared events.
    window: FeedWindow,
    groups: Groups<EventFilter>,
    /// Since the window last changed.
    takes: Takes<(u64, Offset), Arc<FeedEvent>>,
}

impl Wanted for EventFilter {
    type Subject = EventKey;

    fn subjects(&self) -> Option<impl Iterator<Item = EventKey>> {
        match self {
            EventFilter::All => None,
            EventFilter::Keys(keys) => Some(keys.iter().copied()),
        }
    }
}

/// Subscription to a feed.
pub(super) struct FeedSource {
    feed: FeedId,
    group: GroupId,
    cursor: FeedCursor,
}

impl FeedSource {
    fn new(feed: FeedId, cursor: FeedCursor) -> FeedSource {
        FeedSource { feed, group: GroupId::default(), cursor }
    }
}

impl Feeds {
    pub(super) fn new(windows: Vec<FeedWindow>) -> Feeds {
        Feeds(
            windows
                .into_iter()
                .map(|window| Feed { window, groups: Groups::default(), takes: Takes::default() })
                .collect(),
        )
    }

    /// Begins a subscription: behind the position it asked to resume from,
    /// with all that is retained, or with what happens from now on.
    pub(super) fn start(
        &self,
        feed: FeedId,
        filter: EventFilter,
        starting: &Starting<'_>,
    ) -> (FeedSource, Option<SnapshotReason>) {
        let options = starting.options;
        let filter = match &options.portfolios {
            Some(portfolios) => filter.narrowed(EventFilter::about(portfolios)),
            None => filter,
        };
        let window = self.window(feed);
        let (start, snapshot_reason) = match starting.resume() {
            None => match options.snapshot {
                Extent::Recent if window.after(starting.stands.recent).is_some() => {
                    (FeedStart::After(starting.stands.recent), None)
                }
                Extent::Whole | Extent::Recent => (FeedStart::Window, None),
                Extent::Nothing => (FeedStart::Now, None),
            },
            Some(honoured) => {
                let kept = honoured.and_then(|after| {
                    window.after(after).map(|_| after).ok_or(SnapshotReason::BeyondHorizon)
                });
                (kept.map_or(FeedStart::Window, FeedStart::After), kept.err())
            }
        };
        starting.count_resume(snapshot_reason);
        (FeedSource::new(feed, FeedCursor::new(filter, start, window)), snapshot_reason)
    }

    /// Begins a subscription with what happens from now on; `None`: there is
    /// no such feed.
    pub(super) fn start_now(&self, feed: FeedId, filter: EventFilter) -> Option<FeedSource> {
        let Feed { window, .. } = self.0.get(usize::from(feed.0))?;
        Some(FeedSource::new(feed, FeedCursor::new(filter, FeedStart::Now, window)))
    }

    pub(super) fn enter(&mut self, key: usize, source: &mut FeedSource) {
        source.group = self.0[usize::from(source.feed.0)].groups.enter(key, source.cursor.filter());
    }

    pub(super) fn leave(&mut self, key: usize, source: &FeedSource) {
        let Feed { groups, takes, .. } = &mut self.0[usize::from(source.feed.0)];
        if groups.leave(key, source.group) {
            // Another may get its key.
            takes.clear();
        }
    }

    #[cfg(test)]
    pub(super) fn has_no_subscribers(&self) -> bool {
        self.0.iter().all(|feed| feed.groups.holds_nothing())
    }

    /// Hands new events to every subscriber at once.
    pub(super) fn deliver(
        &mut self,
        batch: &FeedBatch,
        delivery: &mut Delivery<'_, impl OfKind<FeedSource>>,
    ) {
        let Some(feed) = self.0.get_mut(usize::from(batch.feed.0)) else {
            return missing(&delivery.chassis.metrics, "feed", batch.feed.0.into());
        };
        feed.takes.clear();
        for event in &batch.events {
            feed.window.push(Arc::clone(event));
        }
        let about = |index: usize| batch.events.get(index).map(|event| event.key);
        let mut selection = feed.groups.select(0..batch.events.len(), about);
        let mut sent = 0;
        for (id, group) in feed.groups.iter() {
            let wanted: Cow<'_, [Arc<FeedEvent>]> = match group.wanted {
                EventFilter::All => Cow::Borrowed(&batch.events),
                EventFilter::Keys(_) => {
                    selection.of(id).iter().map(|index| Arc::clone(&batch.events[*index])).collect()
                }
            };
            let bytes: usize = wanted.iter().map(|event| event.written_bytes()).sum();
            let fits = bytes <= delivery.chassis.limits.outbox_bytes;
            let encoded = Encoded::for_subscribers(group.subscribers.len());
            let mut part = Part { batch, wanted: &wanted, fits, encoded };
            for key in &group.subscribers {
                match deliver_to(*key, &mut part, delivery) {
                    Some(messages) => sent += messages,
                    None => catch_up(*key, &feed.window, delivery),
                }
            }
        }
        delivery.chassis.metrics.messages_sent.inc_by(sent);
    }

    /// More was told than this shard was quick enough to take: the windows
    /// have what it missed, or subscribers have lost it.
    pub(super) fn reload(
        &mut self,
        windows: Vec<FeedWindow>,
        delivery: &mut Delivery<'_, impl OfKind<FeedSource>>,
    ) {
        for (feed, window) in self.0.iter_mut().zip(windows) {
            feed.window = window;
            feed.takes.clear();
        }
        self.catch_up_all(delivery);
    }

    /// Gives the sockets of subscribers who have not taken what is at or below
    /// `horizon`.
    pub(super) fn endangered<S: OfKind<FeedSource>>(
        &self,
        horizon: Offset,
        entries: &mut Slab<Subscription<S>>,
    ) -> Vec<usize> {
        let mut slots = Vec::new();
        for feed in self.0.iter().filter(|feed| feed.window.is_due(horizon)) {
            slots.extend(feed.groups.subscribers().filter_map(|key| {
                let subscription = entries.get_mut(key)?;
                let FeedSource { cursor, .. } = subscription.source.of_kind()?;
                cursor.is_endangered(&feed.window, horizon).then_some(subscription.slot)
            }));
        }
        slots
    }

    /// Lets everything at or below `horizon` leave. Whoever has not taken it is
    /// told that it is lost.
    pub(super) fn expire(&mut self, horizon: Offset, delivery: &mut Delivery<'_, impl OfKind<FeedSource>>) {
        for feed in self.0.iter_mut().filter(|feed| feed.window.is_due(horizon)) {
            feed.window.expire(horizon);
            feed.takes.clear();
            for key in feed.groups.subscribers() {
                tell_if_passed(key, &feed.window, delivery);
            }
        }
    }

    /// Lets every subscriber take what it has not got, unless a window has
    /// passed it by: then it is told.
    pub(super) fn catch_up_all(&self, delivery: &mut Delivery<'_, impl OfKind<FeedSource>>) {
        for feed in &self.0 {
            for key in feed.groups.subscribers() {
                catch_up(key, &feed.window, delivery);
            }
        }
    }

    /// Says whether the next event has happened.
    pub(super) fn owes(&self, source: &FeedSource) -> bool {
        !source.cursor.is_caught_up(self.window(source.feed))
    }

    /// Says whether the window is about to pass it by.
    pub(super) fn is_urgent(&self, source: &FeedSource, horizon: Offset) -> bool {
        source.cursor.is_urgent(self.window(source.feed), horizon)
    }

    /// Takes events in order, as far as there is room.
    pub(super) fn take(&mut self, source: &mut FeedSource, recipient: &Recipient<'_>) -> Taken {
        let FeedSource { feed, group, cursor } = source;
        let Feed { window, groups, takes } = &mut self.0[usize::from(feed.0)];
        let Recipient { encoder, stands, snapshot_reason, room, .. } = *recipient;
        let encode = |events: &[Arc<FeedEvent>], framing: &Framing| {
            framing.feed(&Run { stands: stands.position, events, snapshot_reason }, encoder)
        };
        let before = Before::new(*group, cursor.debt(), recipient);
        if let Some(equal) = takes.equal(&before)
            && let Some((next, _)) = equal.debt
        {
            cursor.advance(next);
            return equal.give(recipient, encode);
        }
        let mut elements = Vec::new();
        let Ok(last) = cursor.take(window, room, &mut elements) else { return Taken::Passed };
        let bytes = elements.iter().map(|event| event.written_bytes()).sum();
        let is_shared = groups.is_shared(*group);
        let encoded = Encoded::for_subscribers(if is_shared { 2 } else { 1 });
        let mut take = Take { debt: Some(cursor.debt()), last, elements, encoded };
        let taken = take.give(recipient, encode);
        if is_shared {
            takes.keep(before, take, bytes);
        }
        taken
    }

    /// Forgets what was kept for those who would take the same.
    pub(super) fn forget_takes(&mut self) {
        self.0.iter_mut().for_each(|feed| feed.takes.clear());
    }

    fn window(&self, feed: FeedId) -> &FeedWindow {
        &self.0[usize::from(feed.0)].window
    }
}

/// One group's part of a batch.
struct Part<'a> {
    batch: &'a FeedBatch,
    /// The events that the group wants of it.
    wanted: &'a [Arc<FeedEvent>],
    fits: bool,
    encoded: Encoded,
}

/// One subscriber's part, if it is up to date and has room; gives the number
/// of messages.
fn deliver_to(
    key: usize,
    part: &mut Part<'_>,
    delivery: &mut Delivery<'_, impl OfKind<FeedSource>>,
) -> Option<u64> {
    let stands = delivery.stands.position;
    let subscription = delivery.entries.get_mut(key)?;
    let cursor = &mut subscription.source.of_kind()?.cursor;
    let (first, last) = (part.batch.events.first()?, part.batch.events.last()?);
    let is_caught_up = cursor.is_at(first) && subscription.snapshot_reason.is_none();
    if is_caught_up && part.wanted.is_empty() {
        cursor.advance(last.sequence + 1);
        return Some(0);
    }
    if !(is_caught_up && part.fits && subscription.pace.is_none()) {
        return None;
    }
    let socket = delivery.sockets.idle(subscription.slot)?;
    cursor.advance(last.sequence + 1);
    let run = Run { stands, events: part.wanted, snapshot_reason: None };
    let encode = |framing: &Framing| framing.feed(&run, delivery.encoder);
    let frames = part.encoded.get(subscription.framing, delivery.framings, encode);
    socket.send(frames);
    Some(frames.messages)
}

/// Notes that a subscriber has something to take, or that the window has
/// passed it by.
fn catch_up(key: usize, window: &FeedWindow, delivery: &mut Delivery<'_, impl OfKind<FeedSource>>) {
    if !tell_if_passed(key, window, delivery) {
        delivery.is_behind(key);
    }
}

/// Notes that a subscriber has lost events, if the window has passed it by;
/// says whether it has.
fn tell_if_passed(
    key: usize,
    window: &FeedWindow,
    delivery: &mut Delivery<'_, impl OfKind<FeedSource>>,
) -> bool {
    let source = delivery.at_mut(key).and_then(|subscription| subscription.source.of_kind());
    let Some(FeedSource { cursor, .. }) = source else {
        missing(&delivery.chassis.metrics, "subscription to a feed", key);
        return true;
    };
    let is_passed = cursor.is_passed(window);
    if is_passed {
        delivery.has_lost(key, CloseReason::OUTBOX_OVERFLOW);
    }
    is_passed
}
