//! The service's section of the configuration.

use hub_core::Contradiction;
use hub_core::settings::{AlertRules, PipelineSettings, Thresholds};
use hub_server::Bind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[rttm]`: the pipeline watched. Thresholds of alerts (RT-ALERT): a value
/// that reaches one is at it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RttmConfig {
    /// Addresses it listens at.
    pub bind: Bind,
    /// Speaks TLS, with the certificate of `[server]`.
    pub tls: bool,
    /// P95 and P99 of a stage's latency over 5 minutes, in milliseconds.
    #[schemars(range(min = 1))]
    pub latency_warning_ms: u32,
    /// As above.
    pub latency_critical_ms: u32,
    /// Error events in 5 minutes.
    #[schemars(range(min = 1))]
    pub errors_warning: u32,
    /// As above.
    pub errors_critical: u32,
    /// Dead letters in 5 minutes.
    #[schemars(range(min = 1))]
    pub dlq_warning: u32,
    /// As above.
    pub dlq_critical: u32,
    /// The largest lag of a consumer group in a partition, in messages.
    #[schemars(range(min = 1))]
    pub lag_warning: u32,
    /// As above.
    pub lag_critical: u32,
    /// The most trades received in one second of the last 60.
    #[schemars(range(min = 1))]
    pub tps_warning: u32,
    /// As above.
    pub tps_critical: u32,
    /// Trades whose way can be looked at: the newest by their first event.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub trades_kept: u32,
    /// Bytes that they take together.
    #[schemars(range(min = 1 << 20, max = u32::MAX))]
    pub trades_bytes: u32,
    /// Events of one trade: the first that came.
    #[schemars(range(min = 1, max = 1_000))]
    pub trade_events_kept: u32,
    /// Identities of events, by which one that is sent again is known.
    #[schemars(range(min = 1_000, max = 10_000_000))]
    pub event_ids_kept: u32,
    /// The hub's own rejections that can be looked at.
    #[schemars(range(max = 100_000))]
    pub dead_letters_kept: u32,
    /// Classes into which dead letters are told apart.
    #[schemars(range(max = 10_000))]
    pub dead_letter_classes: u16,
    /// Consumer groups' places in partitions.
    #[schemars(range(min = 1, max = 10_000))]
    pub queues_kept: u32,
    /// Alerts that were cleared.
    #[schemars(range(max = 1_000))]
    pub cleared_alerts_kept: u32,
}

impl Default for RttmConfig {
    fn default() -> RttmConfig {
        let AlertRules { latency_ms, error_rate, dlq, queue_lag, tps, .. } = AlertRules::default();
        let PipelineSettings {
            trades_kept,
            trades_bytes,
            trade_events_kept,
            event_ids_kept,
            dead_letters_kept,
            dead_letter_classes,
            queues_kept,
            cleared_alerts_kept,
        } = PipelineSettings::default();
        RttmConfig {
            bind: Bind::localhost(8087),
            tls: false,
            latency_warning_ms: latency_ms.warning,
            latency_critical_ms: latency_ms.critical,
            errors_warning: error_rate.warning,
            errors_critical: error_rate.critical,
            dlq_warning: dlq.warning,
            dlq_critical: dlq.critical,
            lag_warning: queue_lag.warning,
            lag_critical: queue_lag.critical,
            tps_warning: tps.warning,
            tps_critical: tps.critical,
            trades_kept,
            trades_bytes,
            trade_events_kept,
            event_ids_kept,
            dead_letters_kept,
            dead_letter_classes,
            queues_kept,
            cleared_alerts_kept,
        }
    }
}

impl RttmConfig {
    /// The thresholds, as the projection reads them.
    pub fn alerts(&self) -> AlertRules {
        let at = |warning, critical| Thresholds { warning, critical };
        AlertRules {
            latency_ms: at(self.latency_warning_ms, self.latency_critical_ms),
            error_rate: at(self.errors_warning, self.errors_critical),
            dlq: at(self.dlq_warning, self.dlq_critical),
            queue_lag: at(self.lag_warning, self.lag_critical),
            tps: at(self.tps_warning, self.tps_critical),
            ..AlertRules::default()
        }
    }

    /// The bounds, as the projection reads them.
    pub fn settings(&self) -> PipelineSettings {
        PipelineSettings {
            trades_kept: self.trades_kept,
            trades_bytes: self.trades_bytes,
            trade_events_kept: self.trade_events_kept,
            event_ids_kept: self.event_ids_kept,
            dead_letters_kept: self.dead_letters_kept,
            dead_letter_classes: self.dead_letter_classes,
            queues_kept: self.queues_kept,
            cleared_alerts_kept: self.cleared_alerts_kept,
        }
    }

    /// Checks the thresholds against each other: an alert that is critical before it is a warning
    /// makes no sense.
    pub fn check(&self) -> Result<(), Contradiction> {
        let AlertRules { latency_ms, error_rate, dlq, queue_lag, tps, .. } = self.alerts();
        let ordered = |Thresholds { warning, critical }| critical >= warning;
        let rules = [
            ("latency_critical_ms", ordered(latency_ms), "must be at least rttm.latency_warning_ms"),
            ("errors_critical", ordered(error_rate), "must be at least rttm.errors_warning"),
            ("dlq_critical", ordered(dlq), "must be at least rttm.dlq_warning"),
            ("lag_critical", ordered(queue_lag), "must be at least rttm.lag_warning"),
            ("tps_critical", ordered(tps), "must be at least rttm.tps_warning"),
        ];
        Contradiction::first("rttm", rules)
    }
}
