//! Queues: this shard's consumers, and what they acknowledge.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use hub_core::{CloseReason, TopicName};
use hub_fanout::RelayMessage;
use hub_fanout::queues::{AckMode, ConsumerId, Delivery as QueueDelivery, DeliveryId};

use super::delivery::{Delivery, Lost};
use super::subscription::OfKind;
use crate::chassis::Chassis;
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
    pub(super) id: ConsumerId,
    queue: TopicName,
    mode: AckMode,
    /// Handed to a socket that did not take them yet; of a consumer that does
    /// not acknowledge by itself.
    in_outbox: Vec<DeliveryId>,
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
    pub(super) fn deliver(
        &self,
        message: &QueueDelivery<Arc<RelayMessage>>,
        delivery: &mut Delivery<'_, impl OfKind<QueueSource>>,
    ) {
        // A consumer that is gone needs nothing: the queue has taken the
        // message back when it went.
        let Some(key) = self.by_key.get(&message.consumer.key) else { return };
        let Some(subscription) = delivery.entries.get_mut(*key) else {
            return missing(&delivery.chassis.metrics, "subscription", *key);
        };
        let slot = subscription.slot;
        let framing = delivery.framings.get(subscription.framing);
        let Some(frames) = framing.queue(message, &delivery.encoder.compressor) else {
            return delivery.lost.push(Lost { slot, reason: CloseReason::TEXT_ONLY });
        };
        delivery.chassis.metrics.messages_sent.inc_by(frames.messages);
        delivery.sockets.send_frames(slot, &frames);
        let Some(source) = subscription.source.of_kind() else {
            return missing(&delivery.chassis.metrics, "subscription to a queue", *key);
        };
        if source.mode == AckMode::Auto {
            source.in_outbox.push(message.id);
            // They are acknowledged when they are written.
            delivery.sockets.owe(slot);
        }
    }
}

impl QueueSource {
    /// Acknowledges, for a consumer that does not do so by itself, what its socket
    /// has taken: it has room for more.
    pub(super) fn acknowledge_written(&mut self, chassis: &Chassis) {
        for delivery in std::mem::take(&mut self.in_outbox) {
            // It can only be unknown if the queue took it back.
            let _ = chassis.queues.ack(self.id, delivery);
        }
    }
}
