//! Queues: this shard's consumers, and what they acknowledge.

use std::num::NonZeroUsize;

use hub_core::{CloseReason, Position, TopicName};
use hub_fanout::RelayMessage;
use hub_fanout::queues::{AckMode, ConsumerId, Delivery, DeliveryId, UnknownMessage};
use hub_stomp::SubscriptionRef;
use std::sync::Arc;

use super::Shard;
use super::framing::Dialect;
use super::subscribe::Source;

/// A consumer of a queue.
pub(super) struct Consumer {
    pub(super) id: ConsumerId,
    /// Handed to a socket that did not take them yet; of a consumer that does
    /// not acknowledge by itself.
    in_outbox: Vec<DeliveryId>,
    is_auto: bool,
}

/// ACK or NACK.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Consumed,
    NotConsumed,
}

impl Shard {
    /// A consumer of its own for a new subscription; the queue hears of it
    /// once the subscription is [entered](Shard::start_consuming).
    pub(super) fn consumer(&mut self, mode: AckMode) -> Consumer {
        self.consumers_made += 1;
        let id = ConsumerId { shard: self.index, key: self.consumers_made };
        Consumer { id, in_outbox: Vec::new(), is_auto: mode == AckMode::Auto }
    }

    pub(super) fn start_consuming(&mut self, subscription: usize, queue: &TopicName, mode: AckMode) {
        let Some(Source::Queue(consumer)) = self.subscriptions.get(subscription).map(|one| &one.source)
        else {
            return;
        };
        self.consumers.insert(consumer.id.key, subscription);
        let prefetch = NonZeroUsize::new(self.chassis.limits.queue_prefetch).unwrap_or(NonZeroUsize::MIN);
        self.chassis.queues.subscribe(consumer.id, queue, mode, prefetch);
    }

    pub(super) fn stop_consuming(&mut self, consumer: &Consumer) {
        self.consumers.remove(&consumer.id.key);
        self.chassis.queues.unsubscribe(consumer.id);
    }

    /// Hands a message to its consumer. One that is gone needs nothing: the
    /// queue has taken the message back when it went.
    pub(super) fn deliver_queue(&mut self, delivery: &Delivery<Arc<RelayMessage>>) {
        let Some(subscription) = self.consumers.get(&delivery.consumer.key).copied() else { return };
        let Some(one) = self.subscriptions.get(subscription) else { return };
        let slot = one.slot;
        let framing = self.framings.get(one.framing);
        let Some(frames) = framing.queue(delivery, &self.encoder.press) else {
            return self.close(slot, CloseReason::TEXT_ONLY);
        };
        self.chassis.metrics.messages_sent.inc_by(frames.messages);
        self.send(slot, frames.bytes);
        if let Some(Source::Queue(consumer)) =
            self.subscriptions.get_mut(subscription).map(|one| &mut one.source)
            && consumer.is_auto
        {
            consumer.in_outbox.push(delivery.id);
        }
        self.acknowledge_written(slot);
    }

    /// What a socket has taken needs no acknowledgement of a consumer that
    /// gives none: it has room for more.
    pub(super) fn acknowledge_written(&mut self, slot: usize) {
        let Some(socket) = self.sockets.get(slot).filter(|socket| socket.outbox.is_empty()) else { return };
        for key in &socket.subscriptions {
            let Some(Source::Queue(consumer)) = self.subscriptions.get_mut(*key).map(|one| &mut one.source)
            else {
                continue;
            };
            for delivery in std::mem::take(&mut consumer.in_outbox) {
                // It can only be unknown if the queue took it back.
                let _ = self.chassis.queues.ack(consumer.id, delivery);
            }
        }
    }

    /// ACK and NACK. What is unknown is counted and let pass: an ACK that
    /// crosses its UNSUBSCRIBE should not cost a session.
    pub(super) fn settle(&mut self, slot: usize, id: &str, subscription: Option<&str>, verdict: Verdict) {
        let settled = named_delivery(id).ok_or(UnknownMessage).and_then(|(position, delivery)| {
            let named = subscription.map(|id| SubscriptionRef::Id(id.into()));
            let consumers = self.consumers_of(slot, named.as_ref());
            let queues = &self.chassis.queues;
            let consumer = queues.holder(consumers, delivery, position).ok_or(UnknownMessage)?;
            match verdict {
                Verdict::Consumed => queues.ack(consumer, delivery),
                Verdict::NotConsumed => queues.nack(consumer, delivery),
            }
        });
        // On a topic nothing awaits an acknowledgement.
        if settled.is_err() && !self.consumers_of(slot, None).is_empty() {
            self.count_error("ack");
        }
    }

    fn consumers_of(&self, slot: usize, named: Option<&SubscriptionRef<'_>>) -> Vec<ConsumerId> {
        let Some(socket) = self.sockets.get(slot) else { return Vec::new() };
        let is_named = |dialect: &Dialect| match (named, dialect) {
            (None, _) => true,
            (Some(SubscriptionRef::Id(id)), Dialect::Stomp { subscription, .. }) => {
                subscription.as_deref() == Some(id)
            }
            _ => false,
        };
        let consumer = |key: &usize| match self.subscriptions.get(*key) {
            Some(one) if is_named(&self.framings.get(one.framing).dialect) => match &one.source {
                Source::Queue(consumer) => Some(consumer.id),
                _ => None,
            },
            _ => None,
        };
        socket.subscriptions.iter().filter_map(consumer).collect()
    }
}

/// What the id of a queue's MESSAGE says: which message, and which handing-out
/// of it. Both have to be right: deliveries are numbered anew by each process.
fn named_delivery(id: &str) -> Option<(Position, DeliveryId)> {
    let (position, delivery) = id.rsplit_once('-')?;
    Some((position.parse().ok()?, delivery.parse().ok()?))
}
