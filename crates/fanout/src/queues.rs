//! Relay queues (`/queue/...`): each message goes to one consumer.
//!
//! A plain data structure: no clock, no I/O, no waiting. What an operation sets in motion is its
//! return value: which message goes to which consumer now. The hub keeps one [`Queues`] behind a
//! lock that all shards share.
//!
//! - **Order.** A queue hands out its oldest message first. What comes back (by a NACK, or
//!   because its consumer is gone) takes its old place. So a single consumer sees a queue's order, but for what
//!   it sent back itself. Deliveries have to be handed on before the lock is released, or two
//!   shards may overtake each other on the way to a third.
//! - **Who is next.** Consumers with room take turns; what one refuses by NACK goes to the others first.
//!   A consumer has room while fewer messages than its prefetch are unacknowledged.
//! - **Acknowledgement** (STOMP 1.2, "ACK", "NACK"). Until it is acknowledged, a message is with its
//!   consumer and with nobody else. See [`AckMode`].
//! - **Redelivery.** A message is dropped, and counted, when it has come back by NACK
//!   [`QueueLimits::nacks`] times: nobody can use it, and it would go round forever. Consumers that
//!   come and go never cost a message.
//! - **Bounds.** What waits and what is unacknowledged are both held in memory, so both count.
//!   Whoever publishes beyond a bound is told ([`QueueFull`]); what is held already always finds
//!   its place again.
//! - A queue without messages and consumers is forgotten.

mod delivery;
mod limits;
mod queue;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::num::NonZeroUsize;

use hub_core::TopicName;

pub use self::delivery::{AckMode, ConsumerId, Delivery, DeliveryId, UnknownMessage};
use self::limits::MESSAGE_OVERHEAD_BYTES;
pub use self::limits::{QueueFull, QueueLimits, Weigh};
use self::queue::{Message, Queue, Settled};

/// Counts since the start.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct QueueCounters {
    /// Messages that were taken.
    pub published: u64,
    /// Messages that were not: [`QueueFull`].
    pub refused: u64,
    /// Deliveries, repeated ones included.
    pub delivered: u64,
    /// Deliveries of what was delivered before.
    pub redelivered: u64,
    /// Messages that were acknowledged.
    pub acknowledged: u64,
    /// Messages that were dropped: too many a NACK.
    pub dropped: u64,
}

/// All queues.
pub struct Queues<M> {
    limits: QueueLimits,
    by_name: HashMap<TopicName, Queue<M>>,
    /// Which queue each consumes.
    consumers: HashMap<ConsumerId, TopicName>,
    last: DeliveryId,
    bytes: usize,
    counters: QueueCounters,
}

impl<M: Clone + Weigh> Queues<M> {
    /// None yet.
    pub fn new(limits: QueueLimits) -> Queues<M> {
        Queues {
            limits,
            by_name: HashMap::new(),
            consumers: HashMap::new(),
            last: DeliveryId(0),
            bytes: 0,
            counters: QueueCounters::default(),
        }
    }

    /// Takes a message, and delivers it if a consumer has room for it.
    pub fn publish(&mut self, queue: &TopicName, message: M) -> Result<Vec<Delivery<M>>, QueueFull> {
        let bytes = message.bytes().saturating_add(MESSAGE_OVERHEAD_BYTES);
        if let Err(full) = self.check(queue, bytes) {
            self.counters.refused += 1;
            return Err(full);
        }
        self.counters.published += 1;
        self.bytes += bytes;
        self.by_name.entry(queue.clone()).or_default().push(Message::new(message, bytes));
        Ok(self.dispatch(queue))
    }

    /// Adds a consumer with room for `prefetch` unacknowledged messages. One that is there already
    /// is [unsubscribed](Self::unsubscribe) first.
    pub fn subscribe(
        &mut self,
        consumer: ConsumerId,
        queue: &TopicName,
        mode: AckMode,
        prefetch: NonZeroUsize,
    ) -> Vec<Delivery<M>> {
        let mut deliveries = self.unsubscribe(consumer);
        self.consumers.insert(consumer, queue.clone());
        self.by_name.entry(queue.clone()).or_default().enter(consumer, mode, prefetch);
        deliveries.extend(self.dispatch(queue));
        deliveries
    }

    /// Removes a consumer; what it has not acknowledged goes to others, or waits for them. One that
    /// is not there is none to remove.
    pub fn unsubscribe(&mut self, consumer: ConsumerId) -> Vec<Delivery<M>> {
        let Some(name) = self.consumers.remove(&consumer) else { return Vec::new() };
        if let Some(queue) = self.by_name.get_mut(&name) {
            queue.leave(consumer);
        }
        self.dispatch(&name)
    }

    /// A message was consumed; with [`AckMode::Cumulative`] all delivered before it, too. The
    /// consumer has room for others.
    pub fn ack(
        &mut self,
        consumer: ConsumerId,
        delivery: DeliveryId,
    ) -> Result<Vec<Delivery<M>>, UnknownMessage> {
        let (name, settled) = self.settle(consumer, delivery)?;
        for (_, message) in settled {
            self.bytes -= message.bytes;
            self.counters.acknowledged += 1;
        }
        Ok(self.dispatch(&name))
    }

    /// A message was not consumed; with [`AckMode::Cumulative`] none delivered before it, either.
    /// They go to the next consumer with room, which is the same one only if there is no other, or
    /// are dropped.
    pub fn nack(
        &mut self,
        consumer: ConsumerId,
        delivery: DeliveryId,
    ) -> Result<Vec<Delivery<M>>, UnknownMessage> {
        let (name, settled) = self.settle(consumer, delivery)?;
        let queue = self.by_name.get_mut(&name).ok_or(UnknownMessage)?;
        for (ordinal, mut message) in settled {
            message.nacks = message.nacks.saturating_add(1);
            if message.nacks < self.limits.nacks {
                queue.put_back(ordinal, message);
            } else {
                self.bytes -= message.bytes;
                self.counters.dropped += 1;
            }
        }
        Ok(self.dispatch_rather_not_to(Some(consumer), &name))
    }

    /// The one of these consumers that holds the delivery: the ACK and NACK of STOMP 1.2 name none.
    pub fn holder(
        &self,
        consumers: impl IntoIterator<Item = ConsumerId>,
        delivery: DeliveryId,
    ) -> Option<ConsumerId> {
        consumers.into_iter().find(|consumer| self.held(*consumer, delivery).is_some())
    }

    /// The message that a consumer holds by this delivery.
    pub fn held(&self, consumer: ConsumerId, delivery: DeliveryId) -> Option<&M> {
        self.by_name.get(self.consumers.get(&consumer)?)?.held(consumer, delivery)
    }

    /// Counts since the start.
    pub const fn counters(&self) -> QueueCounters {
        self.counters
    }

    /// Queues that have messages or consumers.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Bytes of all messages, waiting or unacknowledged.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Messages of one queue, waiting or unacknowledged.
    pub fn messages(&self, queue: &TopicName) -> usize {
        self.by_name.get(queue).map_or(0, Queue::messages)
    }

    /// Fails unless a message of so many bytes fits.
    fn check(&self, name: &TopicName, bytes: usize) -> Result<(), QueueFull> {
        let queue = self.by_name.get(name);
        let QueueLimits { messages, bytes: queue_bytes, total_bytes, .. } = self.limits;
        if queue.map_or(0, Queue::messages) >= messages {
            return Err(QueueFull::Messages { queue: name.clone(), limit: messages });
        }
        if queue.map_or(0, Queue::bytes).saturating_add(bytes) > queue_bytes {
            return Err(QueueFull::Bytes { queue: name.clone(), limit: queue_bytes });
        }
        if self.bytes.saturating_add(bytes) > total_bytes {
            return Err(QueueFull::Total { limit: total_bytes });
        }
        Ok(())
    }

    /// Takes back what a consumer has answered for, with the queue's name.
    fn settle(
        &mut self,
        consumer: ConsumerId,
        delivery: DeliveryId,
    ) -> Result<(TopicName, Settled<M>), UnknownMessage> {
        let name = self.consumers.get(&consumer).ok_or(UnknownMessage)?;
        let queue = self.by_name.get_mut(name).ok_or(UnknownMessage)?;
        let settled = queue.settle(consumer, delivery).ok_or(UnknownMessage)?;
        Ok((name.clone(), settled))
    }

    /// Hands out what there is room for, and forgets a queue that is idle and empty.
    fn dispatch(&mut self, name: &TopicName) -> Vec<Delivery<M>> {
        self.dispatch_rather_not_to(None, name)
    }

    /// The same, to one consumer only what no other has room for.
    fn dispatch_rather_not_to(&mut self, last: Option<ConsumerId>, name: &TopicName) -> Vec<Delivery<M>> {
        let mut deliveries = Vec::new();
        let Some(queue) = self.by_name.get_mut(name) else { return deliveries };
        while let Some(delivery) = queue.deliver(DeliveryId(self.last.0 + 1), last) {
            self.last = delivery.id;
            self.counters.delivered += 1;
            self.counters.redelivered += u64::from(delivery.redelivered);
            deliveries.push(delivery);
        }
        if queue.is_idle() {
            self.by_name.remove(name);
        }
        deliveries
    }
}
