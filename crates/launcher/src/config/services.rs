//! Sections of the services that are built in: their listeners, and what of them `apply` reads.

use hub_core::{Settings, Timestamp};

use super::Config;
use super::check::Listener;

/// Sections of the services that this build leaves out. What a file or the environment says there is passed over, so
/// that one file does for all builds.
pub(super) const LEFT_OUT: &[&str] = &[
    #[cfg(not(feature = "analytics"))]
    "analytics",
    #[cfg(not(feature = "leaderboard"))]
    "leaderboard",
    #[cfg(not(feature = "rttm"))]
    "rttm",
    #[cfg(not(feature = "autotrader"))]
    "autotrader",
];

/// The listener of each service, the gateway's last.
pub(super) fn listeners(config: &Config) -> Vec<Listener<'_>> {
    vec![
        #[cfg(feature = "analytics")]
        Listener { section: "analytics", bind: &config.analytics.bind, tls: config.analytics.tls },
        #[cfg(feature = "leaderboard")]
        Listener { section: "leaderboard", bind: &config.leaderboard.bind, tls: config.leaderboard.tls },
        #[cfg(feature = "rttm")]
        Listener { section: "rttm", bind: &config.rttm.bind, tls: config.rttm.tls },
        #[cfg(feature = "autotrader")]
        Listener { section: "autotrader", bind: &config.autotrader.bind, tls: config.autotrader.tls },
        Listener { section: "gateway", bind: &config.gateway.bind, tls: config.gateway.tls },
    ]
}

/// The part that projections read while they apply records.
#[allow(clippy::needless_update, reason = "a service that is left out leaves its part at the default")]
#[cfg_attr(not(feature = "analytics"), allow(unused_variables, reason = "days end for analytics alone"))]
pub(super) fn settings(config: &Config, now: Timestamp) -> Settings {
    Settings {
        resume_horizon_ms: i64::from(config.server.resume_horizon_ms),
        prices: config.prices.settings(),
        #[cfg(feature = "analytics")]
        idempotency_horizon_ms: config.analytics.idempotency_horizon_ms(),
        #[cfg(feature = "analytics")]
        closes: config.analytics.closes(now),
        #[cfg(feature = "rttm")]
        alerts: config.rttm.alerts(),
        #[cfg(feature = "rttm")]
        pipeline: config.rttm.settings(),
        #[cfg(feature = "autotrader")]
        autotrader: config.autotrader.settings(),
        ..Settings::default()
    }
}
