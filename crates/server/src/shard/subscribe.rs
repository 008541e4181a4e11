//! Subscriptions of a shard's sockets.

use std::collections::HashMap;
use std::rc::Rc;

use hub_core::TopicName;
use hub_fanout::{Filter, Start, StateSubscription, Target, TargetError, TopicId};
use slab::Slab;

use super::Shard;
use super::framing::Framing;

/// One subscription of one socket.
pub(super) struct Subscription {
    pub(super) slot: usize,
    pub(super) framing: FramingId,
    pub(super) source: Source,
}

/// Where its messages come from.
pub(super) enum Source {
    State { topic: TopicId, owed: StateSubscription },
    Relay(TopicName),
}

/// The key of a [`Framing`] among those in use.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct FramingId(usize);

/// The framings in use, each once.
#[derive(Default)]
pub(super) struct Framings {
    by_value: HashMap<Rc<Framing>, usize>,
    by_key: Slab<(Rc<Framing>, usize)>,
}

impl Framings {
    fn enter(&mut self, framing: Framing) -> FramingId {
        if let Some(key) = self.by_value.get(&framing) {
            if let Some((_, users)) = self.by_key.get_mut(*key) {
                *users += 1;
            }
            return FramingId(*key);
        }
        let framing = Rc::new(framing);
        let key = self.by_key.insert((Rc::clone(&framing), 1));
        self.by_value.insert(framing, key);
        FramingId(key)
    }

    fn leave(&mut self, id: FramingId) {
        let Some((framing, users)) = self.by_key.get_mut(id.0) else { return };
        *users -= 1;
        if *users == 0 {
            self.by_value.remove(framing);
            self.by_key.remove(id.0);
        }
    }

    pub(super) fn get(&self, id: FramingId) -> Rc<Framing> {
        Rc::clone(&self.by_key[id.0].0)
    }
}

impl Shard {
    /// Adds a subscription; the caller [pumps](Shard::progress) the socket to
    /// hand over the snapshot.
    pub(super) fn subscribe(&mut self, slot: usize, framing: Framing) -> Result<(), TargetError> {
        let target = self.chassis.catalog.resolve(&framing.destination)?;
        let source = match target {
            Target::State { topic, filter } => Source::State { topic, owed: self.snapshot(filter) },
            Target::Relay(name) => Source::Relay(name),
        };
        let framing = self.framings.enter(framing);
        let key = self.subscriptions.insert(Subscription { slot, framing, source });
        match &self.subscriptions[key].source {
            Source::State { topic, .. } => {
                let topic = usize::from(topic.0);
                self.chassis.catalog.states()[topic].interest().enter();
                self.topics[topic].subscribers.push(key);
            }
            Source::Relay(name) => self.relays.entry(name.clone()).or_default().push(key),
        }
        if let Some(socket) = self.sockets.get_mut(slot) {
            socket.subscriptions.push(key);
        }
        Ok(())
    }

    fn snapshot(&self, filter: Filter) -> StateSubscription {
        StateSubscription::new(filter, Start::Snapshot, self.position.offset, self.chassis.limits.dirty_keys)
    }

    /// Ends the socket's subscription with this id, or for a STOMP 1.0 client
    /// without ids, to this destination.
    pub(super) fn unsubscribe(&mut self, slot: usize, id: Option<&str>, destination: Option<&str>) {
        let Some(socket) = self.sockets.get(slot) else { return };
        let wanted = |key: &&usize| {
            let framing = self.framings.get(self.subscriptions[**key].framing);
            match id {
                Some(id) => framing.subscription.as_deref() == Some(id),
                None => framing.subscription.is_none() && Some(framing.destination.as_str()) == destination,
            }
        };
        if let Some(key) = socket.subscriptions.iter().find(wanted).copied() {
            self.sockets[slot].subscriptions.retain(|other| *other != key);
            self.forget(key);
        }
    }

    /// Ends all of a socket's subscriptions.
    pub(super) fn unsubscribe_all(&mut self, slot: usize) {
        let Some(socket) = self.sockets.get_mut(slot) else { return };
        for key in std::mem::take(&mut socket.subscriptions) {
            self.forget(key);
        }
    }

    fn forget(&mut self, key: usize) {
        let Some(subscription) = self.subscriptions.try_remove(key) else { return };
        self.framings.leave(subscription.framing);
        match subscription.source {
            Source::State { topic, .. } => {
                let topic = usize::from(topic.0);
                self.chassis.catalog.states()[topic].interest().leave();
                remove(&mut self.topics[topic].subscribers, key);
            }
            Source::Relay(name) => {
                if let Some(subscribers) = self.relays.get_mut(&name) {
                    remove(subscribers, key);
                    if subscribers.is_empty() {
                        self.relays.remove(&name);
                    }
                }
            }
        }
    }
}

fn remove(keys: &mut Vec<usize>, key: usize) {
    if let Some(index) = keys.iter().position(|other| *other == key) {
        keys.swap_remove(index);
    }
}
