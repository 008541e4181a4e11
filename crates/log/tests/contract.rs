//! The embedded log keeps the contract; and what it promises beyond it.

use std::path::Path;

use hub_core::{Event, Offset};
use hub_log::{Clock, EmbeddedLog, EventLog, Options};

/// With buffers that are smaller than what the tests write.
fn open(path: &Path, clock: Clock) -> Box<dyn EventLog> {
    let options = Options {
        clock,
        queue_max_records: 2_000,
        ring_max_records: 256,
        checkpoint_bytes: 64 << 10,
        ..Options::default()
    };
    Box::new(EmbeddedLog::open(path, options).expect("a log"))
}

hub_log::contract_tests!(open);

#[test]
fn the_suite_runs_as_one_function_too() {
    hub_log::contract::run_all(&open);
}

#[test]
fn offsets_have_no_holes_even_where_appends_failed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    let options = Options { file_max_bytes: Some(100 << 10), ..Options::default() };
    let log = EmbeddedLog::open(&path, options).unwrap();
    let mut acknowledged = Vec::new();
    for size in [100, 20_000, 100, 20_000, 100] {
        let entries = (0..size).map(|_| Event::Tick.into()).collect();
        if let Ok(appended) = log.append(entries).wait() {
            acknowledged.extend(appended.offsets);
        }
    }
    assert_eq!(acknowledged, (1..=300).map(Offset).collect::<Vec<_>>());
}
