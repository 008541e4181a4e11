//! Trading sessions, on port 4025.

use hub_server::Endpoint;

use super::{Part, Wiring};
use crate::config::Config;
use crate::hub::StartError;

#[expect(clippy::unnecessary_wraps, reason = "services are wired by one shape of function")]
pub(super) fn part(wiring: &mut Wiring, config: &Config) -> Result<Part, StartError> {
    let (projection, reads) = hub_autotrader::register(&mut wiring.catalog);
    wiring.trading = Some(reads.clone());
    let symbols_bytes = config.limits.followed_symbols_bytes;
    let endpoints = hub_autotrader::endpoints(reads.clone(), symbols_bytes).into_iter();
    Ok(Part {
        name: "auto-trader",
        section: "autotrader",
        bind: config.autotrader.bind.clone(),
        tls: config.autotrader.tls,
        projection: Box::new(projection),
        routes: hub_autotrader::routes(reads),
        rest: &["/api/auto-trader"],
        endpoints: endpoints.map(|(path, endpoint)| (path, Endpoint::Native(endpoint))).collect(),
        sockjs: Vec::new(),
        raw_stomp: false,
    })
}
