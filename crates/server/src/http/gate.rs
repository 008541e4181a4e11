//! What every request passes before any route.

use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::Version;
use actix_web::http::header::ORIGIN;
use actix_web::{Error, ResponseError as _};
use hub_sockjs::{Route, Transport};

use super::in_flight::{GuardedBody, InFlight};
use super::problem::Problem;
use super::without_chunks;
use crate::chassis::Chassis;
use crate::hang_up::HangUp;

/// The gate of one service on one worker.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) chassis: Arc<Chassis>,
    /// Where `SockJS` is.
    pub(crate) mounts: Vec<&'static str>,
    /// Requests that a shutdown waits for.
    pub(crate) in_flight: InFlight,
    /// Streams of `SockJS`, which last as long as their sessions do.
    pub(crate) streaming: InFlight,
}

impl Gate {
    /// Lets a request through, and counts it until its answer is handed over.
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
        let admitted = match refuse(&self.chassis, &request) {
            Some(problem) => Err(request.into_response(problem.error_response())),
            None => Ok(next.call(request)),
        };
        async move {
            let mut response = match admitted {
                Ok(response) => response.await?.map_into_boxed_body(),
                Err(refused) => refused,
            };
            if !knows_chunks {
                without_chunks(&mut response);
            }
            Ok(response.map_body(|_, body| GuardedBody::boxed(body, guard)))
        }
    }
}

/// Why a request gets no further, if it does not.
///
/// CORS alone would let a page of any origin *send* (a browser asks first only
/// where it must, and hides merely the answer), so the list of allowed origins
/// is enforced here, as it is on upgrades.
fn refuse(chassis: &Chassis, request: &ServiceRequest) -> Option<Problem> {
    let allowed = |origin: &actix_web::http::header::HeaderValue| {
        origin.to_str().is_ok_and(|origin| chassis.origins.allow(origin))
    };
    if request.headers().get(ORIGIN).is_some_and(|origin| !allowed(origin)) {
        return Some(Problem::new(403, "Origin not allowed"));
    }
    if chassis.readiness.is_starting() && !is_about_health(request.path()) {
        return Some(Problem::unavailable("the hub is replaying its log"));
    }
    None
}

fn is_about_health(path: &str) -> bool {
    matches!(path, "/" | "/health" | "/ready" | "/metrics") || path.starts_with("/actuator/")
}
