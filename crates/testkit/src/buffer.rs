//! Bytes received and not yet read.

/// A queue of bytes that can be looked at as one slice.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    read: usize,
}

impl Buffer {
    pub(crate) fn unread(&self) -> &[u8] {
        &self.bytes[self.read..]
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        // Moved once per read from the socket, not once per frame.
        self.bytes.drain(..self.read);
        self.read = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// Passes over the first `len` bytes, or over all there are.
    pub(crate) fn consume(&mut self, len: usize) {
        self.read = self.bytes.len().min(self.read.saturating_add(len));
    }

    /// The first `len` bytes, or all there are.
    pub(crate) fn take(&mut self, len: usize) -> Vec<u8> {
        let unread = self.unread();
        let taken = unread[..len.min(unread.len())].to_vec();
        self.consume(taken.len());
        taken
    }
}
