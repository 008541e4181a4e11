//! The body of a command: one JSON object.

use actix_web::http::header::CONTENT_TYPE;
use bytes::Bytes;
use hub_server::http::problem::Problem;
use hub_server::rest::Request;

/// Treatment of a command without a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Empty {
    /// It has to have one.
    Refused,
    /// No body is the same as `{}`.
    Allowed,
}

/// Reads it, within the limits. 415 for what is not called JSON.
pub(super) async fn read(request: &mut Request, empty: Empty) -> Result<Bytes, Problem> {
    let content_type = request.headers().get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default());
    if content_type.is_some_and(|text| !is_json(text)) {
        return Err(Problem::new(415, "Content-Type is not supported; send application/json"));
    }
    let body = request.body().await?;
    if empty == Empty::Allowed && hub_json::without_bom(&body).trim_ascii().is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    Ok(body)
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}
