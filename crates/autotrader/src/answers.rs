//! Answers: what commands led to, for whoever waits for it and for whoever asks again.

mod command;

use std::sync::Arc;

use hub_core::event::trading::TradingCommand;
use hub_core::{Offset, RequestId, Timestamp};
use hub_fanout::{ExpiringMap, NewestMap};
use serde::{Deserialize, Serialize};

use crate::session::Session;
use crate::trade::Trade;

/// Answers that are kept for callers who wait. A caller reads its answer as
/// soon as the batch that holds its command has been applied; a batch has at
/// most 4,096 records.
const RECENT_MAX: usize = 65_536;

/// The thing a command led to, as it was at that moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Answer {
    /// The session that was created or stopped; its numbers, not its trades.
    Session(Arc<Session>),
    /// The trade that was opened or closed.
    Trade(Arc<Trade>),
}

/// A command that was done, and what it led to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CompletedCommand {
    /// The command.
    #[serde(with = "command")]
    pub command: TradingCommand,
    /// Its answer.
    pub answer: Answer,
    /// The time at which it was done.
    pub at: Timestamp,
}

/// The answers to the latest commands, by record. A command that came again
/// has the first one's.
pub(crate) type RecentAnswers = NewestMap<Offset, CompletedCommand>;

/// None yet.
pub(crate) fn recent() -> RecentAnswers {
    NewestMap::newest(RECENT_MAX)
}

/// The answers to commands that came with a key, for as long as they may come
/// again. One that was refused is not among them: it may be tried again.
pub(crate) type KeyedAnswers = ExpiringMap<RequestId, Arc<CompletedCommand>>;
