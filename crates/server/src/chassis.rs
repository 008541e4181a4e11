//! What all listeners, shards and routes share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use bytes::Bytes;
use hub_core::limits::Limits;
use hub_fanout::queues::QueueFull;
use hub_fanout::{Catalog, Outcomes, Publisher, QueueRelay, RelayMessage, Target};
use hub_log::EventLog;
use hub_stomp::SessionConfig;

use crate::addresses::Addresses;
use crate::compression::Compression;
use crate::connections::Connections;
use crate::metrics::Metrics;
use crate::origin::Origins;

/// What a STOMP session's limits are called in the configuration, for
/// [`SessionConfig::limit_names`]; those without a name can't be set.
pub const STOMP_LIMIT_NAMES: &[(&str, &str)] = &[
    ("max_frame_bytes", "limits.message_bytes"),
    ("max_headers", "limits.stomp_headers"),
    ("max_header_line_bytes", "limits.stomp_header_line_bytes"),
    ("max_subscriptions", "limits.subscriptions_per_session"),
    ("rate.bytes_per_second", "limits.session_bytes_per_second"),
    ("rate.burst_bytes", ""),
    ("opening.max_eols", ""),
    ("opening.max_connect_bytes", ""),
    ("transactions.max_open", "limits.transactions_per_session"),
    ("transactions.max_frames", "limits.transaction_frames"),
    ("transactions.max_bytes", "limits.transaction_bytes"),
];

/// What all listeners, shards and routes share.
pub struct Chassis {
    /// Every destination.
    pub catalog: Catalog,
    /// Where ingested items go.
    pub log: Arc<dyn EventLog>,
    /// Where what became of them comes from.
    pub outcomes: Outcomes,
    /// Where relayed messages go.
    pub publisher: Publisher,
    /// The queues that all shards share.
    pub queues: QueueRelay,
    /// The limits that are configured.
    pub limits: Limits,
    /// Which pages may connect.
    pub origins: Origins,
    /// What is counted.
    pub metrics: Metrics,
    /// How messages to WebSocket clients are compressed; `None`: not at all.
    pub compression: Option<Compression>,
    /// Whether STOMP clients may SEND to relay destinations.
    pub client_send: bool,
    /// What all STOMP sessions have in common.
    pub stomp: Arc<SessionConfig>,
    /// The script that `SockJS`'s iframe transports load; none of the hub's own:
    /// the usual place.
    pub sockjs_script: Option<Bytes>,
    /// Whether the hub serves.
    pub readiness: Readiness,
    /// Connections of the whole process.
    pub connections: Connections,
    /// Connections per peer address.
    pub addresses: Addresses,
    /// Gives every connection an id that its log lines carry.
    pub connection_ids: ConnectionIds,
}

/// Whether the hub serves: starting, ready, draining.
#[derive(Default)]
pub struct Readiness(AtomicU8);

const READY: u8 = 1;
const DRAINING: u8 = 2;

impl Readiness {
    /// Replay has finished and all listeners are bound.
    pub fn set_ready(&self) {
        // A hub that is told to stop while it starts does not become ready.
        let _ = self.0.compare_exchange(0, READY, Ordering::AcqRel, Ordering::Acquire);
    }

    /// The hub is shutting down: nothing new is taken in.
    pub fn set_draining(&self) {
        self.0.store(DRAINING, Ordering::Release);
    }

    /// For `/ready`.
    pub fn is_ready(&self) -> bool {
        self.0.load(Ordering::Acquire) == READY
    }

    /// Whether the log is still being replayed: nothing but health is served.
    pub fn is_starting(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }

    /// Whether the hub is shutting down.
    pub fn is_draining(&self) -> bool {
        self.0.load(Ordering::Acquire) == DRAINING
    }
}

/// Ordinals of connections in this process.
#[derive(Default)]
pub struct ConnectionIds(AtomicU64);

impl ConnectionIds {
    /// The next one.
    pub fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// Why a message was not published.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PublishError {
    /// The queue holds as much as it may.
    #[error(transparent)]
    Full(#[from] QueueFull),
    /// Not a relay destination.
    #[error("messages can't be published there")]
    NotRelayed,
}

impl Chassis {
    /// Publishes to a relay topic or queue; gives the message with its id.
    pub fn publish(
        &self,
        target: Target,
        headers: Vec<(String, String)>,
        body: Bytes,
    ) -> Result<Arc<RelayMessage>, PublishError> {
        match target {
            Target::Relay(topic) => Ok(self.publisher.relay(topic, headers, body)),
            Target::Queue(queue) => Ok(self.queues.publish(queue, headers, body)?),
            Target::State { .. } | Target::Feed { .. } => Err(PublishError::NotRelayed),
        }
    }
}
