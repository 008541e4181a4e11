//! A record: an event at its place in the log.

use crate::{Event, Offset, Rejection, Timestamp};

/// Time that an event may claim to be ahead of the log's own.
const CLOCK_SKEW_MAX_MILLIS: i64 = 5 * 60 * 1000;

/// An event, where it stands and when it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Its place in its log.
    pub offset: Offset,
    /// Time at which the log's writer took it in; never less than its predecessor's.
    pub at: Timestamp,
    /// Event that happened.
    pub event: Event,
}

impl Record {
    /// The time of this record's event: the one that it claims, or `at` where it claims none, or one ahead of `at`.
    /// So a sender whose clock is fast, or a wall clock that was set back, shuts out nobody: nothing is newer than
    /// what the log took in last. A claim more than five minutes ahead is refused.
    pub fn event_time(&self, claimed: Option<Timestamp>) -> Result<Timestamp, Rejection> {
        match claimed {
            Some(time) if time > self.at.plus_millis(CLOCK_SKEW_MAX_MILLIS) => {
                Err(Rejection::of("timestamp", "is more than 5 minutes ahead of the hub's time"))
            }
            Some(time) => Ok(time.min(self.at)),
            None => Ok(self.at),
        }
    }
}
