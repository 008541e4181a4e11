//! Dead letters: what the hub itself rejected, kept to be looked at. Here is where each is in the log; what was sent is
//! read there when somebody looks.

mod walk;

use std::sync::Arc;

use hub_core::{Event, Offset, Record, Rejection, Timestamp};
use hub_fanout::NewestMap;
use hub_log::{EventLog, LogError};
use serde::Serialize;

use crate::state::State;

/// Bytes of payload with which a page of dead letters ends; the next one begins after it.
const PAGE_BYTES: usize = 1 << 20;

/// Something that the hub took in and rejected: at the door, or because it
/// breaks a rule of the domain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DeadLetter {
    /// Its record; also its id.
    pub offset: Offset,
    /// The time at which it came.
    pub at: Timestamp,
    /// The ingest kind it came as.
    pub kind: &'static str,
    /// The reason, and the field at fault.
    #[serde(serialize_with = "walk::WalkedRejection::serialize")]
    pub rejection: Rejection,
    /// True if it could be read.
    pub readable: bool,
}

impl DeadLetter {
    pub(crate) fn new(record: &Record, rejection: Rejection) -> DeadLetter {
        let readable = !matches!(record.event, Event::Rejected(_));
        DeadLetter { offset: record.offset, at: record.at, kind: record.event.kind(), rejection, readable }
    }
}

/// The newest dead letters, by record.
pub(crate) type DeadLetters = NewestMap<Offset, DeadLetter>;

/// A dead letter and its record.
pub(crate) type Opened = (Arc<DeadLetter>, Arc<Record>);

/// Some of the dead letters before a record, the newest first, and whether there are more.
pub(crate) struct Page {
    pub(crate) letters: Vec<Opened>,
    pub(crate) more: bool,
}

/// Reads `limit` dead letters, but no more than fit [`PAGE_BYTES`], and at least one if there is any. Blocks.
pub(crate) fn page(
    state: &State,
    before: Offset,
    limit: usize,
    log: &dyn EventLog,
) -> Result<Page, LogError> {
    let (mut letters, mut bytes) = (Vec::new(), 0);
    let mut found = state.letters_before(before);
    while letters.len() < limit
        && bytes < PAGE_BYTES
        && let Some(letter) = found.next()
    {
        let opened = open(letter, log)?;
        bytes += payload_bytes(&opened.1);
        letters.push(opened);
    }
    let more = found.next().is_some();
    Ok(Page { letters, more })
}

/// Reads a dead letter's record. Blocks.
pub(crate) fn open(letter: &Arc<DeadLetter>, log: &dyn EventLog) -> Result<Opened, LogError> {
    let record = log.record(letter.offset)?;
    Ok((Arc::clone(letter), record))
}

/// Size of what may be large: a fact's fields are bounded.
fn payload_bytes(record: &Record) -> usize {
    match &record.event {
        Event::Rejected(input) => input.raw.len(),
        _ => 0,
    }
}
