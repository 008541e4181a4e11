//! Pending things of a session: input that waits for its turn, facts that are
//! not answered yet, an ending behind them.
//!
//! Plain data: sockets hold it, sessions act on it.

mod backlog;
mod ending;
mod sends;

pub(super) use self::backlog::Backlog;
pub(super) use self::ending::{Close, Ending, LastWord, PendingEnding};
pub(super) use self::sends::{Rejected, Sends};
