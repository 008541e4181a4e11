//! Queues: this shard's consumers, and what they acknowledge.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use hub_core::{CloseReason, Position, TopicName};
use hub_fanout::RelayMessage;
use hub_fanout::queues::{AckMode, ConsumerId, Delivery as QueueDelivery, DeliveryId, UnknownMessage};

use super::Subscriptions;
use super::delivery::Delivery;
use super::framing::Dialect;
use crate::chassis::Chassis;
use crate::metrics::KindLabels;
use crate::shard::missing::missing;

/// The consumers of queues.
pub(super) struct Consumers {
    /// Their subscriptions, by the key of the consumer.
    by_key: HashMap<u64, usize>,
    made: u64,
    shard: usize,
}

/// A consumer of a queue.
pub(super) struct QueueSource {
    id: ConsumerId,
    queue: TopicName,
    mode: AckMode,
    /// Handed to a socket that did not take them yet; of a consumer that does
    /// not acknowledge by itself.
    in_outbox: Vec<DeliveryId>,
}

/// ACK or NACK.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::shard) enum Verdict {
    Consumed,
    NotConsumed,
}

impl Consumers {
    /// None yet, of the shard with this index.
    pub(super) fn new(shard: usize) -> Consumers {
        Consumers { by_key: HashMap::new(), made: 0, shard }
    }

    /// A consumer of its own for a new subscription; the queue hears of it
    /// once the subscription is [entered](Consumers::enter).
    pub(super) fn start(&mut self, queue: TopicName, mode: AckMode) -> QueueSource {
        self.made += 1;
        let id = ConsumerId { shard: self.shard, key: self.made };
        QueueSource { id, queue, mode, in_outbox: Vec::new() }
    }

    pub(super) fn enter(&mut self, key: usize, source: &QueueSource, chassis: &Chassis) {
        self.by_key.insert(source.id.key, key);
        let prefetch = NonZeroUsize::new(chassis.limits.queue_prefetch).unwrap_or(NonZeroUsize::MIN);
        chassis.queues.subscribe(source.id, &source.queue, source.mode, prefetch);
    }

    pub(super) fn leave(&mut self, source: &QueueSource, chassis: &Chassis) {
        self.by_key.remove(&source.id.key);
        chassis.queues.unsubscribe(source.id);
    }

    #[cfg(test)]
    pub(super) fn has_no_subscribers(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Hands a message to its consumer.
    pub(super) fn deliver(&self, message: &QueueDelivery<Arc<RelayMessage>>, delivery: &mut Delivery<'_>) {
        // A consumer that is gone needs nothing: the queue has taken the
        // message back when it went.
        let Some(key) = self.by_key.get(&message.consumer.key) else { return };
        let Some(subscription) = delivery.entries.get_mut(*key) else {
            return missing(&delivery.chassis.metrics, "subscription", *key);
        };
        let slot = subscription.slot;
        let framing = delivery.framings.get(subscription.framing);
        let Some(frames) = framing.queue(message, &delivery.encoder.compressor) else {
            return delivery.lagging.lost.push((slot, CloseReason::TEXT_ONLY));
        };
        delivery.chassis.metrics.messages_sent.inc_by(frames.messages);
        delivery.sockets.send(slot, frames.bytes);
        let Some(source) = subscription.source.queue_mut() else {
            return missing(&delivery.chassis.metrics, "subscription to a queue", *key);
        };
        if source.mode == AckMode::Auto {
            source.in_outbox.push(message.id);
            if delivery.sockets.has_written(slot) {
                source.acknowledge_written(delivery.chassis);
            }
        }
    }
}

impl QueueSource {
    /// Acknowledges, for a consumer that does not do so by itself, what its socket
    /// has taken: it has room for more.
    fn acknowledge_written(&mut self, chassis: &Chassis) {
        for delivery in std::mem::take(&mut self.in_outbox) {
            // It can only be unknown if the queue took it back.
            let _ = chassis.queues.ack(self.id, delivery);
        }
    }
}

impl Subscriptions {
    /// The socket has taken all that was sent to it.
    pub(in crate::shard) fn acknowledge_written(&mut self, slot: usize) {
        let Some(keys) = self.by_socket.get(slot) else {
            // It never had a subscription.
            return;
        };
        for key in keys {
            let Some(subscription) = self.entries.get_mut(*key) else {
                missing(&self.chassis.metrics, "subscription", *key);
                continue;
            };
            // Most follow something else.
            if let Some(source) = subscription.source.queue_mut() {
                source.acknowledge_written(&self.chassis);
            }
        }
    }

    /// ACK and NACK. What is unknown is counted and let pass: an ACK that
    /// crosses its UNSUBSCRIBE should not cost a session.
    pub(in crate::shard) fn settle(
        &mut self,
        slot: usize,
        id: &str,
        subscription: Option<&str>,
        verdict: Verdict,
    ) {
        let settled = named_delivery(id).ok_or(UnknownMessage).and_then(|(position, delivery)| {
            let consumers = self.consumers_of(slot, subscription);
            let queues = &self.chassis.queues;
            let consumer = queues.holder(consumers, delivery, position).ok_or(UnknownMessage)?;
            match verdict {
                Verdict::Consumed => queues.ack(consumer, delivery),
                Verdict::NotConsumed => queues.nack(consumer, delivery),
            }
        });
        // On a topic nothing awaits an acknowledgement.
        if settled.is_err() && !self.consumers_of(slot, None).is_empty() {
            self.chassis.metrics.errors.get_or_create(&KindLabels { kind: "ack" }).inc();
        }
    }

    /// The consumers of a socket, or of its subscription with this id.
    fn consumers_of(&self, slot: usize, named: Option<&str>) -> Vec<ConsumerId> {
        let is_named = |dialect: &Dialect| match (named, dialect) {
            (None, _) => true,
            (Some(id), Dialect::Stomp { subscription, .. }) => subscription.as_deref() == Some(id),
            _ => false,
        };
        let consumer = |key: &usize| {
            let subscription = self.at(*key)?;
            let source = subscription.source.queue()?;
            is_named(&self.framings.get(subscription.framing).dialect).then_some(source.id)
        };
        self.of_socket(slot).iter().filter_map(consumer).collect()
    }
}

/// Reads the id of a queue's MESSAGE: which message, and which handing-out
/// of it. Both have to be right: deliveries are numbered anew by each process.
fn named_delivery(id: &str) -> Option<(Position, DeliveryId)> {
    let (position, delivery) = id.rsplit_once('-')?;
    Some((position.parse().ok()?, delivery.parse().ok()?))
}
