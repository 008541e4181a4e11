//! The shared vocabulary of pms-hub.
//!
//! Everything here is pure: no clock, no I/O, no randomness. A value that
//! enters the hub becomes one of these types once, at the door
//! ([`normalize`]), and is never parsed again.
//!
//! Ids such as AN-POS, here and in all crates, are facts of the platform that
//! the hub serves: docs/platform.md.

pub mod access;
pub mod close;
pub mod contradiction;
pub mod date;
pub mod derived;
pub mod dto;
pub mod event;
pub mod fixed;
pub mod freshness;
pub mod heartbeat;
pub mod id;
pub mod kind;
pub mod limits;
pub mod messagepack;
pub mod normalize;
pub mod outcome;
pub mod parameters;
pub mod position;
pub mod raw_text;
pub mod record;
pub mod schema;
pub mod settings;
pub mod symbol;
pub mod time;
pub mod topic;
pub mod trouble;
pub mod views;

pub use close::CloseReason;
pub use contradiction::Contradiction;
pub use date::Date;
pub use derived::Derived;
pub use event::Event;
pub use fixed::{Money, Price, Quantity, Ratio};
pub use freshness::{FreshPrices, Freshness};
pub use id::{PortfolioId, RequestId, TradeId, TransactionId};
pub use outcome::{Outcome, Rejection, Verdict, Warning};
pub use parameters::{Count, Parameter, ParameterError, Parameters};
pub use position::{Epoch, Offset, Position};
pub use raw_text::{RawEncoding, RawText};
pub use record::Record;
pub use settings::{AlertRules, Settings, Thresholds};
pub use symbol::{Symbol, SymbolCase};
pub use time::Timestamp;
pub use topic::TopicName;
pub use views::{Expired, Pnl};
