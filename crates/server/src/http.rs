//! HTTP: what every port answers, beside its service's own routes.

pub mod body;
pub(crate) mod directory;
pub(crate) mod expect;
pub(crate) mod gate;
pub mod health;
pub mod host;
pub(crate) mod in_flight;
pub mod ingest;
pub(crate) mod methods;
pub(crate) mod path;
pub mod problem;
pub mod publish;
mod response;
pub(crate) mod server;

use std::future::ready;

use actix_cors::Cors;
use actix_web::{HttpRequest, web};

use self::directory::Directory;
use crate::origin::Origins;
use crate::rest::{self, Route};

/// The calls that every port answers.
pub fn every_port() -> Vec<Route> {
    let mut routes = health::routes();
    routes.push(ingest::route());
    routes.push(publish::route());
    routes
}

/// Adds what every port answers to an application, behind what `service` itself has.
pub(crate) fn configure(config: &mut web::ServiceConfig, service: &'static str, directory: &Directory) {
    let directory = directory.clone();
    let nowhere = move |request: HttpRequest| ready(directory.answer(service, &request));
    rest::configure(config, &every_port());
    config.default_service(web::to(nowhere));
}

/// Headers that pages may read beside the body.
const EXPOSED: [&str; 5] = ["Link", "X-Position", "ETag", "Retry-After", "WWW-Authenticate"];

/// CORS for allowed origins, the list that guards upgrades, too. `SockJS`
/// clients ask with credentials, whether or not there are any. Whatever headers
/// a page asks for it may send: what traces pages adds its own to all requests,
/// and with credentials `*` means none.
pub(crate) fn cors(origins: &Origins) -> Cors {
    let origins = origins.clone();
    Cors::default()
        .allowed_origin_fn(move |origin, _| origin.to_str().is_ok_and(|origin| origins.allow(origin)))
        .allowed_methods(["GET", "POST", "PATCH", "DELETE"])
        .allow_any_header()
        .expose_headers(EXPOSED)
        .supports_credentials()
        .max_age(600)
}
