//! From messages to compressed ones.

use flate2::{Compress, Compression, FlushCompress};

use super::stored::STORED_HEADER_BYTES;
use super::{FLUSH_END, Window, WindowBits};
use crate::frame;
use crate::opcode::OpCode;

/// A scratch buffer larger than this is given back.
const SCRATCH_BYTES_MAX: usize = 256 << 10;

/// Number of sizes that a window can have.
const SIZES: usize = (WindowBits::MOST.get() - WindowBits::LEAST.get()) as usize + 1;

/// Compresses messages, one after another, for any number of connections.
///
/// It takes no memory before the first one, then up to 260 KiB for each size of window in use.
#[derive(Debug)]
pub struct Deflater {
    level: Compression,
    streams: [Option<Box<Compress>>; SIZES],
    scratch: Vec<u8>,
}

impl Deflater {
    /// `level` is zlib's, 1 (fastest) to 9; with `zlib-rs` the largest is not always the smallest.
    pub fn new(level: u32) -> Self {
        Self { level: Compression::new(level.clamp(1, 9)), streams: Default::default(), scratch: Vec::new() }
    }

    /// Writes the frame of a compressed message behind `out`; `false` where compressing does not make it smaller,
    /// and it is better sent as it is (RFC 7692, section 6): then nothing is written.
    ///
    /// With `window` it may point back to the messages before, and is taken in among them; it is then for that
    /// connection alone. Without, it is for every connection whose clients take such a window.
    pub fn write_frame(
        &mut self,
        out: &mut Vec<u8>,
        opcode: OpCode,
        payload: &[u8],
        bits: WindowBits,
        window: Option<&mut Window>,
    ) -> bool {
        let mut scratch = std::mem::take(&mut self.scratch);
        let deflated = self.deflate(payload, bits, window.as_deref(), &mut scratch);
        if let Some(deflated) = deflated {
            out.reserve(frame::header_len(deflated.len()) + deflated.len());
            frame::write_compressed_header(out, opcode, deflated.len());
            out.extend_from_slice(deflated);
        }
        let written = deflated.is_some();
        if let (Some(window), true) = (window, written) {
            window.push(payload);
        }
        self.keep(scratch);
        written
    }

    /// Compresses the end of messages that begin differently, behind `out`: what [`frame::write_spliced`] puts behind
    /// the beginning of each, to every connection whose clients take such a window. `false` where it would make no
    /// message smaller: then nothing is written.
    pub fn compress_tail(&mut self, out: &mut Vec<u8>, tail: &[u8], bits: WindowBits) -> bool {
        let mut scratch = std::mem::take(&mut self.scratch);
        let deflated = self.deflate(tail, bits, None, &mut scratch);
        let deflated = deflated.filter(|deflated| deflated.len() + STORED_HEADER_BYTES < tail.len());
        out.extend_from_slice(deflated.unwrap_or_default());
        let written = deflated.is_some();
        self.keep(scratch);
        written
    }

    /// Keeps the scratch buffer, but not what one large message took for small ones.
    fn keep(&mut self, scratch: Vec<u8>) {
        if scratch.capacity() <= SCRATCH_BYTES_MAX {
            self.scratch = scratch;
        }
    }

    fn deflate<'o>(
        &mut self,
        payload: &[u8],
        bits: WindowBits,
        window: Option<&Window>,
        out: &'o mut Vec<u8>,
    ) -> Option<&'o [u8]> {
        let level = self.level;
        let stream = self
            .streams
            .get_mut(usize::from(bits.get() - WindowBits::LEAST.get()))?
            .get_or_insert_with(|| Box::new(Compress::new_with_window_bits(level, false, bits.get())));
        stream.reset();
        if let Some(window) = window.filter(|window| !window.bytes().is_empty()) {
            stream.set_dictionary(window.bytes()).ok()?;
        }
        out.clear();
        // With the end of the flush, which the wire leaves out, it may be that much longer.
        out.reserve_exact(payload.len() + FLUSH_END.len());
        stream.compress_vec(payload, out, FlushCompress::Sync).ok()?;
        // A flush is complete when it did not fill its room.
        let complete = stream.total_in() == payload.len() as u64 && out.len() < out.capacity();
        let deflated = out.strip_suffix(&FLUSH_END)?;
        (complete && deflated.len() < payload.len()).then_some(deflated)
    }
}
