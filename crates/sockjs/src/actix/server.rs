//! A service and its sessions.

use std::sync::Arc;
use std::time::Instant;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use actix_web::{HttpRequest, HttpResponse, web};

use super::end::SessionEnd;
use super::registry::Registry;
use super::settings::Settings;
use super::shared::Shared;
use super::{pages, receiving, sending, shared, websocket};
use crate::session::Session;

/// Service that is given the sessions. Any worker thread may call it.
pub trait Service: Send + Sync + 'static {
    /// A session is open: `end` is its application's side, `request` the one
    /// that opened it. Not to block: a response waits for it.
    ///
    /// A dropped `end` closes the session.
    fn open(&self, end: SessionEnd, request: &HttpRequest);

    /// Lets pages of this origin use the service; others are answered with 403. Requests without an origin come from no
    /// browser and are not asked about.
    fn allows(&self, origin: &HeaderValue) -> bool {
        let _ = origin;
        true
    }

    /// Answer to a request that may not open a session now.
    fn refuse(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let _ = request;
        None
    }
}

/// A service and its sessions, shared by all threads that serve it.
///
/// The server around it is to be built with `h1_allow_half_closed(false)`, or
/// to end the connection of a client that closes its side while a
/// [receiving](crate::Transport::is_receiving) request is answered: only then
/// the session learns that its receiver is gone.
#[derive(Clone)]
pub struct Server(Arc<Inner>);

struct Inner {
    settings: Settings,
    service: Box<dyn Service>,
    registry: Registry,
}

impl Server {
    /// A service without sessions.
    pub fn new(settings: Settings, service: impl Service) -> Server {
        let registry = Registry::new(settings.max_sessions);
        Server(Arc::new(Inner { settings, service: Box::new(service), registry }))
    }

    /// Adds everything below `mount`, which is empty for the root, or
    /// `/segments`.
    pub fn routes(&self, config: &mut web::ServiceConfig, mount: &str) {
        pages::page_routes(config, mount, self);
        receiving::routes(config, mount, self);
        sending::routes(config, mount, self);
        websocket::routes(config, mount, self);
    }

    /// Keeps the deadlines of all sessions for as long as anything else holds
    /// the server. To be spawned once per server, wherever there is a tokio
    /// runtime; or call [`Server::sweep`] from a sweep of your own.
    pub fn sweeping(&self) -> impl Future<Output = ()> + Send + use<> {
        let server = Arc::downgrade(&self.0);
        let period = self.0.settings.sweep;
        async move {
            loop {
                actix_web::rt::time::sleep(period).await;
                let Some(server) = server.upgrade() else { return };
                server.registry.sweep(shared::now());
            }
        }
    }

    /// Heart-beats, time-outs, and the end of what is over.
    pub fn sweep(&self, now: Instant) {
        self.0.registry.sweep(now);
    }

    /// Number of sessions, those included that are closed and not yet forgotten.
    pub fn sessions(&self) -> usize {
        self.0.registry.len()
    }

    /// True if the client of any session has not been told of its end: at a shutdown, one that polls comes for it with
    /// its next request.
    pub fn any_awaited(&self) -> bool {
        self.0.registry.any_awaited()
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(super) fn service(&self) -> &dyn Service {
        &*self.0.service
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<Shared>> {
        self.0.registry.find(name)
    }

    /// The session of a name, opened if need be. `attach` is done before
    /// anybody else can be the session's receiver.
    pub(super) fn enter<R>(
        &self,
        request: &HttpRequest,
        name: &str,
        attach: impl Fn(&mut Session) -> R,
    ) -> Result<(Arc<Shared>, R), HttpResponse> {
        if let Some(shared) = self.find(name) {
            let attached = shared.with(&attach);
            return Ok((shared, attached));
        }
        if let Some(refusal) = self.0.service.refuse(request) {
            return Err(refusal);
        }
        let mut attached = None;
        let entered = self.0.registry.enter(name, || {
            let mut session = self.new_session();
            attached = Some(attach(&mut session));
            session
        });
        let Ok((shared, is_new)) = entered else { return Err(self.too_many_sessions(request)) };
        if is_new {
            self.0.service.open(SessionEnd::new(Arc::clone(&shared)), request);
        }
        let attached = attached.unwrap_or_else(|| shared.with(&attach));
        Ok((shared, attached))
    }

    /// A session that no other request can find.
    pub(super) fn enter_nameless<R>(
        &self,
        request: &HttpRequest,
        attach: impl FnOnce(&mut Session) -> R,
    ) -> Result<(Arc<Shared>, R), HttpResponse> {
        if let Some(refusal) = self.0.service.refuse(request) {
            return Err(refusal);
        }
        let entered = self.0.registry.enter_nameless(|| self.new_session());
        let Ok(shared) = entered else { return Err(self.too_many_sessions(request)) };
        let attached = shared.with(attach);
        self.0.service.open(SessionEnd::new(Arc::clone(&shared)), request);
        Ok((shared, attached))
    }

    fn new_session(&self) -> Session {
        Session::new(self.0.settings.limits, shared::now())
    }

    fn too_many_sessions(&self, request: &HttpRequest) -> HttpResponse {
        self.say(request, StatusCode::SERVICE_UNAVAILABLE, "Too many sessions.")
    }
}
