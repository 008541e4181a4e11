//! Damage of the file: it is found and named, or it has no effect.

mod files;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use files::{note, open};
use hub_core::{Event, Offset, Record};
use hub_log::{EventLog, LogError, LogView, Options};
use rusqlite::Connection;
use tempfile::TempDir;

/// A closed log of some blocks, of several kinds.
fn closed_log(blocks: usize) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap().join("log.db");
    let log = open(&path).unwrap();
    for n in 0..blocks {
        let entries = vec![note(format!("first of {n}")), Event::Tick.into(), note(format!("last of {n}"))];
        log.append(entries).wait().unwrap();
    }
    log.close().unwrap();
    (dir, path)
}

/// All that the file gives out, or the error that names it.
fn read(path: &Path) -> Result<(String, Vec<Arc<Record>>), LogError> {
    let log = LogView::open(path)?;
    let records = all(|after| log.read(after, usize::MAX))?;
    Ok((log.epoch().to_string(), records))
}

/// Reads on until there is no more, or an error says why.
fn all(
    mut read: impl FnMut(Offset) -> Result<Vec<Arc<Record>>, LogError>,
) -> Result<Vec<Arc<Record>>, LogError> {
    let mut records: Vec<Arc<Record>> = Vec::new();
    loop {
        let more = read(records.last().map_or(Offset::START, |last| last.offset))?;
        if more.is_empty() {
            return Ok(records);
        }
        records.extend(more);
    }
}

/// Every 13th byte; all of them take two minutes, by `HUB_DAMAGE_STEP=1` (2026-11-29: found or without effect, each).
fn step() -> usize {
    std::env::var("HUB_DAMAGE_STEP").ok().and_then(|step| step.parse().ok()).unwrap_or(13)
}

#[test]
fn damage_of_any_byte_is_found_or_has_no_effect() {
    let (dir, path) = closed_log(20);
    let whole = fs::read(&path).unwrap();
    let undamaged = read(&path).unwrap();
    assert_eq!(undamaged.1.len(), 60);
    let damaged_path = dir.path().join("damaged.db");
    let (mut found, mut without_effect) = (0, 0);
    for place in (0..whole.len()).step_by(step()) {
        let mut damaged = whole.clone();
        // Each byte in one way that depends on its place: all bits are flipped somewhere.
        damaged[place] ^= [0x01, 0xff, 0x80, 0x10][place % 4];
        fs::write(&damaged_path, &damaged).unwrap();
        match read(&damaged_path) {
            Ok(seen) => {
                assert_eq!(seen, undamaged, "byte {place} of {}", whole.len());
                without_effect += 1;
            }
            Err(_) => found += 1,
        }
        for beside in ["damaged.db-wal", "damaged.db-shm"] {
            let _ = fs::remove_file(dir.path().join(beside));
        }
    }
    assert!(found > 100 && without_effect > 100, "{found} found, {without_effect} without effect");
}

#[test]
fn what_is_missing_changed_or_exchanged_is_named() {
    for (sql, wrong) in [
        ("DELETE FROM blocks WHERE first = 1", 1),
        ("DELETE FROM blocks WHERE first IN (4, 7)", 4),
        ("UPDATE blocks SET records = zeroblob(10) WHERE first = 4", 4),
        ("UPDATE blocks SET at = at + 1 WHERE first = 4", 4),
        ("UPDATE blocks SET count = 2 WHERE first = 4", 6),
        (
            "UPDATE blocks SET (at, records) = (SELECT at, records FROM blocks WHERE first = 7) WHERE first = 4",
            4,
        ),
        ("UPDATE blocks SET chain = (SELECT chain FROM blocks WHERE first = 7) WHERE first = 4", 4),
    ] {
        let (_dir, path) = closed_log(5);
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let log = open(&path).unwrap();
        let mut tail = log.tail(Offset::START);
        for error in [
            all(|after| log.read(after, 100)).expect_err(sql),
            all(|_| tail.next(100, std::time::Duration::ZERO)).expect_err(sql),
            read(&path).expect_err(sql),
        ] {
            assert!(
                matches!(error, LogError::Record { offset, .. } if offset == Offset(wrong)),
                "{sql}: {error}"
            );
        }
    }
}

#[test]
fn a_log_that_lost_its_end_is_not_opened() {
    for sql in [
        "DELETE FROM blocks WHERE first = 13",
        "DELETE FROM blocks",
        "DELETE FROM head",
        "UPDATE head SET at = at + 1",
        "UPDATE head SET offset = offset - 3",
        "UPDATE meta SET value = replace(value, substr(value, 1, 1), 'x') WHERE name = 'epoch'",
        "UPDATE meta SET value = '0123456789abcdef' WHERE name = 'epoch'",
        "DELETE FROM meta WHERE name = 'created_as'",
    ] {
        let (_dir, path) = closed_log(5);
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let error = open(&path).expect_err(sql);
        assert!(matches!(error, LogError::Record { .. } | LogError::Open { .. }), "{sql}: {error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{sql}: {error}");
    }
}

#[test]
fn a_log_that_was_restored_keeps_its_chain() {
    let (_dir, path) = closed_log(3);
    let before = read(&path).unwrap();
    hub_log::EmbeddedLog::open(&path, Options { restored: true, ..Options::new() }).unwrap().close().unwrap();
    let after = read(&path).unwrap();
    assert_ne!(after.0, before.0);
    assert_eq!(after.1, before.1);
}
