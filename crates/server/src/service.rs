//! What a service brings to the chassis.

use std::sync::Arc;

use actix_web::web;

use crate::http::host::Hosts;
use crate::native::NativeEndpoint;

/// Adds a service's REST routes to an application; called once per worker.
pub type Routes = Arc<dyn Fn(&mut web::ServiceConfig) + Send + Sync>;

/// One service: what is served at its listeners.
pub struct Service {
    /// Its name in metrics and log lines.
    pub name: &'static str,
    /// TLS, where configured.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// The hosts it answers to, where it is bound to loopback; none: any.
    pub hosts: Option<Hosts>,
    /// Its REST routes, beside those that every port has.
    pub routes: Routes,
    /// The paths that these are at or below, for whoever looks elsewhere.
    pub rest: &'static [&'static str],
    /// What a WebSocket upgrade leads to, by exact path.
    pub endpoints: Vec<(&'static str, Endpoint)>,
    /// Where STOMP over `SockJS` is mounted: empty for the root, or
    /// `/segments`.
    pub sockjs: Vec<&'static str>,
    /// Whether STOMP straight over TCP is served on the same port.
    pub raw_stomp: bool,
}

/// What a WebSocket leads to.
#[derive(Clone)]
pub enum Endpoint {
    /// STOMP frames in WebSocket messages.
    Stomp,
    /// STOMP frames in `SockJS` frames in WebSocket messages.
    SockJs,
    /// JSON messages, as a service defines them.
    Native(Arc<dyn NativeEndpoint>),
}
