//! Rules by which the pipeline's alerts are raised and cleared.

use serde::{Deserialize, Serialize};

/// Rules by which alerts are raised (RT-ALERT, with the thresholds meant for production) and cleared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AlertRules {
    /// P95 and P99 of a stage's latency over 5 minutes, in milliseconds.
    pub latency_ms: Thresholds,
    /// Error events in 5 minutes.
    pub error_rate: Thresholds,
    /// Dead letters in 5 minutes.
    pub dlq: Thresholds,
    /// The largest lag of a consumer group in a partition, in messages.
    pub queue_lag: Thresholds,
    /// The most trades received in one second of the last 60.
    pub tps: Thresholds,
    /// An alert is cleared once its value has stayed below this share of the
    /// threshold, in percent...
    pub clear_below_percent: u32,
    /// ...for this long, in milliseconds of log time.
    pub clear_after_ms: u32,
}

/// Two levels; a value that reaches one is at it (`>=`), the critical one wins
/// (V8).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Thresholds {
    /// Worth a look.
    pub warning: u32,
    /// Worth getting up for.
    pub critical: u32,
}

impl Default for AlertRules {
    fn default() -> AlertRules {
        let at = |warning, critical| Thresholds { warning, critical };
        AlertRules {
            latency_ms: at(1000, 3000),
            error_rate: at(5, 20),
            dlq: at(10, 50),
            queue_lag: at(1000, 5000),
            tps: at(10_000, 15_000),
            clear_below_percent: 90,
            clear_after_ms: 60_000,
        }
    }
}
