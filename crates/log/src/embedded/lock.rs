//! The lock that keeps two hubs from opening one log.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::file::{open_error, private};
use crate::LogError;

/// A locked file beside the log. The operating system releases the lock when
/// the process ends, however it ends; the file stays, since removing it would
/// let a third hub lock another file of the same name.
pub(super) struct LockFile(#[allow(dead_code, reason = "held, not read")] File);

impl LockFile {
    /// Locks `<log>.lock`, creating it if need be.
    ///
    /// Not the log itself: closing any handle of a file drops all POSIX locks
    /// of the process on it, SQLite's among them.
    pub(super) fn acquire(log: &Path) -> Result<LockFile, LogError> {
        let mut path = log.as_os_str().to_owned();
        path.push(".lock");
        let file = private(OpenOptions::new().create(true).write(true).truncate(false))
            .open(&path)
            .map_err(|error| open_error(log, error))?;
        match file.try_lock() {
            Ok(()) => Ok(LockFile(file)),
            Err(TryLockError::WouldBlock) => Err(LogError::Locked { log: log.display().to_string() }),
            Err(TryLockError::Error(error)) => Err(open_error(log, error)),
        }
    }
}
