//! Schema of the file, and the test that a file is a log at all.
//!
//! ```text
//! records(offset INTEGER PRIMARY KEY, at INTEGER, key TEXT NULL, event TEXT)
//!     at: microseconds since 1970; event: JSON, see `Event::encode`
//! meta(name TEXT PRIMARY KEY, value TEXT)
//!     epoch: 16 hexadecimal digits, as in a position; created_at: ISO-8601
//! ```

use std::hash::{BuildHasher, RandomState};

use hub_core::{Epoch, Offset, Timestamp};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::file::{LogFile, open_error};
use crate::{Clock, LogError};

/// SQLite's `application_id` of an event log: "PMSH".
const APPLICATION_ID: i64 = 0x504d_5348;

/// SQLite's `user_version`: the schema this program knows. The first had times in milliseconds.
const SCHEMA_VERSION: i64 = 2;

/// The header of every SQLite file (<https://sqlite.org/fileformat2.html>).
const HEADER_BYTES: u64 = 100;

const TABLES: &str = "
    CREATE TABLE records (
        offset INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        key TEXT,
        event TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX records_by_key ON records (key) WHERE key IS NOT NULL;
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

/// The last record's place and time: what the next record follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Last {
    pub(super) offset: Offset,
    pub(super) at: Timestamp,
}

/// Makes sure that the file is a log, creating it if it is empty.
pub(super) fn establish(connection: &mut Connection, file: &LogFile, clock: &Clock) -> Result<(), LogError> {
    if is_log(connection, file)? {
        return Ok(());
    }
    create(connection, clock()).map_err(|error| open_error(&file.path, error))
}

/// True if the file is a log already; false if it is empty. Changes nothing.
fn is_log(connection: &Connection, file: &LogFile) -> Result<bool, LogError> {
    let foreign = |cause: String| LogError::NotALog { log: file.to_string(), cause };
    if (1..HEADER_BYTES).contains(&std::fs::metadata(&file.path).map_or(0, |found| found.len())) {
        // SQLite takes some of these for empty.
        return Err(foreign("it is not a SQLite file".to_owned()));
    }
    let value = |sql| {
        connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(|error| {
            match error.sqlite_error_code() {
                Some(rusqlite::ErrorCode::NotADatabase) => foreign("it is not a SQLite file".to_owned()),
                _ => open_error(&file.path, error),
            }
        })
    };
    let application = value("PRAGMA application_id")?;
    let version = value("PRAGMA user_version")?;
    let objects = value("SELECT count(*) FROM sqlite_schema")?;
    match (application, version, objects) {
        (0, 0, 0) => Ok(false),
        (APPLICATION_ID, SCHEMA_VERSION, _) => Ok(true),
        (APPLICATION_ID, found, _) if found > SCHEMA_VERSION => {
            Err(LogError::Newer { log: file.to_string(), found, known: SCHEMA_VERSION })
        }
        (APPLICATION_ID, found, _) => Err(foreign(format!(
            "its schema is {found}, of an older version of pms-hub, which was never released"
        ))),
        (id, ..) => Err(foreign(format!("it is a SQLite file with application id {id}"))),
    }
}

/// All or nothing: a crash leaves an empty file or a log.
fn create(connection: &mut Connection, now: Timestamp) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    let mut insert = transaction.prepare("INSERT INTO meta (name, value) VALUES (?1, ?2)")?;
    insert.execute(("epoch", new_epoch().to_string()))?;
    insert.execute(("created_at", now.to_string()))?;
    drop(insert);
    transaction.commit()
}

/// The log's epoch; `None` if the file doesn't say.
pub(super) fn epoch(connection: &Connection) -> rusqlite::Result<Option<Epoch>> {
    let text: Option<String> = connection
        .query_row("SELECT value FROM meta WHERE name = 'epoch'", [], |row| row.get(0))
        .optional()?;
    Ok(text.and_then(|text| u64::from_str_radix(&text, 16).ok()).map(Epoch))
}

/// Gives the log a new epoch: its history is no longer the one it was.
pub(super) fn renew_epoch(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("UPDATE meta SET value = ?1 WHERE name = 'epoch'", [new_epoch().to_string()])?;
    Ok(())
}

/// The last record; before the first, [`Offset::START`] and 1970.
pub(super) fn last(connection: &Connection) -> rusqlite::Result<Last> {
    let last = connection
        .query_row("SELECT offset, at FROM records ORDER BY offset DESC LIMIT 1", [], |row| {
            Ok(Last { offset: offset_of(row.get(0)?), at: time_of(row.get(1)?) })
        })
        .optional()?;
    Ok(last.unwrap_or(Last { offset: Offset::START, at: Timestamp::default() }))
}

/// The offset a row says.
pub(super) fn offset_of(value: i64) -> Offset {
    Offset(u64::try_from(value).unwrap_or(0))
}

/// The time a row says; 1970 for what no writer of a log ever wrote.
pub(super) fn time_of(value: i64) -> Timestamp {
    Timestamp::from_micros(value).unwrap_or_default()
}

/// 64 bits nobody had before: the standard library seeds its hashers from the
/// operating system's randomness.
fn new_epoch() -> Epoch {
    Epoch(RandomState::new().hash_one("epoch"))
}
