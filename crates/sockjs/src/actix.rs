//! The HTTP side, for any actix-web application: what is not a session.
//!
//! An upgrade of `/{server}/{session}/websocket` reaches an application only
//! where nothing takes upgrades before it does (the hub's sockets leave actix
//! first); a request that is no upgrade is told so here.

use actix_web::http::Method;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::info::{self, Info};
use crate::path::Transport;

const TEXT: &str = "text/plain; charset=UTF-8";

/// How an application says that a path does not have a method, given those it
/// has.
pub type NotAllowed = fn(&HttpRequest, &'static str) -> HttpResponse;

/// 405 without a body, as the protocol's own tests ask for.
pub fn not_allowed(_: &HttpRequest, methods: &'static str) -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((ALLOW, methods)).finish()
}

/// Adds the routes of a service mounted at `mount`: empty for the root, or
/// `/segments`.
pub fn routes(config: &mut web::ServiceConfig, mount: &str, told: Info, not_allowed: NotAllowed) {
    for path in [mount.to_owned(), format!("{mount}/")] {
        // The root has one path, not two.
        if !path.is_empty() {
            config.service(reading(&path, greeting, not_allowed));
        }
    }
    config.service(reading(&format!("{mount}/info"), move || tell(told), not_allowed));
    let transport = Transport::WebSocket.as_str();
    let session = format!("{mount}/{{server:[^/.]+}}/{{session:[^/.]+}}/{transport}");
    let answer = move |request: HttpRequest| std::future::ready(no_session(&request, not_allowed));
    config.service(web::resource(session).to(answer));
}

fn reading<F, R>(path: &str, handler: F, not_allowed: NotAllowed) -> actix_web::Resource
where
    F: Fn() -> R + Clone + 'static,
    R: Future<Output = HttpResponse> + 'static,
{
    let refused = move |request: HttpRequest| std::future::ready(not_allowed(&request, "GET, HEAD"));
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(refused))
}

fn greeting() -> impl Future<Output = HttpResponse> {
    std::future::ready(HttpResponse::Ok().insert_header((CONTENT_TYPE, TEXT)).body("Welcome to SockJS!\n"))
}

fn tell(told: Info) -> impl Future<Output = HttpResponse> {
    let body = told.json(rand::random());
    let response = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json; charset=UTF-8"))
        .insert_header((CACHE_CONTROL, info::CACHE_CONTROL))
        .body(body);
    std::future::ready(response)
}

/// A session's path, without an upgrade to a WebSocket.
fn no_session(request: &HttpRequest, not_allowed: NotAllowed) -> HttpResponse {
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
