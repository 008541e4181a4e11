//! The service's section of the configuration.

use hub_core::settings::AutotraderSettings;
use hub_server::Bind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[autotrader]`: trading sessions.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AutotraderConfig {
    /// Addresses it listens at.
    pub bind: Bind,
    /// Speaks TLS, with the certificate of `[server]`.
    pub tls: bool,
    /// Sessions that may be active at a time.
    #[schemars(range(min = 1, max = 100_000))]
    pub active_sessions_max: u32,
    /// Stopped sessions that can still be looked at.
    #[schemars(range(max = 100_000))]
    pub stopped_sessions_kept: u32,
    /// Open trades of one session.
    #[schemars(range(min = 1, max = 10_000))]
    pub open_trades_max: u32,
    /// Closed trades of one session that can still be looked at.
    #[schemars(range(max = 100_000))]
    pub closed_trades_kept: u32,
}

impl Default for AutotraderConfig {
    fn default() -> AutotraderConfig {
        let AutotraderSettings {
            active_sessions_max,
            stopped_sessions_kept,
            open_trades_max,
            closed_trades_kept,
        } = AutotraderSettings::default();
        AutotraderConfig {
            bind: Bind::localhost(4025),
            tls: false,
            active_sessions_max,
            stopped_sessions_kept,
            open_trades_max,
            closed_trades_kept,
        }
    }
}

impl AutotraderConfig {
    /// The bounds, as the projection reads them.
    pub fn settings(&self) -> AutotraderSettings {
        AutotraderSettings {
            active_sessions_max: self.active_sessions_max,
            stopped_sessions_kept: self.stopped_sessions_kept,
            open_trades_max: self.open_trades_max,
            closed_trades_kept: self.closed_trades_kept,
        }
    }
}
