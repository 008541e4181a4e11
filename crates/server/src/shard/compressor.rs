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
        self.count(out, payload, |out| {
            self.deflater.borrow_mut().write_frame(out, opcode, payload, window, None)
        })
    }

    /// The same for what stands behind a head that is not compressed: writes
    /// the tail alone.
    pub(super) fn write_tail(&self, out: &mut Vec<u8>, tail: &[u8], window: WindowBits) -> bool {
        self.count(out, tail, |out| self.deflater.borrow_mut().compress_tail(out, tail, window))
    }

    /// Says whether a message is long enough.
    pub(super) fn is_worth(&self, payload: &[u8]) -> bool {
        payload.len() >= self.min_bytes
    }

    fn count(&self, out: &mut Vec<u8>, input: &[u8], write: impl FnOnce(&mut Vec<u8>) -> bool) -> bool {
        let before = out.len();
        let is_compressed = write(out);
        if is_compressed {
            self.metrics.messages.inc();
            self.metrics.input_bytes.inc_by(input.len() as u64);
            self.metrics.output_bytes.inc_by((out.len() - before) as u64);
        }
        is_compressed
    }
}
