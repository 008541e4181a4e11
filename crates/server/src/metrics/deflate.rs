//! Bytes and messages that went through compression.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::{Registry, Unit};

/// Counted once for all subscribers who share what was compressed.
#[derive(Clone, Debug, Default)]
pub struct DeflateMetrics {
    /// Messages that became smaller.
    pub messages: Counter,
    /// Bytes of messages before.
    pub input_bytes: Counter,
    /// Bytes of messages after, with their frames' headers.
    pub output_bytes: Counter,
}

impl DeflateMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("deflate_messages", "Messages compressed, once for all", self.messages.clone());
        let bytes = [
            ("deflate_input", "What was compressed", &self.input_bytes),
            ("deflate_output", "What it became", &self.output_bytes),
        ];
        for (name, help, counter) in bytes {
            registry.register_with_unit(name, help, Unit::Bytes, counter.clone());
        }
    }
}
