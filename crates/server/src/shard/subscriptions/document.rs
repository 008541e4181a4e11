//! Documents: what a native socket shows that is not a keyed map.
//!
//! All subscribers of one document share a [`Channel`]: what is composed for
//! those who have equally much is composed once. Whoever's socket is full is
//! owed what the occasion was, and composes for itself when there is room, so
//! that a document conflates as state does.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hub_core::{Offset, Timestamp};
use hub_fanout::{Composed, Document, Occasion};
use slab::Slab;

use super::crowds::Crowds;
use super::delivery::{Delivery, remove};
use super::pace::{Timer, Timers};
use super::recipient::{Recipient, Taken};
use super::subscription::OfKind;
use crate::native::DocumentPart;
use crate::shard::compressor::Compressor;
use crate::shard::missing::missing;
use crate::shard::wire::{Frames, Packet, Wire};

/// The documents that somebody follows.
#[derive(Default)]
pub(super) struct Documents {
    channels: Slab<Channel>,
    /// By the addresses of their documents.
    by_address: HashMap<usize, usize>,
    /// Those that tell changes, and are in no crowd.
    asked: BTreeSet<usize>,
    crowds: Crowds,
}

/// The subscribers of one document.
struct Channel {
    document: Arc<dyn Document>,
    subscribers: Vec<usize>,
    /// Something was applied since it last composed.
    changed: bool,
    /// Time from which a change may be told again.
    not_before: Instant,
    /// Time at which everybody is told, changed or not.
    next_period: Option<Instant>,
    /// Among the shard's timers.
    scheduled: Option<Instant>,
}

/// Subscription to a document.
pub(super) struct DocumentSource {
    channel: usize,
    /// Offset up to which it has everything.
    upto: Offset,
    owed: Owed,
}

impl DocumentSource {
    /// Says whether anything is owed.
    pub(super) fn is_owed(&self) -> bool {
        !self.owed.is_nothing()
    }
}

/// Debts to a subscriber of a document, in this order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Owed {
    /// The beginning: then nothing else is.
    opening: bool,
    /// Everything that changed since.
    change: bool,
    /// All of it, because the period has passed.
    whole: bool,
}

impl Owed {
    const OPENING: Owed = Owed { opening: true, change: false, whole: false };
    const CHANGE: Owed = Owed { opening: false, change: true, whole: false };
    const WHOLE: Owed = Owed { opening: false, change: false, whole: true };

    fn is_nothing(self) -> bool {
        self == Owed::default()
    }

    fn and(self, more: Owed) -> Owed {
        if self.opening {
            return self;
        }
        Owed { opening: false, change: self.change || more.change, whole: self.whole || more.whole }
    }

    /// Gives what is to be composed next, for a subscriber who has everything up to
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

/// Messages that were composed for each occasion, and the frames made of them.
#[derive(Default)]
struct Shared {
    /// Time on the wall, for all of them.
    at: Timestamp,
    composed: HashMap<Occasion, Composed>,
    frames: HashMap<(Occasion, Wire), Frames>,
}

impl Documents {
    /// Begins a subscription, in the channel of its document: of the same
    /// `Arc` the same one.
    pub(super) fn start(
        &mut self,
        document: Arc<dyn Document>,
        now: Instant,
        timers: &mut Timers,
    ) -> DocumentSource {
        let channel = self.channel(document, now, timers);
        DocumentSource { channel, upto: Offset::START, owed: Owed::OPENING }
    }

    fn channel(&mut self, document: Arc<dyn Document>, now: Instant, timers: &mut Timers) -> usize {
        let address = address(&document);
        if let Some(key) = self.by_address.get(&address) {
            return *key;
        }
        let (cadence, member) = (document.cadence(), document.member());
        let period = cadence.period_ms.map(Duration::from_millis);
        let mut channel = Channel {
            document,
            subscribers: Vec::new(),
            changed: false,
            not_before: now,
            next_period: period.map(|period| now + period),
            scheduled: None,
        };
        let entry = self.channels.vacant_entry();
        let key = entry.key();
        channel.reschedule(key, timers);
        entry.insert(channel);
        self.by_address.insert(address, key);
        match member {
            _ if cadence.on_change_ms.is_none() => {}
            Some(member) => self.crowds.enter(member, key),
            None => drop(self.asked.insert(key)),
        }
        key
    }

    /// The address of what is followed.
    pub(super) fn address(&self, source: &DocumentSource) -> usize {
        address(&self.channels[source.channel].document)
    }

    pub(super) fn enter(&mut self, key: usize, source: &DocumentSource) {
        self.channels[source.channel].subscribers.push(key);
    }

    pub(super) fn leave(&mut self, key: usize, source: &DocumentSource, timers: &mut Timers) {
        let channel = &mut self.channels[source.channel];
        remove(&mut channel.subscribers, key);
        if channel.subscribers.is_empty() {
            if let Some(due) = channel.scheduled {
                timers.remove(due, Timer::Document(source.channel));
            }
            let channel = self.channels.remove(source.channel);
            self.by_address.remove(&address(&channel.document));
            self.asked.remove(&source.channel);
            if let Some(member) = channel.document.member() {
                self.crowds.leave(&member);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn has_no_subscribers(&self) -> bool {
        self.channels.is_empty()
            && self.by_address.is_empty()
            && self.asked.is_empty()
            && self.crowds.is_empty()
    }

    /// Something was applied.
    pub(super) fn touch(&mut self, delivery: &mut Delivery<'_, impl OfKind<DocumentSource>>) {
        for key in &self.asked {
            let channel = &mut self.channels[*key];
            channel.changed = true;
            channel.wake(*key, delivery);
        }
        for touched in self.crowds.touched() {
            let channel = &mut self.channels[touched.key];
            if !std::mem::replace(&mut channel.changed, true) {
                channel.stood_until(touched.stood, delivery);
            }
            channel.wake(touched.key, delivery);
        }
    }

    /// The hub is shutting down: what waits for its time is told now.
    pub(super) fn tell_changed(&mut self, delivery: &mut Delivery<'_, impl OfKind<DocumentSource>>) {
        for (key, channel) in self.channels.iter_mut().filter(|(_, channel)| channel.changed) {
            channel.not_before = delivery.sockets.now();
            channel.wake(key, delivery);
        }
    }

    /// Tells what is due now.
    pub(super) fn wake(&mut self, key: usize, delivery: &mut Delivery<'_, impl OfKind<DocumentSource>>) {
        match self.channels.get_mut(key) {
            Some(channel) => channel.wake(key, delivery),
            None => missing(&delivery.chassis.metrics, "document", key),
        }
    }

    /// Takes the next part of what is owed, composed for this subscription
    /// alone.
    pub(super) fn take(&self, source: &mut DocumentSource, recipient: &Recipient<'_>) -> Taken {
        let document = &self.channels[source.channel].document;
        let (occasion, rest) = source.owed.next(source.upto);
        let composed = document.compose(occasion, recipient.now.timestamp());
        let frames =
            frames(&composed, recipient.framings.get(recipient.framing).wire, &recipient.encoder.compressor);
        source.upto = reached(&**document, occasion, &composed).unwrap_or(source.upto);
        source.owed = rest;
        Taken::Part { frames: (frames.messages > 0).then_some(frames), last: rest.is_nothing() }
    }
}

impl Channel {
    /// Nothing changed up to `until`: who was owed nothing has everything up to
    /// there.
    fn stood_until(&self, until: Offset, delivery: &mut Delivery<'_, impl OfKind<DocumentSource>>) {
        for key in &self.subscribers {
            let source = delivery.entries.get_mut(*key).and_then(|it| it.source.of_kind());
            if let Some(source) = source
                && !source.is_owed()
            {
                source.upto = source.upto.max(until);
            }
        }
    }

    /// Tells what is due now.
    fn wake(&mut self, key: usize, delivery: &mut Delivery<'_, impl OfKind<DocumentSource>>) {
        let now = delivery.sockets.now();
        let cadence = self.document.cadence();
        if let (Some(due), Some(period)) = (self.next_period, cadence.period_ms)
            && due <= now
        {
            self.next_period = Some(now + Duration::from_millis(period));
            self.tell(Owed::WHOLE, delivery);
        }
        if self.changed && self.not_before <= now {
            self.changed = false;
            if self.tell(Owed::CHANGE, delivery)
                && let Some(least) = cadence.on_change_ms
            {
                self.not_before = now + Duration::from_millis(least);
            }
        }
        self.reschedule(key, delivery.timers);
    }

    fn reschedule(&mut self, key: usize, timers: &mut Timers) {
        let change = self.changed.then_some(self.not_before);
        let next = change.into_iter().chain(self.next_period).min();
        if next == self.scheduled {
            return;
        }
        if let Some(due) = std::mem::replace(&mut self.scheduled, next) {
            timers.remove(due, Timer::Document(key));
        }
        if let Some(due) = next {
            timers.add(due, Timer::Document(key));
        }
    }

    /// Tells every subscriber; whether there was anything to tell.
    fn tell(&self, occasion: Owed, delivery: &mut Delivery<'_, impl OfKind<DocumentSource>>) -> bool {
        let mut shared = Shared { at: delivery.sockets.moment().timestamp(), ..Shared::default() };
        let mut sent = 0;
        for key in &self.subscribers {
            match tell_one(*key, &*self.document, occasion, &mut shared, delivery) {
                Some(messages) => sent += messages,
                None => delivery.is_behind(*key),
            }
        }
        delivery.chassis.metrics.messages_sent.inc_by(sent);
        sent > 0
    }
}

/// One subscriber's part, if its socket has room; gives the number of
/// messages.
fn tell_one(
    key: usize,
    document: &dyn Document,
    occasion: Owed,
    shared: &mut Shared,
    delivery: &mut Delivery<'_, impl OfKind<DocumentSource>>,
) -> Option<u64> {
    let subscription = delivery.entries.get_mut(key)?;
    let DocumentSource { upto, owed, .. } = subscription.source.of_kind()?;
    let owes = !owed.is_nothing();
    let idle = if owes { None } else { delivery.sockets.idle(subscription.slot) };
    let Some(socket) = idle else {
        *owed = owed.and(occasion);
        delivery.chassis.metrics.conflated.inc_by(u64::from(owes));
        return None;
    };
    let (occasion, _) = occasion.next(*upto);
    let composed = shared.composed.entry(occasion).or_insert_with(|| document.compose(occasion, shared.at));
    *upto = reached(document, occasion, composed).unwrap_or(*upto);
    let wire = socket.wire();
    let encode = || frames(composed, wire, &delivery.encoder.compressor);
    let frames = shared.frames.entry((occasion, wire)).or_insert_with(encode);
    socket.send(frames);
    Some(frames.messages)
}

/// Which of the documents are to be begun, by address: those not followed yet
/// and those that are to begin again.
pub(super) fn wanted(parts: &[DocumentPart]) -> HashMap<usize, bool> {
    parts.iter().map(|part| (address(&part.document), part.anew)).collect()
}

/// Tells a document from others for as long as it is held.
pub(super) fn address(document: &Arc<dyn Document>) -> usize {
    Arc::as_ptr(document).addr()
}

/// Offset to which a subscriber is brought. A period repeats what is: it
/// does not stand for what changed on the way, unless that can be seen of it.
fn reached(document: &dyn Document, occasion: Occasion, composed: &Composed) -> Option<Offset> {
    (occasion != Occasion::Period || document.period_is_whole()).then_some(composed.upto)
}

fn frames(composed: &Composed, wire: Wire, compressor: &Compressor) -> Frames {
    let mut packet = Packet::new(wire, compressor);
    for message in &composed.messages {
        packet.push(&**message);
    }
    packet.finish_whole()
}
