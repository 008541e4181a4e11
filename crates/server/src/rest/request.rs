//! A REST request, as handlers see it.

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::web::{self, Data, Path};
use actix_web::{FromRequest as _, HttpRequest};
use bytes::Bytes;
use hub_core::event::{Provenance, Sender};
use hub_core::{ParameterError, Parameters};
use hub_log::{EventLog, LogError};

use super::QueryParameters;
use crate::chassis::Chassis;
use crate::http::body;
use crate::http::problem::Problem;
use crate::ingest::Ingest;
use crate::query::Query;

/// A request whose query is in order.
pub struct Request {
    http: HttpRequest,
    payload: Payload,
    parameters: Parameters<'static>,
}

impl Request {
    pub(super) fn read(
        http: HttpRequest,
        payload: web::Payload,
        query: QueryParameters,
    ) -> Result<Request, ParameterError> {
        let parameters = match query {
            QueryParameters::Declared(declared) => {
                Query::parse(http.query_string()).into_parameters(declared)?
            }
            QueryParameters::Ignored => Parameters::default(),
        };
        Ok(Request { http, payload: payload.into_inner(), parameters })
    }

    /// The parameters of the query, none where it is ignored.
    pub fn parameters(&self) -> &Parameters<'static> {
        &self.parameters
    }

    /// The segment of the path that the route calls `name`, decoded; 404 for one that is no text.
    pub fn segment(&self, name: &str) -> Result<String, Problem> {
        let place = self.http.match_info().iter().position(|(own, _)| own == name);
        let segments = Path::<Vec<String>>::extract(&self.http).into_inner();
        let segment = segments.ok().zip(place).map(|(mut segments, place)| segments.swap_remove(place));
        segment.ok_or_else(|| Problem::not_found(format!("there is nothing at {}", self.http.path())))
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        self.http.headers()
    }

    /// The request of actix underneath.
    pub fn http(&self) -> &HttpRequest {
        &self.http
    }

    /// The body, within the limits (`limits.message_bytes`, `limits.body_ms`); once.
    pub async fn body(&mut self) -> Result<Bytes, Problem> {
        let payload = web::Payload::from_request(&self.http, &mut self.payload).await;
        let payload = payload.map_err(|error| Problem::bad_request(error.to_string()))?;
        body::read(&self.http, payload, &self.chassis()?.limits).await
    }

    /// The way its body came; which path it was posted to is the caller's to say.
    pub fn provenance(&self) -> Provenance<'_> {
        let content_type = self.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let sender = self.http.peer_addr().map(|address| Sender { address, connection: None });
        Provenance { door: "http", content_type, sender, path: None }
    }

    /// The chassis. 500 where an application has none, which only a test makes.
    pub fn chassis(&self) -> Result<&Chassis, Problem> {
        self.chassis_data().map(|chassis| &***chassis)
    }

    /// The door into the log.
    pub fn ingest(&self) -> Result<Ingest, Problem> {
        self.chassis_data().map(|chassis| Ingest::new(chassis.clone().into_inner()))
    }

    /// Has `read` read the log apart from this worker. 503 where that fails.
    pub async fn read_log<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn EventLog) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, Problem> {
        let read = self.chassis()?.log_reader.read(read).await;
        read.map_err(|error| Problem::unavailable(error.to_string()))
    }

    fn chassis_data(&self) -> Result<&Data<Chassis>, Problem> {
        self.http.app_data::<Data<Chassis>>().ok_or_else(|| Problem::new(500, "there is no chassis"))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn segments_are_decoded_and_found_by_name() {
        let http =
            TestRequest::default().param("first", "a%2Fb%C3%A9").param("second", "c").to_http_request();
        let payload = Payload::None;
        let request = Request { http, payload, parameters: Parameters::default() };
        assert_eq!(request.segment("first").unwrap(), "a/b\u{e9}");
        assert_eq!(request.segment("second").unwrap(), "c");
        assert_eq!(
            request.segment("third").map_err(|problem| problem.details().detail).unwrap_err(),
            "there is nothing at /"
        );
    }
}
