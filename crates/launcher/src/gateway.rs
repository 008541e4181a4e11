//! Everything on one origin (port 8080): every REST and WebSocket path of all
//! services, `/env.js`, and a status page at `/`.

mod env_js;
mod forwarded;
mod status;

use std::sync::Arc;

use hub_server::http::read_only;
use hub_server::{Endpoint, Routes, Service};

use crate::config::GatewayConfig;
use crate::listeners::ServiceAddress;
use crate::wiring::Part;
use env_js::Origin;
use status::Status;

/// The gateway in front of `parts`, without TLS, for any host; what each serves at its own
/// port is told by `addresses`.
pub(crate) fn service(parts: &[Part], addresses: &[ServiceAddress], config: &GatewayConfig) -> Service {
    let mut endpoints = Vec::new();
    for (path, endpoint) in parts.iter().flat_map(|part| &part.endpoints) {
        endpoints.push((*path, endpoint.clone()));
    }
    let mut sockjs: Vec<&'static str> = parts.iter().flat_map(|part| part.sockjs.iter().copied()).collect();
    sockjs.sort_unstable_by_key(|mount| std::cmp::Reverse(mount.len()));
    Service {
        name: "gateway",
        tls: None,
        hosts: None,
        routes: routes(parts, addresses, &config.public_url),
        rest: &["/env.js", "/status.json"],
        endpoints,
        sockjs,
        raw_stomp: parts.iter().any(|part| part.raw_stomp),
    }
}

fn routes(parts: &[Part], addresses: &[ServiceAddress], public_url: &str) -> Routes {
    let inner: Vec<Routes> = parts.iter().map(|part| Arc::clone(&part.routes)).collect();
    let paths = parts.iter().map(paths).collect();
    let own = addresses.iter().find(|service| service.name == "gateway");
    let (status, origin) = (Status::new(addresses.to_vec(), paths), Origin::new(public_url, own));
    Arc::new(move |config| {
        config.app_data(actix_web::web::Data::new(status.clone()));
        config.app_data(actix_web::web::Data::new(origin.clone()));
        config.service(read_only("/", status::page));
        config.service(read_only("/status.json", status::json));
        config.service(read_only("/env.js", env_js::script));
        for routes in &inner {
            routes(config);
        }
    })
}

/// What the status page tells of a service's sockets.
fn paths(part: &Part) -> (&'static str, Vec<String>) {
    let native = part.endpoints.iter().filter(|(_, endpoint)| matches!(endpoint, Endpoint::Native(_)));
    let mounts = part.sockjs.iter().filter(|mount| !mount.is_empty());
    let sockjs = mounts.map(|mount| format!("{mount} (SockJS, STOMP)"));
    (part.name, sockjs.chain(native.map(|(path, _)| (*path).to_owned())).collect())
}
