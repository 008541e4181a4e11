//! One socket: its stream, what waits for it, and its place in life.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hub_fanout::Outbox;
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};

use super::inbound::{Inbound, Protocol};
use super::ready::ReadySocket;
use super::round::Part;
use crate::shard::moment::Stamp;
use crate::shard::wire::Wire;
use crate::stream::Stream;

/// A socket that a shard owns.
pub(super) struct Socket {
    id: u64,
    stream: Stream,
    outbox: Outbox,
    ready: Arc<ReadySocket>,
    wire: Wire,
    pub(super) inbound: Inbound,
    pub(super) phase: Phase,
    pub(super) service: &'static str,
    pub(super) opened: Stamp,
    pub(super) last_sent: Stamp,
    pub(super) last_received: Stamp,
    /// Time of the last ping, and how many went unanswered.
    pub(super) pinged: Stamp,
    pub(super) pings: u8,
    /// Bytes its peer had taken when it was last looked at, and when that was
    /// more than before, or all there was.
    taken: u64,
    taken_at: Stamp,
    /// TLS holds bytes that the kernel does not take.
    unflushed: bool,
    /// Its peer did not take all that it was offered: it is woken when there is
    /// room. Of bytes that are only staged, in this turn, nobody knows yet.
    blocked: bool,
    pub(super) part: Part,
    /// Counted in `hub_connections`.
    pub(super) counted: bool,
}

/// Phase of a socket's life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::shard) enum Phase {
    /// Its STOMP session has to be connected by the deadline.
    Opening(Stamp),
    /// Streaming.
    Open,
    /// The hub is shutting down: the socket is closed once it has what it is
    /// owed, or at the deadline.
    Draining(Stamp),
    /// Our last frame is in the outbox; the peer's Close is awaited.
    Closing(Stamp),
    /// Everything is written and our side shut; the peer's end is awaited, so
    /// that unread input can't reset the connection under our last bytes.
    Lingering(Stamp),
}

/// Outcome of a read.
pub(in crate::shard) enum Read {
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

/// Everything a socket begins with.
pub(in crate::shard) struct SocketStart {
    pub(in crate::shard) id: u64,
    pub(in crate::shard) stream: Stream,
    pub(in crate::shard) protocol: Protocol,
    pub(in crate::shard) wire: Wire,
    pub(in crate::shard) phase: Phase,
    pub(in crate::shard) service: &'static str,
    pub(in crate::shard) counted: bool,
}

impl Socket {
    pub(super) fn new(start: SocketStart, ready: Arc<ReadySocket>, now: Instant) -> Socket {
        let now = Stamp::of(now);
        Socket {
            id: start.id,
            stream: start.stream,
            outbox: Outbox::default(),
            ready,
            wire: start.wire,
            inbound: Inbound::new(start.protocol),
            phase: start.phase,
            service: start.service,
            opened: now,
            last_sent: now,
            last_received: now,
            pinged: now,
            pings: 0,
            taken: 0,
            taken_at: now,
            unflushed: false,
            blocked: false,
            part: Part::default(),
            counted: start.counted,
        }
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Address of its peer.
    pub(super) fn peer(&self) -> SocketAddr {
        self.stream.peer()
    }

    pub(super) fn wire(&self) -> Wire {
        self.wire
    }

    pub(super) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    pub(super) fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    pub(super) fn unlist(&self) {
        self.ready.unlist();
    }

    pub(super) fn relist(&self) {
        self.ready.list();
    }

    /// Its STOMP session is connected; `heartbeats`: and keeps its own.
    pub(super) fn connected(&mut self, heartbeats: bool) {
        if matches!(self.phase, Phase::Opening(_)) {
            self.phase = Phase::Open;
        }
        if heartbeats && let Some(pipe) = self.stream.as_session() {
            pipe.leave_heartbeats();
        }
    }

    /// Adds frames to what waits, to be written at the end of the turn.
    pub(super) fn stage(&mut self, frames: Bytes) {
        self.outbox.push(frames);
    }

    /// Says whether its peer has not taken what it was offered.
    pub(super) fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// Says whether new messages may be added.
    pub(super) fn is_streaming(&self) -> bool {
        matches!(self.phase, Phase::Opening(_) | Phase::Open | Phase::Draining(_))
    }

    /// Reads into `scratch`.
    pub(super) fn read(&mut self, scratch: &mut [u8], now: Instant) -> Read {
        let mut buffer = ReadBuf::new(scratch);
        let waker = self.ready.waker();
        let mut cx = Context::from_waker(&waker);
        match Pin::new(&mut self.stream).poll_read(&mut cx, &mut buffer) {
            Poll::Pending => Read::Pending,
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => Read::End,
            Poll::Ready(Ok(())) => {
                self.last_received = Stamp::of(now);
                self.pings = 0;
                Read::Bytes(buffer.filled().len())
            }
            Poll::Ready(Err(_)) => Read::Broken,
        }
    }

    /// Writes what waits, as far as the socket takes it.
    pub(super) fn flush(&mut self, now: Instant) -> Result<(), Gone> {
        let waker = self.ready.waker();
        let mut cx = Context::from_waker(&waker);
        let mut stream = Pin::new(&mut self.stream);
        let (written, result) = self.outbox.drain(|slices| {
            let written = match slices {
                [one] => stream.as_mut().poll_write(&mut cx, one),
                several => stream.as_mut().poll_write_vectored(&mut cx, several),
            };
            match written {
                Poll::Ready(Ok(0)) => Err(Some(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => Ok(written),
                Poll::Ready(Err(error)) => Err(Some(error)),
                Poll::Pending => Err::<usize, Option<io::Error>>(None),
            }
        });
        self.blocked = !self.outbox.is_empty();
        if written > 0 {
            self.last_sent = Stamp::of(now);
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
        if taken != self.taken || !self.blocked && !self.unflushed {
            (self.taken, self.taken_at) = (taken, Stamp::of(now));
        }
        now.saturating_duration_since(self.taken_at.instant())
    }

    /// Shuts our side, once everything is written. `Ok(false)`: not done yet,
    /// the waker is set.
    pub(super) fn shut(&mut self) -> Result<bool, Gone> {
        let waker = self.ready.waker();
        let mut cx = Context::from_waker(&waker);
        match Pin::new(&mut self.stream).poll_shutdown(&mut cx) {
            Poll::Ready(Ok(())) => Ok(true),
            Poll::Ready(Err(_)) => Err(Gone),
            Poll::Pending => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thousands of them idle: docs/performance.md says what one costs. What
    /// few sockets need for a while is boxed.
    #[test]
    fn an_idle_socket_is_small() {
        assert!(size_of::<Socket>() <= 296, "{} bytes", size_of::<Socket>());
        assert!(size_of::<Protocol>() <= 160, "{} bytes", size_of::<Protocol>());
    }
}
