//! Shapes of what RTTM sends.

use hub_core::schema::{Schema, json_schema, of};

use super::alert::AlertRow;
use super::dead_letter::{DlqReport, LetterPage, LetterRow};
use super::trade::TradeRow;
use super::{Card, LabelledValue, LagRow, QueueRow, Snapshot, StageRow};
use crate::host::SystemMetrics;

/// The five metric cards.
pub(crate) fn cards() -> Schema {
    of::<[Card; 5]>()
}

/// The stages, in their order.
pub(crate) fn pipeline() -> Schema {
    of::<Vec<StageRow>>()
}

/// Dead letters, counted and classified.
pub(crate) fn dlq() -> Schema {
    of::<DlqReport<'_>>()
}

/// Throughput, latencies and lag.
pub(crate) fn telemetry_snapshot() -> Schema {
    of::<Snapshot<'_>>()
}

/// Queues with their history.
pub(crate) fn queues() -> Schema {
    of::<Vec<QueueRow<'_>>>()
}

/// Alerts.
pub(crate) fn alerts() -> Schema {
    of::<Vec<AlertRow>>()
}

/// The events of a trade.
pub(crate) fn trade_rows() -> Schema {
    of::<Vec<TradeRow<'_>>>()
}

/// A page of the hub's own rejections.
pub(crate) fn letters() -> Schema {
    of::<LetterPage<'_>>()
}

/// One of them.
pub(crate) fn letter() -> Schema {
    of::<LetterRow<'_>>()
}

/// The host.
pub(crate) fn host() -> Schema {
    of::<SystemMetrics>()
}

/// A message of `/ws/telemetry`.
pub(crate) fn telemetry() -> Schema {
    let message = |kind: &str, data: Schema| {
        json_schema!({
            "type": "object",
            "properties": { "type": { "const": kind }, "timestamp": { "type": "string" }, "data": data },
            "required": ["type", "timestamp", "data"],
        })
    };
    json_schema!({ "oneOf": [
        message("TPS_TREND", of::<[u64; 24]>()),
        message("LATENCY_METRICS", of::<[LabelledValue; 3]>()),
        message("KAFKA_LAG", of::<Vec<LagRow<'_>>>()),
    ] })
}
