//! Reading records from the file: nothing is given out that was not found whole, and in its place.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use hub_core::event::form;
use hub_core::{Event, Offset, Record, Timestamp};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};

use super::block::{self, Frame};
use super::chain::Chain;
use super::file::open_error;
use super::lock;
use super::schema::{self, Head, Identity, offset_of, time_of};
use crate::LogError;

/// From the block that holds the first record wanted.
const READ_BLOCKS: &str = "SELECT first, count, at, chain, records FROM blocks \
     WHERE first >= (SELECT max(first) FROM blocks WHERE first <= ?1) AND first <= ?2 ORDER BY first";

const LAST_BLOCK: &str = "SELECT first, count, at, chain, records FROM blocks ORDER BY first DESC LIMIT 1";

const CHAIN_BEFORE: &str = "SELECT chain FROM blocks WHERE first < ?1 ORDER BY first DESC LIMIT 1";

/// Records that are read in one go: while SQLite reads, the write-ahead log can't be folded into the file beyond what
/// the reader sees.
const CHUNK_RECORDS: usize = 1024;

/// Bytes at which a read ends, whatever was asked for: a record can be as large as a message.
const READ_BYTES: usize = 16 << 20;

/// A record with what is kept beside it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptRecord {
    /// The record.
    pub record: Arc<Record>,
    /// Members of its item that nobody reads, as a JSON object, where they were to be kept.
    pub extras: Option<String>,
}

/// A read-only connection of its own, so that reading never holds up the
/// writer; opened by the first that needs it.
pub(super) struct Reader {
    path: PathBuf,
    beginning: Chain,
    connection: Mutex<Option<Connection>>,
}

impl Reader {
    pub(super) fn new(path: PathBuf, identity: Identity) -> Reader {
        Reader { path, beginning: identity.beginning, connection: Mutex::new(None) }
    }

    /// Records of [`Reader::read_kept`] alone.
    pub(super) fn read(
        &self,
        after: Offset,
        head: Offset,
        max_records: usize,
    ) -> Result<Vec<Arc<Record>>, LogError> {
        let kept = self.read_kept(after, head, max_records)?;
        Ok(kept.into_iter().map(|kept| kept.record).collect())
    }

    /// Up to `max_records` after `after`, none beyond `head`, which must be
    /// committed; fewer, but at least one, where they come to [`READ_BYTES`] or the next can't be read, of which the
    /// next read says why.
    pub(super) fn read_kept(
        &self,
        after: Offset,
        head: Offset,
        max_records: usize,
    ) -> Result<Vec<KeptRecord>, LogError> {
        let (mut records, mut bytes): (Vec<KeptRecord>, _) = (Vec::new(), 0);
        let mut cursor = after;
        while records.len() < max_records && bytes < READ_BYTES && cursor < head {
            let max_chunk = CHUNK_RECORDS.min(max_records - records.len());
            let mut connection = lock(&self.connection);
            let chunk = self.read_chunk(&mut connection, &mut records, (cursor, head), max_chunk);
            drop(connection);
            match chunk {
                Ok(read) => bytes += read,
                Err(error) if records.is_empty() => return Err(error),
                Err(_) => break,
            }
            cursor = match records.last() {
                Some(last) if last.record.offset > cursor => last.record.offset,
                _ => return Err(wrong(&self.path, cursor.next(), MISSING)),
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
        records: &mut Vec<KeptRecord>,
        (after, head): (Offset, Offset),
        max_records: usize,
    ) -> Result<usize, LogError> {
        let unreadable = |error: rusqlite::Error| unreadable(&self.path, &error);
        let connection = match slot {
            Some(connection) => connection,
            None => slot.insert(connect(&self.path).map_err(unreadable)?),
        };
        let mut statement = connection.prepare_cached(READ_BLOCKS).map_err(unreadable)?;
        let bounds = [after.next(), head].map(|offset| i64::try_from(offset.0).unwrap_or(i64::MAX));
        let mut rows = statement.query(bounds).map_err(unreadable)?;
        let (mut wanted, mut bytes, mut before) = (max_records, 0, None);
        while wanted > 0
            && bytes < READ_BYTES
            && let Some(row) = rows.next().map_err(unreadable)?
        {
            let block = Block::of(row).map_err(|error| self.wrong_row(row, after, &error))?;
            let (expected, chain) = match before {
                Some(place) => place,
                None => {
                    (block.first, chain_before(connection, block.first, self.beginning).map_err(unreadable)?)
                }
            };
            if block.first != expected {
                return Err(wrong(&self.path, expected, MISSING));
            }
            let (frames, chain) = block.open(chain, &self.path)?;
            before = Some((block.after(), chain));
            let fresh =
                frames.iter().filter(|frame| frame.offset > after && frame.offset <= head).take(wanted);
            for frame in fresh {
                records.push(self.record(frame)?);
                bytes += frame.bytes.len();
                wanted -= 1;
            }
        }
        Ok(bytes)
    }

    fn record(&self, frame: &Frame<'_>) -> Result<KeptRecord, LogError> {
        let Frame { offset, at, kind, bytes } = *frame;
        let (event, beside) =
            form::decode(bytes).map_err(|error| wrong(&self.path, offset, &error.to_string()))?;
        if Event::number(&event) != kind {
            return Err(wrong(&self.path, offset, "it is of another kind than its frame says"));
        }
        Ok(KeptRecord { record: Arc::new(Record { offset, at, event }), extras: beside.extras })
    }

    fn wrong_row(&self, row: &Row<'_>, after: Offset, error: &rusqlite::Error) -> LogError {
        let offset = row.get(0).map_or(after.next(), offset_of);
        wrong(&self.path, offset, &error.to_string())
    }
}

/// The head of a log, whose last block is there and is what the head says.
pub(super) fn head(connection: &Connection, path: &Path, identity: Identity) -> Result<Head, LogError> {
    let failed = |error: rusqlite::Error| open_error(path, error);
    let head = schema::head(connection)
        .map_err(failed)?
        .ok_or_else(|| open_error(path, "it doesn't say its head"))?;
    let mut statement = connection.prepare(LAST_BLOCK).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    let Some(row) = rows.next().map_err(failed)? else {
        let begun = Head { offset: Offset::START, at: Timestamp::default(), chain: identity.beginning };
        return if head == begun { Ok(head) } else { Err(wrong(path, head.offset, MISSING)) };
    };
    let block = Block::of(row).map_err(failed)?;
    let before = chain_before(connection, block.first, identity.beginning).map_err(failed)?;
    let (frames, chain) = block.open(before, path)?;
    let at = frames.last().map_or(block.at, |frame| frame.at);
    if block.after() != head.offset.next() {
        return Err(wrong(path, head.offset.max(block.after()), MISSING));
    }
    if (at, chain) != (head.at, head.chain) {
        return Err(wrong(path, head.offset, "it is not the record that was written last"));
    }
    Ok(head)
}

const MISSING: &str = "it is missing";

/// A row of the file.
struct Block {
    first: Offset,
    count: u32,
    at: Timestamp,
    chain: Chain,
    records: Vec<u8>,
}

impl Block {
    fn of(row: &Row<'_>) -> rusqlite::Result<Block> {
        Ok(Block {
            first: offset_of(row.get(0)?),
            count: row.get(1)?,
            at: time_of(row.get(2)?),
            chain: Chain(row.get(3)?),
            records: row.get(4)?,
        })
    }

    /// The offset after its last record.
    fn after(&self) -> Offset {
        Offset(self.first.0.saturating_add(self.count.into()))
    }

    /// Its records, once they are known to be whole and to follow what was before them.
    fn open(&self, before: Chain, path: &Path) -> Result<(Vec<Frame<'_>>, Chain), LogError> {
        let (frames, chain) = block::open(&self.records, (self.first, self.count, self.at), before)
            .map_err(|damaged| wrong(path, damaged.0, "it is damaged"))?;
        if chain != self.chain {
            let last = self.after().0.saturating_sub(1);
            let cause =
                format!("it does not follow from what was before it (records {} to {last})", self.first);
            return Err(wrong(path, self.first, &cause));
        }
        Ok((frames, chain))
    }
}

fn chain_before(connection: &Connection, first: Offset, beginning: Chain) -> rusqlite::Result<Chain> {
    let first = i64::try_from(first.0).unwrap_or(i64::MAX);
    let found = connection.prepare_cached(CHAIN_BEFORE)?.query_row([first], |row| row.get(0)).optional()?;
    Ok(found.map_or(beginning, Chain))
}

/// A connection that only reads.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(super::store::BUSY_TIMEOUT)?;
    Ok(connection)
}

fn unreadable(path: &Path, error: &rusqlite::Error) -> LogError {
    LogError::Unreadable { log: path.display().to_string(), cause: error.to_string() }
}

fn wrong(path: &Path, offset: Offset, cause: &str) -> LogError {
    LogError::Record { log: path.display().to_string(), offset, cause: cause.to_owned() }
}
