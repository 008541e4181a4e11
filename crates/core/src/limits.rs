//! The limits that an operator sets, in one place, checked against each other at start.
//!
//! Bounds that can't be set are constants where they are used; docs/limits.md
//! lists those that a peer can meet, crates/tidy/tests/bounds.rs all of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::contradiction::Contradiction;
use crate::heartbeat::STOMP_HEARTBEAT_MS;

/// Section `[limits]` of the configuration. Sizes are in bytes, times in
/// milliseconds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// One inbound message: an HTTP body, a WebSocket message, a STOMP frame. An item of that size is one record.
    #[schemars(range(min = 1024, max = 1 << 28))]
    pub message_bytes: usize,
    /// Bytes that may wait for one socket, behind the message that is being written, before the connection counts as
    /// slow.
    #[schemars(range(min = 4096))]
    pub outbox_bytes: usize,
    /// Keys a slow state subscription remembers one by one; beyond, it falls
    /// back to "everything changed since my watermark".
    #[schemars(range(min = 1))]
    pub dirty_keys: usize,
    /// Connections of the whole process, of whatever kind; one more is closed as
    /// soon as it is accepted. 0: as many as the process may have files open,
    /// but for a reserve; a number beyond that is lowered to it.
    pub connections: usize,
    /// Connections from one address, of whatever kind. As many again are let in
    /// to be told that they are too many. 0: as many as there may be where only
    /// this machine reaches the hub, else a quarter of that.
    pub sessions_per_address: usize,
    /// Subscriptions of one STOMP session.
    #[schemars(range(min = 1))]
    pub subscriptions_per_session: usize,
    /// Portfolios that one subscription may name.
    #[schemars(range(min = 1))]
    pub portfolios_per_subscription: usize,
    /// The symbols whose prices one connection of the auto-trader follows: their
    /// texts together.
    #[schemars(range(min = 1024))]
    pub followed_symbols_bytes: usize,
    /// Bytes that are retained of one feed.
    #[schemars(range(min = 4096))]
    pub feed_bytes: usize,
    /// Events that are retained of one feed, if they fit `feed_bytes`.
    #[schemars(range(min = 1))]
    pub feed_events: usize,
    /// Messages that one queue may hold, waiting or unacknowledged.
    #[schemars(range(min = 1))]
    pub queue_messages: usize,
    /// Their bytes, for one queue; all queues together hold four times as
    /// much.
    pub queue_bytes: usize,
    /// Messages that one consumer of a queue may have unacknowledged.
    #[schemars(range(min = 1))]
    pub queue_prefetch: usize,
    /// Refusals by NACK after which a message of a queue is dropped.
    #[schemars(range(min = 1))]
    pub queue_nacks: u32,
    /// Open transactions of one STOMP session; 0: it may have none.
    pub transactions_per_session: usize,
    /// Frames that are held for one transaction.
    #[schemars(range(min = 1))]
    pub transaction_frames: usize,
    /// Bytes that are held for one transaction.
    #[schemars(range(min = 1024))]
    pub transaction_bytes: usize,
    /// Bytes per second that one STOMP session may send; 0: as many as it likes.
    pub session_bytes_per_second: u32,
    /// SENDs of one STOMP session that are not answered yet; beyond, it is read no further until one is.
    #[schemars(range(min = 1))]
    pub sends_per_session: usize,
    /// Bytes that one connection may bring before the others get their turn: as they came, and as what they became.
    #[schemars(range(min = 65_536))]
    pub turn_bytes: usize,
    /// Headers of one STOMP frame.
    #[schemars(range(min = 8))]
    pub stomp_headers: usize,
    /// One line of a STOMP frame's head.
    #[schemars(range(min = 256))]
    pub stomp_header_line_bytes: usize,
    /// A session's first STOMP frame, if that is less than `message_bytes`: it is not yet known who sends it.
    #[schemars(range(min = 1024))]
    pub stomp_connect_bytes: usize,
    /// Items of one ingest request.
    #[schemars(range(min = 1))]
    pub ingest_items: usize,
    /// The interval of STOMP heart-beats, offered and asked for.
    #[schemars(range(min = 1000))]
    pub heartbeat_ms: u32,
    /// From the first byte to a request's head, an upgrade or a CONNECT.
    #[schemars(range(min = 100))]
    pub handshake_ms: u64,
    /// For the body of an HTTP request to come in whole.
    #[schemars(range(min = 100))]
    pub body_ms: u64,
    /// For a WebSocket message or STOMP frame that has begun to come in whole,
    /// however many frames or messages carry it.
    #[schemars(range(min = 100))]
    pub message_ms: u64,
    /// Time for which a peer may take not one byte of what waits for it.
    #[schemars(range(min = 100))]
    pub stall_ms: u64,
    /// Memory that may be kept of positions as they were, for whoever reads the state of a past moment: snapshots,
    /// answers of HTTP, shards that lag behind. Beyond, the oldest such state expires: a subscriber goes on with a newer
    /// one, an answer is cut off.
    #[schemars(range(min = 1_048_576))]
    pub view_bytes: usize,
    /// Time for which one answer may read the state as of one position. What it still has to send then is not sent.
    #[schemars(range(min = 100))]
    pub view_ms: u64,
    /// Time for which an HTTP connection is kept without a request: longer than balancers do, who end theirs after
    /// 60 s, so that none sends a request on a connection that is being closed.
    #[schemars(range(min = 1000))]
    pub keep_alive_ms: u64,
    /// Time for which a session of `SockJS`'s HTTP transports lives without a request of its client to receive by.
    #[schemars(range(min = 100))]
    pub sockjs_disconnect_delay_ms: u64,
    /// For a peer to answer our Close, and for outboxes to drain at shutdown.
    #[schemars(range(min = 100))]
    pub close_ms: u64,
    /// Records waiting for the log's writer, over all callers.
    pub log_queue_records: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            message_bytes: 1 << 20,
            outbox_bytes: 256 << 10,
            dirty_keys: 1024,
            connections: 0,
            sessions_per_address: 0,
            subscriptions_per_session: 256,
            portfolios_per_subscription: 1000,
            followed_symbols_bytes: 1 << 20,
            feed_bytes: 4 << 20,
            feed_events: 10_000,
            queue_messages: 10_000,
            queue_bytes: 16 << 20,
            queue_prefetch: 64,
            queue_nacks: 16,
            transactions_per_session: 4,
            transaction_frames: 1024,
            transaction_bytes: 1 << 20,
            session_bytes_per_second: 0,
            sends_per_session: 64,
            turn_bytes: 512 << 10,
            stomp_headers: 64,
            stomp_header_line_bytes: 8 << 10,
            stomp_connect_bytes: 64 << 10,
            ingest_items: 10_000,
            heartbeat_ms: STOMP_HEARTBEAT_MS,
            handshake_ms: 10_000,
            body_ms: 30_000,
            message_ms: 60_000,
            stall_ms: 60_000,
            view_bytes: 256 << 20,
            view_ms: 60_000,
            keep_alive_ms: 75_000,
            sockjs_disconnect_delay_ms: 5_000,
            close_ms: 5_000,
            log_queue_records: 200_000,
        }
    }
}

impl Limits {
    /// Checks the limits against each other; the ranges of each are beside it.
    pub fn check(&self) -> Result<(), Contradiction> {
        let rules: [(&'static str, bool, &'static str); 3] = [
            (
                "queue_bytes",
                self.queue_bytes >= self.message_bytes,
                "must be at least limits.message_bytes, or the largest message would never fit",
            ),
            (
                "stomp_header_line_bytes",
                self.stomp_header_line_bytes <= self.message_bytes,
                "must be no more than limits.message_bytes",
            ),
            (
                "log_queue_records",
                self.log_queue_records >= self.ingest_items,
                "must be at least limits.ingest_items, or the largest request could never be taken in",
            ),
        ];
        Contradiction::first("limits", rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_agree_with_each_other() {
        assert_eq!(Limits::default().check(), Ok(()));
    }

    #[test]
    fn a_contradiction_names_the_key() {
        let limits = Limits { log_queue_records: 10, ingest_items: 20, ..Limits::default() };
        assert_eq!(limits.check().unwrap_err().key, "limits.log_queue_records");
    }
}
