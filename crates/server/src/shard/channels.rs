//! From documents to the sockets of a shard.
//!
//! All subscribers of one document share a [`Channel`]: what is composed for
//! those who have equally much is composed once. Whoever's socket is full is
//! owed what the occasion was, and composes for itself when there is room, so
//! that a document conflates as state does.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hub_core::{Offset, Timestamp};
use hub_fanout::{Composed, Document, Occasion};

use super::Shard;
use super::framing::Frames;
use super::pace::Due;
use super::press::Press;
use super::subscribe::Source;
use super::wire::{Packet, Wire};
use crate::native::{Followed, Part};

/// What one of a thing's parts costs of a turn.
const PART_BYTES: usize = 256;

/// The subscribers of one document.
pub(super) struct Channel {
    document: Arc<dyn Document>,
    pub(super) subscribers: Vec<usize>,
    /// Something was applied since it last composed.
    changed: bool,
    /// When a change may be told again.
    not_before: Instant,
    /// When everybody is told, changed or not.
    next_period: Option<Instant>,
    /// Among the shard's timers.
    scheduled: Option<Instant>,
}

/// What a subscriber of a document is owed, in this order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Owed {
    /// The beginning: then nothing else is.
    opening: bool,
    /// What changed since.
    change: bool,
    /// All of it, because the period has passed.
    whole: bool,
}

impl Owed {
    pub(super) const OPENING: Owed = Owed { opening: true, change: false, whole: false };
    const CHANGE: Owed = Owed { opening: false, change: true, whole: false };
    const WHOLE: Owed = Owed { opening: false, change: false, whole: true };

    pub(super) fn is_nothing(self) -> bool {
        self == Owed::default()
    }

    fn and(self, more: Owed) -> Owed {
        if self.opening {
            return self;
        }
        Owed { opening: false, change: self.change || more.change, whole: self.whole || more.whole }
    }

    /// What is to be composed next, for a subscriber who has everything up to
    /// `upto`, and what is owed then.
    fn next(self, upto: Offset) -> (Occasion, Owed) {
        if self.opening {
            (Occasion::Opened, Owed::default())
        } else if self.change {
            (Occasion::Changed { after: upto }, Owed { change: false, ..self })
        } else {
            (Occasion::Period, Owed::default())
        }
    }
}

/// What was composed for each occasion, and the frames that were made of it.
#[derive(Default)]
struct Shared {
    composed: HashMap<Occasion, Composed>,
    frames: HashMap<(Occasion, Wire), Frames>,
}

impl Shard {
    /// The channel of a document: of the same `Arc` the same one.
    pub(super) fn channel(&mut self, document: Arc<dyn Document>) -> usize {
        let address = address(&document);
        if let Some(key) = self.channels_by_address.get(&address) {
            return *key;
        }
        let period = document.cadence().period_ms.map(Duration::from_millis);
        let key = self.channels.insert(Channel {
            document,
            subscribers: Vec::new(),
            changed: false,
            not_before: self.now,
            next_period: period.map(|period| self.now + period),
            scheduled: None,
        });
        self.channels_by_address.insert(address, key);
        self.reschedule(key);
        key
    }

    /// Has a native socket follow these documents by this name, and no others.
    pub(super) fn follow_parts(&mut self, slot: usize, name: &'static str, parts: Vec<Part>) {
        // However short the command was, all of them are looked at.
        self.spend(parts.len() * PART_BYTES);
        let mut wanted: HashMap<usize, bool> =
            parts.iter().map(|part| (address(&part.document), part.anew)).collect();
        for key in self.followed(slot, name) {
            let shown = self.subscriptions.get(key).and_then(|subscription| match subscription.source {
                Source::Document { channel, .. } => self.channels.get(channel),
                _ => None,
            });
            let shown = shown.map(|channel| address(&channel.document));
            match shown.and_then(|shown| wanted.get(&shown).map(|anew| (shown, *anew))) {
                Some((shown, false)) => drop(wanted.remove(&shown)),
                _ => self.end_subscription(slot, key),
            }
        }
        for Part { document, .. } in parts {
            if wanted.contains_key(&address(&document)) {
                self.follow(slot, name, Followed::Document(document));
            }
        }
    }

    /// A subscriber leaves.
    pub(super) fn leave_channel(&mut self, key: usize, subscription: usize) {
        let Some(channel) = self.channels.get_mut(key) else { return };
        channel.subscribers.retain(|other| *other != subscription);
        if channel.subscribers.is_empty() {
            if let Some(due) = channel.scheduled {
                self.timers.remove(due, Due::Channel(key));
            }
            let channel = self.channels.remove(key);
            self.channels_by_address.remove(&address(&channel.document));
        }
    }

    /// Something was applied.
    pub(super) fn touch_channels(&mut self) {
        let on_change = |(key, channel): (usize, &mut Channel)| {
            let tells = channel.document.cadence().on_change_ms.is_some();
            channel.changed |= tells;
            tells.then_some(key)
        };
        let keys: Vec<usize> = self.channels.iter_mut().filter_map(on_change).collect();
        for key in keys {
            self.wake_channel(key);
        }
    }

    /// The hub is shutting down: what waits for its time is told now.
    pub(super) fn hurry_channels(&mut self) {
        let keys: Vec<usize> =
            self.channels.iter().filter(|(_, channel)| channel.changed).map(|(key, _)| key).collect();
        for key in keys {
            if let Some(channel) = self.channels.get_mut(key) {
                channel.not_before = self.now;
            }
            self.wake_channel(key);
        }
    }

    /// Tells what is due now.
    pub(super) fn wake_channel(&mut self, key: usize) {
        let now = self.now;
        let Some(channel) = self.channels.get_mut(key) else { return };
        let cadence = channel.document.cadence();
        if let (Some(due), Some(period)) = (channel.next_period, cadence.period_ms)
            && due <= now
        {
            channel.next_period = Some(now + Duration::from_millis(period));
            self.tell(key, Owed::WHOLE);
        }
        let Some(channel) = self.channels.get_mut(key) else { return };
        if channel.changed && channel.not_before <= now {
            channel.changed = false;
            if self.tell(key, Owed::CHANGE)
                && let (Some(channel), Some(least)) = (self.channels.get_mut(key), cadence.on_change_ms)
            {
                channel.not_before = now + Duration::from_millis(least);
            }
        }
        self.reschedule(key);
    }

    fn reschedule(&mut self, key: usize) {
        let Some(channel) = self.channels.get_mut(key) else { return };
        let change = channel.changed.then_some(channel.not_before);
        let next = change.into_iter().chain(channel.next_period).min();
        if next == channel.scheduled {
            return;
        }
        if let Some(due) = std::mem::replace(&mut channel.scheduled, next) {
            self.timers.remove(due, Due::Channel(key));
        }
        if let Some(due) = next {
            self.timers.add(due, Due::Channel(key));
        }
    }

    /// Tells every subscriber of a channel; whether there was anything to
    /// tell.
    fn tell(&mut self, key: usize, occasion: Owed) -> bool {
        let Some(channel) = self.channels.get_mut(key) else { return false };
        let document = Arc::clone(&channel.document);
        let subscribers = std::mem::take(&mut channel.subscribers);
        let (mut shared, mut behind) = (Shared::default(), Vec::new());
        let mut sent = 0;
        for subscription in &subscribers {
            match self.tell_one(*subscription, &*document, occasion, &mut shared) {
                Some(messages) => sent += messages,
                None => behind.push(*subscription),
            }
        }
        if let Some(channel) = self.channels.get_mut(key) {
            channel.subscribers = subscribers;
        }
        self.chassis.metrics.messages_sent.inc_by(sent);
        for subscription in behind {
            if let Some(slot) = self.subscriptions.get(subscription).map(|subscription| subscription.slot) {
                self.progress(slot);
            }
        }
        sent > 0
    }

    /// One subscriber's part, if its socket has room; gives the number of
    /// messages.
    fn tell_one(
        &mut self,
        key: usize,
        document: &dyn Document,
        occasion: Owed,
        shared: &mut Shared,
    ) -> Option<u64> {
        let subscription = self.subscriptions.get_mut(key)?;
        let Source::Document { upto, owed, .. } = &mut subscription.source else { return None };
        let socket = self.sockets.get_mut(subscription.slot)?;
        if !owed.is_nothing() || !socket.outbox.is_empty() {
            let replaced = !owed.is_nothing();
            *owed = owed.and(occasion);
            self.chassis.metrics.conflated.inc_by(u64::from(replaced));
            return None;
        }
        let (occasion, _) = occasion.next(*upto);
        let composed = shared.composed.entry(occasion).or_insert_with(|| compose(document, occasion));
        *upto = reached(occasion, composed).unwrap_or(*upto);
        let encode = || frames(composed, socket.wire, &self.encoder.press);
        let frames = shared.frames.entry((occasion, socket.wire)).or_insert_with(encode);
        let (bytes, messages) = (frames.bytes.clone(), frames.messages);
        if !bytes.is_empty() && socket.send(bytes, self.now).is_err() {
            self.gone.push(subscription.slot);
        }
        Some(messages)
    }

    /// The next part of what a subscriber of a document is owed, composed for
    /// it alone; how far it has come then, and what is owed still.
    pub(super) fn compose_owed(
        &self,
        channel: usize,
        wire: Wire,
        owed: Owed,
        upto: Offset,
    ) -> Option<(Frames, Offset, Owed)> {
        let document = &self.channels.get(channel)?.document;
        let (occasion, rest) = owed.next(upto);
        let composed = compose(&**document, occasion);
        let frames = frames(&composed, wire, &self.encoder.press);
        Some((frames, reached(occasion, &composed).unwrap_or(upto), rest))
    }
}

/// What tells a document from others for as long as it is held.
fn address(document: &Arc<dyn Document>) -> usize {
    Arc::as_ptr(document).addr()
}

fn compose(document: &dyn Document, occasion: Occasion) -> Composed {
    document.compose(occasion, wall_clock())
}

/// How far what was composed brings a subscriber. A period repeats what is: it
/// does not stand for what changed on the way.
fn reached(occasion: Occasion, composed: &Composed) -> Option<Offset> {
    (occasion != Occasion::Period).then_some(composed.upto)
}

fn frames(composed: &Composed, wire: Wire, press: &Press) -> Frames {
    let mut packet = Packet::new(wire, press);
    for message in &composed.messages {
        packet.push(message);
    }
    Frames { bytes: packet.finish(), messages: composed.messages.len() as u64 }
}

fn wall_clock() -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(now.as_millis()).unwrap_or_default()).unwrap_or_default()
}
