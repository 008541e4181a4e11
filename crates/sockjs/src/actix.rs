//! A `SockJS` server for any actix-web application.
//!
//! A [`Server`] is one service with its sessions; its [`Server::routes`] go
//! into the application of every worker thread, and [`Server::sweeping`] is
//! spawned once. What the service does is a [`Service`]: it is given a
//! [`SessionEnd`] per session, its side of something like a socket.
//!
//! ```no_run
//! use actix_web::{App, HttpRequest, HttpServer, rt};
//! use hub_sockjs::actix::{Server, Service, SessionEnd, Settings};
//!
//! struct Echo;
//!
//! impl Service for Echo {
//!     fn open(&self, end: SessionEnd, _: &HttpRequest) {
//!         rt::spawn(async move {
//!             while let Some(message) = end.receive().await {
//!                 if end.send([message.as_str()]).await.is_err() {
//!                     break;
//!                 }
//!             }
//!         });
//!     }
//! }
//!
//! # fn main() -> std::io::Result<()> {
//! rt::System::new().block_on(async {
//!     let server = Server::new(Settings::default(), Echo);
//!     rt::spawn(server.sweeping());
//!     HttpServer::new(move || App::new().configure(|config| server.routes(config, "/echo")))
//!         // A client that closes is gone: see `Server`.
//!         .h1_allow_half_closed(false)
//!         .bind(("127.0.0.1", 8081))?
//!         .run()
//!         .await
//! })
//! # }
//! ```
//!
//! Who serves nothing but `WebSocket`s, and those outside of actix, needs no
//! server: [`routes`] answers what clients ask for before.

#![allow(clippy::result_large_err, reason = "a refusal is a response, and is moved once")]

mod body;
mod end;
mod headers;
mod pages;
mod receiving;
mod registry;
mod sending;
mod server;
mod settings;
mod shared;
mod websocket;

use actix_web::http::Method;
use actix_web::http::header::{ALLOW, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};

pub use self::end::{Gone, SendError, SessionEnd};
pub use self::server::{Server, Service};
pub use self::settings::{Settings, WebSockets};
use crate::info::Info;
use crate::path::Transport;

/// The path of a session's request below its mount, in actix's notation.
fn session_path(mount: &str, transport: Transport) -> String {
    let transport = transport.as_str();
    format!("{mount}/{{server:[^/.]+}}/{{session:[^/.]+}}/{transport}")
}

const TEXT: &str = "text/plain; charset=UTF-8";

/// Answer of an application to a method that a path does not have, given those it has.
pub type NotAllowed = fn(&HttpRequest, &'static str) -> HttpResponse;

/// 405 without a body, as the protocol's own tests ask for.
pub fn not_allowed(_: &HttpRequest, methods: &'static str) -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((ALLOW, methods)).finish()
}

/// Adds the routes of a service that has `WebSocket`s alone, taken out of actix
/// before it sees them, mounted at `mount`: empty for the root, or
/// `/segments`.
pub fn routes(config: &mut web::ServiceConfig, mount: &str, told: Info, not_allowed: NotAllowed) {
    pages::greeting_routes(config, mount, not_allowed);
    let tell = move |_: HttpRequest| std::future::ready(pages::info(told));
    config.service(pages::reading(&format!("{mount}/info"), tell, not_allowed));
    let answer = move |request: HttpRequest| std::future::ready(no_upgrade(&request, not_allowed));
    config.service(web::resource(session_path(mount, Transport::WebSocket)).to(answer));
}

/// A WebSocket's path, without an upgrade to one.
fn no_upgrade(request: &HttpRequest, not_allowed: NotAllowed) -> HttpResponse {
    if request.method() != Method::GET {
        return not_allowed(request, "GET");
    }
    HttpResponse::BadRequest()
        .insert_header((CONTENT_TYPE, TEXT))
        .body("Can \"Upgrade\" only to \"WebSocket\".\n")
}

#[cfg(test)]
mod tests {
    use actix_web::dev::Service as _;
    use actix_web::http::StatusCode;
    use actix_web::test::{TestRequest, init_service, read_body};
    use actix_web::{App, web};

    use super::*;

    const INFO: Info = Info { websocket: true, cookie_needed: false };

    async fn answer(method: Method, path: &str) -> (StatusCode, Option<String>, String) {
        let app = App::new()
            .configure(|config| routes(config, "/ws", INFO, not_allowed))
            .configure(|config| routes(config, "", INFO, not_allowed));
        let app = init_service(app.default_service(web::to(HttpResponse::Gone))).await;
        let request = TestRequest::with_uri(path).method(method).to_request();
        let response = app.call(request).await.unwrap();
        let header = |name: &str| response.headers().get(name)?.to_str().ok().map(str::to_owned);
        let (status, shown) = (response.status(), header("content-type").or(header("allow")));
        (status, shown, String::from_utf8(read_body(response).await.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn both_mounts_greet_and_tell() {
        for path in ["/", "/ws", "/ws/"] {
            let (status, shown, body) = answer(Method::GET, path).await;
            assert_eq!(
                (status, shown.as_deref(), body.as_str()),
                (StatusCode::OK, Some(TEXT), "Welcome to SockJS!\n")
            );
        }
        for path in ["/info", "/ws/info"] {
            let bodies = [answer(Method::GET, path).await.2, answer(Method::GET, path).await.2];
            assert!(bodies[0].starts_with(r#"{"websocket":true,"#), "{path}: {}", bodies[0]);
            assert_ne!(bodies[0], bodies[1], "entropy is fresh");
        }
    }

    #[tokio::test]
    async fn a_session_that_is_no_upgrade_is_told_what_is_wrong() {
        for path in ["/ws/000/x/websocket", "/000/x/websocket"] {
            let (status, _, body) = answer(Method::GET, path).await;
            assert_eq!(
                (status, body.trim()),
                (StatusCode::BAD_REQUEST, "Can \"Upgrade\" only to \"WebSocket\".")
            );
            let (status, allow, body) = answer(Method::POST, path).await;
            assert_eq!(
                (status, allow.as_deref(), body.as_str()),
                (StatusCode::METHOD_NOT_ALLOWED, Some("GET"), "")
            );
        }
    }

    #[tokio::test]
    async fn other_paths_are_left_alone() {
        for path in ["/ws/0.0/x/websocket", "/ws/000/x/xhr", "/ws/a/b/c/websocket", "/a/b/c"] {
            assert_eq!(answer(Method::GET, path).await.0, StatusCode::GONE, "{path}");
        }
    }
}
