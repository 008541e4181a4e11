//! The pipeline watched, on port 8087.

use std::sync::Arc;

use hub_rttm::HostMetrics;
use hub_server::Endpoint;

use super::{Part, Wiring};
use crate::config::Config;
use crate::hub::StartError;

pub(super) fn part(_: &mut Wiring, config: &Config) -> Result<Part, StartError> {
    let (projection, reads) = hub_rttm::register();
    let host = Arc::new(HostMetrics::start().map_err(StartError::Thread)?);
    let endpoints = hub_rttm::endpoints(&reads, host).into_iter();
    Ok(Part {
        name: "rttm",
        section: "rttm",
        bind: config.rttm.bind.clone(),
        tls: config.rttm.tls,
        projection: Box::new(projection),
        routes: hub_rttm::routes(reads),
        rest: &["/api/rttm"],
        endpoints: endpoints.map(|(path, endpoint)| (path, Endpoint::Native(endpoint))).collect(),
        sockjs: Vec::new(),
        raw_stomp: false,
    })
}
