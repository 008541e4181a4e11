//! The stream of a connection on which HTTP is spoken: what the HTTP server
//! does not see to.

use std::cell::Cell;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::Stream;
use super::head::Fault;
use super::request_filter::RequestFilter;
use crate::hang_up::{HangUp, HangUpTimeouts};

/// Bytes that are read at a time while they are not the HTTP server's yet.
const READ_BYTES: usize = 8 << 10;

/// Bytes that may wait for the answer to the request before them, at most.
const WAITING_BYTES: usize = 16 << 10;

/// A stream as the HTTP server has it: heads are looked at before the server
/// sees them, and how it goes is noted for whoever may have to end it.
pub(crate) struct HttpStream {
    /// Until it is upgraded.
    stream: Option<Stream>,
    filter: RequestFilter,
    /// The peer has shut its side.
    is_over: bool,
    hang_up: HangUp,
    released: ReleaseSlot,
}

/// The place of the stream that the HTTP server lets go of.
#[derive(Clone, Default)]
pub(crate) struct ReleaseSlot(Rc<Cell<Option<Released>>>);

/// A stream that the HTTP server has let go of.
struct Released {
    stream: Stream,
    /// The reason why what came last is no request, if it is none.
    fault: Option<Fault>,
    /// Its first request has begun, and not come whole.
    is_unfinished: bool,
}

impl HttpStream {
    /// `stream`, how it may be ended, and where it will be once the server is
    /// done with it.
    pub(crate) fn new(stream: Stream, timeouts: HangUpTimeouts) -> (HttpStream, HangUp, ReleaseSlot) {
        let (hang_up, released) = (HangUp::new(timeouts), ReleaseSlot::default());
        let http = HttpStream {
            stream: Some(stream),
            filter: RequestFilter::default(),
            is_over: false,
            hang_up: hang_up.clone(),
            released: released.clone(),
        };
        (http, hang_up, released)
    }

    /// The handle that ends it, for the extensions of its requests.
    pub(crate) fn hang_up(&self) -> &HangUp {
        &self.hang_up
    }

    /// The stream on which HTTP is spoken no longer.
    pub(crate) fn into_upgraded(mut self) -> Option<Stream> {
        let mut stream = self.stream.take()?;
        stream.put_back(std::mem::take(&mut self.filter).into_rest());
        Some(stream)
    }

    /// Reads what the server may be given; nothing, once the peer has shut its
    /// side and has all its answers.
    fn poll_filtered(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.filter.hand_on(buf) {
                self.hang_up.moved();
                return Poll::Ready(Ok(()));
            }
            if self.filter.is_waiting(self.hang_up.answers()) {
                let waiting_bytes = self.filter.held_bytes();
                // Most often nothing is there yet when the answer is given.
                if self.is_over || waiting_bytes > 0 {
                    self.hang_up.wake_when_answered(cx.waker());
                }
                if self.is_over || waiting_bytes >= WAITING_BYTES {
                    return Poll::Pending;
                }
            } else if self.filter.resume() {
                continue;
            } else if self.is_over {
                self.filter.end();
                return Poll::Ready(Ok(()));
            } else if self.filter.is_over() {
                if self.filter.fault().is_none() {
                    self.hang_up.body_broke();
                }
                return Poll::Ready(Ok(()));
            }
            let passthrough_bytes = self.filter.passthrough_bytes().min(buf.remaining());
            if ready!(self.poll_more(cx, buf, passthrough_bytes))? && passthrough_bytes > 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Reads more: into `buf`, so much of it as need not be seen, or to be
    /// looked at. False: there is nothing more.
    fn poll_more(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        passthrough_bytes: usize,
    ) -> Poll<io::Result<bool>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(Ok(false)) };
        let mut room = [MaybeUninit::uninit(); READ_BYTES];
        let mut part = match passthrough_bytes {
            0 => ReadBuf::uninit(&mut room),
            passthrough_bytes => ReadBuf::new(buf.initialize_unfilled_to(passthrough_bytes)),
        };
        ready!(Pin::new(stream).poll_read(cx, &mut part))?;
        let read = part.filled().len();
        if read == 0 {
            self.is_over = true;
            self.hang_up.peer_shut();
            return Poll::Ready(Ok(false));
        }
        self.hang_up.moved();
        if passthrough_bytes == 0 {
            self.filter.push(part.filled());
        } else {
            self.filter.passed(read);
            buf.advance(read);
        }
        Poll::Ready(Ok(true))
    }

    /// Writes, and notes that something was written, or waits.
    fn poll_note<T>(
        &mut self,
        write: impl FnOnce(Pin<&mut Stream>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        let written = write(Pin::new(stream));
        self.hang_up.wrote(stream.taken(), written.is_pending(), Instant::now);
        written
    }
}

impl ReleaseSlot {
    /// True if it ended before its first request was whole.
    pub(crate) fn is_unfinished(&self) -> bool {
        let rest = self.0.take();
        let is_unfinished = rest.as_ref().is_some_and(|rest| rest.is_unfinished);
        self.0.set(rest);
        is_unfinished
    }

    /// Takes the stream, if there is one, and why what came last is no request,
    /// if so.
    pub(crate) fn take(self) -> Option<(Stream, Option<Fault>)> {
        self.0.take().map(|rest| (rest.stream, rest.fault))
    }
}

impl AsyncRead for HttpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_filtered(cx, buf)
    }
}

impl AsyncWrite for HttpStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_note(|stream| stream.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_note(|stream| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_note(|stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.filter.fault().is_some() {
            // There is one more answer to give.
            return Poll::Ready(Ok(()));
        }
        self.poll_note(|stream| stream.poll_shutdown(cx))
    }
}

impl Drop for HttpStream {
    fn drop(&mut self) {
        let Some(stream) = self.stream.take() else { return };
        if self.hang_up.is_stalled() {
            stream.forget_unread();
        } else {
            let (fault, is_unfinished) = (self.filter.fault().cloned(), self.filter.is_unfinished());
            self.released.0.set(Some(Released { stream, fault, is_unfinished }));
        }
    }
}
