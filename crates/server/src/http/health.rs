//! Health, readiness and metrics.

use actix_web::{HttpResponse, web};
use prometheus_client::registry::Registry;
use serde::Serialize;

use super::{ChassisData, read_only};

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

const UP: Status = Status { status: "UP" };
const DOWN: Status = Status { status: "DOWN" };

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    for path in ["/health", "/actuator/health", "/actuator/health/liveness"] {
        config.service(read_only(path, health));
    }
    for path in ["/ready", "/actuator/health/readiness"] {
        config.service(read_only(path, ready));
    }
    config.service(read_only("/metrics", metrics));
}

/// `curl -I http://localhost:8086`: somebody is there.
pub(crate) async fn greeting() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("pms-hub\n")
}

/// The process lives.
async fn health() -> HttpResponse {
    HttpResponse::Ok().json(UP)
}

/// 200 once replay has finished and all listeners are bound, until the hub
/// drains.
async fn ready(chassis: ChassisData) -> HttpResponse {
    if chassis.readiness.is_ready() {
        HttpResponse::Ok().json(UP)
    } else {
        HttpResponse::ServiceUnavailable().json(DOWN)
    }
}

async fn metrics(registry: web::Data<Registry>) -> HttpResponse {
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, &registry) {
        Ok(()) => HttpResponse::Ok()
            .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
            .body(text),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}
