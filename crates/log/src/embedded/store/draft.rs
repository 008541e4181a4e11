//! One group of appends, as one transaction.

use std::sync::Arc;

use hub_core::{Offset, Record, Timestamp};
use rusqlite::{CachedStatement, Connection, OptionalExtension, TransactionBehavior};

use super::super::ring::Committed;
use super::super::schema::{Last, offset_of, time_of};
use super::super::work::{EncodedEntry, Work};
use crate::{Appended, Clock};

const INSERT: &str = "INSERT INTO records (offset, at, key, event) VALUES (?1, ?2, ?3, ?4)";
const FIND_KEY: &str = "SELECT offset, at FROM records WHERE key = ?1";

/// Results of a committed group.
pub(in crate::embedded) struct Written {
    /// One answer per append.
    pub(in crate::embedded) appended: Vec<Appended>,
    /// The new records, in order.
    pub(in crate::embedded) committed: Vec<Committed>,
    /// Their encoded size.
    pub(in crate::embedded) bytes: usize,
    /// The last record.
    pub(in crate::embedded) last: Last,
}

/// Writes and commits; after an error the transaction is rolled back.
pub(super) fn write_group(
    connection: &mut Connection,
    last: Last,
    group: Vec<Work>,
    clock: &Clock,
) -> rusqlite::Result<Written> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let written = Draft::begin(&transaction, last)?.write(group, clock)?;
    transaction.commit()?;
    Ok(written)
}

struct Draft<'transaction> {
    insert: CachedStatement<'transaction>,
    find_key: CachedStatement<'transaction>,
    written: Written,
}

impl<'transaction> Draft<'transaction> {
    fn begin(transaction: &'transaction Connection, last: Last) -> rusqlite::Result<Self> {
        Ok(Draft {
            insert: transaction.prepare_cached(INSERT)?,
            find_key: transaction.prepare_cached(FIND_KEY)?,
            written: Written { appended: Vec::new(), committed: Vec::new(), bytes: 0, last },
        })
    }

    fn write(mut self, group: Vec<Work>, clock: &Clock) -> rusqlite::Result<Written> {
        for work in group {
            let now = self.written.last.at.max(clock());
            let appended = match work {
                Work::Entries(entries) => self.append(entries, now)?,
                Work::Tick(entry) => self.tick(entry, now)?,
            };
            self.written.appended.push(appended);
        }
        Ok(self.written)
    }

    fn append(&mut self, entries: Vec<EncodedEntry>, now: Timestamp) -> rusqlite::Result<Appended> {
        let mut offsets = Vec::with_capacity(entries.len());
        let mut at = None;
        for entry in entries {
            let known = match &entry.key {
                Some(key) => self.find(key)?,
                None => None,
            };
            // A new record decides the answer's time, an old one only if no
            // new one does.
            let place = match known {
                Some(known) => Last { at: at.unwrap_or(known.at).max(known.at), ..known },
                None => self.insert(entry, now)?,
            };
            at = Some(place.at);
            offsets.push(place.offset);
        }
        Ok(Appended { offsets, at: at.unwrap_or(self.written.last.at) })
    }

    fn tick(&mut self, entry: EncodedEntry, now: Timestamp) -> rusqlite::Result<Appended> {
        let last = self.written.last;
        if last.offset > Offset::START && last.at.second() == now.second() {
            return Ok(Appended { offsets: Vec::new(), at: last.at });
        }
        let place = self.insert(entry, now)?;
        Ok(Appended { offsets: vec![place.offset], at: place.at })
    }

    fn find(&mut self, key: &str) -> rusqlite::Result<Option<Last>> {
        self.find_key
            .query_row([key], |row| Ok(Last { offset: offset_of(row.get(0)?), at: time_of(row.get(1)?) }))
            .optional()
    }

    fn insert(&mut self, entry: EncodedEntry, at: Timestamp) -> rusqlite::Result<Last> {
        let EncodedEntry { event, text, key } = entry;
        let offset = self.written.last.offset.next();
        // SQLite refuses an offset that is taken already: nobody else writes.
        let row = i64::try_from(offset.0).unwrap_or(i64::MAX);
        self.insert.execute((row, at.micros(), key, &text))?;
        self.written.bytes += text.len();
        let record = Arc::new(Record { offset, at, event });
        self.written.committed.push(Committed { record, bytes: text.len() });
        self.written.last = Last { offset, at };
        Ok(self.written.last)
    }
}
