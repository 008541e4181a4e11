//! The pipeline's state, as a value.

use std::sync::Arc;

use hub_core::{Offset, Timestamp, TradeId};
use hub_fanout::{Applied, Snapshot, StateReader};

use crate::alerts::AlertBoard;
use crate::dead_letters::{DeadLetter, DeadLetters};
use crate::dlq::{self, Class, ClassMap, Origin};
use crate::pipeline::Numbers;
use crate::queues::{self, Queue, QueueKey, QueueMap};
use crate::trades::{Trade, TradeMap};

/// The pipeline at one position of the log. A clone shares all it holds: each
/// settle hands out one that nobody waits for and that the next record does
/// not change.
#[derive(Clone)]
pub struct State {
    pub(crate) applied: Applied,
    pub(crate) numbers: Numbers,
    pub(crate) classes: ClassMap,
    pub(crate) last_error: Option<Timestamp>,
    pub(crate) queues: QueueMap,
    pub(crate) trades: TradeMap,
    pub(crate) letters: DeadLetters,
    pub(crate) alerts: Arc<AlertBoard>,
}

impl State {
    /// The place in the log that all of this is as of. Before
    /// the first batch, offset 0 of epoch 0.
    pub fn applied(&self) -> Applied {
        self.applied
    }

    /// Rates, counts and latencies.
    pub fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    /// The number of dead letters in 24 h, by where they were given up; only where
    /// there are any.
    pub fn dead_letters_by_origin(&self) -> Vec<(Origin, u64)> {
        dlq::by_origin(&self.classes).into_iter().collect()
    }

    /// The `limit` largest classes of dead letters of 24 h.
    pub fn dead_letter_classes(&self, limit: usize) -> Vec<&Class> {
        dlq::largest(&self.classes, limit)
    }

    /// The time of the last error or dead letter.
    pub fn last_error(&self) -> Option<Timestamp> {
        self.last_error
    }

    /// The `limit` queues with the largest lag, by topic, partition, group.
    pub fn queues(&self, limit: usize) -> Vec<(&QueueKey, &Arc<Queue>)> {
        queues::largest(&self.queues, limit)
    }

    /// A trade's way through the pipeline, if it is (still) known.
    pub fn trade(&self, id: TradeId) -> Option<&Arc<Trade>> {
        self.trades.get(&id)
    }

    /// The alerts.
    pub fn alerts(&self) -> &Arc<AlertBoard> {
        &self.alerts
    }

    /// The number of the hub's own rejections that are kept.
    pub fn letter_count(&self) -> usize {
        self.letters.len()
    }

    /// One of the hub's own rejections.
    pub fn letter(&self, id: Offset) -> Option<&Arc<DeadLetter>> {
        self.letters.get(id)
    }

    /// The hub's own rejections before a record, the newest first.
    pub fn letters_before(&self, before: Offset) -> impl Iterator<Item = &Arc<DeadLetter>> {
        self.letters.before(before)
    }
}

/// The way to what has been applied. Cheap to clone.
#[derive(Clone)]
pub struct RttmReads(pub(crate) StateReader<State>);

impl RttmReads {
    /// The state as of the last batch: a caller finds in it every write that
    /// was acknowledged before.
    pub fn settled(&self) -> Snapshot<State> {
        self.0.settled()
    }

    /// The state as of the last flush: for those who are told of changes once
    /// per flush and must not see them before.
    pub fn flushed(&self) -> Snapshot<State> {
        self.0.flushed()
    }
}
