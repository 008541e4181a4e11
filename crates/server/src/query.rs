//! The query of a URL, for routes and native sockets alike: each declares the
//! parameters that it reads; see [`hub_core::parameters`].

use std::borrow::Cow;
use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::body::BoxBody;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::middleware::{Next, from_fn};
use actix_web::{
    FromRequest, Handler, HttpMessage as _, HttpRequest, Resource, Responder, ResponseError as _, Route, web,
};
use hub_core::{Parameter, ParameterError, Parameters};

use crate::http::not_allowed;
use crate::http::problem::Problem;

/// The parameters of a query, decoded, in order; of a URL that is gone.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what follows the `?` of a URL. What is no UTF-8 once it is
    /// decoded is replaced.
    pub fn parse(text: &str) -> Query {
        // Pairs of texts can always be read.
        let parsed = web::Query::<Vec<(String, String)>>::from_query(text);
        Query(parsed.map(web::Query::into_inner).unwrap_or_default())
    }

    /// Reads the declared parameters; an error names one that is not declared,
    /// or was given twice.
    pub fn read(&self, declared: &'static [Parameter]) -> Result<Parameters<'_>, ParameterError> {
        let borrowed = self.0.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into()));
        Parameters::of_query(declared, borrowed)
    }

    /// The same of a query that is not needed any more.
    fn into_parameters(self, declared: &'static [Parameter]) -> Result<Parameters<'static>, ParameterError> {
        let owned = self.0.into_iter().map(|(name, value)| (Cow::Owned(name), Cow::Owned(value)));
        Parameters::of_query(declared, owned)
    }
}

/// The parameters of a request whose route has [declared](declaring) them.
pub struct Given(Parameters<'static>);

impl Deref for Given {
    type Target = Parameters<'static>;

    fn deref(&self) -> &Parameters<'static> {
        &self.0
    }
}

impl FromRequest for Given {
    type Error = Problem;
    type Future = Ready<Result<Given, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let given = request.extensions_mut().remove::<Given>();
        ready(given.ok_or_else(|| Problem::new(500, "the route declares no parameters")))
    }
}

/// Has a route read these parameters and no others: 400 names what it does not
/// read, or was given twice, before its handler sees the request.
pub fn declaring(route: Route, parameters: &'static [Parameter]) -> Route {
    route.wrap(from_fn(move |request: ServiceRequest, next: Next<BoxBody>| async move {
        match Query::parse(request.query_string()).into_parameters(parameters) {
            Ok(given) => {
                request.extensions_mut().insert(Given(given));
                next.call(request).await
            }
            Err(error) => Ok(request.into_response(Problem::from(error).error_response())),
        }
    }))
}

/// A resource that answers GET and HEAD and reads these parameters and no
/// others; 405 for any other method.
pub fn reading<F, Args>(path: &str, parameters: &'static [Parameter], handler: F) -> Resource
where
    F: Handler<Args> + Clone,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(declaring(web::get().to(handler.clone()), parameters))
        .route(declaring(web::head().to(handler), parameters))
        .default_service(not_allowed("GET, HEAD"))
}

impl From<ParameterError> for Problem {
    fn from(error: ParameterError) -> Problem {
        Problem::bad_request(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static DECLARED: [Parameter; 2] = [Parameter::new("a"), Parameter::new("b")];

    #[test]
    fn parameters_are_decoded() {
        let query = Query::parse("a=%C3%A9+&&b=x%2Cy");
        let given = query.read(&DECLARED).unwrap();
        assert_eq!(DECLARED.map(|name| given.text(&name).unwrap().into_owned()), ["é ", "x,y"]);
        assert_eq!(Query::parse(""), Query::default());
        let broken = Query::parse("a=%FF%zz");
        assert_eq!(broken.read(&DECLARED).unwrap().text(&DECLARED[0]).as_deref(), Some("\u{fffd}%zz"));
    }

    #[test]
    fn a_name_alone_is_given_too() {
        assert_eq!(
            Query::parse("a&a").read(&DECLARED).unwrap_err().to_string(),
            "a: is given twice, as a and a"
        );
        assert!(Query::parse("c").read(&DECLARED).is_err());
    }
}
