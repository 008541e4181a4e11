//! Space, size, failure, and where records are served from.

mod files;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use files::{history, note, open, text_of};
use hub_core::{Event, Offset};
use hub_log::{EmbeddedLog, Entry, EventLog, LogError, Options};

const FOREVER: Duration = Duration::from_secs(60);

/// `count` entries of about 200 bytes.
fn notes(count: usize) -> Vec<Entry> {
    (0..count).map(|n| note(format!("{n:0>100}"))).collect()
}

#[test]
fn a_full_log_refuses_what_does_not_fit_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    let log = EmbeddedLog::open(&path, Options { file_max_bytes: Some(1 << 20), ..Options::new() }).unwrap();
    log.append(notes(100)).wait().unwrap();
    let full = log.append(notes(10_000)).wait();
    assert!(matches!(full, Err(LogError::Full { .. })), "{full:?}");
    assert_eq!(log.head(), Offset(100));
    assert_eq!(log.append(notes(1)).wait().unwrap().offsets, [Offset(101)], "what fits is still taken");
    assert_eq!(history(&log).len(), 101);
    log.close().unwrap();
    let log = open(&path).unwrap();
    assert_eq!(history(&log).len(), 101, "nothing of the refused append came back");
    assert_eq!(log.append(notes(10_000)).wait().unwrap().offsets[0], Offset(102), "with space again");
}

#[test]
fn an_append_larger_than_the_queue_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { queue_max_records: 10, queue_max_bytes: 1000, ..Options::new() };
    let log = EmbeddedLog::open(&dir.path().join("log.db"), options).unwrap();
    let ticks = |count| (0..count).map(|_| Event::Tick.into()).collect();
    assert_eq!(log.append(ticks(11)).wait(), Err(LogError::TooLarge { records: 11, bytes: 22 }));
    assert!(matches!(log.append(vec![note("x".repeat(1000))]).wait(), Err(LogError::TooLarge { .. })));
    assert_eq!(log.append(ticks(10)).wait().unwrap().offsets.len(), 10);
}

#[test]
fn a_read_ends_where_records_are_large_and_whoever_goes_on_gets_all() {
    const RECORDS: u64 = 50;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    let log = EmbeddedLog::open(&path, Options { ring_max_bytes: 0, ..Options::new() }).unwrap();
    for n in 0..RECORDS {
        log.append(vec![note(format!("{n}").repeat(1 << 20)), note(String::new())]).wait().unwrap();
    }
    let (mut cursor, mut reads) = (Offset::START, 0);
    while cursor < log.head() {
        let records = log.read(cursor, usize::MAX).unwrap();
        assert!((1..=70).contains(&records.len()), "{} records at once", records.len());
        let after = records.iter().map(|record| record.offset);
        assert!(after.eq((cursor.0 + 1..).map(Offset).take(records.len())), "none is skipped");
        cursor = records.last().unwrap().offset;
        reads += 1;
    }
    assert!(reads > 1 && cursor == Offset(2 * RECORDS), "{reads} reads");
    let (mut tail, mut seen) = (log.tail(Offset::START), 0);
    while seen < 2 * RECORDS {
        let records = tail.next(usize::MAX, FOREVER).unwrap();
        assert!(records.len() <= 70, "{} records at once", records.len());
        seen += records.len() as u64;
    }
    assert_eq!(log.record(Offset(7)).unwrap().offset, Offset(7));
    for absent in [0, 2 * RECORDS + 1, u64::MAX] {
        assert_eq!(log.record(Offset(absent)), Err(LogError::Absent { offset: Offset(absent) }));
    }
}

#[test]
fn the_write_ahead_log_stays_small_while_readers_read() {
    const CHECKPOINT_BYTES: u64 = 256 << 10;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    let options = Options { checkpoint_bytes: CHECKPOINT_BYTES, ring_max_records: 0, ..Options::new() };
    let log = EmbeddedLog::open(&path, options).unwrap();
    let (done, mut largest) = (AtomicUsize::new(0), 0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut tail = log.tail(Offset::START);
                while let Ok(records) = tail.next(50, FOREVER)
                    && records.last().is_some_and(|last| last.offset < Offset(30_000))
                {
                    done.fetch_add(records.len(), Ordering::Relaxed);
                }
            });
        }
        for _ in 0..300 {
            log.append(notes(100)).wait().unwrap();
            largest = largest.max(std::fs::metadata(dir.path().join("log.db-wal")).unwrap().len());
        }
    });
    assert_eq!(log.head(), Offset(30_000));
    assert!(done.into_inner() > 80_000, "the readers read");
    assert!(largest >= CHECKPOINT_BYTES / 2, "{largest}: this test sees the file");
    assert!(largest <= 5 * CHECKPOINT_BYTES, "{largest} bytes");
}

#[test]
fn a_tail_that_keeps_up_is_served_from_memory() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    let log = EmbeddedLog::open(&path, Options { ring_max_records: 10, ..Options::new() }).unwrap();
    let mut tails = [log.tail(Offset::START), log.tail(Offset::START)];
    let mut next_of_both = |count| {
        let [left, right] = tails.each_mut().map(|tail| tail.next(count, FOREVER).unwrap());
        assert_eq!(left, right);
        left.iter().zip(&right).all(|(left, right)| Arc::ptr_eq(left, right))
    };
    log.append(notes(10)).wait().unwrap();
    assert!(next_of_both(10), "the same records in memory");
    log.append(notes(20)).wait().unwrap();
    assert!(!next_of_both(15), "fell behind: decoded for each");
    assert!(next_of_both(5), "and came back");
}

#[test]
fn every_commit_is_reported_before_it_is_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let options = Options {
        on_commit: Some(Arc::new(move |stats| sink.lock().unwrap().push(stats))),
        ..Options::new()
    };
    let log = EmbeddedLog::open(&dir.path().join("log.db"), options).unwrap();
    let entries = notes(5);
    let bytes: usize = entries.iter().map(|entry| entry.event.encode().unwrap().len()).sum();
    log.append(entries).wait().unwrap();
    log.append(Vec::new()).wait().unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.iter().map(|stats| (stats.records, stats.bytes)).collect::<Vec<_>>(), [(5, bytes)]);
    assert!(seen[0].duration > Duration::ZERO);
}

#[test]
fn when_the_writer_dies_everyone_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    let options = Options {
        on_commit: Some(Arc::new(|stats| assert!(stats.records < 3, "a hook that panics"))),
        ..Options::new()
    };
    let log = EmbeddedLog::open(&path, options).unwrap();
    log.append(vec![note("one")]).wait().unwrap();
    let mut tail = log.tail(Offset(1));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || tail.next(10, FOREVER));
        assert_eq!(log.append(notes(3)).wait(), Err(LogError::Lost));
        assert!(matches!(waiting.join().unwrap(), Err(LogError::Storage { .. })));
    });
    assert!(matches!(log.append(notes(1)).wait(), Err(LogError::Storage { .. } | LogError::Lost)));
    assert_eq!(log.close(), Err(LogError::Lost));
    assert_eq!(log.close(), Err(LogError::Lost));
    let log = open(&path).expect("the lock is free again");
    assert_eq!(text_of(&history(&log)[0]), "one");
}
