//! HTTP: what every port answers, beside its service's own routes.

pub mod body;
pub(crate) mod gate;
pub mod health;
pub(crate) mod in_flight;
pub mod ingest;
pub mod problem;
pub mod publish;

use actix_cors::Cors;
use actix_web::body::{BodySize, BoxBody, MessageBody as _};
use actix_web::dev::ServiceResponse;
use actix_web::http::{ConnectionType, header};
use actix_web::{
    FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, ResponseError as _, Route, web,
};

use self::problem::Problem;
use crate::chassis::Chassis;
use crate::origin::Origins;

/// The routes of every port.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(read_only("/", health::greeting))
        .configure(health::routes)
        .configure(ingest::routes)
        .configure(publish::routes)
        .default_service(web::to(not_found));
}

/// CORS for allowed origins, the list that guards upgrades, too. `SockJS`
/// clients ask with credentials, whether or not there are any.
pub(crate) fn cors(origins: &Origins) -> Cors {
    let origins = origins.clone();
    Cors::default()
        .allowed_origin_fn(move |origin, _| origin.to_str().is_ok_and(|origin| origins.allow(origin)))
        .allowed_methods(["GET", "POST", "PATCH", "DELETE"])
        .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .supports_credentials()
        .max_age(600)
}

/// A resource that answers GET and HEAD, and any other method with 405.
pub fn read_only<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args> + Clone,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(not_allowed("GET, HEAD"))
}

/// To a client of HTTP/1.0, which knows no chunks, only the connection's end is the end of what is streamed
/// (RFC 9112, sections 6.1 and 6.3).
pub(crate) fn without_chunks(response: &mut ServiceResponse<BoxBody>) {
    if response.response().body().size() == BodySize::Stream {
        let head = response.response_mut().head_mut();
        head.no_chunking(true);
        head.set_connection_type(ConnectionType::Close);
    }
}

async fn not_found(request: HttpRequest) -> HttpResponse {
    Problem::not_found(format!("there is nothing at {}", request.path())).error_response()
}

/// 405, with the methods that a path has.
pub(crate) fn not_allowed(methods: &'static str) -> Route {
    web::to(move |request: HttpRequest| async move { method_not_allowed(&request, methods) })
}

/// 405 as a problem.
pub(crate) fn method_not_allowed(request: &HttpRequest, methods: &'static str) -> HttpResponse {
    let detail = format!("{} is not allowed at {}", request.method(), request.path());
    let mut response = Problem::new(405, detail).error_response();
    response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(methods));
    response
}

/// What handlers are given.
pub type ChassisData = web::Data<Chassis>;
