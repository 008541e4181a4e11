//! Steps that all responses pass on their way out.

use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody as _};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};

use super::problem::{self, Details, Problem};
use crate::refusals::Refusals;

type Response = ServiceResponse<BoxBody>;

/// The end of what is streamed to a client of HTTP/1.0, which knows no chunks:
/// the connection's (RFC 9112, sections 6.1 and 6.3).
pub(crate) fn without_chunks(response: &mut Response) {
    if response.response().body().size() == BodySize::Stream {
        let head = response.response_mut().head_mut();
        head.no_chunking(true);
        head.set_connection_type(ConnectionType::Close);
    }
}

/// Which methods there are, said to whoever only asks (RFC 9110, section
/// 9.3.7), as balancers do to see whether somebody is there.
pub(crate) fn with_options(mut response: Response) -> Response {
    let asks = response.request().method() == Method::OPTIONS;
    if !asks || response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    let head = response.response_mut();
    *head.status_mut() = StatusCode::NO_CONTENT;
    head.headers_mut().remove(CONTENT_TYPE);
    response.map_body(|_, _| BoxBody::new(()))
}

/// An error as a problem, whoever it comes from.
pub(crate) fn as_problem(response: Response) -> Response {
    let is_json = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.contains("json"));
    if !is_error(response.status()) || response.headers().get(CONTENT_TYPE).is_some_and(is_json) {
        return response;
    }
    let status = response.status();
    let mut details = None;
    let mut response = response.map_body(|_, body| {
        let text = body.try_into_bytes().unwrap_or_default();
        let problem = Problem::new(status.as_u16(), String::from_utf8_lossy(&text));
        details = Some(problem.details());
        problem.into_body()
    });
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(problem::PROBLEM_JSON));
    if let Some(details) = details {
        response.response_mut().extensions_mut().insert(details);
    }
    response
}

/// Notes an error.
pub(crate) fn note(response: &Response, door: &'static str, refusals: &Refusals) {
    if !is_error(response.status()) {
        return;
    }
    let (method, path) = (response.request().method(), response.request().path());
    let now = Instant::now();
    let extensions = response.response().extensions();
    if let Some(Details { reason, detail }) = extensions.get() {
        refusals.note(door, reason, format_args!("{method} {path}: {detail}"), now);
    } else {
        let reason = problem::reason(response.status().as_u16());
        refusals.note(door, reason, format_args!("{method} {path}"), now);
    }
}

fn is_error(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}
