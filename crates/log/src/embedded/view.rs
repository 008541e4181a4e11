//! A look into a log's file from outside, whether or not a hub has it open.

use std::path::Path;
use std::sync::Arc;

use hub_core::{Epoch, Offset, Record};

use super::file::open_error;
use super::reader::{self, KeptRecord, Reader};
use super::schema::{self, Identity};
use crate::LogError;

/// The records of a log's file, for people and their tools: takes no lock and writes nothing.
pub struct LogView {
    reader: Reader,
    identity: Identity,
    head: Offset,
}

impl LogView {
    /// Opens the log that lies at `path`, as far as it is committed by now.
    ///
    /// # Errors
    /// [`LogError::NotALog`], [`LogError::Newer`], [`LogError::Record`] where its end is damaged, and
    /// [`LogError::Open`] for everything else, all naming the path.
    pub fn open(path: &Path) -> Result<LogView, LogError> {
        if !path.is_file() {
            return Err(open_error(path, "there is no such file"));
        }
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
        Ok(LogView { reader: Reader::new(path.to_owned(), identity), identity, head })
    }

    /// The epoch of its positions.
    pub fn epoch(&self) -> Epoch {
        self.identity.epoch
    }

    /// The last record that was committed when it was opened.
    pub fn head(&self) -> Offset {
        self.head
    }

    /// The records after `after`, in order: `max_records` of them, fewer only at the end. Each is whole, and follows
    /// from those before it in the file.
    pub fn read(&self, after: Offset, max_records: usize) -> Result<Vec<Arc<Record>>, LogError> {
        self.reader.read(after, self.head, max_records)
    }

    /// The same with what is kept beside each.
    pub fn read_kept(&self, after: Offset, max_records: usize) -> Result<Vec<KeptRecord>, LogError> {
        self.reader.read_kept(after, self.head, max_records)
    }
}
