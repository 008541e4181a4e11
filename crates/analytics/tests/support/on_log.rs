//! The service on a real log, for what is read from it.

use std::path::Path;

use actix_web::http::header::IF_NONE_MATCH;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web};
use hub_analytics::{AnalyticsConfig, service};
use hub_core::limits::Limits;
use hub_core::{Event, SymbolCase};
use hub_server::rest;
use hub_server::testing::ServiceOnLog;

use super::rest::Answer;

pub(crate) async fn start(directory: &Path) -> ServiceOnLog {
    let wire = |catalog: &mut _| {
        service(&AnalyticsConfig::default(), SymbolCase::Upper, &Limits::default(), catalog).0
    };
    ServiceOnLog::start(directory, wire).await
}

/// Takes events in, one after another.
pub(crate) async fn take_in(hub: &ServiceOnLog, events: Vec<Event>) {
    for event in events {
        hub.take_in(event).await;
    }
}

pub(crate) async fn get(hub: &ServiceOnLog, uri: &str) -> Answer {
    get_unless(hub, uri, "").await
}

/// The answer, unless it is the one that has this tag.
pub(crate) async fn get_unless(hub: &ServiceOnLog, uri: &str, tag: &str) -> Answer {
    let app = App::new()
        .app_data(web::Data::from(hub.chassis.clone()))
        .configure(|config| rest::configure(config, &hub.routes));
    let app = init_service(app).await;
    let request = TestRequest::get().uri(uri).insert_header((IF_NONE_MATCH, tag.to_owned())).to_request();
    let response = call_service(&app, request).await;
    let (status, headers) = (response.status(), response.headers().clone());
    Answer::of(status, &headers, read_body(response).await)
}
