//! The writing side of the file.

use std::path::Path;
use std::time::{Duration, Instant};

use hub_core::trouble::{Extent, Trouble};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::file::{LogFile, open_error};
use super::reader;
use super::schema::{self, Head, Identity};
use super::wal::{self, LeftOut};
use super::work::Work;
use crate::{Clock, LogError, Options};

mod checkpoint;
mod draft;

use checkpoint::Checkpoints;
pub(super) use draft::Written;

/// Patience with an operator's own write transaction on the file.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// SQLite's page, in bytes.
pub(super) const PAGE_BYTES: u32 = 4096;

/// The only connection that writes.
pub(super) struct Store {
    log: String,
    connection: Connection,
    checkpoints: Checkpoints,
    head: Head,
    /// The write-ahead log grows.
    unfolded: Trouble,
}

impl Store {
    /// Opens or creates the log.
    pub(super) fn open(file: &LogFile, options: &Options) -> Result<(Store, Identity), LogError> {
        let failed = |error: rusqlite::Error| open_error(&file.path, error);
        file.create_private()?;
        report_left_out(file);
        let mut connection = connect(&file.path).map_err(failed)?;
        schema::establish(&mut connection, file, &options.clock)?;
        file.make_private()?;
        file.sync_name()?;
        let journal: String =
            connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(failed)?;
        if journal != "wal" {
            return Err(open_error(&file.path, "its file system has no write-ahead log"));
        }
        configure(&connection, options).map_err(failed)?;
        if options.restored {
            schema::renew_epoch(&connection).map_err(failed)?;
        }
        let identity = schema::required_identity(&connection, &file.path)?;
        let head = reader::head(&connection, &file.path, identity)?;
        let due_pages = options.checkpoint_bytes / u64::from(PAGE_BYTES);
        let checkpoints = Checkpoints::watch(&mut connection, due_pages).map_err(failed)?;
        Ok((
            Store { log: file.to_string(), connection, checkpoints, head, unfolded: Trouble::default() },
            identity,
        ))
    }

    /// The last committed record.
    pub(super) fn head(&self) -> Head {
        self.head
    }

    /// Writes a group of appends as one durable transaction. After an error
    /// nothing of the group is in the file, except as [`LogError::Storage`]
    /// says.
    pub(super) fn append(&mut self, group: Vec<Work>, clock: &Clock) -> Result<Written, LogError> {
        let written = draft::write_group(&mut self.connection, self.head, group, clock)
            .map_err(|error| self.failure(&error))?;
        self.head = written.head;
        Ok(written)
    }

    /// Folds the write-ahead log into the file if it has grown enough.
    pub(super) fn checkpoint_if_due(&mut self) -> Result<(), LogError> {
        let result = self.checkpoints.run_if_due(&self.connection);
        self.tolerate(result)
    }

    /// Folds the whole write-ahead log into the file and closes it.
    pub(super) fn close(mut self) -> Result<(), LogError> {
        let result = checkpoint::run(&self.connection, "TRUNCATE");
        self.tolerate(result)?;
        let log = self.log;
        self.connection.close().map_err(|(_, error)| LogError::Storage { log, cause: error.to_string() })
    }

    /// A checkpoint that finds no space or is kept waiting loses nothing: the
    /// records are durable in the write-ahead log.
    fn tolerate(&mut self, result: rusqlite::Result<()>) -> Result<(), LogError> {
        match result.map_err(|error| self.failure(&error)) {
            Err(error @ (LogError::Full { .. } | LogError::Busy)) => {
                if let Some(times) = self.unfolded.again(Instant::now()) {
                    tracing::warn!(%error, times, "the write-ahead log was not folded into the file");
                }
                Ok(())
            }
            result => {
                if let Some(Extent { times, lasted }) = self.unfolded.over(Instant::now()) {
                    tracing::info!(log = self.log, times, ?lasted, "the write-ahead log is folded again");
                }
                result
            }
        }
    }

    fn failure(&self, error: &rusqlite::Error) -> LogError {
        let log = self.log.clone();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => LogError::Full { log },
            // Somebody else writes to the file; the transaction never began.
            Some(ErrorCode::DatabaseBusy) => LogError::Busy,
            _ => LogError::Storage { log, cause: error.to_string() },
        }
    }
}

/// Says what SQLite will leave out in silence; that this can't be told is for SQLite to say.
fn report_left_out(file: &LogFile) {
    if let Ok(Some(LeftOut { frame, commits })) = wal::left_out(&file.path) {
        tracing::error!(
            log = %file,
            frame,
            commits,
            "the write-ahead log is damaged and ends early: unless the power was cut, acknowledged records are lost"
        );
    }
}

/// Without `SQLITE_OPEN_URI`: a path that begins with `file:` is a path.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    Ok(connection)
}

/// A commit is durable: in WAL mode `synchronous = FULL` syncs the write-ahead
/// log at each commit (<https://sqlite.org/pragma.html#pragma_synchronous>);
/// `fullfsync` is what macOS needs to reach the disk's surface.
fn configure(connection: &Connection, options: &Options) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    if let Some(bytes) = options.file_max_bytes {
        let pages = i64::try_from(bytes / u64::from(PAGE_BYTES)).unwrap_or(i64::MAX).max(1);
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No test can cut the power; this one notices when nobody syncs any more.
    #[test]
    fn every_commit_is_synced() {
        let dir = tempfile::tempdir().unwrap();
        let file = LogFile::prepare(&dir.path().join("log.db")).unwrap();
        let (store, _) = Store::open(&file, &Options::new()).unwrap();
        let number = |pragma: &str| -> i64 {
            store.connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0)).unwrap()
        };
        // FULL, https://sqlite.org/pragma.html#pragma_synchronous
        assert_eq!(number("synchronous"), 2);
        assert_eq!(number("fullfsync"), 1);
    }
}
