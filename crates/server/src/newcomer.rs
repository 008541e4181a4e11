//! A socket on its way from the HTTP side to its shard.

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use hub_core::CloseReason;
use hub_ws::deflate::Agreement;

use crate::native::Query;
use crate::service::Endpoint;
use crate::stream::Stream;

/// A socket that leaves the acceptor or actix for its shard, which owns it
/// from then on.
pub(crate) struct Newcomer {
    /// The connection's id.
    pub(crate) id: u64,
    pub(crate) stream: Stream,
    /// Read from the socket already.
    pub(crate) ahead: BytesMut,
    /// To be written before anything else.
    pub(crate) first: Bytes,
    pub(crate) kind: NewcomerKind,
    /// The service whose port it came to.
    pub(crate) service: &'static str,
    pub(crate) peer: Option<SocketAddr>,
}

/// What client and hub have agreed on beside the protocol itself.
#[derive(Clone, Copy, Default)]
pub(crate) struct Agreed {
    /// The messages of a native socket are `MessagePack`.
    pub(crate) messagepack: bool,
    /// Messages may be compressed.
    pub(crate) deflate: Option<Agreement>,
}

/// What is to be done with it.
pub(crate) enum NewcomerKind {
    /// An upgraded WebSocket.
    WebSocket {
        endpoint: Endpoint,
        query: Query,
        agreed: Agreed,
        /// It is closed at once, so that a browser can read the reason.
        unwelcome: Option<CloseReason>,
    },
    /// STOMP straight over TCP.
    RawStomp,
    /// STOMP in the messages of a `SockJS` session.
    Session,
    /// Refused in HTTP: `first` is the answer, nothing follows.
    Refused,
}
