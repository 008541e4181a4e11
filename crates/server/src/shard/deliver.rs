//! From a publication to the sockets of a shard.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use hub_core::{CloseReason, Timestamp};
use hub_fanout::{Changed, Composition, Flush, RelayMessage, StateFlush, View};

use super::Shard;
use super::framing::{Drain, Frames};
use super::subscribe::{FramingId, Source};

/// What a socket that lags behind gets at a time, in bytes of elements.
const CHUNK_BYTES: usize = 64 << 10;

/// One topic's part of a flush.
struct Batch {
    composition: Composition,
    /// The whole of what changed, when all of it fits an outbox.
    elements: Option<Vec<Bytes>>,
    frames: Encoded,
}

/// Frames encoded at most once for each framing. Neighbours mostly share one,
/// so the last one used is at hand.
#[derive(Default)]
struct Encoded {
    last: Option<(FramingId, Frames)>,
    all: HashMap<FramingId, Frames>,
}

impl Encoded {
    fn get(&mut self, framing: FramingId, encode: impl FnOnce() -> Frames) -> &Frames {
        let last = self.last.take().filter(|(last, _)| *last == framing);
        let entry = last.unwrap_or_else(|| (framing, self.all.entry(framing).or_insert_with(encode).clone()));
        &self.last.insert(entry).1
    }
}

impl Shard {
    /// Hands a flush to every subscriber that is up to date, and notes it for
    /// those who are not. `listed`: what it lists as changed is all that
    /// changed since the flush this shard saw last.
    pub(super) fn deliver_flush(&mut self, flush: &Flush, listed: bool) {
        self.position = flush.position;
        for state in &flush.states {
            let unlisted = StateFlush { changed: Changed::Unlisted, view: Arc::clone(&state.view), ..*state };
            self.deliver_state(if listed { state } else { &unlisted });
        }
        if let Some(oldest) = flush.oldest {
            self.chassis.metrics.delivery_seconds.observe(seconds_since(oldest));
        }
    }

    fn deliver_state(&mut self, state: &StateFlush) {
        let Some(topic) = self.topics.get_mut(usize::from(state.topic.0)) else { return };
        topic.view = Some(Arc::clone(&state.view));
        // Nobody comes or goes while the loop runs: whoever turns out to be
        // gone is buried after it.
        let subscribers = std::mem::take(&mut topic.subscribers);
        if !subscribers.is_empty() {
            let mut batch = self.batch(state);
            let mut sent = 0;
            for key in &subscribers {
                sent += self.deliver_to(*key, state, &mut batch);
            }
            self.chassis.metrics.messages_sent.inc_by(sent);
        }
        self.topics[usize::from(state.topic.0)].subscribers = subscribers;
    }

    fn batch(&self, state: &StateFlush) -> Batch {
        let elements = match &state.changed {
            Changed::Keys(keys) => elements_within(&*state.view, keys, self.chassis.limits.outbox_bytes),
            Changed::Unlisted => None,
        };
        let composition = self.chassis.catalog.states()[usize::from(state.topic.0)].composition;
        Batch { composition, elements, frames: Encoded::default() }
    }

    /// One subscriber's part; gives the number of messages sent at once.
    fn deliver_to(&mut self, key: usize, state: &StateFlush, batch: &mut Batch) -> u64 {
        let Some(subscription) = self.subscriptions.get_mut(key) else { return 0 };
        let Source::State { owed, .. } = &mut subscription.source else { return 0 };
        let Some(socket) = self.sockets.get_mut(subscription.slot) else { return 0 };
        let at_once = owed.is_caught_up() && owed.filter().is_all() && socket.outbox.is_empty();
        let Some(elements) = batch.elements.as_ref().filter(|_| at_once) else {
            let slot = subscription.slot;
            self.chassis.metrics.conflated.inc_by(owed.note(&state.changed, self.position.offset));
            self.progress(slot);
            return 0;
        };
        owed.advance(self.position.offset);
        if elements.is_empty() {
            return 0;
        }
        let framings = &self.framings;
        let (composition, position, ids) = (batch.composition, self.position, &self.ids);
        let frames = batch.frames.get(subscription.framing, || {
            let drain = Drain { elements, composition, position, last: true };
            framings.get(subscription.framing).state(&drain, ids)
        });
        if socket.send(frames.bytes.clone(), self.now).is_err() {
            self.gone.push(subscription.slot);
        }
        frames.messages
    }

    /// Moves a socket on: writes what waits and, as long as the socket takes
    /// it, pulls what its subscriptions are owed. A socket that is closing
    /// moves on towards its end.
    pub(super) fn progress(&mut self, slot: usize) {
        loop {
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
            if !self.pull(slot) {
                return;
            }
        }
    }

    /// Puts the next part of what the socket is owed into its outbox. False:
    /// nothing is owed.
    fn pull(&mut self, slot: usize) -> bool {
        let Some(socket) = self.sockets.get_mut(slot) else { return false };
        for index in 0..socket.subscriptions.len() {
            let key = socket.subscriptions[index];
            let subscription = &mut self.subscriptions[key];
            let Source::State { topic, owed } = &mut subscription.source else { continue };
            let topic = usize::from(topic.0);
            let Some(view) = &self.topics[topic].view else { continue };
            if owed.is_caught_up() {
                continue;
            }
            let mut elements = Vec::new();
            let last = owed.take(&**view, self.position.offset, CHUNK_BYTES, &mut elements);
            if !elements.is_empty() {
                let composition = self.chassis.catalog.states()[topic].composition;
                let drain = Drain { elements: &elements, composition, position: self.position, last };
                let frames = self.framings.get(subscription.framing).state(&drain, &self.ids);
                self.chassis.metrics.messages_sent.inc_by(frames.messages);
                socket.outbox.push(frames.bytes);
            }
            // Two large topics take turns.
            socket.subscriptions.rotate_left(index + 1);
            return true;
        }
        false
    }

    /// Hands a relayed message to the subscribers of its destination. One
    /// whose outbox is full is closed: it would have lost a message.
    pub(super) fn deliver_relay(&mut self, message: &RelayMessage) {
        let Some(subscribers) = self.relays.get(&message.destination).cloned() else { return };
        let mut encoded = Encoded::default();
        self.chassis.metrics.messages_sent.inc_by(subscribers.len() as u64);
        for key in subscribers {
            let Some(subscription) = self.subscriptions.get(key) else { continue };
            let (slot, framing) = (subscription.slot, subscription.framing);
            let framings = &self.framings;
            let frame = encoded.get(framing, || framings.get(framing).relay(message)).bytes.clone();
            self.send_or_overflow(slot, frame);
        }
    }

    fn send_or_overflow(&mut self, slot: usize, frame: Bytes) {
        let Some(socket) = self.sockets.get_mut(slot) else { return };
        if !socket.outbox.is_empty() && socket.outbox.bytes() + frame.len() > self.chassis.limits.outbox_bytes
        {
            self.close(slot, CloseReason::OUTBOX_OVERFLOW);
        } else {
            self.send(slot, frame);
        }
    }

    /// Relay messages were lost before this shard saw them: everybody who may
    /// have missed one is told.
    pub(super) fn close_relay_subscribers(&mut self) {
        let keys: Vec<usize> = self.relays.values().flatten().copied().collect();
        for key in keys {
            if let Some(subscription) = self.subscriptions.get(key) {
                self.close(subscription.slot, CloseReason::OUTBOX_OVERFLOW);
            }
        }
    }
}

/// The elements of `keys`, unless they are more than `max_bytes`.
fn elements_within(view: &dyn View, keys: &[u32], max_bytes: usize) -> Option<Vec<Bytes>> {
    let mut elements = Vec::with_capacity(keys.len());
    let mut bytes = 0;
    for element in keys.iter().filter_map(|key| view.element(*key)) {
        bytes += element.len();
        if bytes > max_bytes {
            return None;
        }
        elements.push(element);
    }
    Some(elements)
}

/// On the wall clock, which stamped the record.
fn seconds_since(at: Timestamp) -> f64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    (now.as_secs_f64() - at.millis() as f64 / 1000.0).max(0.0)
}
