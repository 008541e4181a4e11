//! Commands on their way from REST to the desk and back.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use hub_core::event::Provenance;
use hub_core::event::trading::{KIND, TradingRequest};
use hub_core::normalize::{self, BodyError, BodyForm, Item};
use hub_core::{Event, Freshness, Rejection};
use hub_server::http::problem::{PROBLEM_JSON, Problem};
use hub_server::rest::Request;

use super::body::{self, Empty};
use super::views;
use crate::answers::{Answer, CompletedCommand};
use crate::desk::{CommandError, Desk};
use crate::json::object;
use crate::reads::AutotraderReads;

/// Executes a command: answers with `status` and what it led to, once its record is
/// committed and applied; a command that came before with the same
/// `requestId` is answered as it was then. 400: no JSON object; 404: no
/// such session or trade; 422: refused.
pub(super) async fn execute(
    reads: AutotraderReads,
    mut request: Request,
    empty: Empty,
    status: u16,
    read: impl FnOnce(&Item<'_>) -> Result<TradingRequest, Rejection>,
) -> Result<HttpResponse, Problem> {
    let body = body::read(&mut request, empty).await?;
    let way = Provenance { path: Some(request.http().path()), ..request.provenance() };
    let desk = Desk::new(request.ingest()?, reads);
    let answered = match event(&body, &way, read) {
        Ok(event) => desk.take(event).await,
        Err(error) => desk.take_unreadable(error, &body, &way).await,
    };
    match answered {
        Ok(answered) => Ok(done(&answered, status)),
        Err(CommandError::Refused(rejection)) => refused(&rejection),
        Err(CommandError::Ingest(error)) => Err(error.into()),
        Err(error @ CommandError::Forgotten) => Err(Problem::unavailable(error.to_string())),
    }
}

fn done(answered: &CompletedCommand, status: u16) -> HttpResponse {
    let mut out = Vec::new();
    match &answered.answer {
        Answer::Session(session) => views::session(&mut out, session, answered.at),
        Answer::Trade(trade) => views::trade(&mut out, trade, None, Freshness::default()),
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    HttpResponse::build(status).content_type("application/json").body(out)
}

/// The event that is logged of a body: the command it means, or, where a field is at fault, that it means none. One that
/// is no object is logged as a whole.
fn event(
    body: &[u8],
    way: &Provenance<'_>,
    read: impl FnOnce(&Item<'_>) -> Result<TradingRequest, Rejection>,
) -> Result<Event, BodyError> {
    if hub_json::without_bom(body).trim_ascii_start().starts_with(b"[") {
        return Err(BodyError::NotOneObject);
    }
    let items = normalize::items(body, BodyForm::Json, 1)?;
    let item = items.first().ok_or(BodyError::Empty)?;
    match read(item) {
        Ok(request) => Ok(Event::Trading(request)),
        Err(rejection) if rejection.field.is_none() => Err(BodyError::NotOneObject),
        Err(rejection) => Ok(normalize::rejected(KIND, rejection, item, way)),
    }
}

/// 404 where the session or trade is what is at fault, else 422 with the
/// field.
fn refused(rejection: &Rejection) -> Result<HttpResponse, Problem> {
    let field = rejection.field.as_deref();
    if matches!(field, Some("sessionId" | "tradeId")) {
        return Err(Problem::not_found(rejection.reason.clone()));
    }
    let mut out = Vec::new();
    object(&mut out, |problem| {
        problem.text("title", "Unprocessable Entity");
        problem.number("status", 422);
        problem.text("detail", &rejection.to_string());
        problem.text("reason", &rejection.reason);
        if let Some(field) = field {
            problem.text("field", field);
        }
    });
    Ok(HttpResponse::UnprocessableEntity().content_type(PROBLEM_JSON).body(out))
}
