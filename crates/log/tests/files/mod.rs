//! What the tests of the embedded log's file share.

use std::path::Path;
use std::sync::Arc;

use hub_core::event::PortfolioInfo;
use hub_core::{Event, Offset, PortfolioId, Record};
use hub_log::{EmbeddedLog, Entry, EventLog, LogError, Options};

pub(crate) fn open(path: &Path) -> Result<EmbeddedLog, LogError> {
    EmbeddedLog::open(path, Options::new())
}

/// An entry that carries a text.
pub(crate) fn note(text: impl Into<String>) -> Entry {
    let portfolio_id = PortfolioId::from_bytes([7; 16]);
    Event::Portfolio(PortfolioInfo { portfolio_id, name: text.into(), phone_number: None, address: None })
        .into()
}

/// The text of a [`note`].
#[allow(dead_code, reason = "not every test file looks inside")]
pub(crate) fn text_of(record: &Record) -> &str {
    match &record.event {
        Event::Portfolio(info) => &info.name,
        other => panic!("not a note: {other:?}"),
    }
}

/// Everything in the log.
#[allow(dead_code, reason = "not every test file reads")]
pub(crate) fn history(log: &EmbeddedLog) -> Vec<Arc<Record>> {
    log.read(Offset::START, usize::MAX).unwrap()
}
