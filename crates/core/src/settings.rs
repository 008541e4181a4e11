//! The settings that `apply` reads. They are logged when they change, so that
//! a replay does what was done.

mod alerts;
mod autotrader;
mod closes;
mod pipeline;
mod prices;

use serde::{Deserialize, Serialize};

pub use alerts::{AlertRules, Thresholds};
pub use autotrader::AutotraderSettings;
pub use closes::{Close, CloseRun, Closes};
pub use pipeline::PipelineSettings;
pub use prices::PriceSettings;

use crate::Timestamp;

/// Logged as a record whenever the configuration says something else than the
/// log does. Durations are in milliseconds of log time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// Time for which ids of what was applied are remembered; 0 is for ever.
    pub idempotency_horizon_ms: i64,
    /// Time back to which a subscriber may resume; removals are remembered this long.
    pub resume_horizon_ms: i64,
    /// Conditions under which the pipeline's alerts are raised and cleared (RT-ALERT).
    pub alerts: AlertRules,
    /// Of the auto-trader.
    pub autotrader: AutotraderSettings,
    /// Of what is remembered of the pipeline.
    pub pipeline: PipelineSettings,
    /// The ends of days.
    pub closes: Closes,
    /// Of prices.
    pub prices: PriceSettings,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            idempotency_horizon_ms: 0,
            resume_horizon_ms: 10 * 60 * 1000,
            alerts: AlertRules::default(),
            autotrader: AutotraderSettings::default(),
            pipeline: PipelineSettings::default(),
            closes: Closes::default(),
            prices: PriceSettings::default(),
        }
    }
}

impl Settings {
    /// Milliseconds of log time for which what was applied is known if it comes again; `None` is for ever.
    pub fn idempotency_horizon(&self) -> Option<i64> {
        (self.idempotency_horizon_ms != 0).then_some(self.idempotency_horizon_ms)
    }
}

impl Settings {
    /// True if these, which the log has, may stay at this time though `wanted` is what the configuration says: they say
    /// the same, and know the ends of days for a while.
    pub fn may_stay(&self, wanted: &Settings, now: Timestamp) -> bool {
        let but_for_closes = Settings { closes: self.closes.clone(), ..wanted.clone() };
        *self == but_for_closes && self.closes.may_stay(&wanted.closes, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_logged_by_an_earlier_version_have_defaults_for_what_is_new() {
        let old = r#"{"idempotencyHorizonMs":1,"resumeHorizonMs":2}"#;
        let settings: Settings = serde_json::from_str(old).unwrap();
        assert_eq!(
            settings,
            Settings { idempotency_horizon_ms: 1, resume_horizon_ms: 2, ..Settings::default() }
        );
    }
}
