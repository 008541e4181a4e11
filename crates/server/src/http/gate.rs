//! Checks that every request passes before any route, and every response after.

use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::header::{HOST, HeaderValue, ORIGIN};
use actix_web::http::{Method, Version};
use actix_web::{Error, HttpResponse, ResponseError as _};
use hub_sockjs::{Route, Transport};

use super::host::Hosts;
use super::in_flight::{GuardedBody, InFlight};
use super::problem::Problem;
use super::response as outgoing;
use crate::chassis::Chassis;
use crate::hang_up::HangUp;

/// The gate of one service on one worker.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) chassis: Arc<Chassis>,
    /// Paths at which `SockJS` is mounted.
    pub(crate) mounts: Vec<&'static str>,
    /// Requests that a shutdown waits for.
    pub(crate) in_flight: InFlight,
    /// Streams of `SockJS`, which last as long as their sessions do.
    pub(crate) streaming: InFlight,
}

impl Gate {
    /// Lets a request through that may know that there is a hub, and counts it
    /// until its answer is handed over.
    pub(crate) fn pass<S, B>(
        &self,
        request: ServiceRequest,
        next: &S,
    ) -> impl Future<Output = Result<ServiceResponse<BoxBody>, Error>> + use<S, B>
    where
        S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
        B: MessageBody + 'static,
    {
        let transport = self.mounts.iter().find_map(|mount| match Route::parse(mount, request.path()) {
            Some(Route::Session { transport, .. }) => Some(transport),
            _ => None,
        });
        let in_flight = if transport.is_some() { &self.streaming } else { &self.in_flight };
        let is_stream = transport.is_some_and(Transport::is_receiving);
        let hang_up = request.conn_data::<HangUp>();
        let guard = (in_flight.enter(), hang_up.map(|hang_up| hang_up.begin(is_stream)));
        let knows_chunks = request.version() > Version::HTTP_10;
        let refusals = self.chassis.metrics.refusals.clone();
        let admitted = match self.stop(&request) {
            Some(answer) => Err(request.into_response(answer)),
            None => Ok(next.call(request)),
        };
        async move {
            let mut response = match admitted {
                Ok(response) => response.await?.map_into_boxed_body(),
                Err(stopped) => stopped,
            };
            if transport.is_none() {
                response = outgoing::as_problem(outgoing::with_options(response));
            }
            let door = if transport.is_some() { "sockjs-http" } else { "http" };
            outgoing::note(&response, door, &refusals);
            if !knows_chunks {
                outgoing::without_chunks(&mut response);
            }
            Ok(response.map_body(|_, body| GuardedBody::boxed(body, guard)))
        }
    }

    /// The response to a request that gets no further, if it does not: a page from elsewhere reads nothing, not
    /// even the reason.
    ///
    /// CORS alone would let a page of any origin *send* (a browser asks first
    /// only where it must, and hides merely the answer), so the list of allowed
    /// origins is enforced here, as it is on upgrades.
    fn stop(&self, request: &ServiceRequest) -> Option<HttpResponse> {
        let origin = request.headers().get(ORIGIN).map(text)?;
        let foreign = !self.chassis.origins.allow(origin);
        foreign.then(|| Problem::foreign_origin(origin).error_response())
    }
}

/// The value as text; one that is no text names nobody.
fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or("\u{fffd}")
}

/// Checks that a request passes before any route once it has come through CORS, so that its page can read the
/// reason if it is refused.
#[derive(Clone)]
pub(crate) struct InnerGate {
    pub(crate) chassis: Arc<Chassis>,
    /// The service asked, of all.
    pub(crate) services: Arc<[crate::service::Service]>,
    pub(crate) service: usize,
}

impl InnerGate {
    /// Lets what is for this hub through; while it starts, only what is about
    /// health.
    pub(crate) fn pass<S>(
        &self,
        request: ServiceRequest,
        next: &S,
    ) -> impl Future<Output = Result<ServiceResponse<BoxBody>, Error>> + use<S>
    where
        S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = Error>,
    {
        let admitted = match self.stop(&request) {
            Some(answer) => Err(request.into_response(answer)),
            None => Ok(next.call(request)),
        };
        async move {
            match admitted {
                Ok(response) => response.await,
                Err(stopped) => Ok(stopped),
            }
        }
    }

    fn stop(&self, request: &ServiceRequest) -> Option<HttpResponse> {
        let host = request.headers().get(HOST).map(text);
        let service = &self.services[self.service];
        if let Some(host) = service.foreign_host(&self.chassis, request.uri(), host) {
            return Some(Hosts::refusal(host).error_response());
        }
        if request.method() == Method::OPTIONS && request.path() == "*" {
            // It asks about the server as a whole (RFC 9110, section 9.3.7).
            return Some(HttpResponse::NoContent().finish());
        }
        let is_early = self.chassis.readiness.is_starting() && !is_about_health(request.path());
        let problem = || Problem::unavailable("the hub is replaying its log").because("starting");
        is_early.then(|| problem().error_response())
    }
}

fn is_about_health(path: &str) -> bool {
    matches!(path, "/" | "/health" | "/ready" | "/metrics") || path.starts_with("/actuator/")
}
