//! A service on a real log, without a socket: for tests (feature `testing`).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{App, test, web};
use hub_core::{Epoch, Event, Outcome};
use hub_fanout::{
    Catalog, Outcomes, Publisher, PublisherLimits, Runner, RunnerHandle, RunnerState, WindowLimits,
};
use hub_log::{EmbeddedLog, EventLog, Options};
use serde_json::Value;

use crate::chassis::{Chassis, ChassisConfig, ChassisParts};
use crate::ingest::Ingest;
use crate::metrics::Metrics;
use crate::rest::{self, Route};
use crate::service::Service;

const WINDOW: WindowLimits = WindowLimits { events: 100, bytes: 1 << 20 };

/// A service at work.
pub struct ServiceOnLog {
    /// Its chassis.
    pub chassis: Arc<Chassis>,
    /// Its REST calls.
    pub routes: Vec<Route>,
    runner: RunnerHandle,
}

impl ServiceOnLog {
    /// Starts the service that `wire` puts together, on the log `hub.db` in `directory`, and
    /// replays that.
    ///
    /// # Panics
    ///
    /// If the log can't be opened or replayed.
    pub async fn start(directory: &Path, wire: impl FnOnce(&mut Catalog) -> Service) -> ServiceOnLog {
        let log = EmbeddedLog::open(&directory.join("hub.db"), Options::default()).expect("a log");
        let log: Arc<dyn EventLog> = Arc::new(log);
        let mut catalog = Catalog::default();
        let mut service = wire(&mut catalog);
        let limits = PublisherLimits { relay_bytes: 0, feeds: catalog.feeds().len(), window: WINDOW };
        let (publisher, _mailboxes) = Publisher::new(0, Epoch(1), limits);
        let outcomes = Outcomes::default();
        let mut runner = Runner {
            log: Arc::clone(&log),
            projections: service.take_projections(),
            publisher: publisher.clone(),
            outcomes: outcomes.clone(),
            flush_interval: Duration::ZERO,
        }
        .spawn()
        .expect("a thread");
        let live = runner.progress.wait_for(|progress| progress.state == RunnerState::Live).await;
        drop(live.expect("a log that can be replayed"));
        let parts = ChassisParts { catalog, log, outcomes, publisher, metrics: Metrics::default() };
        let chassis = Arc::new(Chassis::new(ChassisConfig::default(), parts));
        ServiceOnLog { chassis, routes: service.routes, runner }
    }

    /// The door into its log.
    pub fn ingest(&self) -> Ingest {
        Ingest::new(Arc::clone(&self.chassis))
    }

    /// Takes an event in and gives its outcome.
    ///
    /// # Panics
    ///
    /// If it is not taken in.
    pub async fn take_in(&self, event: Event) -> Outcome {
        let ingested = self.ingest().append(vec![event]).expect("a hub that serves").applied().await;
        ingested.expect("a log that takes events").verdicts.remove(0).1.outcome
    }

    /// Sends a request. Gives status and body, null where the body is no JSON.
    ///
    /// # Panics
    ///
    /// If an error is no problem (RFC 9457).
    pub async fn send(&self, method: Method, path: &str, body: Option<(&str, &str)>) -> (u16, Value) {
        let app = App::new()
            .app_data(web::Data::from(Arc::clone(&self.chassis)))
            .configure(|config| rest::configure(config, &self.routes));
        let app = test::init_service(app).await;
        let mut request = test::TestRequest::with_uri(path).method(method);
        if let Some((content_type, body)) = body {
            request = request.insert_header((CONTENT_TYPE, content_type)).set_payload(body.to_owned());
        }
        let response = test::call_service(&app, request.to_request()).await;
        let status = response.status().as_u16();
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        assert!(status < 400 || content_type == Some("application/problem+json"), "{content_type:?}");
        let body: Value = serde_json::from_slice(&test::read_body(response).await).unwrap_or_default();
        assert!(status < 400 || body["status"] == status, "{body}");
        (status, body)
    }

    /// Closes the log and ends the runner.
    ///
    /// # Panics
    ///
    /// If the log can't be closed.
    pub fn stop(self) {
        self.chassis.log.close().expect("a log that closes");
        self.runner.join();
    }
}
