//! The bounded queue between the callers and the writer.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::lock;
use super::work::Work;
use crate::{Append, Appended, LogError, Options};

/// An append that waits to be written.
pub(super) struct Queued {
    pub(super) work: Work,
    pub(super) caller: oneshot::Sender<Result<Appended, LogError>>,
    records: usize,
    bytes: usize,
}

/// First in, first out; bounded; many callers, one writer.
pub(super) struct Queue {
    state: Mutex<Pending>,
    changed: Condvar,
    waiting_max: Size,
    group_max: Size,
}

#[derive(Clone, Copy, Default)]
struct Size {
    records: usize,
    bytes: usize,
}

#[derive(Default)]
struct Pending {
    waiting: VecDeque<Queued>,
    size: Size,
    /// Reason why nothing more is taken in, once that is so.
    ended: Option<LogError>,
}

impl Queue {
    pub(super) fn new(options: &Options) -> Queue {
        Queue {
            state: Mutex::default(),
            changed: Condvar::new(),
            waiting_max: Size { records: options.queue_max_records, bytes: options.queue_max_bytes },
            group_max: Size { records: options.group_max_records, bytes: options.group_max_bytes },
        }
    }

    /// Queues an append, or answers it at once.
    pub(super) fn push(&self, work: Work) -> Append {
        let (records, bytes) = (work.records(), work.bytes());
        if records > self.waiting_max.records || bytes > self.waiting_max.bytes {
            return Append::ready(Err(LogError::TooLarge { records, bytes }));
        }
        let mut state = lock(&self.state);
        if let Some(reason) = &state.ended {
            return Append::ready(Err(reason.clone()));
        }
        if state.size.reaches(self.waiting_max) {
            return Append::ready(Err(LogError::Busy));
        }
        let (caller, answer) = Append::pending();
        state.size.records += records;
        state.size.bytes += bytes;
        state.waiting.push_back(Queued { work, caller, records, bytes });
        drop(state);
        self.changed.notify_one();
        answer
    }

    /// The next group, in order: all that waits, within bounds. Blocks until
    /// there is something; `None` once the queue is closed and empty.
    ///
    /// While one group is being synced the next gathers by itself; waiting on
    /// purpose for a fuller one was measured and gained nothing.
    pub(super) fn take(&self) -> Option<Vec<Queued>> {
        let mut state = self
            .changed
            .wait_while(lock(&self.state), |state| state.waiting.is_empty() && state.ended.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        state.next_group(self.group_max)
    }

    /// Takes nothing more in; what waits is still written.
    pub(super) fn close(&self) {
        lock(&self.state).ended.get_or_insert(LogError::Closed);
        self.changed.notify_one();
    }

    /// Takes nothing more in and answers what waits with `reason`.
    pub(super) fn end(&self, reason: &LogError) {
        let left = {
            let mut state = lock(&self.state);
            state.ended = Some(reason.clone());
            state.size = Size::default();
            std::mem::take(&mut state.waiting)
        };
        for queued in left {
            queued.answer(Err(reason.clone()));
        }
    }
}

impl Pending {
    fn next_group(&mut self, max: Size) -> Option<Vec<Queued>> {
        let mut group = Vec::new();
        let mut size = Size::default();
        while let Some(next) = self.waiting.front() {
            let grown = Size { records: size.records + next.records, bytes: size.bytes + next.bytes };
            if !group.is_empty() && grown.exceeds(max) {
                break;
            }
            size = grown;
            group.extend(self.waiting.pop_front());
        }
        self.size.records -= size.records;
        self.size.bytes -= size.bytes;
        (!group.is_empty()).then_some(group)
    }
}

impl Size {
    fn reaches(self, max: Size) -> bool {
        self.records >= max.records || self.bytes >= max.bytes
    }

    fn exceeds(self, max: Size) -> bool {
        self.records > max.records || self.bytes > max.bytes
    }
}

impl Queued {
    /// Tells the caller, if it is still there.
    pub(super) fn answer(self, answer: Result<Appended, LogError>) {
        let _ = self.caller.send(answer);
    }
}
