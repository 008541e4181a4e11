//! A cursor over the embedded log.

use std::sync::Arc;
use std::time::Duration;

use hub_core::{Offset, Record};

use super::published::{Found, Published};
use super::reader::Reader;
use crate::{LogError, Tail};

/// Follows the log: from memory while it keeps up, else from the file.
pub(super) struct EmbeddedTail {
    published: Arc<Published>,
    reader: Arc<Reader>,
    cursor: Offset,
}

impl EmbeddedTail {
    pub(super) fn new(published: Arc<Published>, reader: Arc<Reader>, cursor: Offset) -> EmbeddedTail {
        EmbeddedTail { published, reader, cursor }
    }
}

impl Tail for EmbeddedTail {
    fn next(&mut self, max_records: usize, timeout: Duration) -> Result<Vec<Arc<Record>>, LogError> {
        let max_records = max_records.max(1);
        let records = match self.published.wait_after(self.cursor, max_records, timeout)? {
            Found::Recent(records) => records,
            Found::Older { head } => self.reader.read(self.cursor, head, max_records)?,
        };
        if let Some(last) = records.last() {
            self.cursor = last.offset;
        }
        Ok(records)
    }
}
