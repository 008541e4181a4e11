//! Meters of what is kept for past states, set by those who keep it: they are read when asked for.

use std::fmt;
use std::sync::Arc;

use hub_fanout::{Meter, ViewMeter};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

use crate::service::Service;

#[derive(EncodeLabelSet)]
struct Labels {
    service: &'static str,
    /// `rows` or `flushes`.
    what: &'static str,
}

/// Shows what the services keep for past states.
pub(crate) struct ViewCollector(pub(crate) Arc<[Service]>);

impl fmt::Debug for ViewCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ViewCollector")
    }
}

impl Collector for ViewCollector {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let meters = self.0.iter().filter_map(|service| Some((service.name, service.views.as_deref()?)));
        encode(&meters.collect::<Vec<_>>(), encoder)
    }
}

/// Writes what the meters of services say.
pub(super) fn encode(
    services: &[(&'static str, &ViewMeter)],
    mut encoder: DescriptorEncoder<'_>,
) -> fmt::Result {
    let meters: Vec<(Labels, &Meter)> = services
        .iter()
        .flat_map(|(service, ViewMeter { rows, flushes })| {
            [("rows", rows), ("flushes", flushes)].map(|(what, meter)| (Labels { service, what }, meter))
        })
        .collect();
    if meters.is_empty() {
        return Ok(());
    }
    let help = "Kept for past states";
    let mut gauges = encoder.encode_descriptor("view", help, Some(&Unit::Bytes), MetricType::Gauge)?;
    for (labels, meter) in &meters {
        let gauge = ConstGauge::new(i64::try_from(meter.bytes()).unwrap_or(i64::MAX));
        gauge.encode(gauges.encode_family(labels)?)?;
    }
    let help = "Past states that expired because more was kept than may be";
    let mut counters = encoder.encode_descriptor("views_expired", help, None, MetricType::Counter)?;
    for (labels, meter) in &meters {
        ConstCounter::new(meter.expired()).encode(counters.encode_family(labels)?)?;
    }
    Ok(())
}
