//! The log read ahead of who applies it.

use std::panic;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hub_core::{Offset, Record};
use hub_log::{LogError, Tail};

/// Records that are read, and applied, at a time.
pub(super) type Batch = Vec<Arc<Record>>;

/// Batches that are read and not yet taken: what the one thread has too much time for the other has to catch up.
const AHEAD: usize = 2;

/// Time after which a reader that finds nothing looks again.
const IDLE: Duration = Duration::from_secs(1);

/// A thread that reads and decodes what is there of a log, while another applies it.
pub(super) struct ReadAhead {
    batches: Receiver<Result<Batch, LogError>>,
    /// Back to the thread that made them, whose allocator has their memory at hand.
    spent: Sender<Batch>,
    thread: JoinHandle<Box<dyn Tail>>,
}

impl ReadAhead {
    /// Starts the thread, which reads on until it has read the record at `until`, or there is an error.
    pub(super) fn spawn(
        tail: Box<dyn Tail>,
        until: Offset,
        max_records: usize,
    ) -> std::io::Result<ReadAhead> {
        let (sender, batches) = mpsc::sync_channel(AHEAD);
        let (spent, returned) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("log reader".into())
            .spawn(move || read(tail, until, max_records, &sender, &returned))?;
        Ok(ReadAhead { batches, spent, thread })
    }

    /// The next records; an error is the last there is. Nothing once the record at `until` was given.
    pub(super) fn next(&self) -> Option<Result<Batch, LogError>> {
        self.batches.recv().ok()
    }

    /// Gives back records that were applied.
    pub(super) fn give_back(&self, batch: Batch) {
        // A reader that has come to its end leaves them to us.
        let _ = self.spent.send(batch);
    }

    /// The tail, which stands behind the last record given.
    pub(super) fn into_tail(self) -> Box<dyn Tail> {
        drop(self.batches);
        self.thread.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked))
    }
}

fn read(
    mut tail: Box<dyn Tail>,
    until: Offset,
    max_records: usize,
    sender: &SyncSender<Result<Batch, LogError>>,
    returned: &Receiver<Batch>,
) -> Box<dyn Tail> {
    let mut read = Offset::START;
    while read < until {
        let batch = tail.next(max_records, IDLE);
        let is_over = batch.is_err();
        if let Some(last) = batch.as_ref().ok().and_then(|batch| batch.last()) {
            read = last.offset;
        }
        if sender.send(batch).is_err() || is_over {
            break;
        }
        returned.try_iter().for_each(drop);
    }
    tail
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use hub_core::{Event, Timestamp};

    use super::*;

    /// Gives batches of so many records, then says that the log is closed.
    struct Script(VecDeque<Offset>);

    impl Tail for Script {
        fn next(&mut self, max_records: usize, _: Duration) -> Result<Batch, LogError> {
            if self.0.is_empty() {
                return Err(LogError::Closed);
            }
            let offsets = self.0.drain(..max_records.min(self.0.len()));
            let record = |offset| Arc::new(Record { offset, at: Timestamp::default(), event: Event::Tick });
            Ok(offsets.map(record).collect())
        }
    }

    fn ahead(records: u64, until: u64) -> ReadAhead {
        let tail = Box::new(Script((1..=records).map(Offset).collect()));
        ReadAhead::spawn(tail, Offset(until), 3).unwrap()
    }

    fn offsets(batch: &Batch) -> Vec<u64> {
        batch.iter().map(|record| record.offset.0).collect()
    }

    #[test]
    fn it_reads_until_it_has_what_was_there_and_the_tail_goes_on_behind() {
        let ahead = ahead(100, 50);
        let mut given = Vec::new();
        while let Some(batch) = ahead.next() {
            let batch = batch.unwrap();
            given.extend(offsets(&batch));
            ahead.give_back(batch);
        }
        assert!(given.iter().copied().eq(1..=51), "whole batches: {given:?}");
        assert_eq!(offsets(&ahead.into_tail().next(1, Duration::ZERO).unwrap()), [52]);
    }

    #[test]
    fn an_error_comes_after_what_was_before_it() {
        let ahead = ahead(4, 50);
        let given: Vec<_> = std::iter::from_fn(|| ahead.next()).collect();
        assert_eq!(given.len(), 3);
        assert_eq!(given.iter().flatten().map(Vec::len).sum::<usize>(), 4);
        assert_eq!(given.last(), Some(&Err(LogError::Closed)));
    }

    #[test]
    fn whoever_stops_taking_stops_the_reader() {
        let ahead = ahead(1000, 1000);
        ahead.next().unwrap().unwrap();
        // Which waits for its thread.
        let mut tail = ahead.into_tail();
        assert!(tail.next(1, Duration::ZERO).unwrap()[0].offset < Offset(20));
    }
}
