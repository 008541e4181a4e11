//! Schema of the file, and the test that a file is a log at all.
//!
//! ```text
//! blocks(first INTEGER PRIMARY KEY, count INTEGER, at INTEGER, chain BLOB, records BLOB)
//!     records of one commit, see `block`; at: microseconds since 1970 of the first; chain: after it, see `chain`
//! keys(key TEXT PRIMARY KEY, offset INTEGER, at INTEGER)
//!     of the records that have one
//! head(id INTEGER PRIMARY KEY = 1, offset INTEGER, at INTEGER, chain BLOB)
//!     the last record and the chain after it: a log that lost its end is found out
//! meta(name TEXT PRIMARY KEY, value TEXT)
//!     epoch, created_as: 16 hexadecimal digits, as in a position, and 8 of their CRC-32: of now, and of when the log
//!     was created; created_at: ISO-8601
//! ```

use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use hub_core::{Epoch, Offset, Timestamp};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::chain::Chain;
use super::file::{LogFile, open_error};
use crate::{Clock, LogError};

/// SQLite's `application_id` of an event log: "PMSH".
const APPLICATION_ID: i64 = 0x504d_5348;

/// SQLite's `user_version`: the newest schema this program knows.
///
/// | Schema | Has, that a program of the one before would pass over |
/// |---|---|
/// | 4 | facts that services upstream computed |
const SCHEMA_VERSION: i64 = 4;

/// The oldest that it reads. What came before held JSON without checksums, in no version that was released.
const OLDEST_VERSION: i64 = 3;

/// The header of every SQLite file (<https://sqlite.org/fileformat2.html>).
const HEADER_BYTES: u64 = 100;

const TABLES: &str = "
    CREATE TABLE blocks (
        first INTEGER PRIMARY KEY,
        count INTEGER NOT NULL,
        at INTEGER NOT NULL,
        chain BLOB NOT NULL,
        records BLOB NOT NULL
    ) STRICT;
    CREATE TABLE keys (key TEXT PRIMARY KEY, offset INTEGER NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE head (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        offset INTEGER NOT NULL,
        at INTEGER NOT NULL,
        chain BLOB NOT NULL
    ) STRICT;
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

/// Writes the head, the one row of its table.
pub(super) const PUT_HEAD: &str = "REPLACE INTO head (id, offset, at, chain) VALUES (1, ?1, ?2, ?3)";

/// The last record's place and time, and the chain after it: what the next record follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    pub(super) offset: Offset,
    pub(super) at: Timestamp,
    pub(super) chain: Chain,
}

/// Identity of a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Identity {
    /// The epoch of its positions.
    pub(super) epoch: Epoch,
    /// The chain before its first record.
    pub(super) beginning: Chain,
}

/// Makes sure that the file is a log, creating it if it is empty.
pub(super) fn establish(connection: &mut Connection, file: &LogFile, clock: &Clock) -> Result<(), LogError> {
    if is_log(connection, &file.path)? {
        return raise(connection).map_err(|error| open_error(&file.path, error));
    }
    create(connection, clock()).map_err(|error| open_error(&file.path, error))
}

/// True if the file is a log already; false if it is empty. Changes nothing.
pub(super) fn is_log(connection: &Connection, path: &Path) -> Result<bool, LogError> {
    let log = || path.display().to_string();
    let foreign = |cause: String| LogError::NotALog { log: log(), cause };
    if (1..HEADER_BYTES).contains(&std::fs::metadata(path).map_or(0, |found| found.len())) {
        // SQLite takes some of these for empty.
        return Err(foreign("it is not a SQLite file".to_owned()));
    }
    let value = |sql| {
        connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(|error| {
            match error.sqlite_error_code() {
                Some(rusqlite::ErrorCode::NotADatabase) => foreign("it is not a SQLite file".to_owned()),
                _ => open_error(path, error),
            }
        })
    };
    let application = value("PRAGMA application_id")?;
    let version = value("PRAGMA user_version")?;
    let objects = value("SELECT count(*) FROM sqlite_schema")?;
    match (application, version, objects) {
        (0, 0, 0) => Ok(false),
        (APPLICATION_ID, OLDEST_VERSION..=SCHEMA_VERSION, _) => Ok(true),
        (APPLICATION_ID, found, _) if found > SCHEMA_VERSION => {
            Err(LogError::Newer { log: log(), found, known: SCHEMA_VERSION })
        }
        (APPLICATION_ID, 1..OLDEST_VERSION, _) => Err(foreign(
            "it was written before the first release, in a form that is no longer read: start with a new file \
             (log.path)"
                .to_owned(),
        )),
        (APPLICATION_ID, found, _) => Err(foreign(format!("its schema is {found}"))),
        (id, ..) => Err(foreign(format!("it is a SQLite file with application id {id}"))),
    }
}

/// From now on it may hold what a program that knows an older schema alone would not understand.
fn raise(connection: &Connection) -> rusqlite::Result<()> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version == SCHEMA_VERSION {
        return Ok(());
    }
    connection.pragma_update(None, "user_version", SCHEMA_VERSION)
}

/// All or nothing: a crash leaves an empty file or a log.
fn create(connection: &mut Connection, now: Timestamp) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    let created = new_epoch();
    for (name, value) in
        [("epoch", checked(created)), ("created_as", checked(created)), ("created_at", now.to_string())]
    {
        transaction.execute(PUT_META, (name, value))?;
    }
    let beginning = Chain::begin(created);
    transaction.execute(PUT_HEAD, (0, 0, beginning.0))?;
    transaction.commit()
}

const PUT_META: &str = "REPLACE INTO meta (name, value) VALUES (?1, ?2)";

/// Reads who the log is; `None` if the file doesn't say, or not what was written.
fn identity(connection: &Connection) -> rusqlite::Result<Option<Identity>> {
    let epoch = |name: &str| -> rusqlite::Result<Option<Epoch>> {
        let text: Option<String> = connection
            .query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0))
            .optional()?;
        Ok(text.as_deref().and_then(unchecked))
    };
    let (epoch, created) = (epoch("epoch")?, epoch("created_as")?);
    Ok(epoch.zip(created).map(|(epoch, created)| Identity { epoch, beginning: Chain::begin(created) }))
}

/// The same of a log that has to say it.
pub(super) fn required_identity(connection: &Connection, path: &Path) -> Result<Identity, LogError> {
    identity(connection)
        .map_err(|error| open_error(path, error))?
        .ok_or_else(|| open_error(path, "it doesn't say its epoch, or that is damaged"))
}

/// Gives the log a new epoch: its history is no longer the one it was.
pub(super) fn renew_epoch(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute(PUT_META, ("epoch", checked(new_epoch())))?;
    Ok(())
}

/// An epoch with the checksum of its digits.
fn checked(epoch: Epoch) -> String {
    let digits = epoch.to_string();
    format!("{digits}{:08x}", crc32fast::hash(digits.as_bytes()))
}

/// The epoch that [`checked`] wrote.
fn unchecked(text: &str) -> Option<Epoch> {
    let epoch = Epoch(u64::from_str_radix(text.get(..16)?, 16).ok()?);
    (checked(epoch) == text).then_some(epoch)
}

/// The head as the file says it; `None` if it doesn't.
pub(super) fn head(connection: &Connection) -> rusqlite::Result<Option<Head>> {
    connection
        .query_row("SELECT offset, at, chain FROM head WHERE id = 1", [], |row| {
            Ok(Head { offset: offset_of(row.get(0)?), at: time_of(row.get(1)?), chain: Chain(row.get(2)?) })
        })
        .optional()
}

/// The offset a row says.
pub(super) fn offset_of(value: i64) -> Offset {
    Offset(u64::try_from(value).unwrap_or(0))
}

/// The time a row says; 1970 for what no writer of a log ever wrote.
pub(super) fn time_of(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap_or_default()
}

/// 64 bits nobody had before: the standard library seeds its hashers from the
/// operating system's randomness.
fn new_epoch() -> Epoch {
    Epoch(RandomState::new().hash_one("epoch"))
}
