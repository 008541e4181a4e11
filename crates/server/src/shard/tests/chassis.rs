//! The chassis of a [`World`](super::world::World).

use std::sync::Arc;

use hub_core::limits::Limits;
use hub_fanout::{Catalog, Outcomes, Publisher};

use super::still_log::StillLog;
use crate::chassis::{Chassis, ChassisConfig, ChassisParts};
use crate::metrics::Metrics;

/// A chassis over a log that stands still; limits that are 0 are out of the way.
pub(super) fn chassis(limits: Limits, catalog: Catalog, publisher: Publisher) -> Chassis {
    let unless_set = |limit: usize| if limit == 0 { 1 << 20 } else { limit };
    let config = ChassisConfig {
        client_send: true,
        connections: unless_set(limits.connections),
        connections_per_address: unless_set(limits.sessions_per_address),
        limits,
        ..ChassisConfig::default()
    };
    let (log, outcomes, metrics) = (Arc::new(StillLog), Outcomes::default(), Metrics::default());
    Chassis::new(config, ChassisParts { catalog, log, outcomes, publisher, metrics })
}
