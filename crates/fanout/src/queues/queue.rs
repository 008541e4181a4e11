//! One queue: what waits, who consumes, and what is with whom.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::num::NonZeroUsize;

use super::{AckMode, ConsumerId, Delivery, DeliveryId};

/// A message and its story.
pub(super) struct Message<M> {
    content: M,
    /// Bytes that it counts for.
    pub(super) bytes: usize,
    pub(super) nacks: u32,
    delivered: bool,
}

impl<M> Message<M> {
    pub(super) const fn new(content: M, bytes: usize) -> Message<M> {
        Message { content, bytes, nacks: 0, delivered: false }
    }
}

/// The messages that an answer was for, with their ordinals, oldest first.
pub(super) type Settled<M> = Vec<(u64, Message<M>)>;

struct Consumer<M> {
    mode: AckMode,
    prefetch: NonZeroUsize,
    /// Unacknowledged, in the order of delivery, with their ordinals.
    held: BTreeMap<DeliveryId, (u64, Message<M>)>,
    /// It is among those that have room.
    ready: bool,
}

/// Messages have ordinals, in the order in which they were published.
pub(super) struct Queue<M> {
    next: u64,
    waiting: BTreeMap<u64, Message<M>>,
    consumers: HashMap<ConsumerId, Consumer<M>>,
    /// Those that have room, in turn; each once.
    ready: VecDeque<ConsumerId>,
    /// Waiting or held.
    messages: usize,
    /// Of the same.
    bytes: usize,
}

impl<M> Default for Queue<M> {
    fn default() -> Queue<M> {
        Queue {
            next: 0,
            waiting: BTreeMap::new(),
            consumers: HashMap::new(),
            ready: VecDeque::new(),
            messages: 0,
            bytes: 0,
        }
    }
}

impl<M> Queue<M> {
    pub(super) const fn messages(&self) -> usize {
        self.messages
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_idle(&self) -> bool {
        self.messages == 0 && self.consumers.is_empty()
    }

    pub(super) fn push(&mut self, message: Message<M>) {
        let ordinal = self.next;
        self.next += 1;
        self.put_back(ordinal, message);
    }

    /// Puts a message where it belongs by its ordinal.
    pub(super) fn put_back(&mut self, ordinal: u64, message: Message<M>) {
        self.messages += 1;
        self.bytes += message.bytes;
        self.waiting.insert(ordinal, message);
    }

    pub(super) fn enter(&mut self, id: ConsumerId, mode: AckMode, prefetch: NonZeroUsize) {
        self.consumers.insert(id, Consumer { mode, prefetch, held: BTreeMap::new(), ready: true });
        self.ready.push_back(id);
    }

    /// Removes a consumer: the messages it held wait again.
    pub(super) fn leave(&mut self, id: ConsumerId) {
        let Some(consumer) = self.consumers.remove(&id) else { return };
        self.ready.retain(|other| *other != id);
        self.waiting.extend(consumer.held.into_values());
    }

    pub(super) fn held(&self, id: ConsumerId, delivery: DeliveryId) -> Option<&M> {
        self.consumers.get(&id)?.held.get(&delivery).map(|(_, message)| &message.content)
    }

    /// Takes what an ACK or NACK of this delivery answers for out of the queue, oldest first.
    pub(super) fn settle(&mut self, id: ConsumerId, delivery: DeliveryId) -> Option<Settled<M>> {
        let consumer = self.consumers.get_mut(&id)?;
        let named = consumer.held.remove(&delivery)?;
        let mut settled = Vec::new();
        if consumer.mode == AckMode::Cumulative {
            let later = consumer.held.split_off(&delivery);
            settled.extend(std::mem::replace(&mut consumer.held, later).into_values());
        }
        settled.push(named);
        self.messages -= settled.len();
        self.bytes -= settled.iter().map(|(_, message)| message.bytes).sum::<usize>();
        if !consumer.ready {
            consumer.ready = true;
            self.ready.push_back(id);
        }
        Some(settled)
    }

    /// The others come first.
    fn move_last(&mut self, id: ConsumerId) {
        if let Some(at) = self.ready.iter().position(|other| *other == id) {
            self.ready.remove(at);
            self.ready.push_back(id);
        }
    }
}

impl<M: Clone> Queue<M> {
    /// Hands the oldest message to the next consumer with room; to the last resort only if there is
    /// no other.
    pub(super) fn deliver(&mut self, id: DeliveryId, last_resort: Option<ConsumerId>) -> Option<Delivery<M>> {
        if let Some(last) = last_resort {
            self.move_last(last);
        }
        let oldest = self.waiting.first_entry()?;
        let next = self.ready.pop_front()?;
        let consumer = self.consumers.get_mut(&next)?;
        let (ordinal, mut message) = oldest.remove_entry();
        let redelivered = std::mem::replace(&mut message.delivered, true);
        let delivery = Delivery { consumer: next, id, message: message.content.clone(), redelivered };
        consumer.held.insert(id, (ordinal, message));
        consumer.ready = consumer.held.len() < consumer.prefetch.get();
        if consumer.ready {
            self.ready.push_back(next);
        }
        Some(delivery)
    }
}
