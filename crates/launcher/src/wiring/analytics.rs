//! Positions and P&L, on port 8086.

use std::sync::Arc;

use hub_analytics::PositionsEndpoint;
use hub_server::Endpoint;

use super::{Part, Wiring};
use crate::config::Config;
use crate::hub::StartError;

#[expect(clippy::unnecessary_wraps, reason = "services are wired by one shape of function")]
pub(super) fn part(wiring: &mut Wiring, config: &Config) -> Result<Part, StartError> {
    let (projection, reads) = hub_analytics::register(&mut wiring.catalog);
    wiring.pnl = Some(Arc::new(reads.clone()));
    let positions = PositionsEndpoint::new(config.limits.portfolios_per_subscription);
    Ok(Part {
        name: "analytics",
        section: "analytics",
        bind: config.analytics.bind.clone(),
        tls: config.analytics.tls,
        projection: Box::new(projection),
        routes: hub_analytics::routes(reads),
        rest: &["/api/analysis"],
        endpoints: vec![
            ("/", Endpoint::Stomp),
            ("/ws", Endpoint::Stomp),
            ("/ws/positions", Endpoint::Native(Arc::new(positions))),
        ],
        sockjs: vec!["/ws", ""],
        raw_stomp: true,
    })
}
