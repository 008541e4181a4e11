//! Options of an embedded log.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hub_core::Timestamp;

/// Says what time it is. Called by the log's writer, once per append, and when
/// a log is created.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// One commit, for metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommitStats {
    /// Records committed together.
    pub records: usize,
    /// Their encoded size.
    pub bytes: usize,
    /// From the beginning of the transaction until it was durable.
    pub duration: Duration,
}

/// Options of an [`EmbeddedLog`](crate::EmbeddedLog).
#[derive(Clone)]
pub struct Options {
    /// The clock that stamps records. By default the wall clock, which no
    /// other place of the hub reads to date a fact.
    pub clock: Clock,
    /// Most records that wait for the writer; an append that comes while so many wait is
    /// [`Busy`](crate::LogError::Busy).
    pub queue_max_records: usize,
    /// The same in encoded bytes.
    pub queue_max_bytes: usize,
    /// Most records of one commit, unless a single append has more.
    pub group_max_records: usize,
    /// The same in encoded bytes.
    pub group_max_bytes: usize,
    /// Number of the latest records that stay in memory for the tails.
    pub ring_max_records: usize,
    /// The same in encoded bytes.
    pub ring_max_bytes: usize,
    /// Size at which the write-ahead log is folded into the file. Readers can delay that, up to four times this size.
    pub checkpoint_bytes: u64,
    /// Size at which the file stops growing, the write-ahead log not included: appends beyond are answered with
    /// [`Full`](crate::LogError::Full).
    pub file_max_bytes: Option<u64>,
    /// The file was restored from a copy: its history may have branched from
    /// the one that subscribers saw, so the log gets a new epoch.
    pub restored: bool,
    /// Called by the writer after each commit, before it is acknowledged; it
    /// must not block.
    pub on_commit: Option<Arc<dyn Fn(CommitStats) + Send + Sync>>,
}

impl Options {
    /// The defaults.
    pub fn new() -> Options {
        Options {
            clock: Arc::new(wall_clock),
            queue_max_records: 65_536,
            queue_max_bytes: 64 << 20,
            group_max_records: 8192,
            group_max_bytes: 4 << 20,
            ring_max_records: 65_536,
            ring_max_bytes: 32 << 20,
            checkpoint_bytes: 16 << 20,
            file_max_bytes: None,
            restored: false,
            on_commit: None,
        }
    }
}

impl Default for Options {
    fn default() -> Options {
        Options::new()
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("queue_max_records", &self.queue_max_records)
            .field("queue_max_bytes", &self.queue_max_bytes)
            .field("ring_max_records", &self.ring_max_records)
            .finish_non_exhaustive()
    }
}

/// Time by the wall clock; one that is behind 1970 shows 1970, which the running maximum then hides.
pub fn wall_clock() -> Timestamp {
    Timestamp::since_1970(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}
