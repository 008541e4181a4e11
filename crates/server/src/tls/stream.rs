//! A TLS connection that owns no buffer while nothing is under way.
//!
//! rustls's buffered connection keeps 4 KiB to read into for as long as it
//! lives, which would be most of what an idle subscriber costs. Its unbuffered
//! one is a state machine: records are decrypted where one buffer of the thread
//! holds them, and encrypted into another. What stays with the connection is a
//! record of which a part has come, and what the socket did not take.

mod under_way;

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustls::ServerConfig;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, UnbufferedStatus};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use self::under_way::UnderWay;
use crate::stream::Counted;

/// The most that is encrypted as one record (RFC 8446, section 5.1).
const RECORD_BYTES: usize = 16 << 10;

/// The most that is encrypted for one write, as so many records as it takes;
/// what the socket does not take of it stays with the connection.
const WRITE_BYTES: usize = 4 * RECORD_BYTES;

/// Bytes that encryption adds to that, and a key update ahead of it, at most.
const OVERHEAD_BYTES: usize = 1 << 10;

/// Bytes that are read at a time.
const READ_BYTES: usize = RECORD_BYTES + OVERHEAD_BYTES;

/// The most that may have come of what can't be taken yet: a handshake message
/// in many records, which rustls limits to this, and one more record.
const PARTIAL_BYTES_MAX: usize = (64 << 10) + READ_BYTES;

/// Buffers that the connections of a thread share; nothing stays in them.
#[derive(Default)]
struct Scratch {
    /// Read from a socket.
    records: Vec<u8>,
    /// To be encrypted for one write.
    plain: Vec<u8>,
    /// To be written to a socket.
    sealed: Vec<u8>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// The server's side of a connection.
pub struct TlsStream<S = Counted> {
    tcp: S,
    session: UnbufferedServerConnection,
    under_way: UnderWay,
    /// The peer has ended TLS: no more can come.
    peer_closed: bool,
    /// This side has.
    closed: bool,
    /// It broke. From then on rustls is not asked again: it takes being given
    /// the same records twice for a mistake of its caller, and panics.
    failed: bool,
}

/// Bytes that are to be encrypted.
#[derive(Clone, Copy)]
enum Seal<'a> {
    Data(&'a [u8]),
    /// The end of TLS (RFC 8446, section 6.1).
    End,
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream<S> {
    /// Completes the handshake.
    pub(crate) async fn accept(config: Arc<ServerConfig>, tcp: S) -> io::Result<TlsStream<S>> {
        let session = UnbufferedServerConnection::new(config).map_err(io::Error::other)?;
        let mut stream = TlsStream {
            tcp,
            session,
            under_way: UnderWay::default(),
            peer_closed: false,
            closed: false,
            failed: false,
        };
        poll_fn(|cx| stream.poll_handshake(cx)).await?;
        Ok(stream)
    }

    /// The socket below it.
    pub(crate) fn tcp(&self) -> &S {
        &self.tcp
    }

    /// True if bytes it has taken still wait for the socket.
    pub(crate) fn holds_back(&self) -> bool {
        !self.under_way.sealed().is_empty()
    }

    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_send(cx))?;
            if !self.session.is_handshaking() {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_receive(cx))?;
        }
    }

    /// Reads once from the socket and takes what has come.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.failed {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        SCRATCH.with_borrow_mut(|Scratch { records, sealed, .. }| {
            let known = self.under_way.partial().len();
            if records.len() < known + READ_BYTES {
                records.resize(known + READ_BYTES, 0);
            }
            let mut room = ReadBuf::new(&mut records[known..known + READ_BYTES]);
            ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut room))?;
            let count = room.filled().len();
            if count == 0 {
                // Without an end of TLS nobody knows whether there was more.
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            records[..known].copy_from_slice(self.under_way.partial());
            let records = &mut records[..known + count];
            sealed.clear();
            let taken = self.take(records, &mut None, sealed);
            // Also where it failed: there may be an alert that says why.
            let sent = self.send(cx, sealed);
            let rest = taken.and_then(|taken| sent.map(|()| &records[taken..]));
            let too_much = io::ErrorKind::InvalidData.into();
            let kept =
                rest.and_then(|rest| if rest.len() > PARTIAL_BYTES_MAX { Err(too_much) } else { Ok(rest) });
            self.failed |= kept.is_err();
            self.under_way.set_partial(kept?.to_vec());
            Poll::Ready(Ok(()))
        })
    }

    /// [`go_over`](Self::go_over), of which one error is the end.
    fn take(
        &mut self,
        records: &mut [u8],
        seal: &mut Option<Seal<'_>>,
        out: &mut Vec<u8>,
    ) -> io::Result<usize> {
        let taken = self.go_over(records, seal, out);
        self.failed |= taken.is_err();
        taken
    }

    /// Goes over `records` until they want more to come; gives how many bytes
    /// of them are done with. Encrypts what is to be encrypted, once that is
    /// possible; what is to be written comes into `out`.
    fn go_over(
        &mut self,
        records: &mut [u8],
        seal: &mut Option<Seal<'_>>,
        out: &mut Vec<u8>,
    ) -> io::Result<usize> {
        let mut taken = 0;
        loop {
            let UnbufferedStatus { mut discard, state, .. } =
                self.session.process_tls_records(&mut records[taken..]);
            let mut is_done = false;
            match state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record.map_err(io::Error::other)?;
                        discard += record.discard;
                        self.under_way.push_plain(record.payload);
                    }
                }
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    append(out, RECORD_BYTES, |room| data.encode(room))?;
                }
                // It is in `out`, and what is there is written in order.
                Ok(ConnectionState::TransmitTlsData(data)) => data.done(),
                Ok(ConnectionState::PeerClosed) => self.peer_closed = true,
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    match seal.take() {
                        Some(Seal::Data(data)) => {
                            append(out, data.len(), |room| traffic.encrypt(data, room))?;
                        }
                        Some(Seal::End) => append(out, 0, |room| traffic.queue_close_notify(room))?,
                        None => {}
                    }
                    is_done = true;
                }
                // Both sides have ended TLS, or more has to come.
                Ok(_) => is_done = true,
                Err(error) => {
                    self.alert(&mut records[taken + discard..], out)?;
                    return Err(io::Error::new(io::ErrorKind::InvalidData, error));
                }
            }
            taken += discard;
            if is_done {
                return Ok(taken);
            }
        }
    }

    /// Appends the alert that tells the peer of an error, if there is one to tell.
    fn alert(&mut self, records: &mut [u8], out: &mut Vec<u8>) -> io::Result<()> {
        while self.session.wants_write() {
            match self.session.process_tls_records(records).state {
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    append(out, RECORD_BYTES, |room| data.encode(room))?;
                }
                _ => break,
            }
        }
        Ok(())
    }

    /// Encrypts, and writes what the socket takes; nothing is held back before.
    fn seal(&mut self, cx: &mut Context<'_>, seal: Seal<'_>, sealed: &mut Vec<u8>) -> io::Result<()> {
        sealed.clear();
        let mut seal = Some(seal);
        let mut partial = self.under_way.take_partial();
        let taken = self.take(&mut partial, &mut seal, sealed)?;
        partial.drain(..taken);
        self.under_way.set_partial(partial);
        if seal.is_some() {
            return Err(io::ErrorKind::NotConnected.into());
        }
        self.send(cx, sealed)
    }

    /// Writes as much as the socket takes, and keeps the rest for
    /// [`poll_send`](Self::poll_send).
    fn send(&mut self, cx: &mut Context<'_>, mut bytes: &[u8]) -> io::Result<()> {
        while !self.holds_back() && !bytes.is_empty() {
            match Pin::new(&mut self.tcp).poll_write(cx, bytes) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(written)) => bytes = &bytes[written..],
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => break,
            }
        }
        self.under_way.push_sealed(bytes);
        Ok(())
    }

    /// Writes what is held back.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.holds_back() {
            let written = ready!(Pin::new(&mut self.tcp).poll_write(cx, self.under_way.sealed()))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.under_way.written(written);
        }
        Poll::Ready(Ok(()))
    }
}

/// Lets `write` add to `out`: so many bytes and what encryption adds to them.
fn append<E: std::error::Error + Send + Sync + 'static>(
    out: &mut Vec<u8>,
    bytes: usize,
    write: impl FnOnce(&mut [u8]) -> Result<usize, E>,
) -> io::Result<()> {
    let start = out.len();
    out.resize(start + bytes + OVERHEAD_BYTES, 0);
    let written = write(&mut out[start..]).map_err(io::Error::other)?;
    out.truncate(start + written);
    Ok(())
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.under_way.read_plain(buf) {
            if self.peer_closed {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_receive(cx))?;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    /// Records of what there is, in one write: as few as hold it, taken whole or
    /// not at all.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.closed || self.failed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        ready!(self.poll_send(cx))?;
        SCRATCH.with_borrow_mut(|Scratch { plain, sealed, .. }| {
            let data = gather(bufs, plain);
            if data.is_empty() {
                return Poll::Ready(Ok(0));
            }
            self.seal(cx, Seal::Data(data), sealed)?;
            Poll::Ready(Ok(data.len()))
        })
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_send(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        if !self.closed && !self.failed {
            self.closed = true;
            SCRATCH.with_borrow_mut(|Scratch { sealed, .. }| self.seal(cx, Seal::End, sealed))?;
            ready!(self.poll_send(cx))?;
        }
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

/// The front of what is in `bufs`, as much as is written at once; copied into
/// `plain` where it is not in one piece.
fn gather<'a>(bufs: &'a [IoSlice<'_>], plain: &'a mut Vec<u8>) -> &'a [u8] {
    let mut filled = bufs.iter().filter(|buf| !buf.is_empty());
    let (Some(first), second) = (filled.next(), filled.next()) else { return &[] };
    if second.is_none() || first.len() >= WRITE_BYTES {
        return &first[..first.len().min(WRITE_BYTES)];
    }
    plain.clear();
    for buf in bufs {
        let room = WRITE_BYTES - plain.len();
        plain.extend_from_slice(&buf[..buf.len().min(room)]);
    }
    plain
}

#[cfg(test)]
mod tests;
