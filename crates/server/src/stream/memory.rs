//! A byte stream in memory, so that what owns streams is tested without
//! sockets: its peer takes as much as the test has it take.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The hub's end.
pub(crate) struct MemoryStream(Arc<Mutex<Pipe>>);

/// The peer's end. Dropped, it is a connection that broke.
pub(crate) struct MemoryPeer(Arc<Mutex<Pipe>>);

struct Pipe {
    to_hub: VecDeque<u8>,
    to_peer: VecDeque<u8>,
    /// Bytes to the peer that are held, as the kernel's buffers do.
    capacity: usize,
    peer_shut: bool,
    peer_gone: bool,
    /// The hub has shut its side, or dropped the stream.
    hub_ended: bool,
    taken: u64,
    /// Calls that took something.
    writes: u64,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// A connection that holds `capacity` bytes on their way to the peer.
pub(crate) fn pair(capacity: usize) -> (MemoryStream, MemoryPeer) {
    let pipe = Arc::new(Mutex::new(Pipe {
        to_hub: VecDeque::new(),
        to_peer: VecDeque::new(),
        capacity,
        peer_shut: false,
        peer_gone: false,
        hub_ended: false,
        taken: 0,
        writes: 0,
        reader: None,
        writer: None,
    }));
    (MemoryStream(Arc::clone(&pipe)), MemoryPeer(pipe))
}

fn lock(pipe: &Mutex<Pipe>) -> MutexGuard<'_, Pipe> {
    pipe.lock().expect("no test panics while it holds the pipe")
}

impl MemoryStream {
    /// Number of bytes that were taken from the hub.
    pub(super) fn taken(&self) -> u64 {
        lock(&self.0).taken
    }
}

impl Drop for MemoryStream {
    fn drop(&mut self) {
        lock(&self.0).hub_ended = true;
    }
}

impl AsyncRead for MemoryStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut pipe = lock(&self.0);
        if pipe.to_hub.is_empty() {
            return match (pipe.peer_gone, pipe.peer_shut) {
                (true, _) => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
                (false, true) => Poll::Ready(Ok(())),
                (false, false) => {
                    pipe.reader = Some(cx.waker().clone());
                    Poll::Pending
                }
            };
        }
        let count = pipe.to_hub.len().min(buf.remaining());
        let bytes: Vec<u8> = pipe.to_hub.drain(..count).collect();
        buf.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for MemoryStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    /// Takes of all slices what there is room for, as the kernel does.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut pipe = lock(&self.0);
        if pipe.peer_gone {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = pipe.capacity - pipe.to_peer.len();
        let offered: usize = slices.iter().map(|slice| slice.len()).sum();
        let count = offered.min(room);
        if count == 0 && offered > 0 {
            pipe.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        pipe.to_peer.extend(slices.iter().flat_map(|slice| slice.iter()).take(count));
        pipe.taken += count as u64;
        pipe.writes += u64::from(count > 0);
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.0).hub_ended = true;
        Poll::Ready(Ok(()))
    }
}

impl MemoryPeer {
    /// Sends to the hub.
    pub(crate) fn send(&self, bytes: &[u8]) {
        let mut pipe = lock(&self.0);
        pipe.to_hub.extend(bytes);
        pipe.reader.take().into_iter().for_each(Waker::wake);
    }

    /// Takes at most so many bytes.
    pub(crate) fn take(&self, most: usize) -> Vec<u8> {
        let mut pipe = lock(&self.0);
        let count = pipe.to_peer.len().min(most);
        let bytes = pipe.to_peer.drain(..count).collect();
        if count > 0 {
            pipe.writer.take().into_iter().for_each(Waker::wake);
        }
        bytes
    }

    /// Number of the hub's writes of which something was taken.
    pub(crate) fn writes(&self) -> u64 {
        lock(&self.0).writes
    }

    /// Sends no more; it still reads.
    pub(crate) fn shut(&self) {
        let mut pipe = lock(&self.0);
        pipe.peer_shut = true;
        pipe.reader.take().into_iter().for_each(Waker::wake);
    }

    /// Says whether the hub has ended the stream and everything before was taken.
    pub(crate) fn is_at_end(&self) -> bool {
        let pipe = lock(&self.0);
        pipe.hub_ended && pipe.to_peer.is_empty()
    }
}

impl Drop for MemoryPeer {
    fn drop(&mut self) {
        let mut pipe = lock(&self.0);
        pipe.peer_gone = true;
        let pipe = &mut *pipe;
        pipe.reader.take().into_iter().chain(pipe.writer.take()).for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(stream: &mut MemoryStream, slices: &[&[u8]]) -> Poll<io::Result<usize>> {
        let slices: Vec<_> = slices.iter().map(|slice| IoSlice::new(slice)).collect();
        Pin::new(stream).poll_write_vectored(&mut Context::from_waker(Waker::noop()), &slices)
    }

    #[test]
    fn one_write_takes_of_all_slices_what_there_is_room_for() {
        let (mut stream, peer) = pair(5);
        assert!(matches!(write(&mut stream, &[b"ab", b"", b"cd", b"ef"]), Poll::Ready(Ok(5))));
        assert!(write(&mut stream, &[b"f"]).is_pending());
        assert_eq!((peer.take(usize::MAX), peer.writes()), (b"abcde".to_vec(), 1));
        assert!(matches!(write(&mut stream, &[b"f"]), Poll::Ready(Ok(1))));
        assert!(matches!(write(&mut stream, &[]), Poll::Ready(Ok(0))));
        assert_eq!((peer.take(usize::MAX), peer.writes()), (b"f".to_vec(), 2));
        drop(peer);
        assert!(matches!(write(&mut stream, &[b"g"]), Poll::Ready(Err(_))));
    }
}
