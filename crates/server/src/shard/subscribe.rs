//! Subscriptions of a shard's sockets.

use std::collections::HashMap;
use std::rc::Rc;

use hub_core::{Offset, Position, TopicName};
use hub_fanout::queues::AckMode;
use hub_fanout::{
    Composition, EventFilter, FeedCursor, FeedId, FeedStart, Filter, Options, SnapshotReason, Start,
    StateSubscription, Target, TargetError, TopicId, honour,
};
use slab::Slab;

use super::Shard;
use super::channels::Owed;
use super::feeds::Feed;
use super::framing::{Dialect, Framing};
use super::pace::Pace;
use super::queues::Consumer;
use super::wire::Wire;
use crate::native::Followed;

/// One subscription of one socket.
pub(super) struct Subscription {
    pub(super) slot: usize,
    pub(super) framing: FramingId,
    pub(super) source: Source,
    /// Where an interval was asked for.
    pub(super) pace: Option<Box<Pace>>,
    /// What it gets first is a snapshot, though it asked to resume.
    pub(super) instead: Option<SnapshotReason>,
    /// Nothing is pulled before the shard stands here: who comes from a
    /// quicker shard may have seen what was in flight there, and is not shown
    /// older values after newer ones.
    pub(super) since: Offset,
}

/// Where its messages come from.
pub(super) enum Source {
    State { topic: TopicId, owed: StateSubscription },
    Feed { feed: FeedId, cursor: FeedCursor },
    Document { channel: usize, upto: Offset, owed: Owed },
    Queue(Consumer),
    Relay(TopicName),
}

/// What a peer asks for.
pub(super) struct Wanted {
    pub(super) wire: Wire,
    pub(super) dialect: Dialect,
    pub(super) destination: TopicName,
    pub(super) options: Options,
    /// How messages of a queue are acknowledged.
    pub(super) ack: AckMode,
}

/// Why it does not get it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum NotSubscribed {
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error("{option}: {destination} is relayed as it comes, there is nothing to choose")]
    NoOptions { option: &'static str, destination: TopicName },
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
    /// Adds a subscription; the caller lets the socket [progress](Shard::progress)
    /// to hand over the snapshot.
    pub(super) fn subscribe(&mut self, slot: usize, wanted: Wanted) -> Result<(), NotSubscribed> {
        let Wanted { wire, dialect, destination, options, ack } = wanted;
        let mut queue = None;
        let (source, composition, instead) = match self.chassis.catalog.resolve(&destination)? {
            Target::State { topic, filter } => self.follow_state(topic, filter, &options),
            Target::Feed { feed, filter } => self.follow_feed(feed, filter, &options),
            Target::Relay(name) => {
                check_relay(&options, &name)?;
                (Source::Relay(name), Composition::Each, None)
            }
            Target::Queue(name) => {
                check_relay(&options, &name)?;
                queue = Some(name);
                (Source::Queue(self.consumer(ack)), Composition::Each, None)
            }
        };
        let composition = if options.batch { Composition::Array } else { composition };
        let framing = Framing { wire, composition, dialect };
        let key = self.enter(slot, framing, source, &options, instead);
        if let Some(queue) = queue {
            self.start_consuming(key, &queue, ack);
        }
        Ok(())
    }

    /// Adds what a native socket follows and no destination leads to.
    pub(super) fn follow(&mut self, slot: usize, name: &'static str, what: Followed) {
        let source = match what {
            Followed::Topic { .. } | Followed::Parts(_) => return,
            Followed::Document(document) => {
                Source::Document { channel: self.channel(document), upto: Offset::START, owed: Owed::OPENING }
            }
            Followed::Feed { feed, filter } => {
                let Some(Feed { window, .. }) = self.feeds.get(usize::from(feed.0)) else { return };
                Source::Feed { feed, cursor: FeedCursor::new(filter, FeedStart::Now, window) }
            }
        };
        let Some(wire) = self.sockets.get(slot).map(|socket| socket.wire) else { return };
        let dialect = Dialect::Told { name };
        let framing = Framing { wire, composition: Composition::Each, dialect };
        self.enter(slot, framing, source, &Options::default(), None);
    }

    fn enter(
        &mut self,
        slot: usize,
        framing: Framing,
        source: Source,
        options: &Options,
        instead: Option<SnapshotReason>,
    ) -> usize {
        let framing = self.framings.enter(framing);
        let pace = Pace::new(options.interval, self.now).map(Box::new);
        let since = if options.resume.is_some() { self.chassis.publisher.published() } else { Offset::START };
        let key = self.subscriptions.insert(Subscription { slot, framing, source, pace, instead, since });
        match &self.subscriptions[key].source {
            Source::State { topic, .. } => {
                let topic = usize::from(topic.0);
                self.chassis.catalog.states()[topic].interest().enter();
                self.topics[topic].subscribers.push(key);
            }
            Source::Feed { feed, .. } => self.feeds[usize::from(feed.0)].subscribers.push(key),
            Source::Document { channel, .. } => self.channels[*channel].subscribers.push(key),
            Source::Queue(_) => {}
            Source::Relay(name) => self.relays.entry(name.clone()).or_default().push(key),
        }
        if let Some(socket) = self.sockets.get_mut(slot) {
            socket.subscriptions.push(key);
        }
        key
    }

    fn follow_state(
        &mut self,
        topic: TopicId,
        filter: Filter,
        options: &Options,
    ) -> (Source, Composition, Option<SnapshotReason>) {
        let filter = match &options.portfolios {
            Some(portfolios) => filter.narrowed(portfolios),
            None => filter,
        };
        let (start, instead) = match options.resume.map(|asked| self.honour(asked)) {
            Some(Ok(after)) => (Start::After(after), None),
            Some(Err(instead)) => (Start::Snapshot, Some(instead)),
            None if options.snapshot => (Start::Snapshot, None),
            None => (Start::Now, None),
        };
        self.count_resume(options.resume.is_some(), instead);
        let dirty_max = self.chassis.limits.dirty_keys;
        let owed = StateSubscription::new(filter, start, self.position.offset, dirty_max);
        let composition = self.chassis.catalog.states()[usize::from(topic.0)].composition;
        (Source::State { topic, owed }, composition, instead)
    }

    fn follow_feed(
        &mut self,
        feed: FeedId,
        filter: EventFilter,
        options: &Options,
    ) -> (Source, Composition, Option<SnapshotReason>) {
        let filter = match &options.portfolios {
            Some(portfolios) => filter.narrowed(EventFilter::about(portfolios)),
            None => filter,
        };
        let window = &self.feeds[usize::from(feed.0)].window;
        let (cursor, instead) = match options.resume.map(|asked| self.honour(asked)) {
            None if options.snapshot => (FeedCursor::new(filter, FeedStart::Window, window), None),
            None => (FeedCursor::new(filter, FeedStart::Now, window), None),
            Some(honoured) => {
                let kept = honoured.and_then(|after| {
                    window.after(after).map(|_| after).ok_or(SnapshotReason::BeyondHorizon)
                });
                let start = kept.map_or(FeedStart::Window, FeedStart::After);
                (FeedCursor::new(filter, start, window), kept.err())
            }
        };
        self.count_resume(options.resume.is_some(), instead);
        (Source::Feed { feed, cursor }, Composition::Each, instead)
    }

    /// Whether what a subscriber has seen can be continued.
    fn honour(&self, asked: Position) -> Result<Offset, SnapshotReason> {
        let published = self.chassis.publisher.published();
        let published = Position { epoch: self.chassis.log.epoch(), offset: published };
        honour(asked, published, self.horizon)
    }

    fn count_resume(&self, asked: bool, instead: Option<SnapshotReason>) {
        match instead {
            Some(_) => self.count_error("resume"),
            None if asked => drop(self.chassis.metrics.reconnects.inc()),
            None => {}
        }
    }

    /// Ends the socket's subscription with this id, or for a STOMP 1.0 client
    /// without ids, to this destination.
    pub(super) fn unsubscribe(&mut self, slot: usize, id: Option<&str>, destination: Option<&str>) {
        self.unsubscribe_where(slot, |dialect| match dialect {
            Dialect::Stomp { subscription, destination: named, .. } => match id {
                Some(id) => subscription.as_deref() == Some(id),
                None => subscription.is_none() && Some(named.as_str()) == destination,
            },
            Dialect::Native { .. } | Dialect::Told { .. } => false,
        });
    }

    /// Ends what a native socket follows by this name.
    pub(super) fn unfollow(&mut self, slot: usize, name: &str) {
        for key in self.followed(slot, name) {
            self.end_subscription(slot, key);
        }
    }

    /// What a native socket follows by this name.
    pub(super) fn followed(&self, slot: usize, name: &str) -> Vec<usize> {
        let is_it = |key: &usize| match &self.framings.get(self.subscriptions[*key].framing).dialect {
            Dialect::Native { name: own } | Dialect::Told { name: own } => *own == name,
            Dialect::Stomp { .. } => false,
        };
        let Some(socket) = self.sockets.get(slot) else { return Vec::new() };
        socket.subscriptions.iter().copied().filter(is_it).collect()
    }

    fn unsubscribe_where(&mut self, slot: usize, is_it: impl Fn(&Dialect) -> bool) {
        let Some(socket) = self.sockets.get(slot) else { return };
        let wanted = |key: &&usize| is_it(&self.framings.get(self.subscriptions[**key].framing).dialect);
        if let Some(key) = socket.subscriptions.iter().find(wanted).copied() {
            self.end_subscription(slot, key);
        }
    }

    /// Ends one of a socket's subscriptions.
    pub(super) fn end_subscription(&mut self, slot: usize, key: usize) {
        if let Some(socket) = self.sockets.get_mut(slot) {
            socket.subscriptions.retain(|other| *other != key);
        }
        self.forget(key);
    }

    /// Ends all of a socket's subscriptions.
    pub(super) fn unsubscribe_all(&mut self, slot: usize) {
        let Some(socket) = self.sockets.get_mut(slot) else { return };
        for key in std::mem::take(&mut socket.subscriptions) {
            self.forget(key);
        }
    }

    fn forget(&mut self, key: usize) {
        let Some(mut subscription) = self.subscriptions.try_remove(key) else { return };
        self.framings.leave(subscription.framing);
        if let Some(pace) = &mut subscription.pace {
            self.timers.unschedule(key, pace);
        }
        match subscription.source {
            Source::State { topic, .. } => {
                let topic = usize::from(topic.0);
                self.chassis.catalog.states()[topic].interest().leave();
                remove(&mut self.topics[topic].subscribers, key);
            }
            Source::Feed { feed, .. } => remove(&mut self.feeds[usize::from(feed.0)].subscribers, key),
            Source::Document { channel, .. } => self.leave_channel(channel, key),
            Source::Queue(consumer) => self.stop_consuming(&consumer),
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

/// An option that is not honoured is refused: whoever asks for one portfolio
/// must not be sent all of them.
fn check_relay(options: &Options, destination: &TopicName) -> Result<(), NotSubscribed> {
    let given = [
        (Options::PORTFOLIO_IDS, options.portfolios.is_some()),
        (Options::INTERVAL, !options.interval.is_zero()),
        (Options::SNAPSHOT, !options.snapshot),
        (Options::RESUME, options.resume.is_some()),
        (Options::BATCH, options.batch),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((option, _)) => {
            Err(NotSubscribed::NoOptions { option: option.name(), destination: destination.clone() })
        }
        None => Ok(()),
    }
}

fn remove(keys: &mut Vec<usize>, key: usize) {
    if let Some(index) = keys.iter().position(|other| *other == key) {
        keys.swap_remove(index);
    }
}
