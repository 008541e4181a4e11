//! The requests that send: `xhr_send`, `jsonp_send`.

use std::future::poll_fn;
use std::sync::Arc;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, rt, web};
use bytes::Bytes;

use super::receiving::session_name;
use super::server::Server;
use super::shared::Shared;
use super::{TEXT, headers, session_path};
use crate::path::Transport;
use crate::receive;

pub(super) fn routes(config: &mut web::ServiceConfig, mount: &str, server: &Server) {
    for transport in [Transport::XhrSend, Transport::JsonpSend] {
        let server = server.clone();
        let answer =
            move |request: HttpRequest, body: web::Payload| answer(server.clone(), transport, request, body);
        config.service(web::resource(session_path(mount, transport)).to(answer));
    }
}

async fn answer(
    server: Server,
    transport: Transport,
    request: HttpRequest,
    body: web::Payload,
) -> HttpResponse {
    const METHODS: &str = "OPTIONS, POST";
    match *request.method() {
        Method::OPTIONS => server.preflight(&request, METHODS),
        Method::POST => send(&server, transport, &request, body).await.unwrap_or_else(|refusal| refusal),
        _ => (server.settings().not_allowed)(&request, METHODS),
    }
}

async fn send(
    server: &Server,
    transport: Transport,
    request: &HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, HttpResponse> {
    server.check_origin(request)?;
    let refused = |status, text: &str| server.say(request, status, text);
    let session = session_name(request).and_then(|name| server.find(name));
    let session = session.ok_or_else(|| refused(StatusCode::NOT_FOUND, "No such session."))?;
    let body = read(server, request, body).await?;
    let messages = match transport {
        Transport::JsonpSend => receive::jsonp_payload(&body, is_form(request)),
        _ => receive::payload(&body),
    };
    let messages =
        messages.map_err(|error| refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()))?;
    if !deliver(session, messages).await {
        let text = "Another send is still waiting.";
        return Err(refused(StatusCode::SERVICE_UNAVAILABLE, text));
    }
    Ok(match transport {
        // Konqueror does not know what to make of 204.
        Transport::JsonpSend => server.respond(request, StatusCode::OK, TEXT).body("ok"),
        _ => server.respond(request, StatusCode::NO_CONTENT, TEXT).finish(),
    })
}

async fn read(server: &Server, request: &HttpRequest, body: web::Payload) -> Result<Bytes, HttpResponse> {
    let settings = server.settings();
    let read = rt::time::timeout(settings.body_timeout, body.to_bytes_limited(settings.body_bytes)).await;
    let [most, longest] = settings.body_names;
    let (status, text) = match read {
        Ok(Ok(Ok(body))) => return Ok(body),
        Ok(Ok(Err(_))) => (StatusCode::BAD_REQUEST, "The body can not be read.".to_owned()),
        Ok(Err(_)) => {
            let text = format!("The body is larger than {most} = {}.", settings.body_bytes);
            (StatusCode::PAYLOAD_TOO_LARGE, text)
        }
        Err(_) => {
            let text = format!("The body takes longer than {longest} = {:?}.", settings.body_timeout);
            (StatusCode::REQUEST_TIMEOUT, text)
        }
    };
    let mut response = server.respond(request, status, TEXT);
    Err(response.force_close().body(format!("{text}\n")))
}

fn is_form(request: &HttpRequest) -> bool {
    let kind = headers::values(request, &CONTENT_TYPE).next().unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// A request that waits for room, until it is done or dropped.
struct Waiting {
    session: Arc<Shared>,
    waits: bool,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.waits {
            self.session.stop_waiting();
        }
    }
}

/// Waits until the messages fit; false if another request waits already.
async fn deliver(session: Arc<Shared>, mut messages: Vec<String>) -> bool {
    let mut waiting = Waiting { session, waits: false };
    poll_fn(|cx| {
        let Waiting { session, waits } = &mut waiting;
        session.poll_offer(cx, &mut messages, waits)
    })
    .await
}
