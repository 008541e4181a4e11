//! Compression of a shard's messages.

use std::cell::RefCell;

use hub_ws::OpCode;
use hub_ws::deflate::{Deflater, WindowBits};

use crate::compression::Compression;
use crate::metrics::deflate::DeflateMetrics;

/// One compressor for all sockets of a shard.
pub(super) struct Compressor {
    deflater: RefCell<Deflater>,
    min_bytes: usize,
    metrics: DeflateMetrics,
}

impl Compressor {
    /// `None`: nothing is ever compressed.
    pub(super) fn new(compression: Option<Compression>, metrics: DeflateMetrics) -> Compressor {
        let level = compression.map_or(1, |compression| compression.level);
        let min_bytes = compression.map_or(usize::MAX, |compression| compression.min_bytes);
        Compressor { deflater: RefCell::new(Deflater::new(level)), min_bytes, metrics }
    }

    /// Writes the compressed frame of a message behind `out`, if it is worth
    /// it.
    pub(super) fn write(
        &self,
        out: &mut Vec<u8>,
        opcode: OpCode,
        payload: &[u8],
        window: WindowBits,
    ) -> bool {
        let before = out.len();
        let compressed = payload.len() >= self.min_bytes
            && self.deflater.borrow_mut().write_frame(out, opcode, payload, window, None);
        if compressed {
            self.metrics.messages.inc();
            self.metrics.input_bytes.inc_by(payload.len() as u64);
            self.metrics.output_bytes.inc_by((out.len() - before) as u64);
        }
        compressed
    }
}
