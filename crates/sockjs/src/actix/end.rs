//! The application's side of a session.

use std::borrow::Cow;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::shared::{Party, Shared, now};
use crate::frame::Messages;
use crate::session::{GO_AWAY, Reason, Refused};

/// The session is closed: nothing can be sent any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the session is closed")]
pub struct Gone;

/// Reason why a frame was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SendError {
    /// As much waits as may.
    #[error("as much waits for the client as may")]
    Full,
    /// The session is closed.
    #[error("the session is closed")]
    Gone,
}

impl From<Refused> for SendError {
    fn from(refused: Refused) -> SendError {
        match refused {
            Refused::Full => SendError::Full,
            Refused::Closed => SendError::Gone,
        }
    }
}

/// The application's side of a session, whatever carries it: messages come in
/// order, frames go out in order.
///
/// It can be used from any thread, by one reader and one writer: of those that
/// wait for the same, only the last is woken. Dropping it closes the session
/// with `c[3000,"Go away!"]`.
pub struct SessionEnd {
    shared: Arc<Shared>,
}

impl SessionEnd {
    pub(super) fn new(shared: Arc<Shared>) -> SessionEnd {
        SessionEnd { shared }
    }

    /// The next message. `None`: the session is closed, by either side or
    /// because the client did not come back, and what had arrived is received
    /// (unless it was this side that closed).
    pub fn poll_receive(&self, cx: &mut Context<'_>) -> Poll<Option<String>> {
        self.shared.poll(Party::Reader, cx, |session| match session.receive() {
            Some(message) => Poll::Ready(Some(message)),
            None if session.is_ended() => Poll::Ready(None),
            None => Poll::Pending,
        })
    }

    /// Sends a whole frame that is encoded already: `a[...]` as [`Messages`]
    /// makes them, or `h`. Pending, and `frame` not taken, while as much waits
    /// as may ([`Limits::outbound_bytes`](crate::Limits::outbound_bytes)).
    pub fn poll_send_frame(&self, cx: &mut Context<'_>, frame: &Bytes) -> Poll<Result<(), Gone>> {
        self.shared.poll(Party::Writer, cx, |session| match session.send(frame, now()) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(Refused::Closed) => Poll::Ready(Err(Gone)),
            Err(Refused::Full) => Poll::Pending,
        })
    }

    /// The same without waiting.
    pub fn try_send_frame(&self, frame: &Bytes) -> Result<(), SendError> {
        Ok(self.shared.with(|session| session.send(frame, now()))?)
    }

    /// Sends frames in one go, as many as there is room for: whoever receives
    /// finds them all. Gives the bytes of those that were taken, each of them
    /// whole; pending if it is none.
    pub fn poll_send_slices<'f>(
        &self,
        cx: &mut Context<'_>,
        frames: impl IntoIterator<Item = &'f [u8]>,
    ) -> Poll<Result<usize, Gone>> {
        self.shared.poll(Party::Writer, cx, |session| {
            let (now, mut taken) = (now(), 0);
            for frame in frames {
                match session.send_slice(frame, now) {
                    Ok(()) => taken += frame.len(),
                    Err(Refused::Closed) => return Poll::Ready(Err(Gone)),
                    Err(Refused::Full) if taken == 0 => return Poll::Pending,
                    Err(Refused::Full) => break,
                }
            }
            Poll::Ready(Ok(taken))
        })
    }

    /// Ready as soon as a frame of so many bytes would be taken.
    pub fn poll_room(&self, cx: &mut Context<'_>, bytes: usize) -> Poll<Result<(), Gone>> {
        self.shared.poll(Party::Writer, cx, |session| match session.check_room(bytes) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(Refused::Closed) => Poll::Ready(Err(Gone)),
            Err(Refused::Full) => Poll::Pending,
        })
    }

    /// The next message; see [`SessionEnd::poll_receive`].
    pub async fn receive(&self) -> Option<String> {
        poll_fn(|cx| self.poll_receive(cx)).await
    }

    /// Sends messages in one frame; waits while it has to.
    pub async fn send<'m>(&self, messages: impl IntoIterator<Item = &'m str>) -> Result<(), Gone> {
        let mut frame = Messages::default();
        for message in messages {
            frame.push(message);
        }
        let frame = frame.finish().into();
        poll_fn(|cx| self.poll_send_frame(cx, &frame)).await
    }

    /// Closes the session. The client gets what waits, then the reason. The
    /// first close counts.
    pub fn close(&self, code: u16, reason: impl Into<Cow<'static, str>>) {
        let reason = Reason { code, text: reason.into() };
        self.shared.with(|session| session.close(reason, now()));
    }

    /// True once nothing can be sent any more.
    pub fn is_closed(&self) -> bool {
        self.shared.with(|session| session.is_closed())
    }

    /// Reason for the close; code 1002 if the client went away.
    pub fn reason(&self) -> Option<Reason> {
        self.shared.with(|session| session.reason().cloned())
    }

    /// Bytes of frames that wait for the client. What a response was given, and actix or the kernel hold, is not among
    /// them.
    pub fn buffered_bytes(&self) -> usize {
        self.shared.with(|session| session.buffered_bytes())
    }

    /// Switches the session's heart-beats off or on, as when a protocol above
    /// has its own.
    pub fn set_heartbeats(&self, on: bool) {
        self.shared.with(|session| session.set_heartbeats(on));
    }
}

impl Drop for SessionEnd {
    fn drop(&mut self) {
        self.shared.with(|session| session.close(GO_AWAY, now()));
    }
}
