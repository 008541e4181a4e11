//! The service on a real log, without a socket.

use std::ops::Deref;
use std::path::Path;

use actix_web::http::Method;
use hub_autotrader::AutotraderConfig;
use hub_core::SymbolCase;
use hub_core::limits::Limits;
use hub_server::testing::ServiceOnLog;
use serde_json::Value;

pub(crate) struct Hub(ServiceOnLog);

impl Hub {
    /// Replays the log that is there.
    pub(crate) async fn start(directory: &Path) -> Hub {
        let (config, limits) = (AutotraderConfig::default(), Limits::default());
        let wire = |catalog: &mut _| hub_autotrader::service(&config, SymbolCase::Kept, &limits, catalog).0;
        Hub(ServiceOnLog::start(directory, wire).await)
    }

    pub(crate) fn stop(self) {
        self.0.stop();
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> (u16, Value) {
        self.send(Method::POST, path, Some(("application/json", body))).await
    }

    /// Status and body; null where the body is no JSON.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<(&str, &str)>) -> (u16, Value) {
        self.0.send(method, &format!("/api/auto-trader{path}"), body).await
    }
}

impl Deref for Hub {
    type Target = ServiceOnLog;

    fn deref(&self) -> &ServiceOnLog {
        &self.0
    }
}
