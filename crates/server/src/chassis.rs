//! The state that all listeners, shards and routes share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use bytes::Bytes;
use hub_core::SymbolCase;
use hub_core::limits::Limits;
use hub_fanout::queues::{QueueFull, QueueLimits};
use hub_fanout::{Catalog, Outcomes, Publisher, QueueRelay, RelayMessage, Target};
use hub_log::EventLog;
use hub_stomp::{HeartBeat, OpeningLimits, RateLimit, SessionConfig, TransactionLimits};

use crate::addresses::Addresses;
use crate::compression::Compression;
use crate::connections::Connections;
use crate::http::host::Hosts;
use crate::log_reader::LogReader;
use crate::metrics::Metrics;
use crate::origin::Origins;
use crate::tls::ServerConfig;

/// Names of a STOMP session's limits in the configuration, for
/// [`SessionConfig::limit_names`]; those without a name can't be set.
pub const STOMP_LIMIT_NAMES: &[(&str, &str)] = &[
    ("max_frame_bytes", "limits.message_bytes"),
    ("max_headers", "limits.stomp_headers"),
    ("max_header_line_bytes", "limits.stomp_header_line_bytes"),
    ("max_subscriptions", "limits.subscriptions_per_session"),
    ("rate.bytes_per_second", "limits.session_bytes_per_second"),
    ("rate.burst_bytes", ""),
    ("opening.max_eols", ""),
    ("opening.max_connect_bytes", "limits.stomp_connect_bytes"),
    ("transactions.max_open", "limits.transactions_per_session"),
    ("transactions.max_frames", "limits.transaction_frames"),
    ("transactions.max_bytes", "limits.transaction_bytes"),
];

/// The state that all listeners, shards and routes share.
pub struct Chassis {
    /// Every destination.
    pub catalog: Catalog,
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The log, as requests read it.
    pub log_reader: LogReader,
    /// Outcomes of its records.
    pub outcomes: Outcomes,
    /// The way of relayed messages to all shards.
    pub publisher: Publisher,
    /// The queues that all shards share.
    pub queues: QueueRelay,
    /// The limits that are configured.
    pub limits: Limits,
    /// Pages that may connect.
    pub origins: Origins,
    /// The hosts that services on loopback answer to.
    pub hosts: Hosts,
    /// TLS of the services that speak it.
    pub tls: Option<Arc<ServerConfig>>,
    /// Counters.
    pub metrics: Metrics,
    /// Compression of messages to WebSocket clients; `None`: they are not compressed.
    pub compression: Option<Compression>,
    /// True: STOMP clients may SEND to relay destinations.
    pub client_send: bool,
    /// The case of symbols that come in.
    pub symbol_case: SymbolCase,
    /// True: members of items that nobody reads are kept in their records.
    pub keep_unknown: bool,
    /// Configuration of all STOMP sessions.
    pub stomp: Arc<SessionConfig>,
    /// The script that `SockJS`'s iframe transports load; none of the hub's own:
    /// the usual place.
    pub sockjs_script: Option<Bytes>,
    /// Readiness: the hub starts, serves or drains.
    pub readiness: Readiness,
    /// Connections of the whole process.
    pub connections: Connections,
    /// Connections per peer address.
    pub addresses: Addresses,
    /// Gives every connection an id that its log lines carry.
    pub connection_ids: ConnectionIds,
}

/// The parts that a chassis connects: from the log to what is published.
pub struct ChassisParts {
    /// Every destination.
    pub catalog: Catalog,
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// Outcomes of its records, as the runner tells them.
    pub outcomes: Outcomes,
    /// The way of the runner's publications and of relayed messages to all shards.
    pub publisher: Publisher,
    /// Counters, which the log may count with already.
    pub metrics: Metrics,
}

/// Configuration of a chassis. The default is that of a hub on loopback, which no page may
/// connect to.
#[derive(Clone)]
pub struct ChassisConfig {
    /// The hub in STOMP's `server` header, as `name/version`.
    pub server_name: String,
    /// Every limit.
    pub limits: Limits,
    /// Pages that may connect, as `scheme://host[:port]`, the port possibly `*`.
    pub allowed_origins: Vec<String>,
    /// Hosts that services on loopback answer to, beside this machine's own names.
    pub allowed_hosts: Vec<String>,
    /// TLS of the services that speak it.
    pub tls: Option<Arc<ServerConfig>>,
    /// Compression of messages to WebSocket clients; `None`: they are not compressed.
    pub compression: Option<Compression>,
    /// True: STOMP clients may SEND to relay destinations.
    pub client_send: bool,
    /// The case of symbols that come in.
    pub symbol_case: SymbolCase,
    /// True: members of items that nobody reads are kept in their records.
    pub keep_unknown: bool,
    /// The script that `SockJS`'s iframe transports load; none: that of a public CDN.
    pub sockjs_script: Option<Bytes>,
    /// Connections that there may be.
    pub connections: usize,
    /// Connections that one address may have.
    pub connections_per_address: usize,
}

impl Default for ChassisConfig {
    fn default() -> ChassisConfig {
        ChassisConfig {
            server_name: "pms-hub".into(),
            limits: Limits::default(),
            allowed_origins: Vec::new(),
            allowed_hosts: Vec::new(),
            tls: None,
            compression: None,
            client_send: false,
            symbol_case: SymbolCase::Kept,
            keep_unknown: false,
            sockjs_script: None,
            connections: usize::MAX,
            connections_per_address: usize::MAX,
        }
    }
}

/// Readiness of the hub: it starts, serves or drains.
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

    /// True while the log is being replayed: nothing but health is served.
    pub fn is_starting(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }

    /// True while the hub is shutting down.
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

/// Reason why a message was not published.
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
    /// Puts a chassis together.
    pub fn new(config: ChassisConfig, parts: ChassisParts) -> Chassis {
        let ChassisParts { catalog, log, outcomes, publisher, metrics } = parts;
        Chassis {
            catalog,
            log_reader: LogReader::new(Arc::clone(&log)),
            log,
            outcomes,
            queues: QueueRelay::new(publisher.clone(), queue_limits(&config.limits)),
            publisher,
            origins: Origins::new(config.allowed_origins),
            hosts: Hosts::new(config.allowed_hosts),
            tls: config.tls,
            metrics,
            compression: config.compression,
            client_send: config.client_send,
            symbol_case: config.symbol_case,
            keep_unknown: config.keep_unknown,
            stomp: Arc::new(stomp(config.server_name, &config.limits)),
            sockjs_script: config.sockjs_script,
            readiness: Readiness::default(),
            connections: Connections::new(config.connections),
            addresses: Addresses::new(config.connections_per_address),
            connection_ids: ConnectionIds::default(),
            limits: config.limits,
        }
    }

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

fn queue_limits(limits: &Limits) -> QueueLimits {
    QueueLimits {
        messages: limits.queue_messages,
        bytes: limits.queue_bytes,
        total_bytes: limits.queue_bytes.saturating_mul(4),
        nacks: limits.queue_nacks,
    }
}

fn stomp(server_name: String, limits: &Limits) -> SessionConfig {
    SessionConfig {
        server_name,
        limits: hub_stomp::Limits {
            max_frame_bytes: limits.message_bytes,
            max_headers: limits.stomp_headers,
            max_header_line_bytes: limits.stomp_header_line_bytes,
        },
        opening: OpeningLimits { max_connect_bytes: limits.stomp_connect_bytes, ..OpeningLimits::default() },
        max_subscriptions: limits.subscriptions_per_session,
        transactions: TransactionLimits {
            max_open: limits.transactions_per_session,
            max_frames: limits.transaction_frames,
            max_bytes: limits.transaction_bytes,
        },
        rate: rate(limits),
        limit_names: STOMP_LIMIT_NAMES,
        heart_beat: HeartBeat { offer_ms: limits.heartbeat_ms, wish_ms: limits.heartbeat_ms },
    }
}

/// A burst is a second's worth, but never less than one message and one read.
fn rate(limits: &Limits) -> Option<RateLimit> {
    let bytes_per_second = limits.session_bytes_per_second;
    let least = u32::try_from(limits.message_bytes).unwrap_or(u32::MAX).saturating_add(64 << 10);
    (bytes_per_second > 0).then(|| RateLimit { bytes_per_second, burst_bytes: bytes_per_second.max(least) })
}
