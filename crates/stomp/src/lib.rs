#![doc = include_str!("../README.md")]
//!
//! ## Where to begin
//!
//! ```text
//! bytes -> Decoder -> Frame -> Session -> Request -> (the owner) -> encode -> bytes
//! ```
//!
//! - [`Session`] is the state machine of one connection: feed it with [`Session::receive`], answer
//!   through the [`Reply`] that each [`Request`] carries, write [`Refusal::error_frame`] and close
//!   when it refuses.
//! - [`Decoder`] is the incremental codec beneath it; on its own it serves clients in tests.
//! - [`encode`] writes server frames; its message writer is made for fan-out.
//! - [`HeartbeatTimer`] says when to beat and when the peer is silent.
//!
//! ## Where the specification leaves room
//!
//! - `host` is optional in every version: stompjs doesn't send it.
//! - CR LF ends a line in every version, not only in 1.2.
//! - An unescaped `:` in a header's value is kept as it is in every version: stompjs escapes
//!   nothing in a 1.1 session. A line is split at its first `:`.
//! - A 1.0 session trims blanks around header names and values, as the examples of that
//!   specification are padded; 1.1 and 1.2 never trim.
//! - Headers are UTF-8 and hold no NUL. A NUL there is refused at once, because it nearly always
//!   ends a frame that lacks its blank line.
//! - A body on a frame other than `SEND` is ignored, unless it begins as a frame does: then the NUL
//!   is missing that should have stood before it. So it is where a header line is a command.
//! - A `SEND` with a header that the server sets on MESSAGEs, such as `message-id`, is refused
//!   ([`is_reserved`]).
//! - U+FFFD stands for text that was lost before it came here, half of a surrogate pair for one. A
//!   frame whose `id`, `destination`, `transaction` or `receipt` holds it is refused: two names
//!   would be one.
//! - `UNSUBSCRIBE` of a subscription that doesn't exist is no error (see [`Request::Unsubscribe`]).
//! - `client-individual` is an `ack` mode in 1.0 too, as clients of that version use it.
//! - An ERROR written before CONNECTED is not escaped: the peer has not been told a version yet.
//!
//! - The ids of transactions are unique among those that are open; one that was committed or aborted
//!   may be used again. Naming a transaction that is not open is an error.
//! - A frame in a transaction gets its RECEIPT when it is taken in ([`Request::Held`]).
//!
//! ## The part of the owner
//!
//! Which messages are unacknowledged, by which subscriptions, and what becomes of them. The session
//! reports modes ([`AckMode`]), ACKs and NACKs, and checks that they carry what their version asks
//! for; [`encode::ack_header`] is the header by which MESSAGEs are acknowledged.

mod command;
pub mod decode;
pub mod encode;
mod error;
mod escape;
mod frame;
mod heartbeat;
mod limits;
mod rate;
mod refusal;
mod reserved;
mod session;
mod version;

pub use command::Command;
pub use decode::{BadFrame, Decoder, Item, Lacking};
pub use error::{FrameError, ProtocolError};
pub use frame::{Frame, HeaderIter, Headers};
pub use heartbeat::{HeartBeat, HeartbeatTimer, Intervals, Liveness};
pub use limits::{Limit, Limits, OpeningLimits, RateLimit, TransactionLimits};
pub use refusal::Refusal;
pub use reserved::is_reserved;
pub use session::{AckMode, Connect, Reply, Request, Session, SessionConfig, SubscriptionRef};
pub use version::Version;
