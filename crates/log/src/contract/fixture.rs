//! Directories of the tests' logs, and the entries they write.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use hub_core::event::PortfolioInfo;
use hub_core::{Event, Offset, PortfolioId, Record, Timestamp};
use tempfile::TempDir;

use super::Open;
use crate::{Clock, Entry, EventLog, LogError, Tail};

/// Longer than any wait for something that happens.
const FOREVER: Duration = Duration::from_secs(60);

/// A directory with one log in it.
pub(super) struct Fixture<'a> {
    dir: TempDir,
    open: Open<'a>,
}

impl<'a> Fixture<'a> {
    pub(super) fn new(open: Open<'a>) -> Fixture<'a> {
        Fixture { dir: TempDir::new().expect("a directory"), open }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    /// Opens the log with a clock that stands still.
    pub(super) fn open(&self) -> Box<dyn EventLog> {
        self.open_at(&HandClock::new())
    }

    pub(super) fn open_at(&self, clock: &HandClock) -> Box<dyn EventLog> {
        self.open_with(clock.clock())
    }

    pub(super) fn open_with(&self, clock: Clock) -> Box<dyn EventLog> {
        (self.open)(&self.path(), clock)
    }
}

/// A clock that is moved by hand.
#[derive(Clone)]
pub(super) struct HandClock(Arc<AtomicI64>);

impl HandClock {
    pub(super) const START_MILLIS: i64 = 1_770_000_000_000;

    pub(super) fn new() -> HandClock {
        HandClock(Arc::new(AtomicI64::new(Self::START_MILLIS)))
    }

    /// Sets it to so many milliseconds after its start.
    pub(super) fn set(&self, millis: i64) {
        self.0.store(Self::START_MILLIS + millis, Ordering::SeqCst);
    }

    pub(super) fn clock(&self) -> Clock {
        let millis = Arc::clone(&self.0);
        Arc::new(move || timestamp(millis.load(Ordering::SeqCst)))
    }
}

pub(super) fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).expect("a time")
}

/// An event that carries a text.
pub(super) fn note(text: impl Into<String>) -> Entry {
    let portfolio_id = PortfolioId::from_bytes([7; 16]);
    Event::Portfolio(PortfolioInfo { portfolio_id, name: text.into(), phone_number: None, address: None })
        .into()
}

/// The text of a [`note`].
pub(super) fn text_of(record: &Record) -> &str {
    match &record.event {
        Event::Portfolio(info) => &info.name,
        other => panic!("not a note: {other:?}"),
    }
}

/// `count` notes, numbered from `first`.
pub(super) fn notes(first: usize, count: usize) -> Vec<Entry> {
    (first..first + count).map(|n| note(n.to_string())).collect()
}

/// Everything in the log.
pub(super) fn history(log: &dyn EventLog) -> Vec<Arc<Record>> {
    log.read(Offset::START, usize::MAX).expect("a readable log")
}

pub(super) fn texts(records: &[Arc<Record>]) -> Vec<&str> {
    records.iter().map(|record| text_of(record)).collect()
}

/// Records that a tail delivers next, which must not take until the timeout.
pub(super) fn next(tail: &mut dyn Tail, max: usize) -> Result<Vec<Arc<Record>>, LogError> {
    let begun = Instant::now();
    let delivered = tail.next(max, FOREVER);
    assert!(begun.elapsed() < FOREVER, "nobody woke the tail");
    delivered
}

/// Follows a tail until the record at `last`, adding to what was seen.
pub(super) fn follow(
    tail: &mut dyn Tail,
    seen: &mut Vec<Arc<Record>>,
    last: Offset,
    mut batch: impl FnMut() -> usize,
) {
    while seen.last().is_none_or(|record| record.offset < last) {
        let max = batch();
        let records = next(tail, max).expect("a tail that goes on");
        assert!(!records.is_empty(), "nothing came, {} records before {last}", seen.len());
        assert!(records.len() <= max, "{} records instead of {max}", records.len());
        seen.extend(records);
    }
}
