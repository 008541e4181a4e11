//! Delivery, as all kinds of source need it.
//!
//! No kind is named here, nor what chooses among them: a kind asks a
//! [`Subscription`] for its own part of it by way of
//! [`OfKind`](super::subscription::OfKind).

use std::collections::HashMap;
use std::rc::Rc;

use hub_core::CloseReason;
use slab::Slab;

use super::framing::Encoder;
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
    pub(super) lost: &'a mut Vec<Lost>,
}

/// A socket with a subscription that has lost something, and with which
/// reason it is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::shard) struct Lost {
    pub(in crate::shard) slot: usize,
    pub(in crate::shard) reason: CloseReason,
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

    /// The subscription's socket has something to take: it does when it has
    /// room.
    pub(super) fn is_behind(&mut self, key: usize) {
        if let Some(slot) = self.at_mut(key).map(|subscription| subscription.slot) {
            self.sockets.owe(slot);
        }
    }

    /// The subscription has lost something.
    pub(super) fn has_lost(&mut self, key: usize, reason: CloseReason) {
        if let Some(slot) = self.at_mut(key).map(|subscription| subscription.slot) {
            self.lost.push(Lost { slot, reason });
        }
    }
}

/// What is encoded at most once for each framing. Neighbours mostly share one,
/// so the last one used is at hand.
pub(super) struct Encoded<T> {
    last: Option<(FramingId, Rc<T>)>,
    all: HashMap<FramingId, Rc<T>>,
    bytes: usize,
}

impl<T> Default for Encoded<T> {
    fn default() -> Encoded<T> {
        Encoded { last: None, all: HashMap::new(), bytes: 0 }
    }
}

impl<T> Encoded<T> {
    /// What `encode` makes for `framing`, of so many `bytes`.
    pub(super) fn get(
        &mut self,
        framing: FramingId,
        encode: impl FnOnce() -> T,
        bytes: impl FnOnce(&T) -> usize,
    ) -> &T {
        let last = self.last.take().filter(|(last, _)| *last == framing);
        let entry = last.unwrap_or_else(|| (framing, self.find(framing, encode, bytes)));
        &self.last.insert(entry).1
    }

    fn find(
        &mut self,
        framing: FramingId,
        encode: impl FnOnce() -> T,
        bytes: impl FnOnce(&T) -> usize,
    ) -> Rc<T> {
        if let Some(encoded) = self.all.get(&framing) {
            return Rc::clone(encoded);
        }
        let encoded = Rc::new(encode());
        let bytes = bytes(&encoded);
        if self.bytes + bytes <= ENCODED_BYTES_MAX {
            self.bytes += bytes;
            self.all.insert(framing, Rc::clone(&encoded));
        }
        encoded
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
