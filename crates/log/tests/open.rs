//! Opening: what is refused, and that a refusal says why and touches nothing.

mod files;

use std::fs;
use std::path::{Path, PathBuf};

use files::{history, note, open};
use hub_core::{Epoch, Offset};
use hub_log::{EmbeddedLog, EventLog, LogError, Options};
use rusqlite::Connection;
use tempfile::TempDir;

/// A closed log with `records` records.
fn closed_log(records: usize) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap().join("log.db");
    let log = open(&path).unwrap();
    for n in 0..records {
        drop(log.append(vec![note(format!("{n} {}", "x".repeat(100)))]));
    }
    log.close().unwrap();
    (dir, path)
}

fn refusal(path: &Path) -> LogError {
    let refusal = open(path).expect_err("refused");
    assert!(refusal.to_string().contains(path.to_str().unwrap()), "{refusal}");
    refusal
}

#[test]
fn directories_are_created_and_a_path_is_only_a_path() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a/b/c/hub.db", "file:hub.db?mode=memory", "übung 100%.db"] {
        let path = dir.path().join(name);
        open(&path).unwrap().append(vec![note("one")]).wait().unwrap();
        assert!(path.is_file(), "{name}");
        assert_eq!(history(&open(&path).unwrap()).len(), 1, "{name}");
    }
}

#[test]
fn what_is_no_path_of_a_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    for path in [dir.path().to_owned(), dir.path().join("file/log.db"), PathBuf::from("/")] {
        assert!(matches!(refusal(&path), LogError::Open { .. }), "{}", path.display());
    }
    assert!(!dir.path().with_extension("lock").exists(), "nothing is left beside it");
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap().join("notes.txt");
    for text in ["x".to_owned(), "to do: call the bank\n".repeat(1000)] {
        fs::write(&path, &text).unwrap();
        assert!(matches!(refusal(&path), LogError::NotALog { .. }));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn a_database_of_somebody_else_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap().join("other.db");
    for sql in ["CREATE TABLE records (x)", "PRAGMA application_id = 7", "PRAGMA user_version = 1"] {
        let _ = fs::remove_file(&path);
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let before = fs::read(&path).unwrap();
        assert!(matches!(refusal(&path), LogError::NotALog { .. }), "{sql}");
        assert_eq!(fs::read(&path).unwrap(), before, "{sql}");
    }
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let (_dir, path) = closed_log(1);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(refusal(&path), LogError::Newer { found: 99, known: 4, .. }));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_log_of_an_older_schema_is_taken_over_so_that_older_programs_refuse_it() {
    let (_dir, path) = closed_log(1);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 3).unwrap();
    EmbeddedLog::open(&path, Options::new()).unwrap().close().unwrap();
    let version = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
    let found = Connection::open(&path).unwrap().query_row("PRAGMA user_version", [], version).unwrap();
    assert_eq!(found, 4);
}

#[test]
fn a_log_of_before_the_first_release_is_refused_in_one_sentence_and_left_alone() {
    for version in [1, 2] {
        let (_dir, path) = closed_log(1);
        Connection::open(&path).unwrap().pragma_update(None, "user_version", version).unwrap();
        let before = fs::read(&path).unwrap();
        let error = refusal(&path);
        assert!(matches!(error, LogError::NotALog { .. }), "{error}");
        assert!(error.to_string().contains("written before the first release"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn two_hubs_never_open_one_log() {
    let (dir, path) = closed_log(1);
    let log = open(&path).unwrap();
    assert!(matches!(refusal(&path), LogError::Locked { .. }));
    #[cfg(unix)]
    {
        let link = dir.path().join("link.db");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(open(&link), Err(LogError::Locked { .. })), "by another name");
    }
    log.close().unwrap();
    open(&path).expect("after the first is closed");
}

#[test]
fn a_closed_log_is_one_file_and_its_lock() {
    let (dir, _) = closed_log(100);
    let mut names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["log.db", "log.db.lock"]);
}

#[test]
fn a_restored_log_keeps_its_records_and_gets_a_new_epoch() {
    let (dir, path) = closed_log(3);
    let epoch_of = |path: &Path, restored| -> Epoch {
        let log = EmbeddedLog::open(path, Options { restored, ..Options::new() }).unwrap();
        assert_eq!(history(&log).len(), 3);
        log.epoch()
    };
    let original = epoch_of(&path, false);
    let copy = dir.path().join("copy.db");
    fs::copy(&path, &copy).unwrap();
    let renewed = epoch_of(&copy, true);
    assert_ne!(renewed, original);
    assert_eq!(epoch_of(&copy, false), renewed, "and keeps it");
}

#[test]
fn a_truncated_log_gives_an_error() {
    let (_dir, path) = closed_log(500);
    let whole = fs::read(&path).unwrap();
    for length in [1, 50, 100, 600, 4096, 5000, 8192, whole.len() / 2, whole.len() - 4096] {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(matches!(refusal(&path), LogError::Open { .. } | LogError::NotALog { .. }), "{length} bytes");
    }
    // Bytes that are missing read as 0, which the last ones of a page may have been.
    fs::write(&path, &whole).unwrap();
    let records = history(&open(&path).unwrap());
    fs::write(&path, &whole[..whole.len() - 16]).unwrap();
    let left = open(&path).and_then(|log| log.read(Offset::START, usize::MAX));
    assert!(left.is_err() || left.is_ok_and(|left| left == records), "an error, or all of it");
}

#[test]
fn a_log_with_scribbled_pages_gives_errors_and_never_wrong_records() {
    let (_dir, path) = closed_log(500);
    let whole = fs::read(&path).unwrap();
    let records = history(&open(&path).unwrap());
    let mut noticed = 0;
    for page in 0..whole.len() / 4096 {
        let mut bytes = whole.clone();
        for (n, byte) in bytes[page * 4096..][..4096].iter_mut().enumerate().skip(page % 7) {
            *byte = (n * 31 + page) as u8;
        }
        fs::write(&path, &bytes).unwrap();
        let read = open(&path).and_then(|log| {
            let read = log.read(Offset::START, usize::MAX)?;
            assert_eq!(read, records[..read.len()], "page {page}");
            // Of what is left out the next read says why.
            log.read(Offset(read.len() as u64), usize::MAX).map(|_| read.len())
        });
        match read {
            Ok(read) => assert_eq!(read, records.len(), "page {page}"),
            Err(_) => noticed += 1,
        }
    }
    assert!(noticed > 10, "{noticed}");
}
