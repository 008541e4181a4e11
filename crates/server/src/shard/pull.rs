//! What a socket gets as it drains: whoever was not up to date pulls what its
//! subscriptions are owed.

use hub_core::{CloseReason, Position};
use hub_fanout::{Composition, Room};

use super::Shard;
use super::framing::{Drain, Frames, Run};
use super::pace::Due;
use super::socket::Phase;
use super::subscribe::{Source, Subscription};

/// What a socket that lags behind gets at a time, in bytes of elements.
const CHUNK_BYTES: usize = 64 << 10;

/// About what the head of a MESSAGE adds to its body, where every element is
/// a message of its own.
const HEAD_BYTES: usize = 256;

/// Parts that one socket may pull before the others get their turn.
const PULLS_PER_TURN: usize = 8;

/// What a subscription gives when it is pulled.
enum Pulled {
    /// Nothing is owed, or nothing is due.
    Nothing,
    /// A part of what is owed; `last`: all of it.
    Part { frames: Option<Frames>, last: bool },
    /// It has lost events.
    Passed,
}

impl Shard {
    /// Moves a socket on: writes what waits and, as long as the socket takes
    /// it, pulls what its subscriptions are owed. A socket that is closing
    /// moves on towards its end.
    pub(super) fn progress(&mut self, slot: usize) {
        for _ in 0..PULLS_PER_TURN {
            let Some(socket) = self.sockets.get_mut(slot) else { return };
            if socket.flush(self.now).is_err() {
                self.gone.push(slot);
                return;
            }
            if !socket.outbox.is_empty() {
                return;
            }
            if !socket.is_streaming() {
                return self.progress_closing(slot);
            }
            self.acknowledge_written(slot);
            if !self.pull(slot) {
                return self.close_if_draining(slot);
            }
        }
        self.paused.push(slot);
    }

    /// Puts the next part of what the socket is owed into its outbox. False:
    /// nothing is owed, or nothing is due yet.
    fn pull(&mut self, slot: usize) -> bool {
        let Some(socket) = self.sockets.get(slot) else { return false };
        // Nothing is waited for when the hub goes down.
        let hurried = matches!(socket.phase, Phase::Draining(_));
        for index in 0..socket.subscriptions.len() {
            let Some(key) = self.sockets.get(slot).and_then(|socket| socket.subscriptions.get(index)) else {
                return false;
            };
            let key = *key;
            let (frames, last) = match self.pull_one(key, hurried) {
                Pulled::Nothing => continue,
                Pulled::Passed => {
                    self.close(slot, CloseReason::OUTBOX_OVERFLOW);
                    return false;
                }
                Pulled::Part { frames, last } => (frames, last),
            };
            if last {
                self.drained(key, frames.is_some());
            }
            let Some(socket) = self.sockets.get_mut(slot) else { return false };
            if let Some(frames) = frames {
                self.chassis.metrics.messages_sent.inc_by(frames.messages);
                socket.outbox.push(frames.bytes);
            }
            // Two large topics take turns.
            socket.subscriptions.rotate_left(index + 1);
            return true;
        }
        false
    }

    fn pull_one(&mut self, key: usize, hurried: bool) -> Pulled {
        if !self.is_owed(key) || !self.is_due(key, hurried) {
            return Pulled::Nothing;
        }
        let Some(Subscription { framing, source, instead, .. }) = self.subscriptions.get_mut(key) else {
            return Pulled::Nothing;
        };
        let framing = self.framings.get(*framing);
        let room = Room::new(CHUNK_BYTES, per_element(framing.composition));
        match source {
            Source::State { topic, owed } => {
                let Some(view) = &self.topics[usize::from(topic.0)].view else { return Pulled::Nothing };
                let mut elements = Vec::new();
                let last = owed.take(&**view, room, &mut elements);
                // A snapshot that nobody asked for is announced, be it empty.
                let says_something = !elements.is_empty() || last && instead.is_some();
                let position = Position { offset: owed.noted(), ..self.position };
                let drain = Drain { elements: &elements, position, last, instead: *instead };
                let frames = says_something.then(|| framing.state(&drain, &self.encoder));
                Pulled::Part { frames, last }
            }
            Source::Feed { feed, cursor } => {
                let window = &self.feeds[usize::from(feed.0)].window;
                let mut events = Vec::new();
                let Ok(last) = cursor.take(window, room, &mut events) else { return Pulled::Passed };
                let says_something = !events.is_empty() || last && instead.is_some();
                let run = Run { stands: self.position, events: &events, instead: *instead };
                let frames = says_something.then(|| framing.feed(&run, &self.encoder));
                Pulled::Part { frames, last }
            }
            Source::Document { channel, upto, owed } => {
                let (channel, had, wanted) = (*channel, *upto, *owed);
                let Some((frames, reached, rest)) = self.compose_owed(channel, framing.wire, wanted, had)
                else {
                    return Pulled::Nothing;
                };
                if let Some(Subscription { source: Source::Document { upto, owed, .. }, .. }) =
                    self.subscriptions.get_mut(key)
                {
                    (*upto, *owed) = (reached, rest);
                }
                Pulled::Part { frames: (frames.messages > 0).then_some(frames), last: rest.is_nothing() }
            }
            Source::Relay(_) | Source::Queue(_) => Pulled::Nothing,
        }
    }

    /// Whether there is anything to hand over now or later.
    fn is_owed(&self, key: usize) -> bool {
        let Some(subscription) = self.subscriptions.get(key) else { return false };
        subscription.instead.is_some()
            || match &subscription.source {
                Source::State { owed, .. } => {
                    !owed.is_caught_up() && self.position.offset >= subscription.since
                }
                Source::Feed { feed, cursor } => {
                    !cursor.is_caught_up(&self.feeds[usize::from(feed.0)].window)
                }
                Source::Document { owed, .. } => !owed.is_nothing(),
                Source::Relay(_) | Source::Queue(_) => false,
            }
    }

    /// Whether its interval, if it has one, is over. If not, it is woken when
    /// it is.
    fn is_due(&mut self, key: usize, hurried: bool) -> bool {
        let Some(subscription) = self.subscriptions.get_mut(key) else { return false };
        let Some(pace) = &mut subscription.pace else { return true };
        let urgent = match &subscription.source {
            Source::Feed { feed, cursor } => {
                cursor.is_urgent(&self.feeds[usize::from(feed.0)].window, self.horizon)
            }
            Source::State { .. } | Source::Document { .. } | Source::Queue(_) | Source::Relay(_) => false,
        };
        if hurried || urgent || pace.is_due(self.now) {
            self.timers.unschedule(key, pace);
            return true;
        }
        self.timers.schedule(key, pace);
        false
    }

    /// Nothing is owed any more.
    fn drained(&mut self, key: usize, sent: bool) {
        let Some(subscription) = self.subscriptions.get_mut(key) else { return };
        subscription.instead = None;
        if sent && let Some(pace) = &mut subscription.pace {
            pace.drained(self.now);
        }
    }

    /// Drains the subscriptions whose interval is over, and wakes channels.
    pub(super) fn wake_due(&mut self) {
        while let Some(due) = self.timers.pop_due(self.now) {
            match due {
                Due::Subscription(key) => {
                    let Some(subscription) = self.subscriptions.get_mut(key) else { continue };
                    if let Some(pace) = &mut subscription.pace {
                        self.timers.unschedule(key, pace);
                    }
                    let slot = subscription.slot;
                    self.progress(slot);
                }
                Due::Channel(key) => self.wake_channel(key),
            }
        }
    }
}

/// What an element costs beside its own bytes.
pub(super) fn per_element(composition: Composition) -> usize {
    match composition {
        Composition::Array => 1,
        Composition::Each => HEAD_BYTES,
    }
}
