//! Errors of a log.

use hub_core::Offset;

/// Reason why a log could not do as it was asked.
///
/// `log` names the log for people: of the embedded one, its file's path.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LogError {
    /// More waits to be written than the log will hold. Nothing was appended;
    /// the same append may be tried again.
    #[error("the log is busy, try again: as much waits as limits.log_queue_records allows")]
    Busy,
    /// The log was closed; nothing was appended.
    #[error("the log is closed")]
    Closed,
    /// A single append that is larger than the whole queue. Nothing was
    /// appended; no retry helps.
    #[error(
        "an append of {records} records and {bytes} bytes is more than the log takes at once (limits.log_queue_records)"
    )]
    TooLarge {
        /// Number of its entries.
        records: usize,
        /// Their encoded size.
        bytes: usize,
    },
    /// An event that can't be encoded; nothing was appended.
    #[error("an event can't be encoded: {cause}")]
    Event {
        /// Message of the encoder.
        cause: String,
    },
    /// No space is left. Nothing was appended, now or after reopening; the log
    /// goes on, and the same append succeeds once there is space again.
    #[error("{log} is full")]
    Full {
        /// The log.
        log: String,
    },
    /// A write, an fsync or a commit failed. From here on the log takes no
    /// append until it is opened again. Nothing of the append is visible; after
    /// reopening it may or may not be there, never half: what the disk kept of
    /// a failed fsync is not known.
    #[error("{log} failed and takes no more appends until it is opened again: {cause}")]
    Storage {
        /// The log.
        log: String,
        /// First failure.
        cause: String,
    },
    /// The log's writer is gone without an answer; the append may or may not
    /// be there, never half.
    #[error("the log gave no answer")]
    Lost,
    /// The log can't be read; what was delivered before stays true.
    #[error("{log} can't be read: {cause}")]
    Unreadable {
        /// The log.
        log: String,
        /// Failure of the operating system or SQLite.
        cause: String,
    },
    /// A record that is missing or that this program can't decode.
    #[error("record {offset} of {log} can't be read: {cause}")]
    Record {
        /// The log.
        log: String,
        /// Which record.
        offset: Offset,
        /// Fault of the configuration.
        cause: String,
    },
    /// The log holds no record at this offset.
    #[error("there is no record {offset}")]
    Absent {
        /// The offset.
        offset: Offset,
    },
    /// Something else lies where the log should be; it was not touched.
    #[error("{log} is not an event log of pms-hub: {cause}")]
    NotALog {
        /// The log.
        log: String,
        /// Content that was found instead.
        cause: String,
    },
    /// A log written by a newer pms-hub; it was not touched.
    #[error("{log} has schema {found}, this pms-hub knows schemas up to {known}: it needs a newer pms-hub")]
    Newer {
        /// The log.
        log: String,
        /// Its schema.
        found: i64,
        /// The newest schema this program knows.
        known: i64,
    },
    /// Another hub has the log open.
    #[error("{log} is in use by another pms-hub")]
    Locked {
        /// The log.
        log: String,
    },
    /// The log can't be opened or created.
    #[error("{log} can't be opened: {cause}")]
    Open {
        /// The log.
        log: String,
        /// Failure of the medium.
        cause: String,
    },
}
