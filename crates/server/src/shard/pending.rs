//! Pending things of a session: input that waits for its turn, an ending behind facts that are not answered yet.
//!
//! Plain data: sockets hold it, sessions act on it.

mod backlog;
mod ending;

pub(super) use self::backlog::Backlog;
pub(super) use self::ending::{Close, Ending, LastWord, PendingEnding};
