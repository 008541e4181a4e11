//! `POST /api/ingest/{kind}`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use hub_core::normalize::{self, BodyError, BodyForm, Kind};
use hub_core::schema::{self, Schema, json_schema};
use hub_log::LogError;

use super::problem::Problem;
use crate::ingest::{IngestError, IngestReport};
use crate::rest::{Content, Handler, Request, Route, handler};

pub(super) fn route() -> Route {
    call("/api/ingest/{kind}", "Takes in items of a kind", handler(&(), ingest))
}

/// A call by another path that takes in items of one kind as `POST /api/ingest/{kind}` does, and answers so.
pub fn taking_in(kind: Kind, path: &'static str, summary: &'static str) -> Route {
    call(path, summary, handler(&kind, take_in))
}

fn call(path: &'static str, summary: &'static str, handler: Handler) -> Route {
    let (body, answer) = (Some(Content::Json(items)), Content::Json(schema::of::<IngestReport>));
    Route::post(path, summary, body, answer, handler)
}

/// One item or an array of them; what an item holds is told by its kind.
fn items() -> Schema {
    json_schema!({ "type": ["object", "array"], "items": { "type": "object" } })
}

/// One item, an array, or NDJSON; answered after the items are committed and
/// applied: 200, 207 or 422 with the outcome of each; 400 for a body that can't be read.
async fn ingest((): (), request: Request) -> Result<HttpResponse, Problem> {
    let kind = request.segment("kind")?;
    take_in(kind.parse().map_err(|_| unknown_kind(&kind))?, request).await
}

async fn take_in(kind: Kind, mut request: Request) -> Result<HttpResponse, Problem> {
    let form = form(request.headers())?;
    if request.chassis()?.readiness.is_draining() {
        return Err(IngestError::Draining.into());
    }
    let body = request.body().await?;
    let (max_items, way) = (request.chassis()?.limits.ingest_items, request.provenance());
    let ingest = request.ingest()?;
    let ingesting = match normalize::events(kind, &body, form, max_items, &way) {
        Ok(events) => ingest.append(events),
        Err(error) => ingest.append_unreadable(kind.as_str(), error, &body, &way),
    };
    let report = IngestReport::from(ingesting?.applied().await?);
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

impl From<IngestError> for Problem {
    fn from(error: IngestError) -> Problem {
        match error {
            // Trying again would not help.
            IngestError::Log(LogError::TooLarge { .. })
            | IngestError::Body(BodyError::TooManyItems { .. }) => Problem::new(413, error.to_string()),
            IngestError::Body(_) => Problem::bad_request(error.to_string()),
            _ => Problem::unavailable(error.to_string()),
        }
    }
}
