//! Keeping the write-ahead log small.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Connection;

use super::BUSY_TIMEOUT;

/// Beyond so many times its usual size the write-ahead log is emptied even if
/// that means to wait for readers.
const INSIST_FACTOR: u64 = 4;

/// Time for which the writer then waits for them.
const INSIST_PATIENCE: Duration = Duration::from_millis(100);

/// Decides when to fold the write-ahead log into the file.
///
/// The writer does it between two commits, after its callers have their
/// answers: another thread would never finish while commits go on, and the
/// write-ahead log starts over only when it has been folded in whole.
pub(super) struct Checkpoints {
    /// Pages of the write-ahead log, as of the last commit.
    wal_pages: Arc<AtomicU64>,
    /// Number of pages at which they are folded in.
    due: u64,
    /// Number at the next attempt; more than `due` while a reader is in the way.
    next: u64,
}

impl Checkpoints {
    /// Replaces SQLite's own way of folding in, during commits.
    pub(super) fn watch(connection: &mut Connection, due_pages: u64) -> rusqlite::Result<Checkpoints> {
        let wal_pages = Arc::new(AtomicU64::new(0));
        let written = Arc::clone(&wal_pages);
        connection.wal_hook(Some(move |_: &mut _, pages: i32| {
            written.store(u64::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        let due = due_pages.max(1);
        Ok(Checkpoints { wal_pages, due, next: due })
    }

    pub(super) fn run_if_due(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let pages = self.wal_pages.load(Ordering::Relaxed);
        if pages < self.due {
            self.next = self.due;
        }
        if pages < self.next {
            return Ok(());
        }
        self.next = pages.saturating_add(self.due / 2).saturating_add(1);
        if pages < self.due.saturating_mul(INSIST_FACTOR) {
            return run(connection, "PASSIVE");
        }
        connection.busy_timeout(INSIST_PATIENCE)?;
        let result = run(connection, "RESTART");
        connection.busy_timeout(BUSY_TIMEOUT)?;
        result
    }
}

/// `PASSIVE`, `RESTART` or `TRUNCATE`, as SQLite's `wal_checkpoint` has them.
/// One that readers kept from finishing is no error.
pub(super) fn run(connection: &Connection, mode: &str) -> rusqlite::Result<()> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()))
}
