//! Every metric is in the table of docs/operations.md, and nothing else is.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::time::Instant;

use hub_fanout::QueueLoad;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, text};

use super::{
    CodeLabels, ConnectionLabels, IngestLabels, KindLabels, Metrics, ReasonLabels, StatusLabels, queues,
};

#[derive(Debug)]
struct NoQueues;

impl Collector for NoQueues {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        queues::encode(QueueLoad::default(), encoder)
    }
}

/// Counts once under every name that has labels: a family without any is not shown.
fn touch(metrics: &Metrics) {
    let Metrics {
        connections,
        connection_attempts: _,
        connections_failed,
        connection_seconds: _,
        reconnects: _,
        messages_received: _,
        messages_sent: _,
        errors,
        conflated: _,
        refusals,
        closed,
        outbox_bytes: _,
        delivery_seconds: _,
        deflate: _,
        ingest,
        log_commit_seconds: _,
        tls_reloads,
    } = metrics;
    connections.get_or_create(&ConnectionLabels { service: "", transport: "" }).inc();
    connections_failed.get_or_create(&ReasonLabels { reason: "" }).inc();
    errors.get_or_create(&KindLabels { kind: "" }).inc();
    refusals.note("", "", "", Instant::now());
    closed.get_or_create(&CodeLabels { code: 0 }).inc();
    ingest.get_or_create(&IngestLabels { kind: "", status: "" }).inc();
    tls_reloads.get_or_create(&StatusLabels { status: "" }).inc();
}

/// Names with their labels, as in `hub_closed_total{code}`.
fn shown() -> BTreeSet<String> {
    let metrics = Metrics::default();
    touch(&metrics);
    let mut registry = metrics.registry();
    registry.register_collector(Box::new(NoQueues));
    let mut out = String::new();
    text::encode(&mut out, &registry).unwrap();
    let samples = out.lines().filter(|line| !line.starts_with('#'));
    samples.filter(|line| !line.contains("_bucket{") && !line.contains("_count ")).map(name).collect()
}

fn name(sample: &str) -> String {
    let (name, labels) = match sample.split_once('{') {
        Some((name, rest)) => (name, rest.split('}').next().unwrap_or_default()),
        None => (sample.split(' ').next().unwrap_or_default(), ""),
    };
    let labels: Vec<&str> = labels.split(',').filter_map(|label| Some(label.split_once('=')?.0)).collect();
    let name = name.strip_suffix("_sum").unwrap_or(name);
    if labels.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", labels.join(",")) }
}

#[test]
fn the_table_of_metrics_is_what_is_shown() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `hub_")?.split('`').next());
    let told: BTreeSet<String> = rows.map(|row| format!("hub_{row}")).collect();
    assert_eq!(told, shown());
}
