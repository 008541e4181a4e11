//! Connections that STOMP runs over.

use std::net::SocketAddr;
use std::time::Duration;

use crate::buffer::Buffer;
use crate::deadline::Deadline;
use crate::error::excerpt;
use crate::sockjs::SockJsClient;
use crate::ws::{Close, Message, WsClient, WsOptions};
use crate::{Error, OverSocket, Result, Socket};

/// A connection that carries STOMP frames. Either way they are a stream of bytes: a message or a read may
/// hold several frames, or a part of one.
#[derive(Debug)]
pub enum Carrier {
    /// STOMP in WebSocket messages.
    WebSocket(Box<WsClient>),
    /// STOMP in the messages of a `SockJS` session.
    SockJs(Box<SockJsClient>),
    /// STOMP on a TCP connection.
    Tcp(Socket),
}

impl Carrier {
    /// Opens a WebSocket; `options` say whether subprotocols such as `v12.stomp` are offered.
    pub fn websocket(addr: SocketAddr, path: &str, options: &WsOptions) -> Result<Self> {
        WsClient::connect(addr, path, options).map(Box::new).map(Self::WebSocket)
    }

    /// Opens a `SockJS` session below `mount`: `/ws`, or nothing for the root.
    pub fn sockjs(addr: SocketAddr, mount: &str, options: &WsOptions) -> Result<Self> {
        SockJsClient::connect(addr, mount, options).map(Box::new).map(Self::SockJs)
    }

    /// Opens a TCP connection.
    pub fn tcp(addr: SocketAddr, deadline: Duration) -> Result<Self> {
        Socket::connect(addr, deadline).map(Self::Tcp)
    }

    /// Sends bytes: over a WebSocket as one message, text where they are UTF-8, else binary; over `SockJS` as
    /// one message, which has to be text.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::WebSocket(ws) => match std::str::from_utf8(bytes) {
                Ok(text) => ws.send_text(text),
                Err(_) => ws.send_binary(bytes),
            },
            Self::SockJs(session) => match std::str::from_utf8(bytes) {
                Ok(text) => session.send(text),
                Err(_) => Err(Error::unexpected("text, as SockJS carries", excerpt(bytes))),
            },
            Self::Tcp(socket) => socket.send(bytes),
        }
    }

    /// Receives a message, or what one read gives.
    pub(crate) fn receive(&mut self, into: &mut Buffer, deadline: Deadline, awaited: &str) -> Result<()> {
        match self {
            Self::WebSocket(ws) => match ws.next_data_by(deadline, awaited)? {
                Message::Text(text) => into.push(text.as_bytes()),
                Message::Binary(bytes) => into.push(&bytes),
                other => return Err(Error::unexpected(awaited, other.to_string())),
            },
            Self::SockJs(session) => into.push(session.message_by(deadline, awaited)?.as_bytes()),
            Self::Tcp(socket) => {
                if socket.unread().is_empty() {
                    socket.fill_more(deadline, awaited)?;
                }
                into.push(socket.unread());
                socket.consume(usize::MAX);
            }
        }
        Ok(())
    }

    /// Requires that the server ends the connection now: over a WebSocket, Close and then the end
    /// (over `SockJS`, `c` before them).
    pub(crate) fn expect_end(&mut self) -> Result<Option<Close>> {
        match self {
            Self::WebSocket(ws) => ws.expect_close().map(|(code, reason)| Some(Close { code, reason })),
            Self::SockJs(session) => session.expect_close().map(Some),
            Self::Tcp(socket) => socket.expect_end().map(|()| None),
        }
    }
}

impl OverSocket for Carrier {
    fn socket(&self) -> &Socket {
        match self {
            Self::WebSocket(ws) => ws.socket(),
            Self::SockJs(session) => session.socket(),
            Self::Tcp(socket) => socket,
        }
    }

    fn socket_mut(&mut self) -> &mut Socket {
        match self {
            Self::WebSocket(ws) => ws.socket_mut(),
            Self::SockJs(session) => session.socket_mut(),
            Self::Tcp(socket) => socket,
        }
    }
}
