//! The wiring: log, projections, services, and the order in which they start
//! and stop.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hub_core::limits::Limits;
use hub_core::{Epoch, Event};
use hub_fanout::queues::QueueLimits;
use hub_fanout::{
    Catalog, Outcomes, Progress, Publisher, PublisherLimits, QueueRelay, Runner, RunnerHandle, RunnerState,
    WindowLimits,
};
use hub_log::{EmbeddedLog, EventLog, LogError};
use hub_server::tls::{self, Certificate, TlsError};
use hub_server::{
    Addresses, Chassis, Compression, ConnectionIds, Connections, Hosts, Ingest, IngestError, Metrics,
    Origins, Readiness, STOMP_LIMIT_NAMES, Server, Service,
};
use hub_stomp::{HeartBeat, RateLimit, SessionConfig, TransactionLimits};
use tokio::sync::watch;

use crate::config::{Bind, Config};
use crate::descriptors;
use crate::gateway;
use crate::listeners::{self, ServiceAddress};
use crate::wiring::{self, Wiring};

/// Relay messages that may wait for one shard, in outboxes' worth: a shard
/// serves many of them.
const RELAY_OUTBOXES: usize = 256;

/// A hub at work.
pub struct Hub {
    chassis: Arc<Chassis>,
    server: Server,
    runner: RunnerHandle,
    addresses: Vec<ServiceAddress>,
    certificate: Option<Arc<Certificate>>,
    #[cfg(feature = "autotrader")]
    trading: Option<hub_autotrader::AutotraderReads>,
}

/// Why the hub could not start. Each message holds its cause, which therefore
/// is no source.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address can't be bound.
    #[error("{section}.bind = {address}: {cause}")]
    Bind {
        /// The section of the service.
        section: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        cause: std::io::Error,
    },
    /// The log can't be opened, or what it holds can't be replayed.
    #[error("log.path: {0}")]
    Log(LogError),
    /// Replay failed.
    #[error("replaying the log: {0}")]
    Replay(String),
    /// The script can't be read.
    #[error("server.sockjs_script = {path}: {cause}")]
    Script {
        /// Its path.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// TLS can't be set up.
    #[error("server.tls_certificate, server.tls_key: {0}")]
    Tls(TlsError),
    /// A thread can't be started.
    #[error("a thread can't be started: {0}")]
    Thread(std::io::Error),
}

impl Hub {
    /// Binds, opens the log, replays it, and serves. Returns once the hub is
    /// ready.
    pub async fn start(config: &Config) -> Result<Hub, StartError> {
        let metrics = Metrics::default();
        let mut wiring = Wiring {
            catalog: Catalog::new(config.relay.destinations.clone()),
            pnl: None,
            #[cfg(feature = "autotrader")]
            trading: None,
        };
        let parts = wiring::parts(&mut wiring, config)?;
        let (listeners, addresses) = listeners::of_all(&parts, config)?;
        let log = EmbeddedLog::open(&config.log.path, log_options(config, &metrics));
        let log: Arc<dyn EventLog> = Arc::new(log.map_err(StartError::Log)?);

        let catalog = wiring.catalog;
        let (publisher, mailboxes) =
            Publisher::new(workers(config), relay_epoch(), publisher_limits(config, &catalog));
        let outcomes = Outcomes::default();
        let certificate = certificate(config).map_err(StartError::Tls)?.map(Arc::new);
        let hosts = Hosts::new(config.allowed_hosts());
        let gateway = Service {
            tls: server_tls(certificate.as_deref(), config.gateway.tls),
            hosts: hosts_of(&config.gateway.bind, &hosts),
            ..gateway::service(&parts, &addresses, &config.gateway)
        };
        let (mut services, mut projections) = (Vec::new(), Vec::new());
        for part in parts {
            projections.push(part.projection);
            services.push(Service {
                name: part.name,
                tls: server_tls(certificate.as_deref(), part.tls),
                hosts: hosts_of(&part.bind, &hosts),
                routes: part.routes,
                rest: part.rest,
                endpoints: part.endpoints,
                sockjs: part.sockjs,
                raw_stomp: part.raw_stomp,
            });
        }
        services.push(gateway);
        let mut runner = Runner {
            log: Arc::clone(&log),
            projections,
            publisher: publisher.clone(),
            outcomes: outcomes.clone(),
            flush_interval: Duration::from_millis(config.server.flush_ms),
        }
        .spawn()
        .map_err(StartError::Thread)?;

        let chassis = Arc::new(chassis(config, catalog, log, outcomes, publisher, metrics)?);
        let services = services.into_iter().zip(listeners).collect();
        let server = Server::start(Arc::clone(&chassis), services, mailboxes).map_err(StartError::Thread)?;
        replayed(&mut runner.progress).await?;
        let hub = Hub {
            chassis,
            server,
            runner,
            addresses,
            certificate,
            #[cfg(feature = "autotrader")]
            trading: wiring.trading,
        };
        hub.log_settings(config).await?;
        hub.chassis.readiness.set_ready();
        Ok(hub)
    }

    /// Where the services listen.
    pub fn addresses(&self) -> &[ServiceAddress] {
        &self.addresses
    }

    /// The certificate, if any service speaks TLS.
    pub fn certificate(&self) -> Option<Arc<Certificate>> {
        self.certificate.clone()
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.chassis.metrics
    }

    /// The door for facts.
    pub fn ingest(&self) -> Ingest {
        Ingest::new(Arc::clone(&self.chassis))
    }

    /// The door for the auto-trader's commands.
    #[cfg(feature = "autotrader")]
    pub fn desk(&self) -> Option<hub_autotrader::Desk> {
        let reads = self.trading.clone()?;
        Some(hub_autotrader::Desk::new(self.ingest(), reads))
    }

    /// The log.
    pub fn log(&self) -> Arc<dyn EventLog> {
        Arc::clone(&self.chassis.log)
    }

    /// Resolves if the runner, a worker or the acceptor can't go on, with the
    /// reason; the hub must stop then rather than serve stale state.
    pub fn failed(&self) -> impl Future<Output = String> + use<> {
        let (runner, server) = (self.runner_failed(), self.server.failed());
        async move {
            tokio::select! {
                reason = runner => reason,
                reason = server => reason,
            }
        }
    }

    fn runner_failed(&self) -> impl Future<Output = String> + use<> {
        let mut progress = self.runner.progress.clone();
        async move {
            let failed = |progress: &Progress| matches!(progress.state, RunnerState::Failed(_));
            match progress.wait_for(failed).await.map(|progress| progress.state.clone()) {
                Ok(RunnerState::Failed(reason)) => reason,
                _ => std::future::pending().await,
            }
        }
    }

    /// Stops in order: nothing new is taken in, requests under way are
    /// answered, the log is closed, everything in it is applied and published,
    /// outboxes are written out, sockets are closed with 1001.
    pub async fn stop(self) -> Result<(), LogError> {
        self.server.refuse().await;
        let log = Arc::clone(&self.chassis.log);
        let (runner, server) = (self.runner, self.server);
        let stopping = tokio::task::spawn_blocking(move || {
            let closed = log.close();
            runner.join();
            server.drain();
            closed
        });
        stopping.await.unwrap_or(Err(LogError::Lost))
    }

    /// The settings that `apply` reads are logged when they change, so that
    /// history replays as it happened.
    async fn log_settings(&self, config: &Config) -> Result<(), StartError> {
        let settings = config.settings();
        if self.runner.progress.borrow().settings == Some(settings) {
            return Ok(());
        }
        let logged = async { self.ingest().append(vec![Event::Settings(settings)])?.applied().await };
        match logged.await {
            // A runner that stops meanwhile is noticed by whoever waits for it, as is a shutdown.
            Ok(_) | Err(IngestError::Stopped(_) | IngestError::Draining) => Ok(()),
            Err(IngestError::Log(error)) => Err(StartError::Log(error)),
        }
    }
}

fn chassis(
    config: &Config,
    catalog: Catalog,
    log: Arc<dyn EventLog>,
    outcomes: Outcomes,
    publisher: Publisher,
    metrics: Metrics,
) -> Result<Chassis, StartError> {
    let queues = QueueRelay::new(publisher.clone(), queue_limits(config));
    let room = descriptors::room(&config.limits, workers(config), config.is_local());
    Ok(Chassis {
        sockjs_script: sockjs_script(config)?,
        catalog,
        log,
        outcomes,
        publisher,
        origins: Origins::new(config.allowed_origins()),
        metrics,
        queues,
        compression: compression(config),
        client_send: config.relay.client_send,
        stomp: Arc::new(stomp(config)),
        readiness: Readiness::default(),
        connections: Connections::new(room.connections),
        addresses: Addresses::new(room.per_address),
        connection_ids: ConnectionIds::default(),
        limits: config.limits.clone(),
    })
}

fn compression(config: &Config) -> Option<Compression> {
    let server = &config.server;
    server.deflate.then_some(Compression {
        min_bytes: server.deflate_min_bytes,
        level: server.deflate_level,
        client_context_takeover: server.deflate_client_takeover,
    })
}

fn queue_limits(config: &Config) -> QueueLimits {
    let limits = &config.limits;
    QueueLimits {
        messages: limits.queue_messages,
        bytes: limits.queue_bytes,
        total_bytes: limits.queue_bytes.saturating_mul(4),
        nacks: limits.queue_nacks,
    }
}

fn sockjs_script(config: &Config) -> Result<Option<Bytes>, StartError> {
    let Some(path) = &config.server.sockjs_script else { return Ok(None) };
    let read = std::fs::read(path).map_err(|cause| StartError::Script { path: path.clone(), cause })?;
    Ok(Some(read.into()))
}

fn stomp(config: &Config) -> SessionConfig {
    SessionConfig {
        server_name: concat!("pms-hub/", env!("CARGO_PKG_VERSION")).into(),
        limits: hub_stomp::Limits {
            max_frame_bytes: config.limits.message_bytes,
            max_headers: config.limits.stomp_headers,
            max_header_line_bytes: config.limits.stomp_header_line_bytes,
        },
        max_subscriptions: config.limits.subscriptions_per_session,
        transactions: transactions(&config.limits),
        rate: rate(config),
        limit_names: STOMP_LIMIT_NAMES,
        heart_beat: HeartBeat { offer_ms: config.limits.heartbeat_ms, wish_ms: config.limits.heartbeat_ms },
        ..SessionConfig::default()
    }
}

fn transactions(limits: &Limits) -> TransactionLimits {
    TransactionLimits {
        max_open: limits.transactions_per_session,
        max_frames: limits.transaction_frames,
        max_bytes: limits.transaction_bytes,
    }
}

/// A burst is a second's worth, but never less than one message and one read.
fn rate(config: &Config) -> Option<RateLimit> {
    let bytes_per_second = config.limits.session_bytes_per_second;
    let least = u32::try_from(config.limits.message_bytes).unwrap_or(u32::MAX).saturating_add(64 << 10);
    (bytes_per_second > 0).then(|| RateLimit { bytes_per_second, burst_bytes: bytes_per_second.max(least) })
}

/// One for all services that want one.
fn certificate(config: &Config) -> Result<Option<Certificate>, TlsError> {
    let wanted = config.listeners().any(|(_, _, tls)| tls);
    match (wanted, &config.server.tls_certificate, &config.server.tls_key) {
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

/// The hosts that a service answers to. One that others can reach is asked by
/// whatever name they know, and guards itself otherwise.
fn hosts_of(bind: &Bind, hosts: &Hosts) -> Option<Hosts> {
    bind.is_loopback().then(|| hosts.clone())
}

fn server_tls(certificate: Option<&Certificate>, wanted: bool) -> Option<Arc<tls::ServerConfig>> {
    certificate.filter(|_| wanted).map(Certificate::server_config)
}

fn log_options(config: &Config, metrics: &Metrics) -> hub_log::Options {
    let commits = metrics.log_commit_seconds.clone();
    hub_log::Options {
        queue_max_records: config.limits.log_queue_records,
        on_commit: Some(Arc::new(move |stats| commits.observe(stats.duration.as_secs_f64()))),
        ..hub_log::Options::default()
    }
}

fn publisher_limits(config: &Config, catalog: &Catalog) -> PublisherLimits {
    let limits = &config.limits;
    PublisherLimits {
        relay_bytes: limits.outbox_bytes.max(limits.message_bytes).saturating_mul(RELAY_OUTBOXES),
        feeds: catalog.feeds().len(),
        window: WindowLimits { events: limits.feed_events, bytes: limits.feed_bytes },
    }
}

fn workers(config: &Config) -> usize {
    match config.server.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    }
}

/// Relay messages are not logged: their history begins anew with the process.
fn relay_epoch() -> Epoch {
    Epoch(uuid::Uuid::new_v4().as_u64_pair().0)
}

/// Waits until the log has been replayed.
async fn replayed(progress: &mut watch::Receiver<Progress>) -> Result<(), StartError> {
    let started = |progress: &Progress| progress.state != RunnerState::Replaying;
    let state = progress.wait_for(started).await.map(|progress| progress.state.clone());
    match state {
        Ok(RunnerState::Failed(reason)) => Err(StartError::Replay(reason)),
        Ok(_) => Ok(()),
        Err(_) => Err(StartError::Replay("the runner is gone".into())),
    }
}
