//! `POST /api/ingest/{kind}`.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::{HttpRequest, HttpResponse, web};
use hub_core::normalize::{self, BodyError, BodyForm, Kind};
use hub_log::LogError;

use super::problem::Problem;
use super::{ChassisData, body};
use crate::ingest::{Ingest, IngestError, IngestReport};
use crate::query::declaring;

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/api/ingest/{kind}")
            .route(declaring(web::post().to(ingest), &[]))
            .default_service(super::not_allowed("POST")),
    );
}

/// One item, an array, or NDJSON; answered after the items are committed and
/// applied: 200, 207 or 422 with the outcome of each.
async fn ingest(
    request: HttpRequest,
    kind: web::Path<String>,
    payload: web::Payload,
    chassis: ChassisData,
) -> Result<HttpResponse, Problem> {
    let kind: Kind = kind.parse().map_err(|_| unknown_kind(&kind))?;
    let form = form(request.headers())?;
    if chassis.readiness.is_draining() {
        return Err(IngestError::Draining.into());
    }
    let limits = &chassis.limits;
    let body = body::read(&request, payload, limits).await?;
    let events = normalize::events(kind, &body, form, limits.ingest_items);
    let events = events.map_err(|error| malformed(&error))?;
    let ingested = Ingest::new(chassis.clone().into_inner()).append(events)?.applied().await?;
    let report = IngestReport::from(ingested);
    let status = StatusCode::from_u16(report.http_status()).unwrap_or(StatusCode::OK);
    Ok(HttpResponse::build(status).json(report))
}

fn unknown_kind(kind: &str) -> Problem {
    let known = Kind::ALL.map(Kind::as_str).join(", ");
    Problem::not_found(format!("there is no kind {kind:?} to ingest; there are {known}"))
}

/// A body without a Content-Type is taken for JSON.
fn form(headers: &HeaderMap) -> Result<BodyForm, Problem> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(BodyForm::Json) };
    let text = value.to_str().unwrap_or_default();
    BodyForm::of_content_type(text).ok_or_else(|| {
        Problem::new(
            415,
            format!("Content-Type {text:?} is not supported; send application/json or application/x-ndjson"),
        )
    })
}

fn malformed(error: &BodyError) -> Problem {
    let status = if matches!(error, BodyError::TooManyItems { .. }) { 413 } else { 400 };
    Problem::new(status, error.to_string())
}

impl From<IngestError> for Problem {
    fn from(error: IngestError) -> Problem {
        match error {
            // Trying again would not help.
            IngestError::Log(LogError::TooLarge { .. }) => Problem::new(413, error.to_string()),
            _ => Problem::unavailable(error.to_string()),
        }
    }
}
