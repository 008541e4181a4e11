//! Every metric is in the table of docs/operations.md, and nothing else is.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::time::Instant;

use hub_fanout::{QueueLoad, ViewMeter};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, text};
use prometheus_client::registry::Registry;

use super::{
    CodeLabels, ConnectionLabels, IngestLabels, KindLabels, Metrics, ReasonLabels, StatusLabels, queues,
    views,
};

#[derive(Debug)]
struct NoQueues;

impl Collector for NoQueues {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        queues::encode(QueueLoad::default(), encoder)
    }
}

/// Two services, of which the second has kept and lost something.
#[derive(Debug, Default)]
struct Views([ViewMeter; 2]);

impl Collector for Views {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let [first, second] = &self.0;
        views::encode(&[("first", first), ("second", second)], encoder)
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
    registry.register_collector(Box::<Views>::default());
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

#[test]
fn what_services_keep_for_past_states_is_told_apart() {
    let views = Views::default();
    let [_, second] = &views.0;
    second.rows.set(7);
    second.rows.set(5);
    second.flushes.set(3);
    second.flushes.expire(2);
    second.flushes.expire(1);
    let mut registry = Registry::with_prefix("hub");
    registry.register_collector(Box::new(views));
    let mut out = String::new();
    text::encode(&mut out, &registry).unwrap();
    let samples: Vec<&str> = out.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        samples,
        [
            r#"hub_view_bytes{service="first",what="rows"} 0"#,
            r#"hub_view_bytes{service="first",what="flushes"} 0"#,
            r#"hub_view_bytes{service="second",what="rows"} 5"#,
            r#"hub_view_bytes{service="second",what="flushes"} 3"#,
            r#"hub_views_expired_total{service="first",what="rows"} 0"#,
            r#"hub_views_expired_total{service="first",what="flushes"} 0"#,
            r#"hub_views_expired_total{service="second",what="rows"} 0"#,
            r#"hub_views_expired_total{service="second",what="flushes"} 3"#,
        ]
    );
}
