//! The room of the subscriptions: what each socket of a shard follows, and
//! what it is still owed.
//!
//! Every kind of source has a file: how a subscription to it starts, how what
//! is published is delivered, how a socket takes what it is owed, and how it
//! ends. [`source`] chooses among them, and no kind names it, nor anything
//! above it: [`delivery`] and [`recipient`] are what they share. What is to be sent goes to the
//! [`Sockets`]; which of them lag or have lost something is given back.

mod acknowledgement;
mod crowds;
mod delivery;
mod document;
mod encoded;
mod feed;
mod framing;
mod framings;
mod groups;
mod pace;
mod publication;
mod queue;
mod recipient;
mod relay;
mod request;
mod source;
mod state;
mod subscription;
mod take;
mod takes;

use std::sync::Arc;
use std::time::Instant;

use hub_core::{Offset, Position, TopicName};
use hub_fanout::{Composition, Options, SnapshotReason};
use slab::Slab;
use smallvec::SmallVec;

pub(super) use self::acknowledgement::Verdict;
pub(super) use self::delivery::Lost;
pub(super) use self::framing::{Dialect, Id};
use self::framing::{Encoder, Framing, MessageIds};
use self::framings::Framings;
use self::pace::{Pace, Timers};
pub(super) use self::recipient::Taken;
pub(super) use self::relay::RelayRun;
use self::request::Starting;
pub(super) use self::request::{NotSubscribed, SubscribeRequest, WholeMessages};
use self::source::{Source, Sources};
use self::subscription::{Stands, Subscription};
use super::compressor::Compressor;
use super::missing::missing;
use super::wire::Wire;
use crate::chassis::Chassis;
use crate::native::DocumentPart;

/// Keys of one socket's subscriptions: of the one that most have, without a
/// list of its own.
type Keys = SmallVec<[usize; 1]>;

/// The subscriptions of one shard's sockets.
pub(super) struct Subscriptions {
    chassis: Arc<Chassis>,
    entries: Slab<Subscription<Source>>,
    /// Keys of subscriptions, by the slot of their socket.
    by_socket: Vec<Keys>,
    sources: Sources,
    framings: Framings,
    encoder: Encoder,
    timers: Timers,
    stands: Stands,
}

/// Which of how many shards this is, and since when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ordinal {
    pub(super) index: usize,
    pub(super) shards: usize,
    /// Start of the process, on the wall clock.
    pub(super) started_millis: u64,
}

impl Subscriptions {
    pub(super) fn new(chassis: Arc<Chassis>, ordinal: Ordinal) -> Subscriptions {
        let Ordinal { index, shards, started_millis } = ordinal;
        let position = Position { epoch: chassis.log.epoch(), offset: Offset::START };
        Subscriptions {
            entries: Slab::new(),
            by_socket: Vec::new(),
            sources: Sources::new(&chassis, index),
            framings: Framings::default(),
            encoder: Encoder::new(
                MessageIds::new(started_millis, index as u64, shards as u64),
                Compressor::new(chassis.compression, chassis.metrics.deflate.clone()),
            ),
            timers: Timers::default(),
            stands: Stands { position, horizon: Offset::START, recent: Offset::START },
            chassis,
        }
    }

    /// Refuses what [`subscribe`](Subscriptions::subscribe) would, and does nothing.
    pub(super) fn check(&self, destination: &TopicName, options: &Options) -> Result<(), NotSubscribed> {
        request::check(&self.chassis.catalog.resolve(destination)?, options, &self.chassis)
    }

    /// Adds a subscription. The caller lets the socket progress, to hand over
    /// the snapshot.
    pub(super) fn subscribe(
        &mut self,
        slot: usize,
        request: SubscribeRequest,
        now: Instant,
    ) -> Result<(), NotSubscribed> {
        let SubscribeRequest { wire, dialect, destination, options, ack } = request;
        let target = self.chassis.catalog.resolve(&destination)?;
        let starting = Starting { chassis: &self.chassis, stands: self.stands, options: &options };
        let (source, snapshot_reason) = self.sources.start(target, ack, &starting)?;
        let composition = match &source {
            _ if options.batch => Composition::Array,
            source => source.composition(&self.chassis),
        };
        self.enter(slot, Framing { wire, composition, dialect }, source, &options, snapshot_reason, now);
        Ok(())
    }

    /// Adds what a native socket follows and no destination leads to.
    pub(super) fn follow(
        &mut self,
        slot: usize,
        wire: Wire,
        name: &'static str,
        what: WholeMessages,
        now: Instant,
    ) {
        let started = self.sources.start_whole(what, now, &self.chassis, &mut self.timers);
        // A feed that there is not, which was told.
        let Some(source) = started else { return };
        let framing = Framing { wire, composition: Composition::Each, dialect: Dialect::Whole { name } };
        self.enter(slot, framing, source, &Options::default(), None, now);
    }

    /// Has a native socket follow these documents by this name, and no others.
    pub(super) fn follow_parts(
        &mut self,
        slot: usize,
        wire: Wire,
        name: &'static str,
        parts: Vec<DocumentPart>,
        now: Instant,
    ) {
        let mut begun = document::wanted(&parts);
        for key in self.followed(slot, name) {
            let source = self.at(key).and_then(|subscription| subscription.source.document());
            let shown = source.map(|source| self.sources.documents.address(source));
            match shown.and_then(|shown| begun.get(&shown).map(|anew| (shown, *anew))) {
                Some((shown, false)) => drop(begun.remove(&shown)),
                _ => self.end(slot, key),
            }
        }
        for DocumentPart { document, .. } in parts {
            if begun.contains_key(&document::address(&document)) {
                self.follow(slot, wire, name, WholeMessages::Document(document), now);
            }
        }
    }

    fn enter(
        &mut self,
        slot: usize,
        framing: Framing,
        source: Source,
        options: &Options,
        snapshot_reason: Option<SnapshotReason>,
        now: Instant,
    ) {
        let framing = self.framings.enter(framing);
        let pace = Pace::new(options.interval, now).map(Box::new);
        let since = if options.resume.is_some() { self.chassis.publisher.published() } else { Offset::START };
        let key = self.entries.insert(Subscription { slot, framing, source, pace, snapshot_reason, since });
        self.sources.enter(key, &mut self.entries[key].source, &self.chassis);
        if self.by_socket.len() <= slot {
            self.by_socket.resize_with(slot + 1, Keys::new);
        }
        self.by_socket[slot].push(key);
    }

    /// Ends the socket's subscription with this id, or for a STOMP 1.0 client
    /// without ids, to this destination.
    pub(super) fn unsubscribe(&mut self, slot: usize, id: Option<&str>, destination: Option<&str>) {
        let is_it = |key: &&usize| match self.dialect(**key) {
            Some(Dialect::Stomp { subscription, destination: named, .. }) => match id {
                Some(id) => subscription.as_ref().is_some_and(|own| own.is(id)),
                None => subscription.is_none() && Some(named.as_str()) == destination,
            },
            _ => false,
        };
        if let Some(key) = self.of_socket(slot).iter().find(is_it).copied() {
            self.end(slot, key);
        }
    }

    /// Ends what a native socket follows by this name.
    pub(super) fn unfollow(&mut self, slot: usize, name: &str) {
        for key in self.followed(slot, name) {
            self.end(slot, key);
        }
    }

    /// Ends all of a socket's subscriptions.
    pub(super) fn end_all(&mut self, slot: usize) {
        // One that never had any has no list.
        for key in self.by_socket.get_mut(slot).map(std::mem::take).unwrap_or_default() {
            self.forget(key);
        }
    }

    /// Lists what a native socket follows by this name.
    fn followed(&self, slot: usize, name: &str) -> Vec<usize> {
        let is_it = |key: &usize| match self.dialect(*key) {
            Some(Dialect::Native { name: own } | Dialect::Whole { name: own }) => *own == name,
            _ => false,
        };
        self.of_socket(slot).iter().copied().filter(is_it).collect()
    }

    /// The keys of a socket's subscriptions; one that never had any has no
    /// list.
    fn of_socket(&self, slot: usize) -> &[usize] {
        self.by_socket.get(slot).map_or(&[], Keys::as_slice)
    }

    fn dialect(&self, key: usize) -> Option<&Dialect> {
        Some(&self.framings.get(self.at(key)?.framing).dialect)
    }

    /// Ends one of a socket's subscriptions.
    fn end(&mut self, slot: usize, key: usize) {
        self.by_socket[slot].retain(|other| *other != key);
        self.forget(key);
    }

    fn forget(&mut self, key: usize) {
        let Some(mut subscription) = self.entries.try_remove(key) else {
            return missing(&self.chassis.metrics, "subscription", key);
        };
        self.framings.leave(subscription.framing);
        if let Some(pace) = &mut subscription.pace {
            self.timers.unschedule(key, pace);
        }
        self.sources.leave(key, &subscription.source, &self.chassis, &mut self.timers);
    }

    /// The subscription of a key that must have one.
    fn at(&self, key: usize) -> Option<&Subscription<Source>> {
        let subscription = self.entries.get(key);
        if subscription.is_none() {
            missing(&self.chassis.metrics, "subscription", key);
        }
        subscription
    }

    /// Forgets what was kept for those who would take the same: nobody has come
    /// for long.
    pub(super) fn forget_takes(&mut self) {
        self.sources.forget_takes();
    }

    /// Gives the time at which the next subscription or document is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Says whether nothing is left of subscriptions that have ended.
    #[cfg(test)]
    pub(super) fn holds_nothing(&self) -> bool {
        self.framings.is_empty()
            && self.sources.follow_nothing()
            && self.by_socket.iter().all(|keys| keys.is_empty() && !keys.spilled())
    }

    /// Says whether nobody follows anything.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
