//! Delivery, as all kinds of source need it.
//!
//! No kind is named here, nor what chooses among them: a kind asks a
//! [`Subscription`] for its own part of it by way of
//! [`OfKind`](super::subscription::OfKind).

use hub_core::CloseReason;
use slab::Slab;

use super::framing::Encoder;
use super::framings::Framings;
use super::pace::Timers;
use super::subscription::{Stands, Subscription};
use crate::chassis::Chassis;
use crate::shard::missing::missing;
use crate::shard::sockets::Sockets;

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

/// Takes a subscription out of those of its source.
pub(super) fn remove(keys: &mut Vec<usize>, key: usize) {
    let index = keys.iter().position(|other| *other == key);
    debug_assert!(index.is_some(), "subscription {key} was entered");
    if let Some(index) = index {
        keys.swap_remove(index);
    }
}
