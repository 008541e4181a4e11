//! The WebSocket transports within actix: `/{server}/{session}/websocket` with
//! frames, and `/websocket` without.
//!
//! Who takes upgrades out of actix does without this. No task and no timer per
//! connection: the body of the 101 response reads what the client sends as
//! well, whenever actix polls it.

mod body;
mod wire;

use actix_web::http::header::UPGRADE;
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use hub_ws::handshake;

use self::body::WebSocketBody;
use self::wire::Wire;
use super::server::Server;
use super::settings::WebSockets;
use super::{TEXT, no_upgrade, session_path, shared};
use crate::path::Transport;

pub(super) fn routes(config: &mut web::ServiceConfig, mount: &str, server: &Server) {
    let settings = server.settings();
    if !settings.info.websocket {
        return;
    }
    let paths = [
        (session_path(mount, Transport::WebSocket), Wire::Framed),
        (format!("{mount}/websocket"), Wire::Raw),
    ];
    for (path, wire) in paths {
        let server = server.clone();
        let answer = move |request: HttpRequest, payload: web::Payload| {
            std::future::ready(answer(&server, wire, &request, payload))
        };
        config.service(web::resource(path).to(answer));
    }
}

fn answer(server: &Server, wire: Wire, request: &HttpRequest, payload: web::Payload) -> HttpResponse {
    let settings = server.settings();
    let is_upgrade = request.headers().contains_key(UPGRADE) && settings.websockets == WebSockets::Here;
    if request.method() != Method::GET || !is_upgrade {
        return no_upgrade(request, settings.not_allowed);
    }
    open(server, wire, request, payload).unwrap_or_else(|refusal| refusal)
}

fn open(
    server: &Server,
    wire: Wire,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, HttpResponse> {
    let values = |name: &str| request.headers().get_all(name).filter_map(|value| value.to_str().ok());
    let upgrade = handshake::check(request.method().as_str(), values).map_err(|error| {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = HttpResponse::build(status);
        for header in error.response_headers() {
            response.insert_header(*header);
        }
        response.content_type(TEXT).body(format!("Not a valid websocket request: {error}.\n"))
    })?;
    server.check_origin(request)?;
    let (shared, receiver) = server.enter_nameless(request, |session| session.attach(shared::now()))?;
    let Ok(receiver) = receiver else {
        return Err(server.say(request, StatusCode::INTERNAL_SERVER_ERROR, "No session."));
    };
    let body = WebSocketBody::new(shared, receiver, wire, payload, server.settings().body_bytes);
    let mut response = HttpResponse::SwitchingProtocols();
    response.upgrade("websocket").insert_header(("Sec-WebSocket-Accept", upgrade.accept()));
    Ok(response.body(body))
}
