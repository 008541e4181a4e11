//! Relay topics: each message at once, as it came, to all who follow its
//! destination.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use hub_core::{CloseReason, TopicName};
use hub_fanout::RelayMessage;

use super::delivery::{Delivery, Encoded, Lost, remove};
use super::framing::Framing;
use crate::shard::compressor::Compressor;
use crate::shard::missing::missing;
use crate::shard::sockets::Sockets;

/// Bytes of a run: a slow reader holds on to them as one piece.
const RUN_BYTES_MAX: usize = 64 << 10;

/// Subscribers of relay topics, by destination.
#[derive(Default)]
pub(super) struct Relays(HashMap<TopicName, Vec<usize>>);

/// Subscription to a relay topic: nothing is ever owed it.
pub(super) struct RelaySource {
    pub(super) destination: TopicName,
}

/// Messages to one destination, one right after another: whoever follows it
/// gets them in one piece.
#[derive(Default)]
pub(in crate::shard) struct RelayRun {
    messages: Vec<Arc<RelayMessage>>,
    bytes: usize,
}

/// The frames of a run, as far as a wire can carry them.
struct RunFrames {
    /// In one piece, for whoever keeps up.
    whole: Bytes,
    /// One by one: of these a slow reader gets as many as its outbox holds.
    single: Vec<Bytes>,
    /// The message behind them can't be carried.
    is_cut: bool,
}

impl RelayRun {
    /// A run of one.
    pub(in crate::shard) fn of(message: Arc<RelayMessage>) -> RelayRun {
        RelayRun { bytes: message.bytes(), messages: vec![message] }
    }

    /// Adds the next message, or gives it back where it begins another run.
    pub(in crate::shard) fn push(&mut self, message: Arc<RelayMessage>) -> Result<(), Arc<RelayMessage>> {
        let bytes = self.bytes + message.bytes();
        let fits = self
            .messages
            .first()
            .is_none_or(|first| first.destination == message.destination && bytes <= RUN_BYTES_MAX);
        if !fits {
            return Err(message);
        }
        self.bytes = bytes;
        self.messages.push(message);
        Ok(())
    }
}

impl RunFrames {
    fn of(run: &RelayRun, framing: &Framing, compressor: &Compressor) -> RunFrames {
        let frames = run.messages.iter().map_while(|message| framing.relay(message, compressor));
        let single: Vec<Bytes> = frames.map(|frames| frames.bytes).collect();
        let whole = if let [only] = &*single { only.clone() } else { single.concat().into() };
        RunFrames { whole, is_cut: single.len() < run.messages.len(), single }
    }

    fn bytes(&self) -> usize {
        self.whole.len()
    }

    /// Stages them for a socket; how many, and why no more.
    fn stage(&self, slot: usize, sockets: &mut Sockets) -> (u64, Option<CloseReason>) {
        let cut = self.is_cut.then_some(CloseReason::TEXT_ONLY);
        let fitting = if sockets.keeps_up(slot, self.whole.len()) {
            sockets.send(slot, self.whole.clone());
            self.single.len()
        } else {
            self.single.iter().take_while(|frame| sockets.send_within_bound(slot, frame)).count()
        };
        let overflow = (fitting < self.single.len()).then_some(CloseReason::OUTBOX_OVERFLOW);
        (fitting as u64, overflow.or(cut))
    }
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

    /// Stages a run of messages for the subscribers of its destination. One
    /// whose outbox is full, or whose wire can't carry a message, is told that
    /// it has lost it.
    pub(super) fn deliver<S>(&self, run: &RelayRun, delivery: &mut Delivery<'_, S>) {
        let Some(first) = run.messages.first() else { return };
        // Nobody here follows it.
        let Some(subscribers) = self.0.get(&first.destination) else { return };
        let mut shared = Encoded::default();
        let mut sent = 0;
        for key in subscribers {
            let Some(subscription) = delivery.entries.get(*key) else {
                missing(&delivery.chassis.metrics, "subscription", *key);
                continue;
            };
            let framing = delivery.framings.get(subscription.framing);
            let compressor = &delivery.encoder.compressor;
            let frames = shared.get(
                subscription.framing,
                || RunFrames::of(run, framing, compressor),
                RunFrames::bytes,
            );
            let (handed, reason) = frames.stage(subscription.slot, delivery.sockets);
            sent += handed;
            if let Some(reason) = reason {
                delivery.lost.push(Lost { slot: subscription.slot, reason });
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
