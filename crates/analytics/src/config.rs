//! The service's section of the configuration.

use hub_server::Bind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[analytics]`: positions and P&L.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AnalyticsConfig {
    /// Addresses it listens at.
    pub bind: Bind,
    /// Speaks TLS, with the certificate of `[server]`.
    pub tls: bool,
    /// Time for which ids of what was applied are remembered, in hours of log time; 0 is for ever.
    #[schemars(range(max = 8_784))]
    pub idempotency_hours: u32,
    /// Time for which the state of each flush can be asked for by its position (`?at=`), in milliseconds of log time, as
    /// far as `limits.view_bytes` go; 0: not at all.
    #[schemars(range(max = 600_000))]
    pub flushes_kept_ms: u32,
}

impl Default for AnalyticsConfig {
    fn default() -> AnalyticsConfig {
        AnalyticsConfig {
            bind: Bind::localhost(8086),
            tls: false,
            idempotency_hours: 0,
            flushes_kept_ms: 60_000,
        }
    }
}

impl AnalyticsConfig {
    /// The same time in milliseconds, as the projection reads it.
    pub fn idempotency_horizon_ms(&self) -> i64 {
        i64::from(self.idempotency_hours) * 3_600_000
    }
}
