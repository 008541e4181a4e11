//! A WebSocket upgrade leaves actix here.
//!
//! Actix's dispatcher hands over the request and the socket; path, origin and
//! limits are checked, the answer is prepared, and everything goes to the
//! shard of this thread, which writes it. Nothing is awaited: the dispatcher's
//! task ends and nothing of actix remains.

use std::time::Instant;

use actix_codec::Framed;
use actix_http::h1::Codec;
use actix_http::{HttpMessage as _, Request};
use actix_web::http::Method;
use actix_web::http::header::{HOST, HeaderName, ORIGIN};
use bytes::{BufMut as _, Bytes, BytesMut};
use hub_core::{CloseReason, messagepack};
use hub_stomp::Version;
use hub_ws::deflate::{Settings, negotiate};
use hub_ws::handshake::{self, Chosen, HandshakeError, Upgrade};

use crate::chassis::Chassis;
use crate::compression::Compression;
use crate::http::directory::Directory;
use crate::http::host::Hosts;
use crate::http::path;
use crate::http::problem::Problem;
use crate::metrics::ReasonLabels;
use crate::native::Query;
use crate::new_connection::{ConnectionKind, EarlyClose, Negotiated, NewConnection};
use crate::service::{Endpoint, Service};
use crate::stream::HttpStream;

/// Takes the socket out of actix and decides what becomes of it.
pub(crate) fn take(
    chassis: &Chassis,
    service: &Service,
    directory: &Directory,
    mut request: Request,
    framed: Framed<HttpStream, Codec>,
) -> Option<NewConnection> {
    chassis.metrics.connection_attempts.inc();
    path::normalize(&mut request.head_mut().uri);
    let parts = framed.into_parts();
    let stream = parts.io.into_upgraded()?;
    let response = respond(chassis, service, directory, &request, !stream.is_within_limit());
    if let Some(reason) = response.failure {
        chassis.metrics.connections_failed.get_or_create(&ReasonLabels { reason }).inc();
    }
    if let Some(detail) = response.refusal {
        let case = format_args!("upgrade {}: {detail}", request.path());
        let reason = response.failure.unwrap_or("upgrade");
        chassis.metrics.refusals.note("websocket", reason, case, Instant::now());
    }
    // What actix still had to write to this peer (answers to earlier, pipelined
    // requests) goes out before the answer to the upgrade.
    let mut first = parts.write_buf;
    first.put_slice(&response.head);
    Some(NewConnection {
        id: chassis.connection_ids.next(),
        stream,
        ahead: parts.read_buf,
        first: first.freeze(),
        kind: response.kind,
        service: service.name,
    })
}

struct UpgradeResponse {
    /// The head of the response.
    head: Bytes,
    kind: ConnectionKind,
    /// The reason in `hub_connections_failed_total`.
    failure: Option<&'static str>,
    /// Detail of the refusal, where it is an error of HTTP.
    refusal: Option<String>,
}

fn respond(
    chassis: &Chassis,
    service: &Service,
    directory: &Directory,
    request: &Request,
    over_limit: bool,
) -> UpgradeResponse {
    let header = |name: HeaderName| Some(request.headers().get(name)?.to_str().unwrap_or("\u{fffd}"));
    if let Some(host) = service.foreign_host(chassis, request.uri(), header(HOST)) {
        return refuse(&Hosts::refusal(host), &[], "host");
    }
    if request.method() == Method::CONNECT {
        return refuse(&Problem::new(405, "this is no proxy: CONNECT is not served"), &[], "method");
    }
    let Some(endpoint) = service.endpoint(request.path()) else {
        return refuse(&directory.no_socket(service.name, request.path()), &[], "path");
    };
    let values = |name: &str| request.headers().get_all(name).filter_map(|value| value.to_str().ok());
    let upgrade = match handshake::check(request.method().as_str(), values) {
        Ok(upgrade) => upgrade,
        Err(error) => return refuse_handshake(error),
    };
    if chassis.readiness.is_starting() {
        return refuse(
            &Problem::unavailable("the hub is replaying its log"),
            &[("Retry-After", "1")],
            "starting",
        );
    }
    let foreign = header(ORIGIN).filter(|origin| !chassis.origins.allow(origin));
    // A SockJS client would take an accepted and closed socket for one to try
    // again by another transport.
    if let (Some(origin), Endpoint::SockJs(_)) = (foreign, &endpoint) {
        return refuse(&Problem::foreign_origin(origin), &[], "origin");
    }
    let (early_close, failure) = if let Some(origin) = foreign {
        (Some(EarlyClose::page_of(origin)), Some("origin"))
    } else if over_limit {
        (Some(CloseReason::TOO_MANY_SESSIONS.into()), Some("sessions_per_address"))
    } else if chassis.readiness.is_draining() {
        (Some(CloseReason::GOING_AWAY.into()), Some("draining"))
    } else {
        (None, None)
    };
    let (head, negotiated) = match accept(chassis, &upgrade, &endpoint) {
        Ok(accepted) => accepted,
        Err(error) => return refuse_handshake(error),
    };
    let query = Query::parse(request.uri().query().unwrap_or_default());
    UpgradeResponse {
        head,
        kind: ConnectionKind::WebSocket { endpoint, query, negotiated, early_close },
        failure,
        refusal: None,
    }
}

/// The head of the answer, and what it agrees to.
fn accept(
    chassis: &Chassis,
    upgrade: &Upgrade<'_>,
    endpoint: &Endpoint,
) -> Result<(Bytes, Negotiated), HandshakeError> {
    let subprotocol = match endpoint {
        Endpoint::Stomp(_) => {
            let offered = upgrade.subprotocols.iter().copied();
            Version::choose_subprotocol(offered).map(Version::subprotocol)
        }
        Endpoint::Native(_) => {
            handshake::choose_subprotocol(&upgrade.subprotocols, &[messagepack::SUBPROTOCOL])
        }
        Endpoint::SockJs(_) => None,
    };
    let offers = upgrade.extensions.iter().copied();
    // A malformed offer is one, whether anything is compressed or not.
    let settings = chassis.compression.map(Compression::settings);
    let deflate = negotiate(offers, settings.unwrap_or(Settings::SHARED))?.filter(|_| settings.is_some());
    let chosen = Chosen { subprotocol, deflate: deflate.as_ref() };
    let negotiated = Negotiated { messagepack: subprotocol == Some(messagepack::SUBPROTOCOL), deflate };
    Ok((handshake::response_head(&upgrade.accept(), chosen), negotiated))
}

/// A request that is no sound handshake, with what would be.
fn refuse_handshake(error: HandshakeError) -> UpgradeResponse {
    let problem = Problem::new(error.status(), error.to_string());
    refuse(&problem, error.response_headers(), "handshake")
}

fn refuse(problem: &Problem, headers: &[(&str, &str)], failure: &'static str) -> UpgradeResponse {
    let mut head = BytesMut::new();
    problem.write_response(&mut head, headers);
    UpgradeResponse {
        head: head.freeze(),
        kind: ConnectionKind::Refused,
        failure: Some(failure),
        refusal: Some(problem.details().detail),
    }
}
