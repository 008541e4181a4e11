//! `POST /api/publish/{destination}`: a message for a relay destination,
//! relayed byte for byte and answered without a disk write.

use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::{HttpRequest, HttpResponse, web};
use hub_core::{Offset, Position, TopicName};
use hub_fanout::TargetError;
use serde::Serialize;

use super::problem::Problem;
use super::{ChassisData, body};
use crate::query::declaring;

/// Request headers with this prefix become headers of the message, without it.
const CUSTOM_PREFIX: &str = "stomp-";

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/api/publish/{destination:.*}")
            .route(declaring(web::post().to(publish), &[]))
            .default_service(super::not_allowed("POST")),
    );
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Published {
    destination: String,
    message_id: String,
}

/// `/api/publish/topic/x` publishes the body to `/topic/x`. `Content-Type` and
/// every `Stomp-<name>` header go with it.
async fn publish(
    request: HttpRequest,
    destination: web::Path<String>,
    payload: web::Payload,
    chassis: ChassisData,
) -> Result<HttpResponse, Problem> {
    let destination: TopicName =
        format!("/{destination}").parse().map_err(|error| Problem::bad_request(format!("{error}")))?;
    let target = chassis.catalog.publishable(&destination).map_err(|error| refused(&error))?;
    if chassis.readiness.is_draining() {
        return Err(Problem::unavailable("the hub is shutting down"));
    }
    let body = body::read(&request, payload, &chassis.limits).await?;
    let message = chassis.publish(target, headers(request.headers())?, body);
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
