//! `POST /api/publish/{destination}`: a message for a relay destination,
//! relayed byte for byte and answered without a disk write.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use hub_core::schema;
use hub_core::{Offset, Position, TopicName};
use hub_fanout::TargetError;
use schemars::JsonSchema;
use serde::Serialize;

use super::problem::Problem;
use crate::rest::{Content, Request, Route, handler};

/// Request headers with this prefix become headers of the message, without it.
const CUSTOM_PREFIX: &str = "stomp-";

pub(super) fn route() -> Route {
    let (body, answer) = (Some(Content::Other("*/*")), Content::Json(schema::of::<Published>));
    let summary = "Publishes a message to a relay destination";
    Route::post("/api/publish/{destination:.*}", summary, body, answer, handler(&(), publish))
}

/// A message that is on its way to its subscribers.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Published {
    /// Such as `/topic/relay/x`.
    destination: String,
    /// `<epoch>-<sequence>-0`.
    message_id: String,
}

/// `/api/publish/topic/x` publishes the body to `/topic/x`. `Content-Type` and
/// every `Stomp-<name>` header go with it.
async fn publish((): (), mut request: Request) -> Result<HttpResponse, Problem> {
    let destination = format!("/{}", request.segment("destination")?);
    let destination: TopicName =
        destination.parse().map_err(|error| Problem::bad_request(format!("{error}")))?;
    let target = request.chassis()?.catalog.publishable(&destination).map_err(|error| refused(&error))?;
    if request.chassis()?.readiness.is_draining() {
        return Err(Problem::unavailable("the hub is shutting down"));
    }
    let body = request.body().await?;
    let message = request.chassis()?.publish(target, headers(request.headers())?, body);
    let message = message.map_err(|error| Problem::unavailable(error.to_string()))?;
    let position = Position { epoch: message.epoch, offset: Offset(message.sequence) };
    let (destination, message_id) = (message.destination.to_string(), format!("{position}-0"));
    Ok(HttpResponse::Ok().json(Published { destination, message_id }))
}

fn refused(error: &TargetError) -> Problem {
    let status = match error {
        TargetError::Unknown(_) | TargetError::NotAPortfolio(_) => 404,
        TargetError::Wildcard { .. } => 400,
        TargetError::Computed(_) => 403,
    };
    Problem::new(status, error.to_string())
}

fn headers(headers: &HeaderMap) -> Result<Vec<(String, String)>, Problem> {
    let mut relayed = Vec::new();
    for (name, value) in headers {
        let custom = name.as_str().strip_prefix(CUSTOM_PREFIX);
        let Some(name) = custom.or((name == CONTENT_TYPE).then_some("content-type")) else { continue };
        if custom.is_some_and(|name| name.is_empty() || hub_stomp::is_reserved(name)) {
            return Err(Problem::bad_request(format!("header Stomp-{name} is the hub's own to set")));
        }
        if custom == Some("content-type") {
            return Err(Problem::bad_request("header Stomp-content-type: it is said by Content-Type"));
        }
        let value =
            value.to_str().map_err(|_| Problem::bad_request(format!("header {name} is not plain text")))?;
        relayed.push((name.to_owned(), value.to_owned()));
    }
    Ok(relayed)
}
