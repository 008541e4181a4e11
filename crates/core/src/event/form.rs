//! The form of an event in the log: protobuf, by hand-written messages.
//!
//! A log outlives programs, so the form changes by rules:
//!
//! 1. A tag is for ever. It is never given to another field, nor are its type and its meaning changed; one that is no
//!    longer written is still read, or its number is left out with a word why.
//! 2. A field is added with the next free tag, and its absence means what was so before it was there. Then older logs
//!    are read by newer programs, and newer ones by older programs, which pass over it.
//! 3. What an older program must not pass over (a new kind, a field without which another means something else) raises
//!    the version of the log's schema, so that it refuses the file instead.
//! 4. Absent and zero differ only where a field is `optional`.
//! 5. A golden file of every version stays in `crates/log/tests/golden`, and is read by a test.
//!
//! Decimals are integers of their type's scale, ids the 16 bytes of their UUIDs, times microseconds since 1970, words
//! of a fixed choice numbers (`numbers.rs`). Settings are JSON, since each member has a default.

mod from_message;
pub mod logged;
mod messages;
mod numbers;
mod to_message;

use std::fmt::Display;

use prost::Message;
use sha2::{Digest, Sha256};

use super::{Event, Transaction};

/// An event in a log that this program can't read, or can't write.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct EventError {
    field: &'static str,
    reason: String,
}

impl EventError {
    fn new(field: &'static str, reason: impl Display) -> EventError {
        EventError { field, reason: reason.to_string() }
    }

    fn missing(field: &'static str) -> EventError {
        EventError::new(field, "is missing")
    }
}

impl Event {
    /// The number of its kind in the log, 1 to 15; none is ever given to another kind.
    pub fn number(&self) -> u8 {
        match self {
            Event::Transaction(_) => 1,
            Event::Price(_) => 2,
            Event::TradeEvent(_) => 3,
            Event::QueueMetric(_) => 4,
            Event::DlqEvent(_) => 5,
            Event::ErrorEvent(_) => 6,
            Event::InvalidTrade(_) => 7,
            Event::Portfolio(_) => 8,
            Event::Symbol(_) => 9,
            Event::Risk(_) => 10,
            Event::Trading(_) => 11,
            Event::Tick => 12,
            Event::Settings(_) => 13,
            Event::Rejected(_) => 14,
            // The last number that a frame has room for: what is new from upstream is a fact within it.
            Event::Upstream(_) => 15,
        }
    }

    /// The bytes that a log keeps of an event without a key.
    pub fn encode(&self) -> Result<Vec<u8>, EventError> {
        encode(self, &Beside::default())
    }

    /// The event that those bytes mean, of an entry with or without a key.
    pub fn decode(bytes: &[u8]) -> Result<Event, EventError> {
        decode(bytes).map(|(event, _)| event)
    }
}

/// Parts of an entry beside its event.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Beside {
    /// Key of idempotency of its append.
    pub key: Option<String>,
    /// Members of its item that nobody reads, as a JSON object.
    pub extras: Option<String>,
}

/// The bytes that a log keeps of an entry.
pub fn encode(event: &Event, beside: &Beside) -> Result<Vec<u8>, EventError> {
    let fact = Some(to_message::fact(event)?);
    let Beside { key, extras } = beside.clone();
    Ok(messages::Entry { fact, key, extras }.encode_to_vec())
}

/// Bytes for which a digest has room: those of any transaction whose symbol is not of the longest characters.
const DIGESTED_BYTES: usize = 192;

impl Transaction {
    /// Digest of all that it says: the first 8 bytes of SHA-256 over its form in the log, which is the same in every
    /// version. Two transactions that say the same have the same.
    pub fn digest(&self) -> [u8; 8] {
        let digest = match to_message::transaction_in(&mut [0; DIGESTED_BYTES], self) {
            Some(form) => Sha256::digest(form),
            None => Sha256::digest(to_message::transaction(self).encode_to_vec()),
        };
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        first
    }
}

/// The event of an entry, and what stands beside it.
pub fn decode(bytes: &[u8]) -> Result<(Event, Beside), EventError> {
    let entry = messages::Entry::decode(bytes).map_err(|error| EventError::new("entry", error))?;
    let fact =
        entry.fact.ok_or_else(|| EventError::new("entry", "is of a kind that this program does not know"))?;
    Ok((from_message::event(fact)?, Beside { key: entry.key, extras: entry.extras }))
}
