//! A `SockJS` session as a byte stream, so that a shard owns it as it owns a
//! socket.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use hub_core::CloseReason;
use hub_sockjs::actix::SessionEnd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Reads what the client's messages hold, one after another: to STOMP they are
/// a stream. Takes whole frames.
pub(crate) struct SessionPipe {
    end: SessionEnd,
    /// Of a message that did not fit the reader's buffer.
    rest: Bytes,
    /// Reason that the client is told when the pipe is shut.
    close_reason: CloseReason,
    /// Bytes of frames that the session has taken.
    taken: u64,
}

impl SessionPipe {
    pub(super) fn new(end: SessionEnd) -> SessionPipe {
        SessionPipe { end, rest: Bytes::new(), close_reason: CloseReason::NORMAL, taken: 0 }
    }

    /// Bytes of frames that the session has taken.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Sets the reason for which it will be shut.
    pub(crate) fn set_close_reason(&mut self, reason: CloseReason) {
        self.close_reason = reason;
    }

    /// A protocol above has heart-beats of its own.
    pub(crate) fn leave_heartbeats(&self) {
        self.end.set_heartbeats(false);
    }
}

impl AsyncRead for SessionPipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.rest.is_empty() {
            match self.end.poll_receive(cx) {
                Poll::Ready(Some(message)) => self.rest = message.into(),
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
        let taken = self.rest.len().min(buf.remaining());
        buf.put_slice(&self.rest[..taken]);
        self.rest.advance(taken);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for SessionPipe {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, frame: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(frame)])
    }

    /// Each slice is a frame; none is taken in part.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        frames: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let frames = frames.iter().map(|frame| &**frame).filter(|frame| !frame.is_empty());
        let taken = ready!(self.end.poll_send_slices(cx, frames));
        let taken = taken.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        self.taken += taken as u64;
        Poll::Ready(Ok(taken))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Shuts the session's side: what was written goes out before the reason.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.end.close(self.close_reason.code, self.close_reason.text);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests;
