//! The messages of RTTM (RT-WS, RT-REST): the same for sockets and REST.

mod alert;
mod dead_letter;
pub(crate) mod schema;
mod trade;

use bytes::Bytes;
use hub_core::event::Stage;
use hub_core::{Thresholds, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) use alert::alert;
pub(crate) use dead_letter::{dlq, letter, letters};
pub(crate) use trade::trade_row;

use crate::hundredths::Hundredths;
use crate::pipeline::Numbers;
use crate::state::State;

/// Queues that are shown, at most.
const QUEUES_SHOWN: usize = 100;

/// As JSON text.
pub(crate) fn json(value: &impl Serialize) -> Bytes {
    // Strings, numbers, lists and maps with string keys always serialize.
    Bytes::from(serde_json::to_vec(value).unwrap_or_default())
}

/// One metric card.
#[derive(Serialize, JsonSchema)]
struct Card {
    title: &'static str,
    value: Hundredths,
    unit: &'static str,
    status: &'static str,
}

/// The five cards, in their order: Current TPS (one decimal), Peak TPS, Avg
/// Latency (ms), DLQ Count, Invalid Trades.
pub(crate) fn cards(numbers: &Numbers) -> impl Serialize + use<> {
    let rate = |value: Hundredths| {
        // High throughput is no fault (BUG-R9): it is remarkable where it
        // would raise an alert.
        let Thresholds { warning, critical } = numbers.tps_thresholds;
        if value >= Hundredths::whole(critical.into()) {
            "critical"
        } else if value >= Hundredths::whole(warning.into()) {
            "warning"
        } else {
            "healthy"
        }
    };
    let tps = Hundredths(numbers.tps_tenths.saturating_mul(10));
    let peak = Hundredths::whole(numbers.peak_tps);
    let (latency, dead) = (numbers.latency, Hundredths::whole(numbers.dead_letters));
    let invalid = Hundredths::whole(numbers.invalid);
    let card = |title, value, unit, status| Card { title, value, unit, status };
    [
        card("Current TPS", tps, "tx/s", rate(tps)),
        card("Peak TPS", peak, "tx/s", rate(peak)),
        card("Avg Latency", latency, "ms", status(latency, 30_000, 60_000)),
        card("DLQ Count", dead, "errors", status(dead, 30, 100)),
        card("Invalid Trades", invalid, "trades", status(invalid, 1000, 5000)),
    ]
}

/// More than `warning`, more than `critical`.
fn status(value: Hundredths, warning: u64, critical: u64) -> &'static str {
    if value > Hundredths::whole(critical) {
        "critical"
    } else if value > Hundredths::whole(warning) {
        "warning"
    } else {
        "healthy"
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct StageRow {
    name: &'static str,
    count: u64,
    latency_ms: Hundredths,
    success_rate: Hundredths,
}

/// The stages, in their order.
pub(crate) fn pipeline(numbers: &Numbers) -> impl Serialize + use<> {
    let row = |stage: &Stage| StageRow {
        name: stage.as_str(),
        count: numbers.stages[stage.index()].count,
        latency_ms: numbers.stages[stage.index()].latency,
        success_rate: numbers.success_rate(*stage),
    };
    Stage::ALL.iter().map(row).collect::<Vec<_>>()
}

#[derive(Serialize, JsonSchema)]
struct LabelledValue {
    label: &'static str,
    value: Hundredths,
}

/// RT-T2.
fn latency_metrics(numbers: &Numbers) -> [LabelledValue; 3] {
    [("Avg", numbers.latency), ("P95", numbers.p95), ("P99", numbers.p99)]
        .map(|(label, value)| LabelledValue { label, value })
}

/// FE-3: `partition` and `lag`; topic and group tell equal partitions apart.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LagRow<'a> {
    partition: String,
    lag: u64,
    topic: &'a str,
    consumer_group: &'a str,
}

fn kafka_lag(state: &State) -> Vec<LagRow<'_>> {
    state
        .queues(QUEUES_SHOWN)
        .into_iter()
        .map(|(key, queue)| LagRow {
            partition: format!("P{}", key.partition),
            lag: queue.lag,
            topic: &key.topic,
            consumer_group: &key.group,
        })
        .collect()
}

#[derive(Serialize, JsonSchema)]
struct Telemetry<T> {
    r#type: &'static str,
    timestamp: String,
    data: T,
}

/// `TPS_TREND`, `LATENCY_METRICS`, and `KAFKA_LAG` where there is any queue.
pub(crate) fn telemetry(state: &State, now: Timestamp) -> Vec<Bytes> {
    fn message<T: Serialize>(r#type: &'static str, now: Timestamp, data: T) -> Bytes {
        json(&Telemetry { r#type, timestamp: now.to_string(), data })
    }
    let numbers = state.numbers();
    let mut messages = vec![
        message("TPS_TREND", now, numbers.trend),
        message("LATENCY_METRICS", now, latency_metrics(numbers)),
    ];
    let lag = kafka_lag(state);
    if !lag.is_empty() {
        messages.push(message("KAFKA_LAG", now, lag));
    }
    messages
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Snapshot<'a> {
    tps_trend: [u64; 24],
    latency_metrics: [LabelledValue; 3],
    kafka_lag: Vec<LagRow<'a>>,
}

pub(crate) fn telemetry_snapshot(state: &State) -> impl Serialize + '_ {
    let numbers = state.numbers();
    Snapshot {
        tps_trend: numbers.trend,
        latency_metrics: latency_metrics(numbers),
        kafka_lag: kafka_lag(state),
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueueRow<'a> {
    topic: &'a str,
    partition: u32,
    consumer_group: &'a str,
    service_name: &'a str,
    produced_offset: u64,
    consumed_offset: u64,
    lag: u64,
    snapshot_time: String,
    history: Vec<LagPoint>,
}

#[derive(Serialize, JsonSchema)]
struct LagPoint {
    time: String,
    lag: u64,
}

pub(crate) fn queues(state: &State) -> Vec<QueueRow<'_>> {
    state
        .queues(QUEUES_SHOWN)
        .into_iter()
        .map(|(key, queue)| QueueRow {
            topic: &key.topic,
            partition: key.partition,
            consumer_group: &key.group,
            service_name: &queue.service,
            produced_offset: queue.produced,
            consumed_offset: queue.consumed,
            lag: queue.lag,
            snapshot_time: queue.time.to_string(),
            history: queue
                .history
                .iter()
                .map(|(time, lag)| LagPoint { time: time.to_string(), lag: *lag })
                .collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_begin_above_their_thresholds() {
        let of = |value| status(Hundredths::whole(value), 30, 100);
        assert_eq!([30, 31, 100, 101].map(of), ["healthy", "warning", "warning", "critical"]);
    }
}
