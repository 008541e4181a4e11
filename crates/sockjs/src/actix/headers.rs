//! Headers that responses share: caching, CORS (protocol, "Static URLs") and
//! the cookie.

// The one clock of this crate that tells the time of day.
#![allow(clippy::disallowed_methods, reason = "the side that does I/O")]

use std::time::{Duration, SystemTime};

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, CACHE_CONTROL,
    COOKIE, Expires, HeaderMap, HeaderName, HeaderValue, ORIGIN, SET_COOKIE, VARY,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};

use super::TEXT;
use super::server::Server;
use crate::{cookie, info};

const YEAR_SECONDS: u64 = 31_536_000;

/// `Cache-Control` of what never changes.
pub(super) const FOREVER: &str = "public, max-age=31536000";

/// A year from now.
pub(super) fn expires() -> Expires {
    Expires((SystemTime::now() + Duration::from_secs(YEAR_SECONDS)).into())
}

/// The values of all lines of a header that are text.
pub(super) fn values<'r>(request: &'r HttpRequest, name: &HeaderName) -> impl Iterator<Item = &'r str> {
    request.headers().get_all(name).filter_map(|value| value.to_str().ok())
}

impl Server {
    /// Lets the page that asked read the response, if its origin may. Without
    /// an origin anybody may, without credentials.
    pub(super) fn allow_origin(&self, request: &HttpRequest, headers: &mut HeaderMap) {
        if !self.settings().cors {
            return;
        }
        headers.append(VARY, HeaderValue::from_static("Origin"));
        match request.headers().get(ORIGIN) {
            None => headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
            Some(origin) if self.service().allows(origin) => {
                headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone())
            }
            Some(_) => return,
        };
    }

    /// The answer to OPTIONS: cacheable, with what CORS asks for.
    pub(super) fn preflight(&self, request: &HttpRequest, methods: &'static str) -> HttpResponse {
        let mut response = HttpResponse::NoContent();
        response.insert_header((CACHE_CONTROL, FOREVER)).insert_header(expires());
        if self.settings().cookie_needed() {
            response.insert_header((SET_COOKIE, cookie::set_cookie(values(request, &COOKIE))));
        }
        let mut response = response.finish();
        let headers = response.headers_mut();
        self.allow_origin(request, headers);
        if headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("31536000"));
            let asked = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS);
            if let Some(asked) = asked.filter(|asked| !asked.is_empty()) {
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
                headers.append(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
            }
        }
        response
    }

    /// A session's response: never kept, readable by the page that asked, with
    /// the cookie if there is one.
    pub(super) fn respond(
        &self,
        request: &HttpRequest,
        status: StatusCode,
        content_type: &'static str,
    ) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(status);
        let mut headers = HeaderMap::new();
        self.allow_origin(request, &mut headers);
        for header in headers {
            response.append_header(header);
        }
        response.content_type(content_type).insert_header((CACHE_CONTROL, info::CACHE_CONTROL));
        if self.settings().cookie_needed() {
            response.insert_header((SET_COOKIE, cookie::set_cookie(values(request, &COOKIE))));
        }
        response
    }

    /// A session's response in words.
    pub(super) fn say(&self, request: &HttpRequest, status: StatusCode, text: &str) -> HttpResponse {
        self.respond(request, status, TEXT).body(format!("{text}\n"))
    }

    /// 403 for a page whose origin may not.
    pub(super) fn check_origin(&self, request: &HttpRequest) -> Result<(), HttpResponse> {
        let refused = request.headers().get(ORIGIN).is_some_and(|origin| !self.service().allows(origin));
        if refused { Err(self.say(request, StatusCode::FORBIDDEN, "Origin not allowed.")) } else { Ok(()) }
    }
}
