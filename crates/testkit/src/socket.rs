//! A connected TCP socket whose reads and writes have deadlines.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, SockRef, Type};

use crate::buffer::Buffer;
use crate::deadline::Deadline;
use crate::error::excerpt;
use crate::{Error, Result};

/// Whatever talks over a [`Socket`]: the clients, and a socket itself.
pub trait OverSocket {
    /// The socket it talks over.
    fn socket(&self) -> &Socket;

    /// The same, to write past the client, or to read the bytes it has not looked at.
    fn socket_mut(&mut self) -> &mut Socket;
}

/// A TCP connection with `TCP_NODELAY`, for raw bytes and under every client.
#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    received: Buffer,
    deadline: Duration,
}

impl Socket {
    /// Connects; `deadline` holds for connecting and then for each call.
    pub fn connect(addr: SocketAddr, deadline: Duration) -> Result<Self> {
        Self::connect_sized(addr, deadline, None)
    }

    /// Connects with a receive buffer of about so many bytes (`SO_RCVBUF`; the kernel doubles it, and
    /// has a least size), which has to be set before the window is first announced.
    pub fn connect_sized(addr: SocketAddr, deadline: Duration, receive_bytes: Option<usize>) -> Result<Self> {
        let awaited = || format!("a connection to {addr}");
        let socket = socket2::Socket::new(Domain::for_address(addr), Type::STREAM, None)
            .map_err(Error::io(awaited()))?;
        if let Some(bytes) = receive_bytes {
            socket.set_recv_buffer_size(bytes).map_err(Error::io("SO_RCVBUF"))?;
        }
        socket.connect_timeout(&addr.into(), deadline).map_err(Error::io(awaited()))?;
        socket.set_tcp_nodelay(true).map_err(Error::io("TCP_NODELAY"))?;
        Ok(Self { stream: socket.into(), received: Buffer::default(), deadline })
    }

    /// Time for which a call waits.
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Changes how long a call waits.
    pub fn set_deadline(&mut self, deadline: Duration) {
        self.deadline = deadline;
    }

    /// The address on this side.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        self.stream.local_addr().map_err(Error::io("the local address"))
    }

    /// Writes all of `bytes`.
    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let deadline = Deadline::within(self.deadline);
        let mut rest = bytes;
        while !rest.is_empty() {
            let sent = || bytes.len() - rest.len();
            let awaited = || format!("room to write {} bytes", bytes.len());
            let Some(left) = deadline.remaining() else {
                return Err(deadline.missed(&awaited(), format!("{} bytes written", sent())));
            };
            self.stream.set_write_timeout(Some(left)).map_err(Error::io("a write timeout"))?;
            match self.stream.write(rest) {
                Ok(0) => return Err(Error::Ended { awaited: awaited(), got: format!("{} bytes", sent()) }),
                Ok(written) => rest = &rest[written..],
                Err(error) if is_retried(error.kind()) => {}
                Err(cause) => return Err(Error::Io { awaited: awaited(), cause }),
            }
        }
        Ok(())
    }

    /// Exactly `len` bytes.
    pub fn receive(&mut self, len: usize) -> Result<Vec<u8>> {
        let deadline = Deadline::within(self.deadline);
        self.take_exact(len, deadline, &format!("{len} bytes"))
    }

    /// All bytes until the other side ends the connection.
    pub fn receive_to_end(&mut self) -> Result<Vec<u8>> {
        let deadline = Deadline::within(self.deadline);
        while self.fill(deadline, "the end of the connection")? {}
        Ok(self.received.take(usize::MAX))
    }

    /// Requires that the other side ends the connection in order (FIN, not a reset) and sends nothing more.
    pub fn expect_end(&mut self) -> Result<()> {
        let deadline = Deadline::within(self.deadline);
        let awaited = "the end of the connection";
        let more = !self.unread().is_empty() || self.fill(deadline, awaited)?;
        if more { Err(Error::unexpected(awaited, excerpt(self.unread()))) } else { Ok(()) }
    }

    /// Ends this side's half: the other side reads an end, and can still write.
    pub fn shutdown_write(&mut self) -> Result<()> {
        self.stream.shutdown(Shutdown::Write).map_err(Error::io("to end this side"))
    }

    /// Makes a drop reset the connection (RST) instead of ending it, as a peer that vanished looks.
    pub fn reset_on_drop(&mut self) -> Result<()> {
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).map_err(Error::io("SO_LINGER"))
    }

    /// Sets `SO_RCVBUF` on the open connection: a larger window is announced as reads make room.
    pub fn set_receive_buffer(&mut self, bytes: usize) -> Result<()> {
        SockRef::from(&self.stream).set_recv_buffer_size(bytes).map_err(Error::io("SO_RCVBUF"))
    }

    /// Received bytes that lie in the kernel, up to 1 MiB; reading none, so the window stays as it is.
    pub fn backlog_bytes(&self) -> Result<usize> {
        self.stream.set_nonblocking(true).map_err(Error::io("a non-blocking look"))?;
        let mut seen = vec![0; 1 << 20];
        let peeked = self.stream.peek(&mut seen);
        self.stream.set_nonblocking(false).map_err(Error::io("a blocking socket"))?;
        match peeked {
            Ok(len) => Ok(len),
            Err(error) if is_retried(error.kind()) => Ok(0),
            Err(cause) => Err(Error::Io { awaited: "a look at what was received".to_owned(), cause }),
        }
    }

    /// True if the other side has reset the connection since this was last asked; reading nothing.
    pub fn was_reset(&self) -> Result<bool> {
        let error = self.stream.take_error().map_err(Error::io("the state of the connection"))?;
        Ok(error.is_some_and(|error| error.kind() == ErrorKind::ConnectionReset))
    }

    pub(crate) fn unread(&self) -> &[u8] {
        self.received.unread()
    }

    pub(crate) fn consume(&mut self, len: usize) {
        self.received.consume(len);
    }

    pub(crate) fn take(&mut self, len: usize) -> Vec<u8> {
        self.received.take(len)
    }

    /// Reads once; `false` at the end of the connection.
    pub(crate) fn fill(&mut self, deadline: Deadline, awaited: &str) -> Result<bool> {
        let mut scratch = [0; 16 * 1024];
        loop {
            let Some(left) = deadline.remaining() else {
                return Err(deadline.missed(awaited, excerpt(self.unread())));
            };
            self.stream.set_read_timeout(Some(left)).map_err(Error::io("a read timeout"))?;
            match self.stream.read(&mut scratch) {
                Ok(0) => return Ok(false),
                Ok(len) => {
                    self.received.push(&scratch[..len]);
                    return Ok(true);
                }
                Err(error) if is_retried(error.kind()) => {}
                Err(cause) => return Err(Error::Io { awaited: awaited.to_owned(), cause }),
            }
        }
    }

    /// Reads once, and more has to come.
    pub(crate) fn fill_more(&mut self, deadline: Deadline, awaited: &str) -> Result<()> {
        if self.fill(deadline, awaited)? {
            return Ok(());
        }
        Err(Error::Ended { awaited: awaited.to_owned(), got: excerpt(self.unread()) })
    }

    pub(crate) fn take_exact(&mut self, len: usize, deadline: Deadline, awaited: &str) -> Result<Vec<u8>> {
        while self.unread().len() < len {
            self.fill_more(deadline, awaited)?;
        }
        Ok(self.take(len))
    }

    /// The bytes before `mark`; `mark` itself is passed over.
    pub(crate) fn take_before(&mut self, mark: &[u8], deadline: Deadline, awaited: &str) -> Result<Vec<u8>> {
        loop {
            if let Some(at) = self.unread().windows(mark.len()).position(|window| window == mark) {
                let taken = self.take(at);
                self.consume(mark.len());
                return Ok(taken);
            }
            self.fill_more(deadline, awaited)?;
        }
    }
}

impl OverSocket for Socket {
    fn socket(&self) -> &Socket {
        self
    }

    fn socket_mut(&mut self) -> &mut Socket {
        self
    }
}

/// The loop looks at the deadline, then reads or writes again.
fn is_retried(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
