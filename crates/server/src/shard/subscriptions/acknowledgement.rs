//! Acknowledgements of what came of queues: a client's own, and those of
//! consumers that leave them to what their socket has taken.

use hub_core::Position;
use hub_fanout::queues::{ConsumerId, DeliveryId, UnknownMessage};

use super::Subscriptions;
use super::framing::Dialect;
use crate::metrics::KindLabels;
use crate::shard::missing::missing;

/// ACK or NACK.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::shard) enum Verdict {
    Consumed,
    NotConsumed,
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
            (Some(id), Dialect::Stomp { subscription, .. }) => {
                subscription.as_ref().is_some_and(|own| own.is(id))
            }
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
