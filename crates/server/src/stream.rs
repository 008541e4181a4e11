//! A connection's byte stream: TCP or TLS, with what was read ahead of its
//! owner put back in front.

mod chunks;
mod counted;
mod head;
mod http;
#[cfg(test)]
pub(crate) mod memory;
mod pipe;
mod request_filter;

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use hub_sockjs::actix::SessionEnd;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};

use crate::addresses::AddressPermit;
use crate::stream::pipe::SessionPipe;
use crate::tls::TlsStream;

pub use self::counted::Counted;
pub(crate) use self::head::Fault;
pub(crate) use self::http::HttpStream;

/// A connection that both actix and the shards read from and write to.
pub struct Stream {
    transport: Transport,
    /// Read already, not taken yet, if there is any.
    ahead: Option<Box<BytesMut>>,
    /// Permit among its address's connections, held as long as the stream.
    permit: AddressPermit,
}

enum Transport {
    Tcp(Counted),
    Tls(Box<TlsStream>),
    Session(Box<SessionPipe>),
    #[cfg(test)]
    Memory(memory::MemoryStream),
}

/// Bytes that are read to tell one protocol from another.
const READ_AHEAD_BYTES: usize = 512;

impl Stream {
    /// Plain TCP.
    pub fn tcp(stream: Counted, permit: AddressPermit) -> Stream {
        Stream::new(Transport::Tcp(stream), permit)
    }

    /// TLS whose handshake is done.
    pub fn tls(stream: TlsStream, permit: AddressPermit) -> Stream {
        Stream::new(Transport::Tls(Box::new(stream)), permit)
    }

    /// A session of `SockJS`'s HTTP transports. What is written to it are whole
    /// frames, one a slice.
    pub(crate) fn session(end: SessionEnd, permit: AddressPermit) -> Stream {
        Stream::new(Transport::Session(Box::new(SessionPipe::new(end))), permit)
    }

    /// The session's side, where it is one.
    pub(crate) fn as_session(&mut self) -> Option<&mut SessionPipe> {
        match &mut self.transport {
            Transport::Session(pipe) => Some(pipe),
            _ => None,
        }
    }

    /// A stream in memory.
    #[cfg(test)]
    pub(crate) fn memory(stream: memory::MemoryStream, permit: AddressPermit) -> Stream {
        Stream::new(Transport::Memory(stream), permit)
    }

    fn new(transport: Transport, permit: AddressPermit) -> Stream {
        Stream { transport, ahead: None, permit }
    }

    /// Bytes that were taken from us, in all: by the kernel, or by the session.
    pub(crate) fn taken(&self) -> u64 {
        match &self.transport {
            Transport::Tcp(stream) => stream.taken(),
            Transport::Tls(stream) => stream.tcp().taken(),
            Transport::Session(pipe) => pipe.taken(),
            #[cfg(test)]
            Transport::Memory(stream) => stream.taken(),
        }
    }

    /// The kernel forgets what the peer has not read, when this is dropped,
    /// instead of offering it for minutes to come.
    pub(crate) fn forget_unread(&self) {
        let tcp = match &self.transport {
            Transport::Tcp(stream) => stream.tcp(),
            Transport::Tls(stream) => stream.tcp().tcp(),
            Transport::Session(_) => return,
            #[cfg(test)]
            Transport::Memory(_) => return,
        };
        // One that is broken already has nothing to forget.
        let _ = SockRef::from(tcp).set_linger(Some(std::time::Duration::ZERO));
    }

    /// Address of its peer.
    pub(crate) fn peer(&self) -> SocketAddr {
        self.permit.peer()
    }

    /// True unless its address had its share of connections before.
    pub fn is_within_limit(&self) -> bool {
        self.permit.is_within_limit()
    }

    /// Reads more ahead; what has been read so far is [`Stream::ahead`].
    /// 0 means the peer has closed.
    pub async fn read_ahead(&mut self) -> io::Result<usize> {
        let ahead = &mut **self.ahead.get_or_insert_default();
        ahead.reserve(READ_AHEAD_BYTES);
        match &mut self.transport {
            Transport::Tcp(stream) => stream.read_buf(ahead).await,
            Transport::Tls(stream) => stream.read_buf(ahead).await,
            Transport::Session(pipe) => pipe.read_buf(ahead).await,
            #[cfg(test)]
            Transport::Memory(stream) => stream.read_buf(ahead).await,
        }
    }

    /// Bytes that have been read ahead and not taken yet.
    pub fn ahead(&self) -> &[u8] {
        self.ahead.as_ref().map_or(&[], |ahead| ahead)
    }

    /// True if bytes it has taken may still wait for a flush.
    pub fn holds_back(&self) -> bool {
        matches!(&self.transport, Transport::Tls(stream) if stream.holds_back())
    }

    /// Puts `bytes` back in front of what is read next.
    pub(crate) fn put_back(&mut self, mut bytes: BytesMut) {
        bytes.extend_from_slice(self.ahead());
        self.ahead = (!bytes.is_empty()).then(|| Box::new(bytes));
    }

    /// Says a last word, and ends so that the peer can read it. Were the stream
    /// closed with something unread, the kernel would take back what the peer
    /// has not read of it (RFC 9112, section 9.6): so what still comes is
    /// thrown away, until the peer ends it, too.
    pub(crate) async fn close_with(mut self, last: Bytes) {
        let said = self.write_all(&last).await;
        if said.is_err() || self.shutdown().await.is_err() {
            return;
        }
        let mut room = [0; READ_AHEAD_BYTES];
        while let Ok(1..) = self.read(&mut room).await {}
    }

    /// Takes what has been read ahead.
    pub fn take_ahead(&mut self) -> BytesMut {
        self.ahead.take().map_or_else(BytesMut::new, |ahead| *ahead)
    }
}

/// The transport, for the methods that only pass on.
macro_rules! transport {
    ($self:expr, $stream:ident => $call:expr) => {
        match &mut $self.transport {
            Transport::Tcp($stream) => {
                let $stream = Pin::new($stream);
                $call
            }
            Transport::Tls($stream) => {
                let $stream = Pin::new($stream);
                $call
            }
            Transport::Session($stream) => {
                let $stream = Pin::new($stream);
                $call
            }
            #[cfg(test)]
            Transport::Memory($stream) => {
                let $stream = Pin::new($stream);
                $call
            }
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(ahead) = &mut self.ahead
            && !ahead.is_empty()
        {
            let taken = ahead.len().min(buf.remaining());
            buf.put_slice(&ahead[..taken]);
            ahead.advance(taken);
            self.ahead.take_if(|ahead| ahead.is_empty());
            return Poll::Ready(Ok(()));
        }
        transport!(self, stream => stream.poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        transport!(self, stream => stream.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        transport!(self, stream => stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        transport!(self, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        transport!(self, stream => stream.poll_shutdown(cx))
    }
}
