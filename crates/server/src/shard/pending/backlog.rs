//! Input that waits for its socket's next turn.

use bytes::BytesMut;

/// Input that nobody has looked at. While a socket has any, nothing
/// more is read from it.
#[derive(Default)]
pub(in crate::shard) struct Backlog {
    /// STOMP, out of messages that have arrived.
    pub(in crate::shard) stomp: BytesMut,
    /// Bytes that were read behind them.
    pub(in crate::shard) wire: Vec<u8>,
}
