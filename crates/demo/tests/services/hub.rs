//! A real log with the auto-trader on it, without a socket.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hub_autotrader::{AutotraderReads, Desk};
use hub_core::Epoch;
use hub_core::limits::Limits;
use hub_fanout::QueueRelay;
use hub_fanout::queues::QueueLimits;
use hub_fanout::{
    Catalog, Outcomes, Publisher, PublisherLimits, Runner, RunnerHandle, RunnerState, WindowLimits,
};
use hub_log::{EmbeddedLog, EventLog, Options};
use hub_server::{Addresses, Chassis, ConnectionIds, Connections, Ingest, Metrics, Origins, Readiness};
use hub_stomp::{HeartBeat, SessionConfig};

const LIMITS: PublisherLimits =
    PublisherLimits { relay_bytes: 0, feeds: 1, window: WindowLimits { events: 100, bytes: 1 << 20 } };

pub(crate) struct Hub {
    chassis: Arc<Chassis>,
    pub(crate) trading: AutotraderReads,
    runner: RunnerHandle,
}

impl Hub {
    /// Replays the log that is there.
    pub(crate) async fn start(directory: &Path) -> Hub {
        let log: Arc<dyn EventLog> =
            Arc::new(EmbeddedLog::open(&directory.join("hub.db"), Options::default()).unwrap());
        let mut catalog = Catalog::default();
        let (projection, trading) = hub_autotrader::register(&mut catalog);
        let (publisher, _mailboxes) = Publisher::new(0, Epoch(1), LIMITS);
        let outcomes = Outcomes::default();
        let mut runner = Runner {
            log: Arc::clone(&log),
            projections: vec![Box::new(projection)],
            publisher: publisher.clone(),
            outcomes: outcomes.clone(),
            flush_interval: Duration::ZERO,
        }
        .spawn()
        .unwrap();
        runner.progress.wait_for(|progress| progress.state == RunnerState::Live).await.unwrap();
        let chassis = Arc::new(chassis(catalog, log, publisher, outcomes));
        Hub { chassis, trading, runner }
    }

    pub(crate) fn ingest(&self) -> Ingest {
        Ingest::new(Arc::clone(&self.chassis))
    }

    pub(crate) fn desk(&self) -> Desk {
        Desk::new(Ingest::new(Arc::clone(&self.chassis)), self.trading.clone())
    }

    pub(crate) fn stop(self) {
        self.chassis.log.close().unwrap();
        self.runner.join();
    }
}

fn chassis(catalog: Catalog, log: Arc<dyn EventLog>, publisher: Publisher, outcomes: Outcomes) -> Chassis {
    let limits = Limits::default();
    let queues = QueueRelay::new(publisher.clone(), QueueLimits::default());
    Chassis {
        catalog,
        log,
        outcomes,
        publisher,
        origins: Origins::new(vec![]),
        metrics: Metrics::default(),
        sockjs_script: None,
        queues,
        compression: None,
        client_send: false,
        stomp: Arc::new(SessionConfig {
            server_name: "test".into(),
            limits: hub_stomp::Limits {
                max_frame_bytes: limits.message_bytes,
                max_headers: limits.stomp_headers,
                max_header_line_bytes: limits.stomp_header_line_bytes,
            },
            max_subscriptions: limits.subscriptions_per_session,
            heart_beat: HeartBeat { offer_ms: limits.heartbeat_ms, wish_ms: limits.heartbeat_ms },
            ..SessionConfig::default()
        }),
        readiness: Readiness::default(),
        connections: Connections::new(usize::MAX),
        addresses: Addresses::new(usize::MAX),
        connection_ids: ConnectionIds::default(),
        limits,
    }
}
