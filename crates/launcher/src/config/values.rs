//! The configuration as the parts of the hub take it.

use std::sync::Arc;

use bytes::Bytes;
use hub_fanout::{Catalog, PublisherLimits, WindowLimits};
use hub_server::tls::{Certificate, TlsError};
use hub_server::{ChassisConfig, Compression, Metrics};

use super::Config;
use crate::descriptors;
use crate::start_error::StartError;

/// Relay messages that may wait for one shard, in outboxes' worth: a shard
/// serves many of them.
const RELAY_OUTBOXES: usize = 256;

/// Bytes that the log needs for a rejected item beside what was sent: reason, field, media type, sender.
const REJECTION_BYTES: usize = 2048;

impl Config {
    /// The chassis, whose services speak TLS with `certificate`. Reads the script of `SockJS`.
    pub(crate) fn chassis(&self, certificate: Option<&Certificate>) -> Result<ChassisConfig, StartError> {
        let room = descriptors::room(&self.limits, self.workers(), self.is_local());
        Ok(ChassisConfig {
            server_name: concat!("pms-hub/", env!("CARGO_PKG_VERSION")).into(),
            limits: self.limits.clone(),
            allowed_origins: self.allowed_origins(),
            allowed_hosts: self.allowed_hosts(),
            tls: certificate.map(Certificate::server_config),
            compression: self.compression(),
            client_send: self.relay.client_send,
            symbol_case: self.symbols.case(),
            keep_unknown: self.log.keep_unknown,
            sockjs_script: self.sockjs_script()?,
            connections: room.connections,
            connections_per_address: room.per_address,
        })
    }

    fn compression(&self) -> Option<Compression> {
        let server = &self.server;
        server.deflate.then_some(Compression {
            min_bytes: server.deflate_min_bytes,
            level: server.deflate_level,
            client_context_takeover: server.deflate_client_takeover,
        })
    }

    fn sockjs_script(&self) -> Result<Option<Bytes>, StartError> {
        let Some(path) = &self.server.sockjs_script else { return Ok(None) };
        let read = std::fs::read(path).map_err(|cause| StartError::Script { path: path.clone(), cause })?;
        Ok(Some(read.into()))
    }

    /// The certificate of all services that want one, read from its files.
    pub(crate) fn certificate(&self) -> Result<Option<Certificate>, TlsError> {
        let wanted = self.listeners().any(|(_, _, tls)| tls);
        match (wanted, &self.server.tls_certificate, &self.server.tls_key) {
            (true, Some(certificate), Some(key)) => Certificate::load(certificate, key).map(Some),
            (false, Some(_), Some(_)) => {
                tracing::warn!(
                    "server.tls_certificate is set, and no service speaks TLS: set tls = true in its section"
                );
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// The log, whose commits `metrics` count.
    pub(crate) fn log_options(&self, metrics: &Metrics) -> hub_log::Options {
        let commits = metrics.log_commit_seconds.clone();
        let (limits, options) = (&self.limits, hub_log::Options::default());
        let largest =
            REJECTION_BYTES.saturating_mul(limits.ingest_items).saturating_add(limits.message_bytes);
        hub_log::Options {
            queue_max_records: limits.log_queue_records,
            queue_max_bytes: options.queue_max_bytes.max(largest),
            on_commit: Some(Arc::new(move |stats| commits.observe(stats.duration.as_secs_f64()))),
            ..options
        }
    }

    /// The publisher of what is in `catalog`.
    pub(crate) fn publisher_limits(&self, catalog: &Catalog) -> PublisherLimits {
        let limits = &self.limits;
        PublisherLimits {
            relay_bytes: limits.outbox_bytes.max(limits.message_bytes).saturating_mul(RELAY_OUTBOXES),
            feeds: catalog.feeds().len(),
            window: WindowLimits { events: limits.feed_events, bytes: limits.feed_bytes },
        }
    }

    /// The number of worker threads: configured, or one per core.
    pub(crate) fn workers(&self) -> usize {
        match self.server.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
        }
    }
}

#[cfg(test)]
mod tests {
    use hub_core::event::RejectedInput;
    use hub_core::{Event, Rejection};

    use super::*;

    #[test]
    fn the_log_takes_the_largest_item_that_the_door_refuses() {
        for message_bytes in [1024, 1 << 20, 1 << 28] {
            let mut config = Config::default();
            config.limits.message_bytes = message_bytes;
            let takes = config.log_options(&Metrics::default()).queue_max_bytes;
            let reason = Rejection::of("x".repeat(64), "y".repeat(600));
            let raw = vec![b'z'; message_bytes];
            let record = Event::from(RejectedInput::new("prices", reason, &raw)).encode().unwrap();
            assert!(record.len() <= takes, "{} of {takes}", record.len());
        }
    }
}
