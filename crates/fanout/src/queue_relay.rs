//! Relay queues on their way: the one place where shards meet.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hub_core::{Position, TopicName};

use crate::publisher::Publisher;
use crate::queues::{
    AckMode, ConsumerId, Delivery, DeliveryId, QueueCounters, QueueFull, QueueLimits, Queues, UnknownMessage,
    Weigh,
};
use crate::relay::RelayMessage;

/// All queues at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct QueueLoad {
    /// Counts since the start.
    pub counters: QueueCounters,
    /// Queues that have messages or consumers.
    pub queues: usize,
    /// Bytes of their messages, waiting or unacknowledged.
    pub bytes: usize,
}

/// The queues that all shards share, and the way from them to consumers.
///
/// What an operation sets in motion is in the mailboxes before the lock is
/// released, so that every consumer sees the queue's order.
pub struct QueueRelay {
    queues: Mutex<Queues<Arc<RelayMessage>>>,
    publisher: Publisher,
}

impl Weigh for Arc<RelayMessage> {
    fn bytes(&self) -> usize {
        self.destination.as_str().len() + RelayMessage::bytes(self)
    }
}

impl QueueRelay {
    /// No queues yet.
    pub fn new(publisher: Publisher, limits: QueueLimits) -> QueueRelay {
        QueueRelay { queues: Mutex::new(Queues::new(limits)), publisher }
    }

    /// Puts a message into a queue; gives it with its id.
    pub fn publish(
        &self,
        queue: TopicName,
        headers: Vec<(String, String)>,
        body: Bytes,
    ) -> Result<Arc<RelayMessage>, QueueFull> {
        let message = self.publisher.message(queue, headers, body);
        let mut queues = self.lock();
        let deliveries = queues.publish(&message.destination, Arc::clone(&message))?;
        self.send(&queues, deliveries);
        Ok(message)
    }

    /// Adds a consumer.
    pub fn subscribe(&self, consumer: ConsumerId, queue: &TopicName, mode: AckMode, prefetch: NonZeroUsize) {
        let mut queues = self.lock();
        let deliveries = queues.subscribe(consumer, queue, mode, prefetch);
        self.send(&queues, deliveries);
    }

    /// Removes a consumer: what it has not acknowledged goes to others.
    pub fn unsubscribe(&self, consumer: ConsumerId) {
        let mut queues = self.lock();
        let deliveries = queues.unsubscribe(consumer);
        self.send(&queues, deliveries);
    }

    /// A message was consumed.
    pub fn ack(&self, consumer: ConsumerId, delivery: DeliveryId) -> Result<(), UnknownMessage> {
        let mut queues = self.lock();
        let deliveries = queues.ack(consumer, delivery)?;
        self.send(&queues, deliveries);
        Ok(())
    }

    /// A message was not consumed.
    pub fn nack(&self, consumer: ConsumerId, delivery: DeliveryId) -> Result<(), UnknownMessage> {
        let mut queues = self.lock();
        let deliveries = queues.nack(consumer, delivery)?;
        self.send(&queues, deliveries);
        Ok(())
    }

    /// The one of these consumers that has the message to acknowledge: STOMP 1.2 names
    /// no subscription.
    pub fn holder(
        &self,
        consumers: impl IntoIterator<Item = ConsumerId>,
        delivery: DeliveryId,
        position: Position,
    ) -> Option<ConsumerId> {
        let queues = self.lock();
        let consumer = queues.holder(consumers, delivery)?;
        let message = queues.held(consumer, delivery)?;
        (message.position() == position).then_some(consumer)
    }

    /// Counts since the start, and what is held.
    pub fn load(&self) -> QueueLoad {
        let queues = self.lock();
        QueueLoad { counters: queues.counters(), queues: queues.len(), bytes: queues.bytes() }
    }

    /// `_held`: the lock is.
    fn send(&self, _held: &Queues<Arc<RelayMessage>>, deliveries: Vec<Delivery<Arc<RelayMessage>>>) {
        for delivery in deliveries {
            self.publisher.deliver(delivery);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queues<Arc<RelayMessage>>> {
        // Each operation leaves the queues whole.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
