//! A message that did not arrive in one piece.

use crate::failure::Failure;
use crate::opcode::OpCode;

/// The part of a data message received so far.
#[derive(Debug)]
pub(crate) struct Assembly {
    /// Text or Binary: the opcode of the first fragment.
    opcode: OpCode,
    /// `bytes` have yet to be inflated.
    compressed: bool,
    bytes: Vec<u8>,
    /// Number of `bytes` known to be UTF-8; what follows is an unfinished character.
    valid_bytes: usize,
}

impl Assembly {
    pub(crate) const fn new(opcode: OpCode, compressed: bool) -> Self {
        Self { opcode, compressed, bytes: Vec::new(), valid_bytes: 0 }
    }

    /// A message that was inflated; it has been checked.
    pub(crate) const fn inflated(opcode: OpCode, bytes: Vec<u8>) -> Self {
        Self { opcode, compressed: false, bytes, valid_bytes: 0 }
    }

    pub(crate) const fn opcode(&self) -> OpCode {
        self.opcode
    }

    pub(crate) const fn is_compressed(&self) -> bool {
        self.compressed
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) const fn capacity_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// Adds what was received; fails as soon as no continuation could make a text valid.
    ///
    /// The message's announced length was checked against `limit_bytes` before.
    pub(crate) fn extend(&mut self, chunk: &[u8], limit_bytes: usize) -> Result<(), Failure> {
        let needed = self.bytes.len().saturating_add(chunk.len());
        if needed > self.bytes.capacity() {
            // Doubling, as Vec would, but never past what the message may come to.
            let doubled = self.bytes.capacity().saturating_mul(2).min(limit_bytes);
            self.bytes.reserve_exact(needed.max(doubled) - self.bytes.len());
        }
        self.bytes.extend_from_slice(chunk);
        if self.is_text() { self.check_utf8() } else { Ok(()) }
    }

    /// Drops the bytes; that a message is under way, and of which kind, stays known.
    pub(crate) fn forget(&mut self) {
        *self = Self::new(self.opcode, self.compressed);
    }

    /// True if a text ends with a whole character.
    pub(crate) fn is_complete(&self) -> bool {
        !self.is_text() || self.valid_bytes == self.bytes.len()
    }

    fn is_text(&self) -> bool {
        self.opcode == OpCode::Text && !self.compressed
    }

    fn check_utf8(&mut self) -> Result<(), Failure> {
        let unchecked = self.bytes.get(self.valid_bytes..).unwrap_or_default();
        match str::from_utf8(unchecked) {
            Ok(text) => self.valid_bytes += text.len(),
            Err(error) if error.error_len().is_none() => self.valid_bytes += error.valid_up_to(),
            Err(_) => return Err(Failure::InvalidUtf8),
        }
        Ok(())
    }
}
