//! The service's section of the configuration.

use hub_core::Timestamp;
use hub_core::settings::Closes;
use hub_server::Bind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calendar::{CloseTime, TimeZone};

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
    /// The usual time between two messages of a topic to a front end that can't say another, which has the base `/pms`, in
    /// milliseconds.
    #[schemars(range(max = 60_000))]
    pub pms_interval_ms: u32,
    /// Time zone whose days are closed, by its name in the tz database, such as `Asia/Kolkata`.
    pub time_zone: TimeZone,
    /// Time of day at which a day is closed, from `00:01` to `24:00`, its end.
    pub close_time: CloseTime,
}

impl Default for AnalyticsConfig {
    fn default() -> AnalyticsConfig {
        AnalyticsConfig {
            bind: Bind::localhost(8086),
            tls: false,
            idempotency_hours: 0,
            flushes_kept_ms: 60_000,
            pms_interval_ms: 1_000,
            time_zone: TimeZone::default(),
            close_time: CloseTime::default(),
        }
    }
}

impl AnalyticsConfig {
    /// The ends of days from this time on, for a year ahead and more, as the projection reads them.
    pub fn closes(&self, now: Timestamp) -> Closes {
        self.time_zone.closes(self.close_time, now)
    }

    /// The time for which ids are remembered in milliseconds, as the projection reads it.
    pub fn idempotency_horizon_ms(&self) -> i64 {
        i64::from(self.idempotency_hours) * 3_600_000
    }
}
