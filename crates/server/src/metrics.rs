//! Counters and gauges of the hub, in Prometheus' text form at `/metrics`. Never a label
//! per session or portfolio.

pub(crate) mod deflate;
pub(crate) mod queues;
#[cfg(test)]
mod tests;
pub(crate) mod views;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use self::deflate::DeflateMetrics;
use crate::refusals::Refusals;

/// Transports of streaming connections, as metrics name them.
pub const TRANSPORTS: [&str; 4] = ["websocket", "sockjs", "sockjs-http", "tcp"];

/// `service`, `transport`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ConnectionLabels {
    /// Such as `analytics`.
    pub service: &'static str,
    /// One of [`TRANSPORTS`].
    pub transport: &'static str,
}

/// Reason for which a connection came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ReasonLabels {
    /// Such as `origin` or `handshake_timeout`.
    pub reason: &'static str,
}

/// Kind of error.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct KindLabels {
    /// Such as `stomp` or `websocket`.
    pub kind: &'static str,
}

/// With which code a connection was closed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CodeLabels {
    /// A WebSocket close code.
    pub code: u32,
}

/// Outcome of an ingested item.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct IngestLabels {
    /// Such as `transactions`.
    pub kind: &'static str,
    /// `accepted`, `duplicate`, `stale` or `rejected`.
    pub status: &'static str,
}

/// Outcome of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct StatusLabels {
    /// `ok` or `failed`.
    pub status: &'static str,
}

/// Every counter, gauge and histogram of the hub. Cheap to clone: the clones
/// count together.
#[derive(Clone)]
pub struct Metrics {
    /// Open connections that stream.
    pub connections: Family<ConnectionLabels, Gauge>,
    /// Upgrades and raw STOMP connections asked for.
    pub connection_attempts: Counter,
    /// Those that came to nothing.
    pub connections_failed: Family<ReasonLabels, Counter>,
    /// Duration of connections, in seconds.
    pub connection_seconds: Histogram,
    /// Subscriptions that went on where an earlier one had come to.
    pub reconnects: Counter,
    /// Messages received from peers.
    pub messages_received: Counter,
    /// Messages handed to sockets.
    pub messages_sent: Counter,
    /// Faults of peers and of the hub.
    pub errors: Family<KindLabels, Counter>,
    /// Values replaced by newer ones before a slow subscriber took them.
    pub conflated: Counter,
    /// Refusals, by door and reason.
    pub refusals: Refusals,
    /// Connections closed by the hub.
    pub closed: Family<CodeLabels, Counter>,
    /// Bytes that wait for sockets.
    pub outbox_bytes: Gauge,
    /// From a record's append to the write of what it changed.
    pub delivery_seconds: Histogram,
    /// Bytes before and after compression.
    pub deflate: DeflateMetrics,
    /// Ingested items.
    pub ingest: Family<IngestLabels, Counter>,
    /// Commits of the log.
    pub log_commit_seconds: Histogram,
    /// Certificates that were taken while the hub served, and those that were
    /// not.
    pub tls_reloads: Family<StatusLabels, Counter>,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            connections: Family::default(),
            connection_attempts: Counter::default(),
            connections_failed: Family::default(),
            connection_seconds: Histogram::new(exponential_buckets(0.1, 4.0, 12)),
            reconnects: Counter::default(),
            messages_received: Counter::default(),
            messages_sent: Counter::default(),
            errors: Family::default(),
            conflated: Counter::default(),
            refusals: Refusals::default(),
            closed: Family::default(),
            outbox_bytes: Gauge::default(),
            delivery_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 14)),
            deflate: DeflateMetrics::default(),
            ingest: Family::default(),
            log_commit_seconds: Histogram::new(exponential_buckets(0.000_1, 2.0, 16)),
            tls_reloads: Family::default(),
        }
    }
}

impl Metrics {
    /// A registry that shows these metrics under their public names.
    pub fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("hub");
        registry.register("connections", "Open streaming connections", self.connections.clone());
        registry.register(
            "connection_attempts",
            "Streaming connections asked for",
            self.connection_attempts.clone(),
        );
        registry.register(
            "connections_failed",
            "Streaming connections that came to nothing",
            self.connections_failed.clone(),
        );
        let life = self.connection_seconds.clone();
        registry.register_with_unit("connection", "How long connections lasted", Unit::Seconds, life);
        registry.register("reconnects", "Resumes that were honoured", self.reconnects.clone());
        registry.register(
            "messages_received",
            "Messages received from peers",
            self.messages_received.clone(),
        );
        registry.register("messages_sent", "Messages handed to sockets", self.messages_sent.clone());
        registry.register("errors", "Faults of peers and of the hub", self.errors.clone());
        registry.register(
            "conflated",
            "Values replaced before a slow reader took them",
            self.conflated.clone(),
        );
        self.refusals.register(&mut registry);
        registry.register("closed", "Connections closed by the hub", self.closed.clone());
        registry.register_with_unit("outbox", "Waiting for sockets", Unit::Bytes, self.outbox_bytes.clone());
        let delivery = self.delivery_seconds.clone();
        registry.register_with_unit("delivery", "From append to write", Unit::Seconds, delivery);
        self.deflate.register(&mut registry);
        registry.register("ingest", "Ingested items", self.ingest.clone());
        let commits = self.log_commit_seconds.clone();
        registry.register_with_unit("log_commit", "Commits of the log", Unit::Seconds, commits);
        registry.register("tls_reloads", "Certificates read again", self.tls_reloads.clone());
        registry
    }
}
