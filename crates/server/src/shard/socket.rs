//! One socket: its stream, what waits for it, and its place in life.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::{Buf as _, Bytes};
use hub_core::CloseReason;
use hub_fanout::Outbox;
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};

use super::backlog::Backlog;
use super::ready::ReadySocket;
use super::send::Sends;
use super::wire::Wire;
use crate::native::NativeSession;
use crate::stream::Stream;

/// A socket that a shard owns.
pub(super) struct Socket {
    pub(super) id: u64,
    pub(super) stream: Stream,
    pub(super) outbox: Outbox,
    pub(super) ready: Arc<ReadySocket>,
    waker: Waker,
    /// Out while its input is being processed.
    pub(super) protocol: Option<Box<Protocol>>,
    pub(super) wire: Wire,
    pub(super) phase: Phase,
    /// Why it has to be closed once its protocol is back.
    pub(super) close_wanted: Option<CloseReason>,
    /// Its subscriptions, by key in the shard.
    pub(super) subscriptions: Vec<usize>,
    /// What it sent that is being taken in, if anything.
    pub(super) sends: Option<Box<Sends>>,
    /// What it brought and waits for its turn, if anything.
    pub(super) backlog: Option<Box<Backlog>>,
    pub(super) service: &'static str,
    pub(super) opened: Instant,
    pub(super) last_sent: Instant,
    pub(super) last_received: Instant,
    /// Since when the message or frame that it sends has been under way.
    pub(super) message_since: Option<Instant>,
    /// What its peer had taken when it was last looked at, and when that was
    /// more than before, or all there was.
    taken: u64,
    taken_at: Instant,
    /// TLS holds bytes that the kernel does not take.
    unflushed: bool,
    /// Counted in `hub_connections`.
    pub(super) counted: bool,
    /// Why it ends is noted already, by an ERROR.
    pub(super) is_noted: bool,
}

/// What is spoken on a socket.
pub(super) struct Protocol {
    /// Where there is a WebSocket underneath.
    pub(super) websocket: Option<hub_ws::Connection>,
    pub(super) dialogue: Dialogue,
}

/// What the messages mean.
pub(super) enum Dialogue {
    Stomp(hub_stomp::Session),
    /// JSON, as the endpoint understands it.
    Native(Box<dyn NativeSession>),
    /// Nothing any more: an HTTP refusal is written and then the socket
    /// closed.
    Refused,
}

impl Protocol {
    /// Whether a message has begun and is not whole: of the WebSocket, or a
    /// STOMP frame in however many messages.
    pub(super) fn in_message(&self) -> bool {
        let in_frame = matches!(&self.dialogue, Dialogue::Stomp(session) if session.in_frame());
        in_frame || self.websocket.as_ref().is_some_and(hub_ws::Connection::in_message)
    }

    pub(super) fn stomp(&mut self) -> Option<&mut hub_stomp::Session> {
        match &mut self.dialogue {
            Dialogue::Stomp(session) => Some(session),
            Dialogue::Native(_) | Dialogue::Refused => None,
        }
    }
}

/// Where a socket is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// Its STOMP session has to be connected by the deadline.
    Opening(Instant),
    /// Streaming.
    Open,
    /// The hub is shutting down: the socket is closed once it has what it is
    /// owed, or at the deadline.
    Draining(Instant),
    /// Our last frame is in the outbox; the peer's Close is awaited.
    Closing(Instant),
    /// Everything is written and our side shut; the peer's end is awaited, so
    /// that unread input can't reset the connection under our last bytes.
    Lingering(Instant),
}

/// What a read gave.
pub(super) enum Read {
    /// So many bytes.
    Bytes(usize),
    /// Nothing now; the waker is set.
    Pending,
    /// The peer sends no more; it may still read.
    End,
    /// The connection broke.
    Broken,
}

/// The peer is gone.
pub(super) struct Gone;

/// What a socket begins with.
pub(super) struct SocketStart {
    pub(super) id: u64,
    pub(super) stream: Stream,
    pub(super) protocol: Protocol,
    pub(super) wire: Wire,
    pub(super) phase: Phase,
    pub(super) service: &'static str,
    pub(super) counted: bool,
}

impl Socket {
    pub(super) fn new(start: SocketStart, ready: Arc<ReadySocket>, now: Instant) -> Socket {
        Socket {
            id: start.id,
            stream: start.stream,
            outbox: Outbox::default(),
            waker: ready.waker(),
            ready,
            protocol: Some(Box::new(start.protocol)),
            wire: start.wire,
            phase: start.phase,
            close_wanted: None,
            subscriptions: Vec::new(),
            sends: None,
            backlog: None,
            service: start.service,
            opened: now,
            last_sent: now,
            last_received: now,
            message_since: None,
            taken: 0,
            taken_at: now,
            unflushed: false,
            counted: start.counted,
            is_noted: false,
        }
    }

    /// Whether new messages may be added.
    pub(super) fn is_streaming(&self) -> bool {
        matches!(self.phase, Phase::Opening(_) | Phase::Open | Phase::Draining(_))
    }

    /// Reads into `scratch`.
    pub(super) fn read(&mut self, scratch: &mut [u8], now: Instant) -> Read {
        let mut buffer = ReadBuf::new(scratch);
        let mut cx = Context::from_waker(&self.waker);
        match Pin::new(&mut self.stream).poll_read(&mut cx, &mut buffer) {
            Poll::Pending => Read::Pending,
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => Read::End,
            Poll::Ready(Ok(())) => {
                self.last_received = now;
                Read::Bytes(buffer.filled().len())
            }
            Poll::Ready(Err(_)) => Read::Broken,
        }
    }

    /// Sends a frame: at once if nothing waits, else behind what does.
    pub(super) fn send(&mut self, mut frame: Bytes, now: Instant) -> Result<(), Gone> {
        if !self.outbox.is_empty() {
            self.outbox.push(frame);
            return Ok(());
        }
        let mut cx = Context::from_waker(&self.waker);
        match Pin::new(&mut self.stream).poll_write(&mut cx, &frame) {
            Poll::Ready(Ok(written)) => {
                self.last_sent = now;
                frame.advance(written.min(frame.len()));
                if frame.is_empty() && !self.stream.holds_back() {
                    return Ok(());
                }
            }
            Poll::Ready(Err(_)) => return Err(Gone),
            Poll::Pending => {}
        }
        self.outbox.push(frame);
        self.flush(now)
    }

    /// Writes what waits, as far as the socket takes it.
    pub(super) fn flush(&mut self, now: Instant) -> Result<(), Gone> {
        let mut cx = Context::from_waker(&self.waker);
        let mut stream = Pin::new(&mut self.stream);
        let (written, result) =
            self.outbox.drain(|slices| match stream.as_mut().poll_write_vectored(&mut cx, slices) {
                Poll::Ready(Ok(0)) => Err(Some(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => Ok(written),
                Poll::Ready(Err(error)) => Err(Some(error)),
                Poll::Pending => Err::<usize, Option<io::Error>>(None),
            });
        if written > 0 {
            self.last_sent = now;
        }
        if let Err(Some(_)) = result {
            return Err(Gone);
        }
        // TLS may hold back the last record until it is flushed; TCP never.
        let flushed = stream.poll_flush(&mut cx);
        self.unflushed = flushed.is_pending();
        match flushed {
            Poll::Ready(Err(_)) => Err(Gone),
            Poll::Ready(Ok(())) | Poll::Pending => Ok(()),
        }
    }

    /// For how long something has waited for the peer of which not one byte
    /// was taken. To be asked every now and then: that is how it is known.
    pub(super) fn unread_for(&mut self, now: Instant) -> Duration {
        let taken = self.stream.taken();
        if taken != self.taken || self.outbox.is_empty() && !self.unflushed {
            (self.taken, self.taken_at) = (taken, now);
        }
        now.saturating_duration_since(self.taken_at)
    }

    /// Shuts our side, once everything is written. `Ok(false)`: not done yet,
    /// the waker is set.
    pub(super) fn shut(&mut self) -> Result<bool, Gone> {
        let mut cx = Context::from_waker(&self.waker);
        match Pin::new(&mut self.stream).poll_shutdown(&mut cx) {
            Poll::Ready(Ok(())) => Ok(true),
            Poll::Ready(Err(_)) => Err(Gone),
            Poll::Pending => Ok(false),
        }
    }
}
