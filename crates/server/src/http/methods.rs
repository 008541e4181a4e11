//! Methods that a path does not have.

use std::future::ready;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _, web};

use super::problem::Problem;

/// 405, with the methods that a path has.
pub(crate) fn not_allowed(methods: &str) -> actix_web::Route {
    let methods: Arc<str> = methods.into();
    web::to(move |request: HttpRequest| ready(method_not_allowed(&request, &methods)))
}

/// 405 as a problem.
pub(crate) fn method_not_allowed(request: &HttpRequest, methods: &str) -> HttpResponse {
    let detail = format!("{} is not allowed at {}", request.method(), request.path());
    let mut response = Problem::new(405, detail).error_response();
    if let Ok(methods) = header::HeaderValue::from_str(methods) {
        response.headers_mut().insert(header::ALLOW, methods);
    }
    response
}
