//! The log that is replayed.

use std::path::Path;

use hub_log::{EmbeddedLog, Entry, EventLog, Options};

use crate::workload::Workload;

/// Records of one append.
const APPEND: usize = 1_000;

/// Writes a log at `path` of records that open positions; its size in bytes.
pub(super) fn write(path: &Path, mut workload: Workload, records: usize) -> anyhow::Result<u64> {
    let log = EmbeddedLog::open(path, Options::new())?;
    let mut left = records;
    while left > 0 {
        let entries: Vec<Entry> = (0..left.min(APPEND)).map(|_| workload.open().event.into()).collect();
        left -= entries.len();
        log.append(entries).wait()?;
    }
    log.close()?;
    Ok(std::fs::metadata(path)?.len())
}
