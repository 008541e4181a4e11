//! Queues count for themselves, under their lock: they are read when asked for.

use std::fmt;
use std::sync::Arc;

use hub_fanout::QueueLoad;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::chassis::Chassis;

/// Shows what has become of queues' messages.
pub(crate) struct QueueCollector(pub(crate) Arc<Chassis>);

impl fmt::Debug for QueueCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QueueCollector")
    }
}

impl Collector for QueueCollector {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        encode(self.0.queues.load(), encoder)
    }
}

/// Writes what `load` says.
pub(super) fn encode(load: QueueLoad, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
    let QueueLoad { counters, queues, bytes } = load;
    for (name, help, value) in [
        ("queue_published", "Messages that queues took", counters.published),
        ("queue_refused", "Messages that full queues did not take", counters.refused),
        ("queue_delivered", "Deliveries of queues, repeated ones included", counters.delivered),
        ("queue_redelivered", "Deliveries of what was delivered before", counters.redelivered),
        ("queue_acknowledged", "Messages of queues that were acknowledged", counters.acknowledged),
        ("queue_dropped", "Messages of queues that came back by NACK too often", counters.dropped),
    ] {
        let counter = ConstCounter::new(value);
        counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
    }
    for (name, help, value) in [
        ("queues", "Queues that have messages or consumers", queues),
        ("queues_bytes", "Bytes that queues hold, waiting or unacknowledged", bytes),
    ] {
        let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
        gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
    }
    Ok(())
}
