//! The status page: which services there are, where, and who is connected.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use hub_server::http::problem::Problem;
use hub_server::metrics::{ConnectionLabels, TRANSPORTS};
use hub_server::rest::Request;
use schemars::JsonSchema;
use serde::Serialize;

use crate::address::ServiceAddress;

/// A page that reads [`json`] every two seconds; nothing is loaded from
/// elsewhere.
const PAGE: &str = include_str!("status.html");

/// The mark in the page that the list of services takes the place of.
const SERVICES: &str = "<!--services-->";

/// Contents that do not change while the hub runs.
#[derive(Clone)]
pub(super) struct Status {
    addresses: Vec<ServiceAddress>,
    paths: Vec<(&'static str, Vec<String>)>,
}

/// The body of `/status.json`.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown<'a> {
    version: &'static str,
    ready: bool,
    services: Vec<Row<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    name: &'static str,
    address: String,
    port: u16,
    tls: bool,
    sockets: &'a [String],
    connections: i64,
}

impl Status {
    pub(super) fn new(addresses: Vec<ServiceAddress>, paths: Vec<(&'static str, Vec<String>)>) -> Status {
        Status { addresses, paths }
    }
}

/// `GET /`: names and ports are in the page itself, the rest comes by script.
pub(super) async fn page(status: Status, _: Request) -> Result<HttpResponse, Problem> {
    let row = |service: &ServiceAddress| {
        let (name, address) = (service.name, service.authority());
        format!("<tr><td>{name}</td><td>{address}</td><td></td><td></td></tr>")
    };
    let rows: String = status.addresses.iter().map(row).collect();
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'self' 'unsafe-inline'"))
        .body(PAGE.replace(SERVICES, &rows)))
}

/// `GET /status.json`: `{version, ready, services: [{name, address, port, tls,
/// sockets, connections}]}`.
pub(super) async fn json(status: Status, request: Request) -> Result<HttpResponse, Problem> {
    let chassis = request.chassis()?;
    let count = |service| {
        let of = |transport| {
            chassis.metrics.connections.get_or_create(&ConnectionLabels { service, transport }).get()
        };
        TRANSPORTS.into_iter().map(of).sum()
    };
    let row = |service: &ServiceAddress| Row {
        name: service.name,
        address: service.authority(),
        port: service.port,
        tls: service.tls,
        sockets: status.paths.iter().find(|(name, _)| *name == service.name).map_or(&[], |(_, paths)| paths),
        connections: count(service.name),
    };
    let services = status.addresses.iter().map(row).collect();
    let shown = Shown { version: env!("CARGO_PKG_VERSION"), ready: chassis.readiness.is_ready(), services };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(shown))
}
