//! The statements of docs/operations.md do to a log's file what the page says.

mod files;

use std::fs;
use std::path::Path;

use files::{history, note, open};
use hub_log::{EmbeddedLog, EventLog, Options};
use rusqlite::Connection;

/// The statement that the page prints and that begins so.
fn printed(beginning: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md");
    let page = fs::read_to_string(page).unwrap();
    let mut statements =
        page.lines().filter_map(|line| line.strip_prefix("sqlite3 data/hub.db \"")?.strip_suffix('"'));
    statements.find(|statement| statement.starts_with(beginning)).expect("a printed statement").to_owned()
}

#[test]
fn a_backup_that_is_taken_while_the_hub_writes_is_a_log_that_can_be_restored() {
    let dir = tempfile::tempdir().unwrap();
    let (path, backup) = (dir.path().join("hub.db"), dir.path().join("backup.db"));
    let log = open(&path).unwrap();
    for n in 0..100 {
        log.append(vec![note(format!("{n}"))]).wait().unwrap();
    }
    let statement = printed("VACUUM").replace("/backup/hub.db", backup.to_str().unwrap());
    Connection::open(&path).unwrap().execute_batch(&statement).unwrap();
    log.append(vec![note("after the backup")]).wait().unwrap();

    let epoch = log.epoch();
    let copy = open(&backup).unwrap();
    assert_eq!(copy.epoch(), epoch, "it is the same log until it is said to be another");
    assert_eq!(history(&copy), history(&log)[..100]);
    copy.close().unwrap();

    let renewed = EmbeddedLog::open(&backup, Options { restored: true, ..Options::new() }).unwrap();
    renewed.close().unwrap();
    let restored = open(&backup).unwrap();
    assert_ne!(restored.epoch(), epoch);
    assert_eq!(history(&restored).len(), 100);
    restored.append(vec![note("it goes on")]).wait().unwrap();
}

#[test]
fn a_log_at_work_is_the_files_that_the_page_names_and_its_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(&dir.path().join("hub.db")).unwrap();
    log.append(vec![note("one")]).wait().unwrap();
    let names =
        fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["hub.db", "hub.db-shm", "hub.db-wal", "hub.db.lock"]);
    #[cfg(unix)]
    for name in names {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(dir.path().join(&name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
