//! What goes over the wire (section 3.3 of the platform's reference): the
//! same for sockets and REST.

use bytes::Bytes;
use hub_core::event::Stage;
use hub_core::{Offset, Position, Thresholds, Timestamp};
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use crate::alerts::Alert;
use crate::dead_letters::DeadLetter;
use crate::dlq::Class;
use crate::hundredths::Hundredths;
use crate::pipeline::Numbers;
use crate::state::State;
use crate::trades::{Entry, Source};

/// How many queues are shown.
const QUEUES_SHOWN: usize = 100;
/// How many classes of dead letters are shown.
const CLASSES_SHOWN: usize = 100;

/// As JSON text.
pub(crate) fn json(value: &impl Serialize) -> Bytes {
    // Strings, numbers, lists and maps with string keys always serialize.
    Bytes::from(serde_json::to_vec(value).unwrap_or_default())
}

/// One metric card.
#[derive(Serialize)]
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
        if value >= Hundredths::whole(critical) {
            "critical"
        } else if value >= Hundredths::whole(warning) {
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

#[derive(Serialize)]
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

/// `{"total","byStage":{...},"lastErrorTime","classes":[...]}`; `byStage` is
/// in the order of the pipeline, `INGEST` last: what the hub itself rejected.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DlqReport<'a> {
    total: u64,
    #[serde(serialize_with = "in_order")]
    by_stage: Vec<(&'static str, u64)>,
    last_error_time: Option<String>,
    classes: Vec<ClassRow<'a>>,
}

fn in_order<S: Serializer>(entries: &[(&'static str, u64)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(entries.len()))?;
    for (key, value) in entries {
        map.serialize_entry(key, value)?;
    }
    map.end()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClassRow<'a> {
    stage: &'static str,
    service: &'a str,
    error_type: Option<&'static str>,
    reason: &'a str,
    original_topic: Option<&'a str>,
    count: u64,
    first_seen: String,
    last_seen: String,
}

pub(crate) fn dlq(state: &State) -> DlqReport<'_> {
    let by_stage: Vec<_> =
        state.dead_letters_by_origin().into_iter().map(|(origin, count)| (origin.as_str(), count)).collect();
    DlqReport {
        total: by_stage.iter().map(|(_, count)| count).sum(),
        by_stage,
        last_error_time: state.last_error().map(|time| time.to_string()),
        classes: state.dead_letter_classes(CLASSES_SHOWN).into_iter().map(class_row).collect(),
    }
}

fn class_row(class: &Class) -> ClassRow<'_> {
    ClassRow {
        stage: class.key.origin.as_str(),
        service: &class.key.service,
        error_type: class.key.error_type.map(hub_core::event::ErrorType::as_str),
        reason: &class.key.reason,
        original_topic: class.key.original_topic.as_deref(),
        count: class.count,
        first_seen: class.first_seen.to_string(),
        last_seen: class.last_seen.to_string(),
    }
}

#[derive(Serialize)]
struct Labelled {
    label: &'static str,
    value: Hundredths,
}

/// RT-T2.
fn latency_metrics(numbers: &Numbers) -> [Labelled; 3] {
    [("Avg", numbers.latency), ("P95", numbers.p95), ("P99", numbers.p99)]
        .map(|(label, value)| Labelled { label, value })
}

/// FE-3: `partition` and `lag`; topic and group tell equal partitions apart.
#[derive(Serialize)]
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

#[derive(Serialize)]
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Snapshot<'a> {
    tps_trend: [u64; 24],
    latency_metrics: [Labelled; 3],
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertRow {
    id: String,
    severity: &'static str,
    message: String,
    timestamp: String,
    source: &'static str,
    resolved: bool,
    time_ago: String,
}

pub(crate) fn alert(alert: &Alert, now: Timestamp) -> AlertRow {
    AlertRow {
        id: alert.id(),
        severity: alert.severity.as_str(),
        message: alert.message(),
        timestamp: alert.raised_at.to_string(),
        source: alert.source(),
        resolved: alert.cleared_at.is_some(),
        time_ago: time_ago(alert.raised_at, now),
    }
}

/// `now`, `42s ago`, `7m ago`, `3h ago`, `2d ago`.
fn time_ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = (now.millis() - then.millis()).div_euclid(1000);
    match seconds {
        ..0 => "now".to_owned(),
        0..60 => format!("{seconds}s ago"),
        60..3600 => format!("{}m ago", seconds / 60),
        3600..86_400 => format!("{}h ago", seconds / 3600),
        _ => format!("{}d ago", seconds / 86_400),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TradeRow<'a> {
    id: u64,
    trade_id: &'a str,
    service_name: &'a str,
    event_stage: &'static str,
    event_time: String,
    message: &'a str,
    source_table: &'static str,
}

pub(crate) fn trade_row<'a>(trade_id: &'a str, entry: &'a Entry) -> TradeRow<'a> {
    TradeRow {
        id: entry.offset.0,
        trade_id,
        service_name: &entry.service,
        event_stage: entry.stage.as_str(),
        event_time: entry.time.to_string(),
        message: &entry.message,
        source_table: match entry.source {
            Source::TradeEvent => "TRADE_EVENT",
            Source::Invalid => "INVALID",
            Source::Dlq => "DLQ",
            Source::Error => "ERROR",
        },
    }
}

#[derive(Serialize)]
pub(crate) struct LetterRow<'a> {
    id: String,
    kind: &'a str,
    reason: &'a str,
    field: Option<&'a str>,
    raw: &'a str,
    at: String,
    position: String,
}

pub(crate) fn letter<'a>(letter: &'a DeadLetter, state: &State) -> LetterRow<'a> {
    let position = Position { epoch: state.applied().position.epoch, offset: letter.offset };
    LetterRow {
        id: letter.offset.to_string(),
        kind: &letter.kind,
        reason: &letter.rejection.reason,
        field: letter.rejection.field.as_deref(),
        raw: &letter.raw,
        at: letter.at.to_string(),
        position: position.to_string(),
    }
}

/// A page of dead letters: `{"total","deadLetters":[...],"next"}`; `next` is
/// the `before` of the next page, null on the last.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LetterPage<'a> {
    total: usize,
    dead_letters: Vec<LetterRow<'a>>,
    next: Option<String>,
}

pub(crate) fn letters(state: &State, before: Offset, limit: usize) -> LetterPage<'_> {
    let mut found = state.letters_before(before);
    let dead_letters: Vec<_> = found.by_ref().take(limit).map(|found| letter(found, state)).collect();
    let more = found.next().is_some();
    let next = dead_letters.last().filter(|_| more).map(|last| last.id.clone());
    LetterPage { total: state.letter_count(), dead_letters, next }
}

#[derive(Serialize)]
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

#[derive(Serialize)]
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
    fn ages_are_told_in_the_largest_unit() {
        let at = |seconds: i64| Timestamp::from_millis(1_000_000_000 + seconds * 1000).unwrap();
        let ages = [-1, 0, 42, 59, 60, 3599, 3600, 86_399, 86_400, 200_000];
        let told = ages.map(|seconds| time_ago(at(0), at(seconds)));
        assert_eq!(
            told,
            [
                "now", "0s ago", "42s ago", "59s ago", "1m ago", "59m ago", "1h ago", "23h ago", "1d ago",
                "2d ago"
            ]
        );
    }

    #[test]
    fn statuses_begin_above_their_thresholds() {
        let of = |value| status(Hundredths::whole(value), 30, 100);
        assert_eq!([30, 31, 100, 101].map(of), ["healthy", "warning", "warning", "critical"]);
    }
}
