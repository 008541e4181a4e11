//! What every request passes before any route.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::ORIGIN;

use super::problem::Problem;
use crate::chassis::Chassis;

/// Why a request gets no further, if it does not.
///
/// CORS alone would let a page of any origin *send* (a browser asks first only
/// where it must, and hides merely the answer), so the list of allowed origins
/// is enforced here, as it is on upgrades.
pub(crate) fn refuse(chassis: &Chassis, request: &ServiceRequest) -> Option<Problem> {
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
