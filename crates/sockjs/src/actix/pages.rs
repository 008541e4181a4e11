//! Answers that need no session: the greeting, `/info`, the iframe page and the client's script.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;

use super::headers::{self, FOREVER};
use super::server::Server;
use super::{NotAllowed, TEXT};
use crate::iframe;
use crate::info::{self, Info};

/// A path that answers GET and HEAD.
pub(super) fn reading<F, R>(path: &str, handler: F, not_allowed: NotAllowed) -> actix_web::Resource
where
    F: Fn(HttpRequest) -> R + Clone + 'static,
    R: Future<Output = HttpResponse> + 'static,
{
    let refused = move |request: HttpRequest| std::future::ready(not_allowed(&request, "GET, HEAD"));
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(refused))
}

pub(super) fn greeting_routes(config: &mut web::ServiceConfig, mount: &str, not_allowed: NotAllowed) {
    for path in [mount.to_owned(), format!("{mount}/")] {
        // The root has one path, not two.
        if !path.is_empty() {
            config.service(reading(&path, greeting, not_allowed));
        }
    }
}

fn greeting(_: HttpRequest) -> impl Future<Output = HttpResponse> {
    std::future::ready(HttpResponse::Ok().insert_header((CONTENT_TYPE, TEXT)).body("Welcome to SockJS!\n"))
}

pub(super) fn info(told: Info) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json; charset=UTF-8"))
        .insert_header((CACHE_CONTROL, info::CACHE_CONTROL))
        .body(told.json(rand::random()))
}

/// Page that browsers may keep: for a year, or as long as its tag says that it is the same.
#[derive(Clone)]
struct Page {
    content_type: &'static str,
    etag: String,
    body: Bytes,
    policy: Option<String>,
    is_lasting: bool,
}

impl Page {
    /// The client's script: its URL names no version, so it may change.
    fn script(script: Bytes) -> Page {
        let content_type = "application/javascript; charset=UTF-8";
        Page { content_type, etag: iframe::etag(&script), body: script, policy: None, is_lasting: false }
    }

    /// The iframe page. It lasts, unless a policy comes with it that may change.
    fn iframe(script_url: &str, frame_ancestors: Option<&str>) -> Page {
        let policy = frame_ancestors.map(|allowed| format!("frame-ancestors {allowed}"));
        let body = iframe::page(script_url);
        let etag = iframe::etag(format!("{body}{}", policy.as_deref().unwrap_or_default()).as_bytes());
        let is_lasting = policy.is_none();
        Page { content_type: "text/html; charset=UTF-8", etag, body: body.into(), policy, is_lasting }
    }

    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let known = headers::values(request, &IF_NONE_MATCH).any(|tags| iframe::matches(tags, &self.etag));
        let status = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        let mut response = HttpResponse::build(status);
        response.insert_header((ETAG, self.etag.as_str()));
        if self.is_lasting {
            response.insert_header((CACHE_CONTROL, FOREVER)).insert_header(headers::expires());
        } else {
            response.insert_header((CACHE_CONTROL, "no-cache"));
        }
        if let Some(policy) = &self.policy {
            response.insert_header((CONTENT_SECURITY_POLICY, policy.as_str()));
        }
        if known {
            return response.finish();
        }
        response.insert_header((CONTENT_TYPE, self.content_type)).body(self.body.clone())
    }
}

/// Adds everything that is not a session.
pub(super) fn page_routes(config: &mut web::ServiceConfig, mount: &str, server: &Server) {
    let settings = server.settings();
    let not_allowed = settings.not_allowed;
    greeting_routes(config, mount, not_allowed);
    let mut script_url = settings.sockjs_url.clone();
    if let Some(script) = &settings.script {
        let path = format!("{mount}/sockjs.min.js");
        let page = Page::script(script.clone());
        config.service(reading(&path, move |request| std::future::ready(page.answer(&request)), not_allowed));
        script_url = path;
    }
    let page = Page::iframe(&script_url, settings.frame_ancestors.as_deref());
    let path = format!("{mount}/iframe{{version:[0-9a-zA-Z._-]*}}.html");
    config.service(reading(&path, move |request| std::future::ready(page.answer(&request)), not_allowed));
    config.service(info_resource(mount, server));
}

fn info_resource(mount: &str, server: &Server) -> actix_web::Resource {
    const METHODS: &str = "OPTIONS, GET, HEAD";
    let server = server.clone();
    let answer = move |request: HttpRequest| {
        let settings = server.settings();
        let response = match request.method().as_str() {
            "GET" | "HEAD" => {
                let mut response = info(settings.info);
                server.allow_origin(&request, response.headers_mut());
                response
            }
            "OPTIONS" => server.preflight(&request, METHODS),
            _ => (settings.not_allowed)(&request, METHODS),
        };
        std::future::ready(response)
    };
    web::resource(format!("{mount}/info")).to(answer)
}
