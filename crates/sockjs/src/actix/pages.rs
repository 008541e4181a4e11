//! What is not a session: the greeting, `/info`, the iframe page and the
//! client's script.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
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

/// What may be kept for a year.
#[derive(Clone)]
struct Page {
    content_type: &'static str,
    etag: String,
    body: Bytes,
}

impl Page {
    fn new(content_type: &'static str, body: Bytes) -> Page {
        Page { content_type, etag: iframe::etag(&body), body }
    }

    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let known = headers::values(request, &IF_NONE_MATCH).any(|tags| iframe::matches(tags, &self.etag));
        let status = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        let mut response = HttpResponse::build(status);
        response.insert_header((ETAG, self.etag.as_str())).insert_header((CACHE_CONTROL, FOREVER));
        response.insert_header(headers::expires());
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
        let page = Page::new("application/javascript; charset=UTF-8", script.clone());
        config.service(reading(&path, move |request| std::future::ready(page.answer(&request)), not_allowed));
        script_url = path;
    }
    let page = Page::new("text/html; charset=UTF-8", iframe::page(&script_url).into());
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
