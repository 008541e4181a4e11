//! Everything on one origin (port 8080): every REST and WebSocket path of all
//! services, `/env.js`, and a status page at `/`.

mod env_js;
mod forwarded;
mod status;

use hub_core::schema;
use hub_server::rest::{Content, Route, handler};
use hub_server::{Service, StompMounts};

use crate::address::ServiceAddress;
use crate::config::GatewayConfig;
use env_js::Origin;
use status::Status;

/// The gateway in front of `services`, which has yet to get its [pages]: they tell where
/// everything listens, itself included.
pub fn service(services: &[Service], config: &GatewayConfig) -> Service {
    let routes = services.iter().flat_map(|service| service.routes.iter().cloned()).collect();
    let sockets = services.iter().flat_map(|service| service.sockets.iter().cloned()).collect();
    let mut stomp = StompMounts::default();
    for service in services {
        stomp.sockjs.extend(service.stomp.sockjs.iter().cloned());
        stomp.websocket.extend(service.stomp.websocket.iter().cloned());
        stomp.tcp |= service.stomp.tcp;
    }
    stomp.sockjs.sort_by_key(|mount| std::cmp::Reverse(mount.path.len()));
    Service { routes, sockets, stomp, ..Service::new("gateway", "gateway", config.bind.clone(), config.tls) }
}

/// The gateway's own pages, which tell of `services` and of where they listen; `public_url` is
/// the gateway's URL as browsers see it, empty where their requests say it.
pub fn pages(services: &[Service], addresses: Vec<ServiceAddress>, public_url: &str) -> Vec<Route> {
    let own = addresses.iter().find(|service| service.name == "gateway");
    let origin = Origin::new(public_url, own);
    let sockets = services.iter().map(sockets).collect();
    let status = Status::new(addresses, sockets);
    let (html, js) =
        (Content::Other("text/html; charset=utf-8"), Content::Other("text/javascript; charset=utf-8"));
    let shown = Content::Json(schema::of::<status::Shown<'_>>);
    vec![
        Route::get("/", "Shows all services, for people", html, handler(&status, status::page))
            .with_any_query(),
        Route::get(
            "/status.json",
            "Gives all services and their connections",
            shown,
            handler(&status, status::json),
        )
        .with_any_query(),
        Route::get("/env.js", "Tells the frontend where everything is", js, handler(&origin, env_js::script))
            .with_any_query(),
    ]
}

/// A service's name and the paths of its sockets, for the status page.
fn sockets(service: &Service) -> (&'static str, Vec<String>) {
    let mounts = service.stomp.sockjs.iter().map(|mount| mount.path).filter(|mount| !mount.is_empty());
    let sockjs = mounts.map(|mount| format!("{mount} (SockJS, STOMP)"));
    let native = service.sockets.iter().flat_map(hub_server::SocketRoute::paths).map(str::to_owned);
    (service.name, sockjs.chain(native).collect())
}
