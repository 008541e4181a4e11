//! A log in which nothing happens.

use std::sync::Arc;

use hub_core::{Epoch, Offset, Record};
use hub_log::{Append, Entry, EventLog, LogError, Tail};

/// The tests publish what would follow from
/// it.
pub(super) struct StillLog;

pub(super) const EPOCH: Epoch = Epoch(7);

impl EventLog for StillLog {
    fn epoch(&self) -> Epoch {
        EPOCH
    }

    fn head(&self) -> Offset {
        Offset::START
    }

    fn append(&self, _: Vec<Entry>) -> Append {
        Append::ready(Err(LogError::Closed))
    }

    fn tick(&self) -> Append {
        Append::ready(Err(LogError::Closed))
    }

    fn read(&self, _: Offset, _: usize) -> Result<Vec<Arc<Record>>, LogError> {
        Ok(Vec::new())
    }

    fn tail(&self, _: Offset) -> Box<dyn Tail> {
        unreachable!("nobody follows it")
    }

    fn close(&self) -> Result<(), LogError> {
        Ok(())
    }
}
