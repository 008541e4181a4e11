//! Relay topics: each message at once, as it came, to all who follow its
//! destination.

use std::collections::HashMap;
use std::sync::Arc;

use hub_core::{CloseReason, TopicName};
use hub_fanout::RelayMessage;

use super::delivery::{Delivery, Lost, remove};
use super::encoded::Encoded;
use super::framing::Framing;
use super::framings::{FramingId, Framings};
use super::subscription::Subscription;
use crate::shard::compressor::Compressor;
use crate::shard::missing::missing;
use crate::shard::sockets::Sockets;
use crate::shard::wire::{Packet, Template};

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

/// The frames of a run, for whoever follows its destination.
struct RunFrames<'r> {
    messages: &'r [Arc<RelayMessage>],
    /// In one piece, up to what can't be carried.
    whole: Encoded,
    /// One by one, where somebody lags.
    single: Vec<Encoded>,
    subscribers: usize,
}

/// All that frames are made by.
struct EncodedBy<'a> {
    framings: &'a Framings,
    compressor: &'a Compressor,
}

/// Messages handed to a subscriber, and why no more.
struct Handed {
    messages: u64,
    lost: Option<CloseReason>,
}

impl<'r> RunFrames<'r> {
    fn new(run: &'r RelayRun, subscribers: usize) -> RunFrames<'r> {
        let whole = Encoded::for_subscribers(subscribers);
        RunFrames { messages: &run.messages, whole, single: Vec::new(), subscribers }
    }

    /// Stages them for a socket: all in one piece if it keeps up, else as many
    /// as its outbox holds.
    fn hand(&mut self, slot: usize, id: FramingId, by: &EncodedBy<'_>, sockets: &mut Sockets) -> Handed {
        let frames = self.whole.get(id, by.framings, |framing| encode(self.messages, framing, by));
        let carried = frames.messages;
        let messages = if self.messages.len() == 1 {
            u64::from(carried == 1 && sockets.send_within_bound(slot, frames))
        } else if sockets.keeps_up(slot, frames.len()) {
            sockets.send_frames(slot, frames);
            carried
        } else {
            self.hand_one_by_one(slot, id, by, sockets)
        };
        let lost = if messages < carried {
            Some(CloseReason::OUTBOX_OVERFLOW)
        } else {
            (messages < self.messages.len() as u64).then_some(CloseReason::TEXT_ONLY)
        };
        Handed { messages, lost }
    }

    fn hand_one_by_one(
        &mut self,
        slot: usize,
        id: FramingId,
        by: &EncodedBy<'_>,
        sockets: &mut Sockets,
    ) -> u64 {
        let subscribers = self.subscribers;
        self.single.resize_with(self.messages.len(), || Encoded::for_subscribers(subscribers));
        let mut handed = 0;
        for (message, single) in self.messages.chunks(1).zip(&mut self.single) {
            let frames = single.get(id, by.framings, |framing| encode(message, framing, by));
            if frames.messages == 0 || !sockets.send_within_bound(slot, frames) {
                break;
            }
            handed += 1;
        }
        handed
    }
}

/// The frames of messages, up to what can't be carried.
fn encode(messages: &[Arc<RelayMessage>], framing: &Framing, by: &EncodedBy<'_>) -> Template {
    let mut packet = Packet::new(framing.wire, by.compressor);
    for message in messages {
        if !framing.relay(message, &mut packet) {
            break;
        }
    }
    packet.finish()
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
        // A turn without any.
        let Some(first) = run.messages.first() else { return };
        // Nobody here follows it.
        let Some(subscribers) = self.0.get(&first.destination) else { return };
        let mut frames = RunFrames::new(run, subscribers.len());
        let mut sent = 0;
        for key in subscribers {
            let Some(subscription) = delivery.entries.get(*key) else {
                missing(&delivery.chassis.metrics, "subscription", *key);
                continue;
            };
            let Subscription { slot, framing, .. } = *subscription;
            let by = EncodedBy { framings: delivery.framings, compressor: &delivery.encoder.compressor };
            let Handed { messages, lost } = frames.hand(slot, framing, &by, delivery.sockets);
            sent += messages;
            delivery.lost.extend(lost.map(|reason| Lost { slot, reason }));
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
