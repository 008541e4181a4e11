//! Closed positions that are still listed with 0.

use hub_core::Timestamp;
use hub_fanout::RowKey;
use hub_rows::Queue;
use serde::{Deserialize, Serialize};

/// One closing of one position. It may have been reopened since.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Closing {
    pub(crate) at: Timestamp,
    pub(crate) row: RowKey,
}

/// The closings within the resume horizon, in the order of time.
#[derive(Default, Debug, Serialize, Deserialize)]
pub(crate) struct Closings(Queue<Closing>);

impl Closings {
    /// A position closed; not before any earlier closing.
    pub(crate) fn push(&mut self, closing: Closing) {
        self.0.push_back(closing);
    }

    /// Time at which the oldest closing is `horizon_millis` old.
    pub(crate) fn next_due(&self, horizon_millis: i64) -> Option<Timestamp> {
        self.0.front().map(|(_, closing)| closing.at.plus_millis(horizon_millis))
    }

    /// The next closing that happened `horizon_millis` or longer before `now`.
    pub(crate) fn pop_due(&mut self, now: Timestamp, horizon_millis: i64) -> Option<Closing> {
        if self.next_due(horizon_millis)? <= now { self.0.pop_front() } else { None }
    }
}
