//! Delivery, as all kinds of source need it.
//!
//! No kind is named here, nor what chooses among them: a kind asks a
//! [`Subscription`] for its own part of it by way of
//! [`OfKind`](super::subscription::OfKind).

use std::collections::HashMap;

use hub_core::CloseReason;
use slab::Slab;

use super::framing::{Encoder, Frames};
use super::framings::{FramingId, Framings};
use super::pace::Timers;
use super::subscription::{Stands, Subscription};
use crate::chassis::Chassis;
use crate::shard::missing::missing;
use crate::shard::sockets::Sockets;

/// Frames kept for the rest of a publication's subscribers, in bytes over all
/// framings; beyond, a framing is encoded again when it comes again.
const ENCODED_BYTES_MAX: usize = 8 << 20;

/// Everything a source needs to hand a publication to its subscribers.
pub(super) struct Delivery<'a, S> {
    pub(super) chassis: &'a Chassis,
    pub(super) entries: &'a mut Slab<Subscription<S>>,
    pub(super) framings: &'a Framings,
    pub(super) encoder: &'a Encoder,
    pub(super) timers: &'a mut Timers,
    pub(super) stands: Stands,
    pub(super) sockets: &'a mut Sockets,
    pub(super) lagging: &'a mut Lagging,
}

/// Sockets that could not be handed everything at once.
#[derive(Default, Debug)]
pub(in crate::shard) struct Lagging {
    /// Sockets with subscriptions that are owed something: they take it when
    /// they have room.
    pub(in crate::shard) behind: Vec<usize>,
    /// Sockets with subscriptions that have lost something, and with which
    /// reason they are told.
    pub(in crate::shard) lost: Vec<(usize, CloseReason)>,
}

impl Lagging {
    /// Adds those of another delivery.
    pub(in crate::shard) fn append(&mut self, mut other: Lagging) {
        self.behind.append(&mut other.behind);
        self.lost.append(&mut other.lost);
    }
}

impl<S> Delivery<'_, S> {
    /// The subscription of a key that must have one.
    pub(super) fn at_mut(&mut self, key: usize) -> Option<&mut Subscription<S>> {
        let subscription = self.entries.get_mut(key);
        if subscription.is_none() {
            missing(&self.chassis.metrics, "subscription", key);
        }
        subscription
    }

    /// The subscription's socket has something to take.
    pub(super) fn is_behind(&mut self, key: usize) {
        if let Some(slot) = self.at_mut(key).map(|subscription| subscription.slot) {
            self.lagging.behind.push(slot);
        }
    }

    /// The subscription has lost something.
    pub(super) fn has_lost(&mut self, key: usize, reason: CloseReason) {
        if let Some(slot) = self.at_mut(key).map(|subscription| subscription.slot) {
            self.lagging.lost.push((slot, reason));
        }
    }
}

/// Frames encoded at most once for each framing. Neighbours mostly share one,
/// so the last one used is at hand.
#[derive(Default)]
pub(super) struct Encoded {
    last: Option<(FramingId, Frames)>,
    all: HashMap<FramingId, Frames>,
    bytes: usize,
}

impl Encoded {
    pub(super) fn get(&mut self, framing: FramingId, encode: impl FnOnce() -> Frames) -> &Frames {
        let last = self.last.take().filter(|(last, _)| *last == framing);
        let entry = last.unwrap_or_else(|| (framing, self.find(framing, encode)));
        &self.last.insert(entry).1
    }

    fn find(&mut self, framing: FramingId, encode: impl FnOnce() -> Frames) -> Frames {
        if let Some(frames) = self.all.get(&framing) {
            return frames.clone();
        }
        let frames = encode();
        if self.bytes + frames.bytes.len() <= ENCODED_BYTES_MAX {
            self.bytes += frames.bytes.len();
            self.all.insert(framing, frames.clone());
        }
        frames
    }
}

/// Takes a subscription out of those of its source.
pub(super) fn remove(keys: &mut Vec<usize>, key: usize) {
    let index = keys.iter().position(|other| *other == key);
    debug_assert!(index.is_some(), "subscription {key} was entered");
    if let Some(index) = index {
        keys.swap_remove(index);
    }
}
