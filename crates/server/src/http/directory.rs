//! A directory of services and their sockets, for whoever asks for one of them in the wrong place.

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::{HeaderValue, UPGRADE};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use hub_sockjs::{Route as SockJsRoute, Transport};

use super::methods::method_not_allowed;
use super::path::without_slash;
use super::problem::Problem;
use crate::rest::is_path_of;
use crate::service::{Service, SocketRoute};

/// The paths that each service serves, and its port.
#[derive(Clone)]
pub(crate) struct Directory(Arc<[Entry]>);

struct Entry {
    service: &'static str,
    port: u16,
    sockets: Vec<&'static str>,
    mounts: Vec<&'static str>,
    /// The patterns of its REST calls' paths.
    rest: Vec<&'static str>,
}

impl Directory {
    pub(crate) fn new<'s>(services: impl Iterator<Item = (&'s Service, u16)>) -> Directory {
        let entry = |(service, port): (&Service, u16)| Entry {
            service: service.name,
            port,
            sockets: sockets(service),
            mounts: service.stomp.sockjs_paths().collect(),
            rest: service.routes.iter().map(|route| route.path).filter(|path| *path != "/").collect(),
        };
        Directory(services.map(entry).collect())
    }

    /// 404: there is nothing here; with where it is, if it is anywhere.
    pub(crate) fn not_found(&self, service: &str, path: &str) -> Problem {
        self.nowhere(service, "nothing", path, Entry::has)
    }

    /// The same, asked for as a WebSocket.
    pub(crate) fn no_socket(&self, service: &str, path: &str) -> Problem {
        self.nowhere(service, "no WebSocket", path, Entry::has_socket)
    }

    fn nowhere(&self, service: &str, what: &str, path: &str, has: fn(&Entry, &str) -> bool) -> Problem {
        let elsewhere = |path| self.0.iter().find(|entry| entry.service != service && has(entry, path));
        let is_here = |path| self.0.iter().any(|entry| entry.service == service && has(entry, path));
        let exact = without_slash(path);
        let hint = match elsewhere(path) {
            Some(entry) => format!("; {} has it, on port {}", entry.service, entry.port),
            None if exact == path => String::new(),
            None if is_here(exact) => format!("; there is {exact}"),
            None => elsewhere(exact)
                .map(|entry| format!("; {} has {exact}, on port {}", entry.service, entry.port))
                .unwrap_or_default(),
        };
        Problem::not_found(format!("there is {what} at {path}{hint}"))
    }

    /// The response where no route is: a socket's path wants an upgrade.
    pub(crate) fn answer(&self, service: &str, request: &HttpRequest) -> HttpResponse {
        let path = request.path();
        let own = self.0.iter().find(|entry| entry.service == service);
        if !own.is_some_and(|entry| entry.has_endpoint(path)) {
            return self.not_found(service, path).error_response();
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return method_not_allowed(request, "GET");
        }
        let detail =
            format!("{path} is a WebSocket: connect with ws:// or wss://, which asks for an upgrade");
        let mut response = Problem::new(426, detail).error_response();
        response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
        response
    }
}

fn sockets(service: &Service) -> Vec<&'static str> {
    let native = service.sockets.iter().flat_map(SocketRoute::paths);
    native.chain(service.stomp.websocket.iter().map(|mount| mount.path)).collect()
}

impl Entry {
    fn has(&self, path: &str) -> bool {
        let is_call = |pattern: &&str| is_path_of(pattern, path);
        let is_session =
            |mount: &&str| matches!(SockJsRoute::parse(mount, path), Some(SockJsRoute::Session { .. }));
        self.has_endpoint(path) || self.rest.iter().any(is_call) || self.mounts.iter().any(is_session)
    }

    fn has_socket(&self, path: &str) -> bool {
        let is_socket = |mount: &&str| {
            let route = SockJsRoute::parse(mount, path);
            matches!(
                route,
                Some(
                    SockJsRoute::RawWebSocket | SockJsRoute::Session { transport: Transport::WebSocket, .. }
                )
            )
        };
        self.has_endpoint(path) || self.mounts.iter().any(is_socket)
    }

    fn has_endpoint(&self, path: &str) -> bool {
        let path = without_slash(path);
        self.sockets.contains(&path) && path != "/"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> Directory {
        let entry = |service, port, sockets: &[&'static str], rest: &[&'static str]| Entry {
            service,
            port,
            sockets: sockets.to_vec(),
            mounts: if service == "analytics" { vec!["/ws", ""] } else { Vec::new() },
            rest: rest.to_vec(),
        };
        Directory(Arc::from([
            entry("analytics", 1, &["/", "/ws", "/ws/positions"], &["/api/analysis/all"]),
            entry("rttm", 2, &["/ws/alerts"], &["/api/rttm/metrics", "/api/rttm/dead-letters/{id}"]),
        ]))
    }

    #[test]
    fn what_another_service_has_is_told_with_its_port() {
        let told = |service, path| directory().not_found(service, path).details().detail;
        for (path, hint) in [
            ("/api/rttm/metrics", true),
            ("/api/rttm/metrics/", false),
            ("/api/rttm/dead-letters/7", true),
            ("/api/rttm/dead-letters/", false),
            ("/api/rttm/dead-letters/7/x", false),
            ("/api/rttm/metric", false),
            ("/api/rttm", false),
            ("/ws/alerts", true),
            ("/ws/alerts/", true),
            ("/api/rttmx", false),
            ("/api", false),
            ("/", false),
        ] {
            assert_eq!(told("analytics", path).ends_with("; rttm has it, on port 2"), hint, "{path}");
            assert!(!told("rttm", path).contains("rttm has it"), "{path}");
        }
        assert!(told("analytics", "/api/rttm/metrics/").ends_with("; rttm has /api/rttm/metrics, on port 2"));
        let here = told("rttm", "/api/rttm/dead-letters/7/");
        assert!(here.ends_with("; there is /api/rttm/dead-letters/7"), "{here}");
        assert!(told("rttm", "/ws/0/x/xhr").ends_with("; analytics has it, on port 1"));
        let told = |path| directory().no_socket("rttm", path).details().detail;
        for (path, hint) in [
            ("/ws/positions", true),
            ("/ws/0/x/websocket", true),
            ("/websocket", true),
            ("/ws/0/x/xhr", false),
            ("/api/analysis", false),
        ] {
            assert_eq!(told(path).ends_with("; analytics has it, on port 1"), hint, "{path}");
        }
    }
}
