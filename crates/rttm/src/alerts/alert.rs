//! One alert, and what it is about.

use hub_core::event::Stage;
use hub_core::{AlertRules, Thresholds, Timestamp};
use serde::{Deserialize, Serialize};

use crate::hundredths::{Exactly, Hundredths};

/// A condition that is watched.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Metric {
    /// The 95th percentile of a stage's latency over 5 minutes.
    LatencyP95(Stage),
    /// The 99th.
    LatencyP99(Stage),
    /// Error events in 5 minutes.
    ErrorRate,
    /// Dead letters in 5 minutes.
    DlqCount,
    /// The largest lag.
    QueueLag,
    /// The most trades received in a second of the last 60.
    Tps,
}

impl Metric {
    /// Every condition. Nothing takes time before the first stage.
    pub const ALL: [Metric; 10] = [
        Metric::LatencyP95(Stage::Validated),
        Metric::LatencyP99(Stage::Validated),
        Metric::LatencyP95(Stage::Enriched),
        Metric::LatencyP99(Stage::Enriched),
        Metric::LatencyP95(Stage::Committed),
        Metric::LatencyP99(Stage::Committed),
        Metric::ErrorRate,
        Metric::DlqCount,
        Metric::QueueLag,
        Metric::Tps,
    ];

    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Metric::LatencyP95(_) => "LATENCY_P95",
            Metric::LatencyP99(_) => "LATENCY_P99",
            Metric::ErrorRate => "ERROR_RATE",
            Metric::DlqCount => "DLQ_COUNT",
            Metric::QueueLag => "QUEUE_LAG",
            Metric::Tps => "TPS",
        }
    }

    /// The stage it is about, if it is about one.
    pub fn stage(self) -> Option<Stage> {
        match self {
            Metric::LatencyP95(stage) | Metric::LatencyP99(stage) => Some(stage),
            _ => None,
        }
    }

    pub(super) fn thresholds(self, rules: &AlertRules) -> Thresholds {
        match self {
            Metric::LatencyP95(_) | Metric::LatencyP99(_) => rules.latency_ms,
            Metric::ErrorRate => rules.error_rate,
            Metric::DlqCount => rules.dlq,
            Metric::QueueLag => rules.queue_lag,
            Metric::Tps => rules.tps,
        }
    }
}

/// The severity of an alert; LOW is never used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Severity {
    /// A warning of TPS.
    Medium,
    /// A warning.
    High,
    /// Critical.
    Critical,
}

impl Severity {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Medium => "MEDIUM",
            Severity::High => "HIGH",
            Severity::Critical => "CRITICAL",
        }
    }
}

/// One alert.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Alert {
    /// Its condition.
    pub metric: Metric,
    /// Its severity, which may rise and fall while the alert is active.
    pub severity: Severity,
    /// The value measured when it came to this severity.
    #[serde(with = "Exactly")]
    pub value: Hundredths,
    /// The threshold it reached then.
    pub threshold: u64,
    /// The time at which it was raised.
    pub raised_at: Timestamp,
    /// The time at which it cleared; while it is active, `None`.
    pub cleared_at: Option<Timestamp>,
}

impl Alert {
    /// `<metric>[.<stage>]@<second>`: the same on every node, and no other
    /// alert's.
    pub fn id(&self) -> String {
        let (name, second) = (self.metric.name(), self.raised_at.second());
        match self.metric.stage() {
            Some(stage) => format!("{name}.{stage}@{second}"),
            None => format!("{name}@{second}"),
        }
    }

    /// `LATENCY_P95 ENRICHED: 1200.00 vs 1000.00`; without a stage there is no
    /// blank before the colon.
    pub fn message(&self) -> String {
        let stage = self.metric.stage().map(|stage| format!(" {stage}")).unwrap_or_default();
        let (name, value, threshold) = (self.metric.name(), self.value, Hundredths::whole(self.threshold));
        format!("{name}{stage}: {value} vs {threshold}")
    }

    /// The stage, or `pipeline`.
    pub fn source(&self) -> &'static str {
        self.metric.stage().map_or("pipeline", Stage::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_named() {
        let alert = Alert {
            metric: Metric::LatencyP95(Stage::Enriched),
            severity: Severity::High,
            value: Hundredths(120_050),
            threshold: 1000,
            raised_at: Timestamp::default(),
            cleared_at: None,
        };
        assert_eq!(alert.message(), "LATENCY_P95 ENRICHED: 1200.50 vs 1000.00");
        assert_eq!((alert.id().as_str(), alert.source()), ("LATENCY_P95.ENRICHED@0", "ENRICHED"));
    }
}
