//! Bytes of a TLS connection that are under way.

use std::mem;

use bytes::{Buf as _, BytesMut};
use tokio::io::ReadBuf;

/// Bytes that have come and are not read, or are to go and are not written. Nothing is owned while
/// there are none, as most of the time there are not.
#[derive(Default)]
pub(super) struct UnderWay(Option<Box<Buffers>>);

#[derive(Default)]
struct Buffers {
    /// Records, the last of which has come in part.
    partial: Vec<u8>,
    /// Decrypted, not read yet.
    plain: BytesMut,
    /// Encrypted, not written yet.
    sealed: BytesMut,
}

impl UnderWay {
    /// Records, the last of which has come in part.
    pub(super) fn partial(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |buffers| &buffers.partial)
    }

    pub(super) fn take_partial(&mut self) -> Vec<u8> {
        let partial = self.0.as_mut().map(|buffers| mem::take(&mut buffers.partial));
        self.tidy();
        partial.unwrap_or_default()
    }

    /// Keeps these in the place of those that were kept.
    pub(super) fn set_partial(&mut self, records: Vec<u8>) {
        if !records.is_empty() || self.0.is_some() {
            self.0.get_or_insert_default().partial = records;
        }
        self.tidy();
    }

    /// Adds what was decrypted.
    pub(super) fn push_plain(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.0.get_or_insert_default().plain.extend_from_slice(bytes);
        }
    }

    /// Hands over what was decrypted; false: there is nothing.
    pub(super) fn read_plain(&mut self, into: &mut ReadBuf<'_>) -> bool {
        let Some(buffers) = self.0.as_mut().filter(|buffers| !buffers.plain.is_empty()) else { return false };
        let count = buffers.plain.len().min(into.remaining());
        into.put_slice(&buffers.plain[..count]);
        advance(&mut buffers.plain, count);
        self.tidy();
        true
    }

    /// Encrypted, not written yet.
    pub(super) fn sealed(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |buffers| &buffers.sealed)
    }

    /// Adds what was encrypted and could not be written.
    pub(super) fn push_sealed(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.0.get_or_insert_default().sealed.extend_from_slice(bytes);
        }
    }

    /// So many bytes of it are written.
    pub(super) fn written(&mut self, count: usize) {
        if let Some(buffers) = &mut self.0 {
            let count = count.min(buffers.sealed.len());
            advance(&mut buffers.sealed, count);
        }
        self.tidy();
    }

    #[cfg(test)]
    pub(super) fn owns_nothing(&self) -> bool {
        self.0.is_none()
    }

    fn tidy(&mut self) {
        self.0.take_if(|buffers| {
            buffers.partial.is_empty() && buffers.plain.is_empty() && buffers.sealed.is_empty()
        });
    }
}

/// Goes on by `count` bytes; memory that holds nothing more is freed.
fn advance(buffer: &mut BytesMut, count: usize) {
    buffer.advance(count);
    if buffer.is_empty() {
        *buffer = BytesMut::new();
    }
}
