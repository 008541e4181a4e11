//! One group of appends, as one transaction.

use std::sync::Arc;

use hub_core::{Offset, Record, Timestamp};
use rusqlite::{CachedStatement, Connection, OptionalExtension, TransactionBehavior};

use super::super::block;
use super::super::ring::Committed;
use super::super::schema::{Head, PUT_HEAD, offset_of, time_of};
use super::super::work::{EncodedEntry, Work};
use crate::{Appended, Clock};

const PUT_BLOCK: &str = "INSERT INTO blocks (first, count, at, chain, records) VALUES (?1, ?2, ?3, ?4, ?5)";
const PUT_KEY: &str = "INSERT INTO keys (key, offset, at) VALUES (?1, ?2, ?3)";
const FIND_KEY: &str = "SELECT offset, at FROM keys WHERE key = ?1";

/// Results of a committed group.
pub(in crate::embedded) struct Written {
    /// One answer per append.
    pub(in crate::embedded) appended: Vec<Appended>,
    /// The new records, in order.
    pub(in crate::embedded) committed: Vec<Committed>,
    /// Their encoded size.
    pub(in crate::embedded) bytes: usize,
    /// The last record.
    pub(in crate::embedded) head: Head,
}

/// Writes and commits; after an error the transaction is rolled back.
pub(super) fn write_group(
    connection: &mut Connection,
    head: Head,
    group: Vec<Work>,
    clock: &Clock,
) -> rusqlite::Result<Written> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let written = Draft::begin(&transaction, head)?.write(group, clock)?;
    transaction.commit()?;
    Ok(written)
}

/// A place in the log and its time.
#[derive(Clone, Copy)]
struct Place {
    offset: Offset,
    at: Timestamp,
}

struct Draft<'transaction> {
    transaction: &'transaction Connection,
    put_block: CachedStatement<'transaction>,
    find_key: CachedStatement<'transaction>,
    /// Records that are not in the file yet.
    block: Option<block::Draft>,
    written: Written,
}

impl<'transaction> Draft<'transaction> {
    fn begin(transaction: &'transaction Connection, head: Head) -> rusqlite::Result<Self> {
        Ok(Draft {
            transaction,
            put_block: transaction.prepare_cached(PUT_BLOCK)?,
            find_key: transaction.prepare_cached(FIND_KEY)?,
            block: None,
            written: Written { appended: Vec::new(), committed: Vec::new(), bytes: 0, head },
        })
    }

    fn write(mut self, group: Vec<Work>, clock: &Clock) -> rusqlite::Result<Written> {
        for work in group {
            let now = self.written.head.at.max(clock());
            let appended = match work {
                Work::Entries(entries) => self.append(entries, now)?,
                Work::Tick(entry) => self.tick(entry, now)?,
            };
            self.written.appended.push(appended);
        }
        self.end_block()?;
        let Head { offset, at, chain } = self.written.head;
        if !self.written.committed.is_empty() {
            self.transaction.prepare_cached(PUT_HEAD)?.execute((integer(offset), at.micros(), chain.0))?;
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
                Some(known) => Place { at: at.unwrap_or(known.at).max(known.at), ..known },
                None => self.insert(entry, now)?,
            };
            at = Some(place.at);
            offsets.push(place.offset);
        }
        Ok(Appended { offsets, at: at.unwrap_or(self.written.head.at) })
    }

    fn tick(&mut self, entry: EncodedEntry, now: Timestamp) -> rusqlite::Result<Appended> {
        let last = self.written.head;
        if last.offset > Offset::START && last.at.second() == now.second() {
            return Ok(Appended { offsets: Vec::new(), at: last.at });
        }
        let place = self.insert(entry, now)?;
        Ok(Appended { offsets: vec![place.offset], at: place.at })
    }

    fn find(&mut self, key: &str) -> rusqlite::Result<Option<Place>> {
        self.find_key
            .query_row([key], |row| Ok(Place { offset: offset_of(row.get(0)?), at: time_of(row.get(1)?) }))
            .optional()
    }

    fn insert(&mut self, entry: EncodedEntry, at: Timestamp) -> rusqlite::Result<Place> {
        let EncodedEntry { event, bytes, key } = entry;
        let offset = self.written.head.offset.next();
        if let Some(key) = key {
            self.transaction.prepare_cached(PUT_KEY)?.execute((key, integer(offset), at.micros()))?;
        }
        if self.block.as_ref().is_some_and(block::Draft::is_full) {
            self.end_block()?;
        }
        self.block.get_or_insert_with(|| block::Draft::new(offset, at)).push(event.number(), at, &bytes);
        self.written.bytes += bytes.len();
        let record = Arc::new(Record { offset, at, event });
        self.written.committed.push(Committed { record, bytes: bytes.len() });
        (self.written.head.offset, self.written.head.at) = (offset, at);
        Ok(Place { offset, at })
    }

    /// SQLite refuses an offset that is taken already: nobody else writes.
    fn end_block(&mut self) -> rusqlite::Result<()> {
        let Some(block) = self.block.take() else { return Ok(()) };
        let (first, count, at) = (integer(block.first), block.count, block.at.micros());
        let (chain, records) = block.finish(self.written.head.chain);
        self.put_block.execute((first, count, at, chain.0, records))?;
        self.written.head.chain = chain;
        Ok(())
    }
}

fn integer(offset: Offset) -> i64 {
    i64::try_from(offset.0).unwrap_or(i64::MAX)
}
