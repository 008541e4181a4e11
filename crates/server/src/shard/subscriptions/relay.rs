//! Relay topics: each message at once, as it came, to all who follow its
//! destination.

use std::collections::HashMap;

use bytes::Bytes;
use hub_core::{CloseReason, TopicName};
use hub_fanout::RelayMessage;

use super::delivery::{Delivery, Encoded, remove};
use super::framing::Frames;
use crate::shard::missing::missing;

/// Subscribers of relay topics, by destination.
#[derive(Default)]
pub(super) struct Relays(HashMap<TopicName, Vec<usize>>);

/// Subscription to a relay topic: nothing is ever owed it.
pub(super) struct RelaySource {
    pub(super) destination: TopicName,
}

impl Relays {
    pub(super) fn enter(&mut self, key: usize, source: &RelaySource) {
        self.0.entry(source.destination.clone()).or_default().push(key);
    }

    pub(super) fn leave(&mut self, key: usize, source: &RelaySource) {
        let subscribers = self.0.get_mut(&source.destination);
        debug_assert!(subscribers.is_some(), "subscription {key} was entered");
        if let Some(subscribers) = subscribers {
            remove(subscribers, key);
            if subscribers.is_empty() {
                self.0.remove(&source.destination);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn has_no_subscribers(&self) -> bool {
        self.0.is_empty()
    }

    /// Hands a relayed message to the subscribers of its destination. One
    /// whose outbox is full, or whose wire can't carry the message, is told
    /// that it has lost it.
    pub(super) fn deliver<S>(&self, message: &RelayMessage, delivery: &mut Delivery<'_, S>) {
        // Nobody here follows it.
        let Some(subscribers) = self.0.get(&message.destination) else { return };
        let nothing = Frames { bytes: Bytes::new(), messages: 0 };
        let mut shared = Encoded::default();
        let mut sent = 0;
        for key in subscribers {
            let Some(subscription) = delivery.entries.get(*key) else {
                missing(&delivery.chassis.metrics, "subscription", *key);
                continue;
            };
            let (framings, compressor) = (delivery.framings, &delivery.encoder.compressor);
            let frames = || framings.get(subscription.framing).relay(message, compressor);
            let encode = || frames().unwrap_or_else(|| nothing.clone());
            let frames = shared.get(subscription.framing, encode);
            if frames.messages == 0 {
                delivery.lagging.lost.push((subscription.slot, CloseReason::TEXT_ONLY));
            } else if delivery.sockets.send_within_bound(subscription.slot, frames.bytes.clone()) {
                sent += 1;
            } else {
                delivery.lagging.lost.push((subscription.slot, CloseReason::OUTBOX_OVERFLOW));
            }
        }
        delivery.chassis.metrics.messages_sent.inc_by(sent);
    }

    /// Relay messages were lost before this shard saw them: everybody who may
    /// have missed one is told.
    pub(super) fn lost<S>(&self, delivery: &mut Delivery<'_, S>) {
        for key in self.0.values().flatten() {
            delivery.has_lost(*key, CloseReason::OUTBOX_OVERFLOW);
        }
    }
}
