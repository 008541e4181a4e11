//! From a publication to the sockets of a shard.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use hub_core::{CloseReason, Position, Timestamp};
use hub_fanout::{Changed, Composition, Flush, RelayMessage, Room, StateFlush, View};

use super::Shard;
use super::framing::{Drain, Frames};
use super::subscribe::{FramingId, Source};

/// What a socket that lags behind gets at a time, in bytes of elements.
const CHUNK_BYTES: usize = 64 << 10;

/// About what the head of a MESSAGE adds to its body, where every element is
/// a message of its own.
const HEAD_BYTES: usize = 256;

/// Parts that one socket may pull before the others get their turn.
const PULLS_PER_TURN: usize = 8;

/// Frames kept for the rest of a publication's subscribers, in bytes over all
/// framings; beyond, a framing is encoded again when it comes again.
const ENCODED_BYTES_MAX: usize = 8 << 20;

/// One topic's part of a flush.
struct Batch<'a> {
    state: &'a StateFlush,
    composition: Composition,
    room: Room,
    /// The whole of what changed, when all of it fits an outbox; looked up
    /// for the first subscriber that wants it, so that nothing is computed
    /// where nobody looks.
    elements: OnceCell<Option<Vec<Bytes>>>,
    frames: Encoded,
}

impl Batch<'_> {
    fn elements(&self) -> Option<&[Bytes]> {
        let elements = self.elements.get_or_init(|| match &self.state.changed {
            Changed::Keys(keys) => elements_within(&*self.state.view, keys, self.room),
            Changed::Unlisted => None,
        });
        elements.as_deref()
    }
}

/// Frames encoded at most once for each framing. Neighbours mostly share one,
/// so the last one used is at hand.
#[derive(Default)]
struct Encoded {
    last: Option<(FramingId, Frames)>,
    all: HashMap<FramingId, Frames>,
    bytes: usize,
}

impl Encoded {
    fn get(&mut self, framing: FramingId, encode: impl FnOnce() -> Frames) -> &Frames {
        let last = self.last.take().filter(|(last, _)| *last == framing);
        let entry = last.unwrap_or_else(|| (framing, self.find(framing, encode)));
        &self.last.insert(entry).1
    }

    fn find(&mut self, framing: FramingId, encode: impl FnOnce() -> Frames) -> Frames {
        if let Some(frames) = self.all.get(&framing) {
            return frames.clone();
        }
        let frames = encode();
        if self.bytes + frames.bytes.len() <= ENCODED_BYTES_MAX {
            self.bytes += frames.bytes.len();
            self.all.insert(framing, frames.clone());
        }
        frames
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
        if let Some(oldest) = flush.oldest.filter(|_| !self.subscriptions.is_empty()) {
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
            let composition = self.chassis.catalog.states()[usize::from(state.topic.0)].composition;
            let room = Room::new(self.chassis.limits.outbox_bytes, per_element(composition));
            let (elements, frames) = (OnceCell::new(), Encoded::default());
            let mut batch = Batch { state, composition, room, elements, frames };
            let mut sent = 0;
            for key in &subscribers {
                sent += self.deliver_to(*key, &mut batch);
            }
            self.chassis.metrics.messages_sent.inc_by(sent);
        }
        self.topics[usize::from(state.topic.0)].subscribers = subscribers;
    }

    /// One subscriber's part; gives the number of messages sent at once.
    fn deliver_to(&mut self, key: usize, batch: &mut Batch<'_>) -> u64 {
        let Some(subscription) = self.subscriptions.get_mut(key) else { return 0 };
        let Source::State { owed, .. } = &mut subscription.source else { return 0 };
        let Some(socket) = self.sockets.get_mut(subscription.slot) else { return 0 };
        let at_once = owed.is_caught_up() && owed.filter().is_all() && socket.outbox.is_empty();
        if !at_once || batch.elements().is_none() {
            let slot = subscription.slot;
            self.chassis.metrics.conflated.inc_by(owed.note(&batch.state.changed, self.position.offset));
            self.progress(slot);
            return 0;
        }
        owed.advance(self.position.offset);
        let elements = batch.elements.get().and_then(Option::as_deref).unwrap_or_default();
        if elements.is_empty() {
            return 0;
        }
        let drain = Drain { elements, composition: batch.composition, position: self.position, last: true };
        let (framings, ids) = (&self.framings, &self.ids);
        let encode = || framings.get(subscription.framing).state(&drain, ids);
        let frames = batch.frames.get(subscription.framing, encode);
        if socket.send(frames.bytes.clone(), self.now).is_err() {
            self.gone.push(subscription.slot);
        }
        frames.messages
    }

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
            if !self.pull(slot) {
                return self.close_if_draining(slot);
            }
        }
        // The others first; then on.
        if let Some(socket) = self.sockets.get(slot) {
            socket.ready.list();
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
            let composition = self.chassis.catalog.states()[topic].composition;
            let room = Room::new(CHUNK_BYTES, per_element(composition));
            let last = owed.take(&**view, room, &mut elements);
            if !elements.is_empty() {
                // Where it has got to, which may be short of where others are.
                let position = Position { offset: owed.noted(), ..self.position };
                let drain = Drain { elements: &elements, composition, position, last };
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
        let mut sent = 0;
        for key in subscribers {
            let Some(subscription) = self.subscriptions.get(key) else { continue };
            let (slot, framing) = (subscription.slot, subscription.framing);
            let framings = &self.framings;
            let frame = encoded.get(framing, || framings.get(framing).relay(message)).bytes.clone();
            sent += u64::from(self.send_or_overflow(slot, frame));
        }
        self.chassis.metrics.messages_sent.inc_by(sent);
    }

    /// Whether the frame was sent, rather than the connection closed.
    fn send_or_overflow(&mut self, slot: usize, frame: Bytes) -> bool {
        let Some(socket) = self.sockets.get_mut(slot) else { return false };
        let waiting = socket.outbox.bytes();
        let overflows = waiting > 0 && waiting + frame.len() > self.chassis.limits.outbox_bytes;
        if overflows {
            self.close(slot, CloseReason::OUTBOX_OVERFLOW);
        } else {
            self.send(slot, frame);
        }
        !overflows
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

/// What an element costs beside its own bytes.
fn per_element(composition: Composition) -> usize {
    match composition {
        Composition::Array => 1,
        Composition::Each => HEAD_BYTES,
    }
}

/// The elements of `keys`, unless there is no room for all of them.
fn elements_within(view: &dyn View, keys: &[u32], mut room: Room) -> Option<Vec<Bytes>> {
    let mut elements = Vec::with_capacity(keys.len());
    for element in keys.iter().filter_map(|key| view.element(*key)) {
        if !room.is_left() {
            return None;
        }
        room.take(element.len());
        elements.push(element);
    }
    Some(elements)
}

/// On the wall clock, which stamped the record.
fn seconds_since(at: Timestamp) -> f64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    (now.as_secs_f64() - at.millis() as f64 / 1000.0).max(0.0)
}
