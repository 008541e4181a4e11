//! Reading records from the file.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use hub_core::{Event, Offset, Record, Timestamp};
use rusqlite::{Connection, OpenFlags, Row};

use super::lock;
use super::schema::offset_of;
use crate::LogError;

const READ_RECORDS: &str =
    "SELECT offset, at, event FROM records WHERE offset > ?1 AND offset <= ?2 ORDER BY offset LIMIT ?3";

/// Records that are read in one go: while SQLite reads, the write-ahead log can't be folded into the file beyond what
/// the reader sees.
const CHUNK_RECORDS: usize = 1024;

/// A read-only connection of its own, so that reading never holds up the
/// writer; opened by the first that needs it.
pub(super) struct Reader {
    path: PathBuf,
    connection: Mutex<Option<Connection>>,
}

impl Reader {
    pub(super) fn new(path: PathBuf) -> Reader {
        Reader { path, connection: Mutex::new(None) }
    }

    /// Up to `max_records` after `after`, none beyond `head`, which must be
    /// committed.
    pub(super) fn read(
        &self,
        after: Offset,
        head: Offset,
        max_records: usize,
    ) -> Result<Vec<Arc<Record>>, LogError> {
        let mut records = Vec::new();
        let mut cursor = after;
        while records.len() < max_records && cursor < head {
            let max_chunk = CHUNK_RECORDS.min(max_records - records.len());
            let mut connection = lock(&self.connection);
            self.read_chunk(&mut connection, &mut records, (cursor, head), max_chunk)?;
            drop(connection);
            cursor = match records.last() {
                Some(last) if last.offset > cursor => last.offset,
                _ => return Err(self.wrong(cursor.next(), "it is missing")),
            };
        }
        Ok(records)
    }

    /// Closes the connection; the next read opens another.
    pub(super) fn disconnect(&self) {
        lock(&self.connection).take();
    }

    fn read_chunk(
        &self,
        slot: &mut Option<Connection>,
        records: &mut Vec<Arc<Record>>,
        (after, head): (Offset, Offset),
        max_records: usize,
    ) -> Result<(), LogError> {
        let unreadable = |error: rusqlite::Error| self.unreadable(&error);
        let connection = match slot {
            Some(connection) => connection,
            None => slot.insert(self.connect().map_err(unreadable)?),
        };
        let mut statement = connection.prepare_cached(READ_RECORDS).map_err(unreadable)?;
        let bounds = [after, head].map(|offset| i64::try_from(offset.0).unwrap_or(i64::MAX));
        let max = i64::try_from(max_records).unwrap_or(i64::MAX);
        let mut rows = statement.query((bounds[0], bounds[1], max)).map_err(unreadable)?;
        let mut expected = after.next();
        while let Some(row) = rows.next().map_err(unreadable)? {
            records.push(Arc::new(self.record(row, expected)?));
            expected = expected.next();
        }
        Ok(())
    }

    /// One row. Offsets have no holes, so one that is not the expected one
    /// means that records are lost.
    fn record(&self, row: &Row<'_>, expected: Offset) -> Result<Record, LogError> {
        let wrong = |error: rusqlite::Error| self.wrong(expected, &error.to_string());
        let offset = offset_of(row.get(0).map_err(wrong)?);
        if offset != expected {
            return Err(self.wrong(expected, "it is missing"));
        }
        let at = Timestamp::from_micros(row.get(1).map_err(wrong)?)
            .ok_or_else(|| self.wrong(expected, "its time is out of range"))?;
        let text = row.get_ref(2).and_then(|value| Ok(value.as_bytes()?)).map_err(wrong)?;
        let event = Event::decode(text).map_err(|error| self.wrong(expected, &error.to_string()))?;
        Ok(Record { offset, at, event })
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(
            &self.path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.busy_timeout(super::store::BUSY_TIMEOUT)?;
        Ok(connection)
    }

    fn unreadable(&self, error: &rusqlite::Error) -> LogError {
        LogError::Unreadable { log: self.path.display().to_string(), cause: error.to_string() }
    }

    fn wrong(&self, offset: Offset, cause: &str) -> LogError {
        LogError::Record { log: self.path.display().to_string(), offset, cause: cause.to_owned() }
    }
}
