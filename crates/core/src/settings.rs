//! The settings that `apply` reads. They are logged when they change, so that
//! a replay does what was done.

use serde::{Deserialize, Serialize};

/// Logged as a record whenever the configuration says something else than the
/// log does. Durations are in milliseconds of log time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// How long an applied transaction id is remembered.
    pub idempotency_horizon_ms: i64,
    /// How far back a subscriber may resume; removals are remembered this
    /// long.
    pub resume_horizon_ms: i64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { idempotency_horizon_ms: 7 * 24 * 3600 * 1000, resume_horizon_ms: 10 * 60 * 1000 }
    }
}
