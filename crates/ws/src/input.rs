//! Bytes of one read from a socket.

/// The bytes of one read, in the order they came, less what has been taken from them.
///
/// The buffer is the caller's, typically one per thread; payloads are unmasked in it and lent from it.
#[derive(Debug)]
pub struct Input<'b> {
    rest: &'b mut [u8],
}

impl<'b> Input<'b> {
    /// Input of all bytes of one read.
    pub const fn new(read: &'b mut [u8]) -> Self {
        Self { rest: read }
    }

    /// Bytes that have not been taken yet.
    pub const fn rest(&self) -> &[u8] {
        self.rest
    }

    /// Takes `max_bytes`, or all there are when they are fewer.
    pub(crate) fn take(&mut self, max_bytes: u64) -> &'b mut [u8] {
        let len = usize::try_from(max_bytes).map_or(self.rest.len(), |max| max.min(self.rest.len()));
        self.rest.split_off_mut(..len).unwrap_or_default()
    }

    /// Drops what has not been taken.
    pub(crate) fn clear(&mut self) {
        self.rest = &mut [];
    }
}
