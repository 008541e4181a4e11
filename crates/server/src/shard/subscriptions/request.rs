//! Requests for subscriptions, and why one is refused.

use std::sync::Arc;

use hub_core::{Offset, Position, TopicName};
use hub_fanout::queues::AckMode;
use hub_fanout::{
    Document, EventFilter, Extent, FeedId, Options, SnapshotReason, Target, TargetError, honour,
};

use super::framing::Dialect;
use super::subscription::Stands;
use crate::chassis::Chassis;
use crate::metrics::KindLabels;
use crate::shard::wire::Wire;

/// Request for a subscription.
pub(in crate::shard) struct SubscribeRequest {
    pub(in crate::shard) wire: Wire,
    pub(in crate::shard) dialect: Dialect,
    pub(in crate::shard) destination: TopicName,
    pub(in crate::shard) options: Options,
    /// Way in which messages of a queue are acknowledged.
    pub(in crate::shard) ack: AckMode,
}

/// Source that no destination leads to: a native socket gets whole messages
/// of it, as its service tells them.
pub(in crate::shard) enum WholeMessages {
    Document(Arc<dyn Document>),
    /// The events of a feed from now on.
    Feed {
        feed: FeedId,
        filter: EventFilter,
    },
}

/// Reason to refuse a subscription.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::shard) enum NotSubscribed {
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error("{option}: {destination} is relayed as it comes, there is nothing to choose")]
    NoOptions { option: &'static str, destination: TopicName },
    #[error("limit: {0} takes none, it has as many elements as there are")]
    NoLimit(TopicName),
}

/// Everything a source needs to start a subscription.
pub(super) struct Starting<'a> {
    pub(super) chassis: &'a Chassis,
    pub(super) stands: Stands,
    pub(super) options: &'a Options,
}

impl Starting<'_> {
    /// The position that was asked to resume from, if one was, where what the
    /// subscriber has seen can be continued.
    pub(super) fn resume(&self) -> Option<Result<Offset, SnapshotReason>> {
        let asked = self.options.resume?;
        let published = self.chassis.publisher.published();
        let published = Position { epoch: self.chassis.log.epoch(), offset: published };
        Some(honour(asked, published, self.stands.horizon))
    }

    /// Counts what became of it.
    pub(super) fn count_resume(&self, snapshot_reason: Option<SnapshotReason>) {
        let metrics = &self.chassis.metrics;
        if snapshot_reason.is_some() {
            metrics.errors.get_or_create(&KindLabels { kind: "resume" }).inc();
        } else if self.options.resume.is_some() {
            metrics.reconnects.inc();
        }
    }
}

/// Refuses options that what a destination leads to does not take.
pub(super) fn check(target: &Target, options: &Options, chassis: &Chassis) -> Result<(), NotSubscribed> {
    match target {
        Target::State { topic, .. } => {
            let state = &chassis.catalog.states()[usize::from(topic.0)];
            check_limit(options, state.takes_limit, &state.topic.name)
        }
        Target::Feed { feed, .. } => {
            let name = &chassis.catalog.feeds()[usize::from(feed.0)].topic.name;
            check_limit(options, false, name)
        }
        Target::Relay(name) | Target::Queue(name) => check_relay(options, name),
    }
}

/// A limit is of a document that takes one: who asks for ten rows of a map must not be sent all of them.
fn check_limit(options: &Options, takes_limit: bool, destination: &TopicName) -> Result<(), NotSubscribed> {
    if options.limit.is_some() && !takes_limit {
        return Err(NotSubscribed::NoLimit(destination.clone()));
    }
    Ok(())
}

/// An option that is not honoured is refused: whoever asks for one portfolio
/// must not be sent all of them.
fn check_relay(options: &Options, destination: &TopicName) -> Result<(), NotSubscribed> {
    let given = [
        (Options::PORTFOLIO_IDS, options.portfolios.is_some()),
        (Options::INTERVAL, !options.interval.is_zero()),
        (Options::SNAPSHOT, options.snapshot != Extent::Whole),
        (Options::RESUME, options.resume.is_some()),
        (Options::BATCH, options.batch),
        (Options::LIMIT, options.limit.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((option, _)) => {
            Err(NotSubscribed::NoOptions { option: option.name(), destination: destination.clone() })
        }
        None => Ok(()),
    }
}
