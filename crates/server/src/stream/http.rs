//! What the HTTP server does not see to on its connection.

use std::io;
use std::task::{Poll, Waker, ready};

use bytes::BytesMut;
use tokio::io::ReadBuf;

use super::heads::Heads;
use crate::hang_up::HangUp;

/// How much is read at a time that is not the HTTP server's yet.
const READ_BYTES: usize = 8 << 10;

/// Reads in a row of what nobody wants.
const READS_IN_A_ROW: usize = 8;

/// A stream's side to the HTTP server: it looks at heads before the server
/// does, notices the peer's end, and lets it read the last answer.
pub(super) struct HttpSide {
    hang_up: HangUp,
    heads: Heads,
    /// Our end was written.
    is_shut: bool,
}

impl HttpSide {
    pub(super) fn new(hang_up: HangUp) -> HttpSide {
        HttpSide { hang_up, heads: Heads::default(), is_shut: false }
    }

    pub(super) fn hang_up(&self) -> &HangUp {
        &self.hang_up
    }

    pub(super) fn is_shut(&self) -> bool {
        self.is_shut
    }

    /// What was read and not given to the HTTP server.
    pub(super) fn into_rest(self) -> BytesMut {
        self.heads.into_rest()
    }

    /// Reads, by `receive`, what the HTTP server may be given.
    pub(super) fn poll_read(
        &mut self,
        buf: &mut ReadBuf<'_>,
        mut receive: impl FnMut(&mut ReadBuf<'_>) -> Poll<io::Result<()>>,
    ) -> Poll<io::Result<()>> {
        while !self.heads.hand_on(buf) {
            let unseen = self.heads.unseen().min(buf.remaining());
            let mut room = [0; READ_BYTES];
            let mut part = match unseen {
                0 => ReadBuf::new(&mut room),
                unseen => ReadBuf::new(buf.initialize_unfilled_to(unseen)),
            };
            ready!(receive(&mut part))?;
            let read = part.filled().len();
            if read == 0 {
                self.hang_up.peer_shut();
                self.heads.end();
                self.heads.hand_on(buf);
                break;
            }
            self.hang_up.moved();
            if unseen > 0 {
                self.heads.passed(read);
                buf.advance(read);
                break;
            }
            self.heads.look_at(&room[..read]);
        }
        Poll::Ready(Ok(()))
    }

    /// Our end is written. Were the connection closed with something unread,
    /// the kernel would take back what the peer has not read of our answers
    /// (RFC 9112, section 9.6): so what it still sends is thrown away until it
    /// ends, too, or has had its time.
    pub(super) fn poll_shut(
        &mut self,
        waker: &Waker,
        mut receive: impl FnMut(&mut ReadBuf<'_>) -> Poll<io::Result<()>>,
    ) -> Poll<io::Result<()>> {
        if !std::mem::replace(&mut self.is_shut, true) {
            self.hang_up.ask();
        }
        if self.hang_up.has_peer_shut() {
            return Poll::Ready(Ok(()));
        }
        let mut room = [0; READ_BYTES];
        for _ in 0..READS_IN_A_ROW {
            let mut part = ReadBuf::new(&mut room);
            // Who is gone reads no answer, either.
            if ready!(receive(&mut part)).is_err() || part.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
        waker.wake_by_ref();
        Poll::Pending
    }
}
