//! Work that a caller queues for the writer.

use hub_core::Event;

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
    pub(super) text: String,
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
            Work::Entries(entries) => entries.iter().map(|entry| entry.text.len()).sum(),
            Work::Tick(entry) => entry.text.len(),
        }
    }
}

impl EncodedEntry {
    fn encode(Entry { event, key }: Entry) -> Result<EncodedEntry, LogError> {
        let failed = |cause: String| LogError::Event { cause };
        let bytes = event.encode().map_err(|error| failed(error.to_string()))?;
        // The column is text, so that an operator can query it with SQLite's
        // JSON functions.
        let text = String::from_utf8(bytes).map_err(|error| failed(error.to_string()))?;
        Ok(EncodedEntry { event, text, key })
    }
}
