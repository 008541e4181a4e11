//! The wiring: log, projections, services, and the order in which they start
//! and stop.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hub_core::trouble::Trouble;
use hub_core::{Epoch, Event, Settings};
use hub_fanout::{Outcomes, Progress, Publisher, Runner, RunnerHandle, RunnerState};
use hub_log::{EmbeddedLog, EventLog, LogError, wall_clock};
use hub_server::tls::Certificate;
use hub_server::{Chassis, ChassisParts, Ingest, IngestError, Metrics, Server, Service};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::address::ServiceAddress;
use crate::config::Config;
use crate::gateway;
use crate::listeners;
use crate::start_error::StartError;
use crate::wiring::{self, Wiring};

/// Time after which it is looked whether the settings must be logged again, for a year ahead.
const SETTINGS_LOOKED_AT: Duration = Duration::from_secs(6 * 60 * 60);

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

impl Hub {
    /// Binds, opens the log, replays it, and serves. Returns once the hub is
    /// ready.
    pub async fn start(config: &Config) -> Result<Hub, StartError> {
        Hub::serving(config, wiring::services).await
    }

    /// The same with the services that `wire` gives; the gateway in front of them is added.
    pub async fn serving(
        config: &Config,
        wire: impl FnOnce(&mut Wiring, &Config) -> Result<Vec<Service>, StartError>,
    ) -> Result<Hub, StartError> {
        let metrics = Metrics::default();
        let mut wiring = Wiring::new(config);
        let mut services = wire(&mut wiring, config)?;
        services.push(gateway::service(&services, &config.gateway));
        config.check_services(&services)?;
        let (listeners, addresses) = listeners::of_all(&services, config.server.listen_backlog)?;
        add_pages(&mut services, &addresses, config);
        let log = EmbeddedLog::open(&config.log.path, config.log_options(&metrics));
        let log: Arc<dyn EventLog> = Arc::new(log.map_err(StartError::Log)?);

        let catalog = wiring.catalog;
        let limits = config.publisher_limits(&catalog);
        let (publisher, mailboxes) = Publisher::new(config.workers(), relay_epoch(), limits);
        let outcomes = Outcomes::default();
        let certificate = config.certificate().map_err(StartError::Tls)?.map(Arc::new);
        let mut runner = Runner {
            log: Arc::clone(&log),
            projections: services.iter_mut().flat_map(Service::take_projections).collect(),
            publisher: publisher.clone(),
            outcomes: outcomes.clone(),
            flush_interval: Duration::from_millis(config.server.flush_ms),
        }
        .spawn()
        .map_err(StartError::Thread)?;

        let parts = ChassisParts { catalog, log, outcomes, publisher, metrics };
        let chassis = Arc::new(Chassis::new(config.chassis(certificate.as_deref())?, parts));
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

    /// The services and their addresses, the gateway last.
    pub fn services(&self) -> impl Iterator<Item = (&Service, &ServiceAddress)> {
        self.server.services().iter().zip(&self.addresses)
    }

    /// Addresses of the services.
    pub fn addresses(&self) -> &[ServiceAddress] {
        &self.addresses
    }

    /// The certificate, if any service speaks TLS.
    pub fn certificate(&self) -> Option<Arc<Certificate>> {
        self.certificate.clone()
    }

    /// Counters.
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

    /// Logs the settings again whenever they know the ends of too few days ahead, for as long as it is polled.
    pub async fn keep_settings(&self, config: &Config) -> Infallible {
        let mut trouble = Trouble::default();
        loop {
            sleep(SETTINGS_LOOKED_AT).await;
            if let Err(error) = self.log_settings(config).await
                && let Some(times) = trouble.again(Instant::now())
            {
                tracing::warn!(%error, times, "the settings can't be logged");
            }
        }
    }

    /// The settings that `apply` reads are logged when they change, so that
    /// history replays as it happened.
    async fn log_settings(&self, config: &Config) -> Result<(), StartError> {
        let now = wall_clock();
        let settings = config.settings(now);
        let may_stay = |held: &Settings| held.may_stay(&settings, now);
        if self.runner.progress.borrow().settings.as_ref().is_some_and(may_stay) {
            return Ok(());
        }
        let logged = async { self.ingest().append(vec![Event::Settings(settings)])?.applied().await };
        match logged.await {
            // A runner that stops meanwhile is noticed by whoever waits for it, as is a shutdown.
            Ok(_) | Err(IngestError::Stopped(_) | IngestError::Draining | IngestError::Body(_)) => Ok(()),
            Err(IngestError::Log(error)) => Err(StartError::Log(error)),
        }
    }
}

/// Gives the gateway, the last of `services`, its pages.
fn add_pages(services: &mut [Service], addresses: &[ServiceAddress], config: &Config) {
    if let Some((gateway, others)) = services.split_last_mut() {
        let mut routes = gateway::pages(others, addresses.to_vec(), &config.gateway.public_url);
        routes.append(&mut gateway.routes);
        gateway.routes = routes;
    }
}

/// Makes an epoch for relay messages: they are not logged, so their history begins anew with the
/// process.
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
