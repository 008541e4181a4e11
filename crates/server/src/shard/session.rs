//! Sessions: what the peers of a shard's sockets say, and what is done about
//! it.
//!
//! Here the rooms meet: a message that was read from one of the [sockets]
//! becomes a subscription, or a fact on its way into the log, and whatever
//! ends a session ends its subscriptions.
//!
//! [sockets]: super::sockets::Sockets

mod adopt;
mod backlog;
mod ending;
mod inbound;
mod intake;
mod native;
mod stomp;
mod timeout;

pub(crate) use self::intake::IngestReply;
pub(super) use self::intake::Intake;
