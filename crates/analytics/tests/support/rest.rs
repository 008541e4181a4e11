//! What REST answers.

use actix_web::App;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use bytes::Bytes;
use hub_analytics::{AnalyticsConfig, AnalyticsReads, routes};
use hub_core::SymbolCase;
use hub_core::limits::Limits;
use hub_server::rest;
use serde_json::Value;

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: String,
    pub(crate) position: Option<String>,
    pub(crate) tag: Option<String>,
    /// The next page's URI.
    pub(crate) next: Option<String>,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn of(status: StatusCode, headers: &HeaderMap, body: Bytes) -> Answer {
        let header = |name| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let next = header("link").map(|link| {
            let target = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
            target.expect("a link to a next page").to_owned()
        });
        let content_type = header("content-type").unwrap_or_default();
        let (position, tag) = (header("x-position"), header("etag"));
        Answer { status, content_type, position, tag, next, text: String::from_utf8(body.into()).unwrap() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

pub(crate) fn get(reads: &AnalyticsReads, uri: &str) -> Answer {
    get_all(reads, &[uri]).remove(0)
}

pub(crate) fn get_all(reads: &AnalyticsReads, uris: &[&str]) -> Vec<Answer> {
    actix_rt::System::new().block_on(async {
        let routes = routes(reads, &AnalyticsConfig::default(), SymbolCase::Upper, &Limits::default());
        let app = init_service(App::new().configure(|config| rest::configure(config, &routes))).await;
        let mut answers = Vec::new();
        for uri in uris {
            let response = call_service(&app, TestRequest::get().uri(uri).to_request()).await;
            let (status, headers) = (response.status(), response.headers().clone());
            answers.push(Answer::of(status, &headers, read_body(response).await));
        }
        answers
    })
}
