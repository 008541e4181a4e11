//! A look into a log's file from outside, whether or not a hub has it open.

use std::path::Path;
use std::sync::Arc;

use hub_core::{Epoch, Offset, Record};

use super::file::open_error;
use super::reader::{self, KeptRecord, Reader};
use super::schema::{self, Identity};
use super::wal;
use crate::LogError;

/// The records of a log's file, for people and their tools: takes no lock and writes nothing.
pub struct LogView {
    reader: Reader,
    identity: Identity,
    head: Offset,
    left_out: u64,
}

impl LogView {
    /// Opens the log that lies at `path`, as far as it is committed by now.
    ///
    /// # Errors
    /// [`LogError::NotALog`], [`LogError::Newer`], [`LogError::Record`] where its end is damaged, and
    /// [`LogError::Open`] for everything else, all naming the path.
    pub fn open(path: &Path) -> Result<LogView, LogError> {
        if !path.is_file() {
            let cause = if path.is_dir() { "it is a directory" } else { "there is no such file" };
            return Err(open_error(path, cause));
        }
        // Before SQLite, which would leave it out in silence.
        let left_out = wal::left_out(path).map_err(|error| open_error(path, error))?;
        let failed = |error: rusqlite::Error| open_error(path, error);
        let connection = reader::connect(path).map_err(failed)?;
        if !schema::is_log(&connection, path)? {
            return Err(LogError::NotALog {
                log: path.display().to_string(),
                cause: "it is empty".to_owned(),
            });
        }
        let identity = schema::required_identity(&connection, path)?;
        let head = reader::head(&connection, path, identity)?.offset;
        let reader = Reader::new(path.to_owned(), identity);
        Ok(LogView { reader, identity, head, left_out: left_out.map_or(0, |left_out| left_out.commits) })
    }

    /// Commits that stand in the write-ahead log behind a place where it is damaged, and can't be read: acknowledged
    /// records, unless the power was cut while they were being written.
    pub fn commits_left_out(&self) -> u64 {
        self.left_out
    }

    /// The epoch of its positions.
    pub fn epoch(&self) -> Epoch {
        self.identity.epoch
    }

    /// The last record that was committed when it was opened.
    pub fn head(&self) -> Offset {
        self.head
    }

    /// The records after `after`, in order: `max_records` of them, fewer, but at
    /// least one, before the end where they are large or the next one can't be read. Each is whole, and follows
    /// from those before it in the file.
    pub fn read(&self, after: Offset, max_records: usize) -> Result<Vec<Arc<Record>>, LogError> {
        self.reader.read(after, self.head, max_records)
    }

    /// The same with what is kept beside each.
    pub fn read_kept(&self, after: Offset, max_records: usize) -> Result<Vec<KeptRecord>, LogError> {
        self.reader.read_kept(after, self.head, max_records)
    }
}
