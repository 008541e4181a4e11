//! The kinds of source that can be followed, and the one place that chooses
//! among them.

use std::time::Instant;

use hub_core::Offset;
use hub_fanout::queues::AckMode;
use hub_fanout::{Composition, SnapshotReason, Target};

use super::document::{DocumentSource, Documents};
use super::feed::{FeedSource, Feeds};
use super::pace::Timers;
use super::queue::{Consumers, QueueSource};
use super::recipient::{Recipient, Taken};
use super::relay::{RelaySource, Relays};
use super::request::{NotSubscribed, Starting, WholeMessages, check};
use super::state::{StateSource, States};
use super::subscription::{OfKind, Stands};
use crate::chassis::Chassis;
use crate::shard::missing::missing;

/// Source that a subscription follows, and how far it has come. The large ones
/// are boxed: every subscription takes the room of the largest.
pub(super) enum Source {
    State(Box<StateSource>),
    Feed(FeedSource),
    Document(DocumentSource),
    Queue(Box<QueueSource>),
    Relay(RelaySource),
}

/// All that can be followed, as this shard sees it.
pub(super) struct Sources {
    pub(super) states: States,
    pub(super) feeds: Feeds,
    pub(super) documents: Documents,
    pub(super) consumers: Consumers,
    pub(super) relays: Relays,
}

impl Sources {
    pub(super) fn new(chassis: &Chassis, shard: usize) -> Sources {
        Sources {
            states: States::new(chassis.catalog.states().len()),
            feeds: Feeds::new(chassis.publisher.windows()),
            documents: Documents::default(),
            consumers: Consumers::new(shard),
            relays: Relays::default(),
        }
    }

    /// A subscription to what a destination leads to; why it begins with a
    /// snapshot, where it asked to resume and can't. What is relayed is refused
    /// where an option was given.
    pub(super) fn start(
        &mut self,
        target: Target,
        ack: AckMode,
        starting: &Starting<'_>,
    ) -> Result<(Source, Option<SnapshotReason>), NotSubscribed> {
        check(&target, starting.options, starting.chassis)?;
        Ok(match target {
            Target::State { topic, filter } => {
                let (source, snapshot_reason) = States::start(topic, filter, starting);
                (Source::State(Box::new(source)), snapshot_reason)
            }
            Target::Feed { feed, filter } => {
                let (source, snapshot_reason) = self.feeds.start(feed, filter, starting);
                (Source::Feed(source), snapshot_reason)
            }
            Target::Relay(name) => (Source::Relay(RelaySource { destination: name }), None),
            Target::Queue(name) => (Source::Queue(Box::new(self.consumers.start(name, ack))), None),
        })
    }

    /// A subscription to what no destination leads to; `None`: there is no
    /// such feed, which is told of.
    pub(super) fn start_whole(
        &mut self,
        what: WholeMessages,
        now: Instant,
        chassis: &Chassis,
        timers: &mut Timers,
    ) -> Option<Source> {
        match what {
            WholeMessages::Document(document) => {
                Some(Source::Document(self.documents.start(document, now, timers)))
            }
            WholeMessages::Feed { feed, filter } => {
                let source = self.feeds.start_now(feed, filter);
                if source.is_none() {
                    missing(&chassis.metrics, "feed", feed.0.into());
                }
                source.map(Source::Feed)
            }
        }
    }

    /// The subscription `key` has come: what is published next is for it, too.
    pub(super) fn enter(&mut self, key: usize, source: &mut Source, chassis: &Chassis) {
        match source {
            Source::State(source) => self.states.enter(key, source, chassis),
            Source::Feed(source) => self.feeds.enter(key, source),
            Source::Document(source) => self.documents.enter(key, source),
            Source::Queue(source) => self.consumers.enter(key, source, chassis),
            Source::Relay(source) => self.relays.enter(key, source),
        }
    }

    /// The subscription `key` has ended.
    pub(super) fn leave(&mut self, key: usize, source: &Source, chassis: &Chassis, timers: &mut Timers) {
        match source {
            Source::State(source) => self.states.leave(key, source, chassis),
            Source::Feed(source) => self.feeds.leave(key, source),
            Source::Document(source) => self.documents.leave(key, source, timers),
            Source::Queue(source) => self.consumers.leave(source, chassis),
            Source::Relay(source) => self.relays.leave(key, source),
        }
    }

    /// Forgets what was kept for those who would take the same.
    pub(super) fn forget_takes(&mut self) {
        self.states.forget_takes();
        self.feeds.forget_takes();
    }

    /// Says whether nothing is followed by anybody.
    #[cfg(test)]
    pub(super) fn follow_nothing(&self) -> bool {
        self.states.has_no_subscribers()
            && self.feeds.has_no_subscribers()
            && self.documents.has_no_subscribers()
            && self.consumers.has_no_subscribers()
            && self.relays.has_no_subscribers()
    }

    /// Says whether there is anything to hand over now or later. What is relayed is
    /// handed over at once or not at all.
    pub(super) fn owes(&self, source: &Source, since: Offset, stands: Stands) -> bool {
        match source {
            Source::State(source) => source.is_owed() && stands.position.offset >= since,
            Source::Feed(source) => self.feeds.owes(source),
            Source::Document(source) => source.is_owed(),
            Source::Queue(_) | Source::Relay(_) => false,
        }
    }

    /// Says whether something would be lost if an interval were waited for.
    pub(super) fn is_urgent(&self, source: &Source, horizon: Offset) -> bool {
        match source {
            Source::Feed(source) => self.feeds.is_urgent(source, horizon),
            Source::State(_) | Source::Document(_) | Source::Queue(_) | Source::Relay(_) => false,
        }
    }

    /// Takes the next part of what is owed.
    pub(super) fn take(&mut self, source: &mut Source, recipient: &Recipient<'_>) -> Taken {
        match source {
            Source::State(source) => self.states.take(source, recipient),
            Source::Feed(source) => self.feeds.take(source, recipient),
            Source::Document(source) => self.documents.take(source, recipient),
            Source::Queue(_) | Source::Relay(_) => Taken::Nothing,
        }
    }
}

impl Source {
    /// Composition of its messages, unless another was asked for.
    pub(super) fn composition(&self, chassis: &Chassis) -> Composition {
        match self {
            Source::State(source) => source.composition(chassis),
            Source::Feed(_) | Source::Document(_) | Source::Queue(_) | Source::Relay(_) => Composition::Each,
        }
    }

    /// A document's, where it is one.
    pub(super) fn document(&self) -> Option<&DocumentSource> {
        if let Source::Document(source) = self { Some(source) } else { None }
    }

    /// A queue's, where it is one.
    pub(super) fn queue(&self) -> Option<&QueueSource> {
        if let Source::Queue(source) = self { Some(source) } else { None }
    }

    /// A queue's, where it is one.
    pub(super) fn queue_mut(&mut self) -> Option<&mut QueueSource> {
        self.of_kind()
    }
}

impl OfKind<StateSource> for Source {
    fn of_kind(&mut self) -> Option<&mut StateSource> {
        if let Source::State(source) = self { Some(source) } else { None }
    }
}

impl OfKind<FeedSource> for Source {
    fn of_kind(&mut self) -> Option<&mut FeedSource> {
        if let Source::Feed(source) = self { Some(source) } else { None }
    }
}

impl OfKind<DocumentSource> for Source {
    fn of_kind(&mut self) -> Option<&mut DocumentSource> {
        if let Source::Document(source) = self { Some(source) } else { None }
    }
}

impl OfKind<QueueSource> for Source {
    fn of_kind(&mut self) -> Option<&mut QueueSource> {
        if let Source::Queue(source) = self { Some(source) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::super::subscription::Subscription;
    use super::*;

    /// Most sockets have one, and most follow what owes them little: what a
    /// kind of source remembers beyond that is boxed.
    #[test]
    fn a_subscription_is_small() {
        let bytes = size_of::<Subscription<Source>>();
        assert!(bytes <= 80, "{bytes} bytes");
    }
}
