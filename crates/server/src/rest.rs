//! REST calls as data.
//!
//! A [`Route`] says everything about a call: its method and path, what it is for, which
//! parameters its query may have, what access it asks for, what goes in and out, and the function
//! that answers. Routing, the answers 400 and 405, the table in the README and the hub's banner
//! come from it.

mod array;
pub mod page;
mod request;
mod tag;

use std::fmt;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use futures_util::future::LocalBoxFuture;
use hub_core::access::Access;
use hub_core::schema::Schema;
use hub_core::{Parameter, ParameterError};

pub use array::{array, array_within};
pub use request::Request;
pub use tag::{digest, is_known, tagged};

use crate::http::methods::not_allowed;
use crate::http::problem::Problem;

/// A REST call.
#[derive(Clone)]
pub struct Route {
    /// Its method. Whatever answers GET answers HEAD, too.
    pub method: Method,
    /// Its path; `{name}` is one segment, `{name:.*}` all that follow.
    pub path: &'static str,
    /// One line for people.
    pub summary: &'static str,
    /// The query that it reads.
    pub query: QueryParameters,
    /// Access that it asks for.
    pub access: Access,
    /// The body it takes, if it takes one.
    pub body: Option<Content>,
    /// The body of an answer that is no error; errors are problems (RFC 9457).
    pub answer: Content,
    handler: Handler,
}

/// The parameters that a query may have.
#[derive(Clone, Copy, Debug)]
pub enum QueryParameters {
    /// These and no others: another is 400, by its name.
    Declared(&'static [Parameter]),
    /// Any: pages and probes are asked with whatever their callers add.
    Ignored,
}

/// The content of a body.
#[derive(Clone, Copy)]
pub enum Content {
    /// JSON of this shape.
    Json(fn() -> Schema),
    /// Anything else, by its media type; `*/*` is any.
    Other(&'static str),
}

/// A function that answers a request.
#[derive(Clone)]
pub struct Handler(Arc<dyn Fn(Request) -> Answering + Send + Sync>);

type Answering = LocalBoxFuture<'static, Result<HttpResponse, Problem>>;

/// Makes a handler of a function and what it reads or changes.
pub fn handler<S, F, A>(state: &S, answer: F) -> Handler
where
    S: Clone + Send + Sync + 'static,
    F: Fn(S, Request) -> A + Send + Sync + 'static,
    A: Future<Output = Result<HttpResponse, Problem>> + 'static,
{
    let state = state.clone();
    Handler(Arc::new(move |request| Box::pin(answer(state.clone(), request))))
}

impl Route {
    /// A call that reads.
    pub fn get(path: &'static str, summary: &'static str, answer: Content, handler: Handler) -> Route {
        let query = QueryParameters::Declared(&[]);
        Route {
            method: Method::GET,
            path,
            summary,
            query,
            access: Access::Anyone,
            body: None,
            answer,
            handler,
        }
    }

    /// A call that changes something.
    pub fn post(
        path: &'static str,
        summary: &'static str,
        body: Option<Content>,
        answer: Content,
        handler: Handler,
    ) -> Route {
        Route { method: Method::POST, body, ..Route::get(path, summary, answer, handler) }
    }

    /// The same with a query of these parameters.
    #[must_use]
    pub fn reading(self, parameters: &'static [Parameter]) -> Route {
        Route { query: QueryParameters::Declared(parameters), ..self }
    }

    /// The same with any query.
    #[must_use]
    pub fn with_any_query(self) -> Route {
        Route { query: QueryParameters::Ignored, ..self }
    }

    /// The path as people read it: `{name}` for whatever a segment may be.
    pub fn shown_path(&self) -> String {
        self.path.replace(":.*}", "}")
    }
}

/// True if a path is one of those that a route's pattern stands for: `{id}` is any segment.
pub(crate) fn is_path_of(pattern: &str, path: &str) -> bool {
    let is_one = |(pattern, segment): (&str, &str)| {
        pattern == segment || pattern.starts_with('{') && !segment.is_empty()
    };
    let segments = || pattern.split('/').zip(path.split('/'));
    pattern.split('/').count() == path.split('/').count() && segments().all(is_one)
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// Adds routes to an application: those of one path are one resource, which answers any other
/// method with 405.
pub fn configure<'r>(config: &mut web::ServiceConfig, routes: impl IntoIterator<Item = &'r Route>) {
    let mut by_path: Vec<(&str, Vec<&Route>)> = Vec::new();
    for route in routes {
        match by_path.iter_mut().find(|(path, _)| *path == route.path) {
            Some((_, same)) => same.push(route),
            None => by_path.push((route.path, vec![route])),
        }
    }
    for (path, routes) in by_path {
        let mut resource = web::resource(path);
        let mut allowed = Vec::new();
        for route in routes {
            for method in methods(&route.method) {
                allowed.push(method.as_str().to_owned());
                resource = resource.route(web::method(method).to(answering(route.clone())));
            }
        }
        config.service(resource.default_service(not_allowed(&allowed.join(", "))));
    }
}

fn methods(method: &Method) -> Vec<Method> {
    if method == Method::GET { vec![Method::GET, Method::HEAD] } else { vec![method.clone()] }
}

/// Lets the caller in, reads the query, and has the handler answer.
fn answering(route: Route) -> impl Fn(actix_web::HttpRequest, web::Payload) -> Answering + Clone {
    move |http, payload| {
        let read = if route.access.admits() {
            Request::read(http, payload, route.query).map_err(Problem::from)
        } else {
            Err(Problem::new(403, "access denied"))
        };
        match read {
            Ok(request) => (route.handler.0)(request),
            Err(problem) => Box::pin(std::future::ready(Err(problem))),
        }
    }
}

impl From<ParameterError> for Problem {
    fn from(error: ParameterError) -> Problem {
        Problem::bad_request(error.to_string())
    }
}
