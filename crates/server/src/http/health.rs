//! Health, readiness and metrics.

use actix_web::HttpResponse;
use hub_core::schema::{self, Schema};
use prometheus_client::registry::Registry;
use schemars::JsonSchema;
use serde::Serialize;

use super::problem::Problem;
use crate::rest::{Content, Request, Route, handler};

/// The body of an answer about health.
#[derive(Serialize, JsonSchema)]
struct Status {
    /// `UP` or `DOWN`.
    status: &'static str,
}

const UP: Status = Status { status: "UP" };
const DOWN: Status = Status { status: "DOWN" };

/// The media type of `/metrics`.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const TEXT: &str = "text/plain; charset=utf-8";

pub(super) fn routes() -> Vec<Route> {
    let of_health = |path, summary, answer| Route::get(path, summary, Content::Json(status), answer);
    let (lives, is_ready) = (handler(&(), health), handler(&(), ready));
    let mut routes =
        vec![Route::get("/", "Greets: somebody is there", Content::Other(TEXT), handler(&(), greeting))];
    for path in ["/health", "/actuator/health", "/actuator/health/liveness"] {
        routes.push(of_health(path, "Says that the process lives", lives.clone()));
    }
    for path in ["/ready", "/actuator/health/readiness"] {
        routes.push(of_health(path, "Says whether the hub serves: 200 or 503", is_ready.clone()));
    }
    let counted = handler(&(), metrics);
    routes.push(Route::get(
        "/metrics",
        "Gives all metrics, for Prometheus",
        Content::Other(OPENMETRICS),
        counted,
    ));
    routes.into_iter().map(Route::with_any_query).collect()
}

fn status() -> Schema {
    schema::of::<Status>()
}

/// `curl -I http://localhost:8086`: somebody is there.
async fn greeting((): (), _: Request) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().content_type(TEXT).body("pms-hub\n"))
}

/// The process lives.
async fn health((): (), _: Request) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(UP))
}

/// 200 once replay has finished and all listeners are bound, until the hub
/// drains.
async fn ready((): (), request: Request) -> Result<HttpResponse, Problem> {
    Ok(if request.chassis()?.readiness.is_ready() {
        HttpResponse::Ok().json(UP)
    } else {
        HttpResponse::ServiceUnavailable().json(DOWN)
    })
}

async fn metrics((): (), request: Request) -> Result<HttpResponse, Problem> {
    let registry = request.http().app_data::<actix_web::web::Data<Registry>>();
    let registry = registry.ok_or_else(|| Problem::new(500, "there is no registry of metrics"))?;
    let mut text = String::new();
    Ok(match prometheus_client::encoding::text::encode(&mut text, registry) {
        Ok(()) => HttpResponse::Ok().content_type(OPENMETRICS).body(text),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    })
}
