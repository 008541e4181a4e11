//! The event log: the only source of truth of a hub.
//!
//! [`EventLog`] is the contract, [`EmbeddedLog`] keeps it in one SQLite file.
//! The `contract` feature adds the test suite that every implementation runs.

#![allow(clippy::doc_markdown, reason = "SQLite and JetStream are names")]

pub mod append;
#[cfg(feature = "contract")]
pub mod contract;
pub mod embedded;
pub mod error;
pub mod event_log;
pub mod options;

pub use append::{Append, Appended, Entry};
pub use embedded::{EmbeddedLog, KeptRecord, LogView};
pub use error::LogError;
pub use event_log::{EventLog, Tail};
pub use options::{Clock, CommitStats, Options, wall_clock};
