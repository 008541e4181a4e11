//! Peers that are slow on purpose.

use crate::ws::WsOptions;
use crate::{OverSocket, Result};

/// `SO_RCVBUF` of a peer that is to be slow at once, in bytes: about the least that Linux grants.
pub const TINY_RECEIVE_BYTES: usize = 2048;

/// `SO_RCVBUF` after [`SlowPeer::resume`], in bytes: what was held back comes at full speed.
const WIDE_RECEIVE_BYTES: usize = 1 << 20;

/// `options` with a tiny receive buffer, so that few bytes are enough to fill it.
pub fn tiny(options: WsOptions) -> WsOptions {
    WsOptions { receive_bytes: Some(TINY_RECEIVE_BYTES), ..options }
}

/// A client that has stopped reading, and leaves its receive buffer to fill.
///
/// Connect with [`tiny`] options (or [`Socket::connect_sized`](crate::Socket::connect_sized)), subscribe,
/// then pause: what the server's own send buffer takes, it takes still.
#[derive(Debug)]
pub struct SlowPeer<C> {
    client: C,
}

impl<C: OverSocket> SlowPeer<C> {
    /// Stops reading.
    pub fn pause(client: C) -> Self {
        Self { client }
    }

    /// Bytes received and not read, up to 1 MiB. A number that stays the same from look to look, while the server has
    /// more to send, is a full buffer.
    pub fn backlog_bytes(&self) -> Result<usize> {
        self.client.socket().backlog_bytes()
    }

    /// Reads on, with a receive buffer of the usual size.
    pub fn resume(mut self) -> Result<C> {
        self.client.socket_mut().set_receive_buffer(WIDE_RECEIVE_BYTES)?;
        Ok(self.client)
    }
}

/// A client that sends bytes one at a time, each in a segment of its own (`TCP_NODELAY`).
#[derive(Debug)]
pub struct DribblePeer<C> {
    client: C,
    bytes: std::vec::IntoIter<u8>,
}

impl<C: OverSocket> DribblePeer<C> {
    /// Has `bytes` to send over the client's socket.
    pub fn new(client: C, bytes: impl Into<Vec<u8>>) -> Self {
        Self { client, bytes: bytes.into().into_iter() }
    }

    /// Sends one byte; `false` when there is none left.
    pub fn step(&mut self) -> Result<bool> {
        let Some(byte) = self.bytes.next() else { return Ok(false) };
        self.client.socket_mut().send(&[byte])?;
        Ok(true)
    }

    /// Sends the rest, byte by byte, and gives the client back to read the answer.
    pub fn finish(mut self) -> Result<C> {
        while self.step()? {}
        Ok(self.client)
    }

    /// The client, to read what the server says to a part.
    pub fn client(&mut self) -> &mut C {
        &mut self.client
    }

    /// Gives the client back; what was not sent never is.
    pub fn into_inner(self) -> C {
        self.client
    }
}
