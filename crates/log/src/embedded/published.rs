//! State that everyone may see: the committed head and the latest records.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use hub_core::{Offset, Record};

use super::lock;
use super::ring::{Committed, Ring};
use crate::LogError;

/// The handoff from the writer to the readers.
pub(super) struct Published {
    state: Mutex<Tip>,
    changed: Condvar,
}

/// Source of the records after some offset.
pub(super) enum Found {
    /// In memory: these.
    Recent(Vec<Arc<Record>>),
    /// In the file, up to the committed head.
    Older {
        /// The last record that may be read.
        head: Offset,
    },
}

struct Tip {
    head: Offset,
    ring: Ring,
    /// Reason why nothing follows the head any more, once that is so.
    ended: Option<LogError>,
}

impl Published {
    pub(super) fn new(head: Offset, max_records: usize, max_bytes: usize) -> Published {
        let state = Tip { head, ring: Ring::new(max_records, max_bytes), ended: None };
        Published { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// The last committed offset.
    pub(super) fn head(&self) -> Offset {
        lock(&self.state).head
    }

    /// Makes committed records visible and wakes whoever waits for them.
    pub(super) fn publish(&self, committed: Vec<Committed>) {
        let mut state = lock(&self.state);
        for next in committed {
            state.head = next.record.offset;
            state.ring.push(next);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Nothing follows any more.
    pub(super) fn end(&self, reason: &LogError) {
        lock(&self.state).ended = Some(reason.clone());
        self.changed.notify_all();
    }

    /// Source of what follows `after` now.
    pub(super) fn after(&self, after: Offset, max_records: usize) -> Found {
        lock(&self.state).after(after, max_records)
    }

    /// The same, once something follows `after` or `timeout` has passed.
    pub(super) fn wait_after(
        &self,
        after: Offset,
        max_records: usize,
        timeout: Duration,
    ) -> Result<Found, LogError> {
        let state = lock(&self.state);
        let (state, _) = self
            .changed
            .wait_timeout_while(state, timeout, |state| state.head <= after && state.ended.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        match &state.ended {
            Some(reason) if state.head <= after => Err(reason.clone()),
            _ => Ok(state.after(after, max_records)),
        }
    }
}

impl Tip {
    fn after(&self, after: Offset, max_records: usize) -> Found {
        if self.head <= after {
            return Found::Recent(Vec::new());
        }
        self.ring.after(after, max_records).map_or(Found::Older { head: self.head }, Found::Recent)
    }
}
