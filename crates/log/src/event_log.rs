//! The contract of an event log.

use std::sync::Arc;
use std::time::Duration;

use hub_core::{Epoch, Offset, Record};

use crate::{Append, Entry, LogError};

/// An append-only, ordered, durable log of events.
///
/// **Order.** All records of a log are in one order, the same for everyone who
/// reads it, and it never changes. Offsets are larger than 0 and strictly
/// increasing; an implementation may promise that they have no holes (the
/// embedded log does: 1, 2, 3 and so on).
///
/// **Atomicity.** Of an append either all entries are in the log or none, and
/// those that it adds are adjacent. An append whose caller vanished (a crash
/// before the answer, a dropped [`Append`]) may or may not be there, but never
/// half.
///
/// **Order of appends.** Appends made one after another, on one thread or
/// otherwise ordered by the callers, are in the log in that order, whether or
/// not the answers were waited for. Concurrent appends are in some order.
///
/// **Acknowledgement.** When an append resolves to `Ok`, its records are
/// durable (they survive a killed process and a loss of power) and visible: a
/// `read` and every tail that begins before them delivers them, in order. When
/// it resolves to an error nothing of it is visible; [`LogError`] says for each
/// variant whether a retry helps and what may be found after reopening.
///
/// **Time.** A record's `at` is stamped by the log's writer from its clock. It
/// is the running maximum: a clock that goes back, even across a restart,
/// never makes `at` go back. All records that one append adds have one `at`.
///
/// **Keys.** An entry with a key that the log holds already, be it from the
/// same append, is not appended again; its existing offset is returned. How
/// long a key is remembered is the implementation's promise, two minutes at
/// least. The embedded log remembers keys for ever: they are an index over the
/// records that have one, and cost the others nothing.
///
/// **Overload.** The records that wait to be written are bounded. While the
/// bound is reached an append resolves at once to [`LogError::Busy`].
///
/// **Failure.** A log without space answers [`LogError::Full`] and goes on. A
/// log whose storage failed answers [`LogError::Storage`] to the appends that
/// were being written, to those that waited and to all that follow, until it
/// is opened again; what is committed can still be read.
///
/// `read`, `close` and a tail's `next` block; `append` and `tick` do not wait
/// for the disk.
pub trait EventLog: Send + Sync + 'static {
    /// The identity of this log: the same after every reopening, another for a
    /// log that was created anew.
    fn epoch(&self) -> Epoch;

    /// The last committed offset; [`Offset::START`] if there is none. Never
    /// less than any acknowledged offset.
    fn head(&self) -> Offset;

    /// Appends `entries`, all or none, one after another. No entries: resolves
    /// in its turn, with no offsets.
    fn append(&self, entries: Vec<Entry>) -> Append;

    /// Marks the current second with a tick record, unless a record was
    /// written in it already: then it resolves with no offsets.
    fn tick(&self) -> Append;

    /// The records after `after`, in order: `max_records` of them, fewer only
    /// if the log has no more, or where they are large: then so many as an
    /// implementation bounds by their bytes, but at least one. Of a failed or
    /// closed log, what is committed.
    fn read(&self, after: Offset, max_records: usize) -> Result<Vec<Arc<Record>>, LogError>;

    /// One record that is committed.
    ///
    /// # Errors
    /// [`LogError::Absent`] where the log has none at this offset, and what [`EventLog::read`] returns.
    fn record(&self, offset: Offset) -> Result<Arc<Record>, LogError> {
        let found = self.read(Offset(offset.0.saturating_sub(1)), 1)?.pop();
        found.filter(|record| record.offset == offset).ok_or(LogError::Absent { offset })
    }

    /// Follows the log from the first record after `after`. An `after` beyond
    /// the head waits for the log to get there.
    fn tail(&self, after: Offset) -> Box<dyn Tail>;

    /// Commits what was queued and releases the log. Further appends fail with
    /// [`LogError::Closed`]. Closing again returns the first close's result; a
    /// log that failed returns its failure.
    fn close(&self) -> Result<(), LogError>;
}

/// A cursor that follows a log. It outlives the log's value: once the log is
/// closed (a dropped log closes) it delivers the rest and ends.
pub trait Tail: Send {
    /// The next records, in order, none skipped, none twice: at least one and
    /// at most `max_records` (0 is taken as 1). Blocks until a committed
    /// record follows the cursor; empty when `timeout` passes first.
    ///
    /// After an error the cursor stands where it stood.
    ///
    /// # Errors
    /// [`LogError::Closed`] once the log is closed and all is delivered,
    /// [`LogError::Storage`] likewise once it has failed, and what
    /// [`EventLog::read`] returns.
    fn next(&mut self, max_records: usize, timeout: Duration) -> Result<Vec<Arc<Record>>, LogError>;
}
