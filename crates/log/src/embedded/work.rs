//! Work that a caller queues for the writer.

use hub_core::Event;
use hub_core::event::form::{self, Beside};

use crate::{Entry, LogError};

/// One append, encoded on its caller's thread: the writer is the bottleneck.
pub(super) enum Work {
    /// All of these or none.
    Entries(Vec<EncodedEntry>),
    /// A tick, if the second needs one; only the writer can tell.
    Tick(EncodedEntry),
}

/// An entry and its form in the file.
pub(super) struct EncodedEntry {
    pub(super) event: Event,
    pub(super) bytes: Vec<u8>,
    pub(super) key: Option<String>,
}

impl Work {
    /// Encodes an append.
    pub(super) fn encode(entries: Vec<Entry>) -> Result<Work, LogError> {
        entries.into_iter().map(EncodedEntry::encode).collect::<Result<_, _>>().map(Work::Entries)
    }

    /// A tick.
    pub(super) fn tick() -> Result<Work, LogError> {
        EncodedEntry::encode(Event::Tick.into()).map(Work::Tick)
    }

    /// Share of the queue's bound. At least one, so that appends of nothing can't pile up either.
    pub(super) fn records(&self) -> usize {
        match self {
            Work::Entries(entries) => entries.len().max(1),
            Work::Tick(_) => 1,
        }
    }

    /// Its encoded size.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Work::Entries(entries) => entries.iter().map(|entry| entry.bytes.len()).sum(),
            Work::Tick(entry) => entry.bytes.len(),
        }
    }
}

impl EncodedEntry {
    fn encode(Entry { event, key, extras }: Entry) -> Result<EncodedEntry, LogError> {
        let beside = Beside { key, extras };
        let bytes =
            form::encode(&event, &beside).map_err(|error| LogError::Event { cause: error.to_string() })?;
        Ok(EncodedEntry { event, bytes, key: beside.key })
    }
}
