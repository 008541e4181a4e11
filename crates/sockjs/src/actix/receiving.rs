//! The requests that receive: `xhr`, `xhr_streaming`, `eventsource`,
//! `htmlfile`, `jsonp`.

use std::future::poll_fn;

use actix_web::http::header::X_CONTENT_TYPE_OPTIONS;
use actix_web::http::{Method, StatusCode, Version};
use actix_web::{HttpRequest, HttpResponse, web};

use super::body::Body;
use super::server::Server;
use super::{session_path, shared};
use crate::callback::{Callback, CallbackError};
use crate::framing::Framing;
use crate::path::Transport;
use crate::response::Response;

/// The longest name of a session; clients use eight characters.
const MAX_NAME_BYTES: usize = 256;

pub(super) fn routes(config: &mut web::ServiceConfig, mount: &str, server: &Server) {
    for transport in Transport::ALL.into_iter().filter(|transport| transport.is_receiving()) {
        let server = server.clone();
        let answer = move |request: HttpRequest| answer(server.clone(), transport, request);
        config.service(web::resource(session_path(mount, transport)).to(answer));
    }
}

/// The client's name for the session a request is about.
pub(super) fn session_name(request: &HttpRequest) -> Option<&str> {
    request.match_info().get("session").filter(|name| name.len() <= MAX_NAME_BYTES)
}

async fn answer(server: Server, transport: Transport, request: HttpRequest) -> HttpResponse {
    let (method, methods) = match transport {
        Transport::Xhr | Transport::XhrStreaming => (Method::POST, "OPTIONS, POST"),
        _ => (Method::GET, "OPTIONS, GET"),
    };
    if request.method() == Method::OPTIONS {
        return server.preflight(&request, methods);
    }
    if request.method() != method {
        return (server.settings().not_allowed)(&request, methods);
    }
    let framing = match framing(transport, request.query_string()) {
        Ok(framing) => framing,
        Err(error) => return server.say(&request, StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    };
    receive(&server, &request, framing).await.unwrap_or_else(|refusal| refusal)
}

fn framing(transport: Transport, query: &str) -> Result<Framing, CallbackError> {
    Ok(match transport {
        Transport::XhrStreaming => Framing::XhrStreaming,
        Transport::EventSource => Framing::EventSource,
        Transport::HtmlFile => Framing::HtmlFile(Callback::from_query(query)?),
        Transport::Jsonp => Framing::Jsonp(Callback::from_query(query)?),
        _ => Framing::Xhr,
    })
}

async fn receive(
    server: &Server,
    request: &HttpRequest,
    framing: Framing,
) -> Result<HttpResponse, HttpResponse> {
    server.check_origin(request)?;
    let not_found = || server.say(request, StatusCode::NOT_FOUND, "Not found.");
    let name = session_name(request).ok_or_else(not_found)?;
    let room_bytes = server.settings().limits.response_bytes;
    let (shared, response) = server.enter(request, name, |session| {
        Response::attach(framing.clone(), session, room_bytes, shared::now())
    })?;
    let mut body = Body::new(shared, response);
    let mut head = server.respond(request, StatusCode::OK, framing.content_type());
    // What a callback's name makes of the response is for no browser to guess.
    head.insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"));
    if framing.is_polling() {
        let frame = poll_fn(|cx| body.poll_chunk(cx)).await;
        return Ok(head.body(frame.unwrap_or_default()));
    }
    if request.version() >= Version::HTTP_11 {
        return Ok(head.body(body));
    }
    // Without chunks only the connection's end is the response's.
    let mut response = head.force_close().body(body);
    response.head_mut().no_chunking(true);
    Ok(response)
}
