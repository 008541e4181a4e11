//! The service on a real log, without a socket.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{App, test, web};
use hub_autotrader::{AutotraderReads, register, routes};
use hub_core::Epoch;
use hub_core::limits::Limits;
use hub_fanout::QueueRelay;
use hub_fanout::queues::QueueLimits;
use hub_fanout::{
    Catalog, Outcomes, Publisher, PublisherLimits, Runner, RunnerHandle, RunnerState, WindowLimits,
};
use hub_log::{EmbeddedLog, Entry, EventLog, Options};
use hub_server::{Addresses, Chassis, ConnectionIds, Connections, Metrics, Origins, Readiness};
use hub_stomp::{HeartBeat, SessionConfig};
use serde_json::Value;

const LIMITS: PublisherLimits =
    PublisherLimits { relay_bytes: 0, feeds: 1, window: WindowLimits { events: 100, bytes: 1 << 20 } };

pub(crate) struct Hub {
    pub(crate) chassis: Arc<Chassis>,
    reads: AutotraderReads,
    runner: RunnerHandle,
}

impl Hub {
    /// Replays the log that is there.
    pub(crate) async fn start(directory: &Path) -> Hub {
        let log: Arc<dyn EventLog> =
            Arc::new(EmbeddedLog::open(&directory.join("hub.db"), Options::default()).unwrap());
        let mut catalog = Catalog::default();
        let (projection, reads) = register(&mut catalog);
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
        Hub { chassis, reads, runner }
    }

    pub(crate) fn stop(self) {
        self.chassis.log.close().unwrap();
        self.runner.join();
    }

    pub(crate) async fn log(&self, event: hub_core::Event) {
        let appended = self.chassis.log.append(vec![Entry::from(event)]).await.unwrap();
        self.chassis.outcomes.reached(appended.offsets[0]).await.unwrap();
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> (u16, Value) {
        self.send(Method::POST, path, Some(("application/json", body))).await
    }

    /// Status and body; null where the body is no JSON.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<(&str, &str)>) -> (u16, Value) {
        let app = App::new()
            .app_data(web::Data::from(Arc::clone(&self.chassis)))
            .configure(|config| routes(self.reads.clone())(config));
        let app = test::init_service(app).await;
        let mut request = test::TestRequest::with_uri(&format!("/api/auto-trader{path}")).method(method);
        if let Some((content_type, body)) = body {
            request = request.insert_header((CONTENT_TYPE, content_type)).set_payload(body.to_owned());
        }
        read(test::call_service(&app, request.to_request()).await).await
    }
}

async fn read(response: ServiceResponse<impl MessageBody>) -> (u16, Value) {
    let status = response.status().as_u16();
    let content_type = response.headers().get(CONTENT_TYPE).map(|value| value.to_str().unwrap().to_owned());
    let body = test::read_body(response).await;
    if status >= 400 {
        assert_eq!(content_type.as_deref(), Some("application/problem+json"));
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    if status >= 400 {
        assert_eq!(body["status"], status, "{body}");
    }
    (status, body)
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
