//! From a flush or a relayed message to the sockets of a shard.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use hub_core::{CloseReason, Timestamp};
use hub_fanout::{Changed, Flush, RelayMessage, Room, StateFlush, View};

use super::Shard;
use super::framing::{Drain, Frames};
use super::pull::per_element;
use super::subscribe::{FramingId, Source};

/// Frames kept for the rest of a publication's subscribers, in bytes over all
/// framings; beyond, a framing is encoded again when it comes again.
const ENCODED_BYTES_MAX: usize = 8 << 20;

/// One topic's part of a flush.
struct Batch<'a> {
    state: &'a StateFlush,
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
pub(super) struct Encoded {
    last: Option<(FramingId, Frames)>,
    all: HashMap<FramingId, Frames>,
    bytes: usize,
}

impl Encoded {
    pub(super) fn get(&mut self, framing: FramingId, encode: impl FnOnce() -> Frames) -> &Frames {
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
    ///
    /// Those who are not up to date pull only when every topic stands at the
    /// flush's position: whatever they get belongs to one.
    pub(super) fn deliver_flush(&mut self, flush: &Flush, listed: bool) {
        self.position = flush.position;
        self.horizon = flush.horizon;
        let mut behind = Vec::new();
        for state in &flush.states {
            let unlisted = StateFlush { changed: Changed::Unlisted, view: Arc::clone(&state.view), ..*state };
            self.deliver_state(if listed { state } else { &unlisted }, &mut behind);
        }
        for slot in behind {
            self.progress(slot);
        }
        self.expire_feeds();
        self.touch_channels();
        if let Some(oldest) = flush.oldest.filter(|_| !self.subscriptions.is_empty()) {
            self.chassis.metrics.delivery_seconds.observe(seconds_since(oldest));
        }
    }

    fn deliver_state(&mut self, state: &StateFlush, behind: &mut Vec<usize>) {
        let Some(topic) = self.topics.get_mut(usize::from(state.topic.0)) else { return };
        topic.view = Some(Arc::clone(&state.view));
        // Nobody comes or goes while the loop runs: whoever turns out to be
        // gone is buried after it.
        let subscribers = std::mem::take(&mut topic.subscribers);
        if !subscribers.is_empty() {
            let composition = self.chassis.catalog.states()[usize::from(state.topic.0)].composition;
            let room = Room::new(self.chassis.limits.outbox_bytes, per_element(composition));
            let (elements, frames) = (OnceCell::new(), Encoded::default());
            let mut batch = Batch { state, room, elements, frames };
            let mut sent = 0;
            for key in &subscribers {
                sent += self.deliver_to(*key, &mut batch, behind);
            }
            self.chassis.metrics.messages_sent.inc_by(sent);
        }
        self.topics[usize::from(state.topic.0)].subscribers = subscribers;
    }

    /// One subscriber's part; gives the number of messages sent at once.
    fn deliver_to(&mut self, key: usize, batch: &mut Batch<'_>, behind: &mut Vec<usize>) -> u64 {
        let Some(subscription) = self.subscriptions.get_mut(key) else { return 0 };
        let Source::State { owed, .. } = &mut subscription.source else { return 0 };
        if owed.is_ahead_of(self.position.offset) {
            return 0;
        }
        let Some(socket) = self.sockets.get_mut(subscription.slot) else { return 0 };
        let at_once = owed.is_caught_up()
            && owed.filter().is_all()
            && subscription.pace.is_none()
            && subscription.instead.is_none()
            && socket.outbox.is_empty();
        if !at_once || batch.elements().is_none() {
            self.chassis.metrics.conflated.inc_by(owed.note(&batch.state.changed, self.position.offset));
            behind.push(subscription.slot);
            return 0;
        }
        owed.advance(self.position.offset);
        let elements = batch.elements.get().and_then(Option::as_deref).unwrap_or_default();
        if elements.is_empty() {
            return 0;
        }
        let drain = Drain { elements, position: self.position, last: true, instead: None };
        let (framings, with) = (&self.framings, &self.encoder);
        let encode = || framings.get(subscription.framing).state(&drain, with);
        let frames = batch.frames.get(subscription.framing, encode);
        if socket.send(frames.bytes.clone(), self.now).is_err() {
            self.gone.push(subscription.slot);
        }
        frames.messages
    }

    /// Hands a relayed message to the subscribers of its destination. One
    /// whose outbox is full, or whose wire can't carry the message, is closed:
    /// it would have lost a message.
    pub(super) fn deliver_relay(&mut self, message: &RelayMessage) {
        let Some(subscribers) = self.relays.get(&message.destination).cloned() else { return };
        let nothing = Frames { bytes: Bytes::new(), messages: 0 };
        let mut encoded = Encoded::default();
        let mut sent = 0;
        for key in subscribers {
            let Some(subscription) = self.subscriptions.get(key) else { continue };
            let (slot, framing) = (subscription.slot, subscription.framing);
            let (framings, press) = (&self.framings, &self.encoder.press);
            let encode = || framings.get(framing).relay(message, press).unwrap_or_else(|| nothing.clone());
            let frames = encoded.get(framing, encode).clone();
            if frames.messages == 0 {
                self.close(slot, CloseReason::TEXT_ONLY);
            } else {
                sent += u64::from(self.send_or_overflow(slot, frames.bytes));
            }
        }
        self.chassis.metrics.messages_sent.inc_by(sent);
    }

    /// Whether the frame was sent, rather than the connection closed.
    fn send_or_overflow(&mut self, slot: usize, frame: Bytes) -> bool {
        let Some(socket) = self.sockets.get_mut(slot) else { return false };
        let behind = socket.outbox.bytes_behind() + frame.len();
        let overflows = !socket.outbox.is_empty() && behind > self.chassis.limits.outbox_bytes;
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
