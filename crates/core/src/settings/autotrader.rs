//! Bounds on what the auto-trader keeps.

use serde::{Deserialize, Serialize};

/// Bounds on what the auto-trader keeps. What is in use is refused beyond its bound; of what is over, the oldest is
/// forgotten.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AutotraderSettings {
    /// Sessions that are active at a time.
    pub active_sessions_max: u32,
    /// Sessions that were stopped and can still be looked at.
    pub stopped_sessions_kept: u32,
    /// Open trades of one session.
    pub open_trades_max: u32,
    /// Closed trades of one session that can still be looked at; its totals
    /// count all.
    pub closed_trades_kept: u32,
}

impl Default for AutotraderSettings {
    fn default() -> AutotraderSettings {
        AutotraderSettings {
            active_sessions_max: 1000,
            stopped_sessions_kept: 1000,
            open_trades_max: 200,
            closed_trades_kept: 500,
        }
    }
}
