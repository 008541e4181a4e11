//! A `SockJS` session as a byte stream, so that a shard owns it as it owns a
//! socket.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

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
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, frame: &[u8]) -> Poll<io::Result<usize>> {
        if frame.is_empty() {
            return Poll::Ready(Ok(0));
        }
        match self.end.poll_send_frame(cx, &Bytes::copy_from_slice(frame)) {
            Poll::Ready(Ok(())) => {
                self.taken += frame.len() as u64;
                Poll::Ready(Ok(frame.len()))
            }
            Poll::Ready(Err(_)) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Each slice is a frame; none is taken in part.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        frames: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut written = 0;
        for frame in frames {
            match self.as_mut().poll_write(cx, frame) {
                Poll::Ready(Ok(bytes)) => written += bytes,
                Poll::Ready(Err(error)) if written == 0 => return Poll::Ready(Err(error)),
                Poll::Pending if written == 0 => return Poll::Pending,
                Poll::Ready(Err(_)) | Poll::Pending => break,
            }
        }
        Poll::Ready(Ok(written))
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
