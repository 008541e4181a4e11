//! A socket on its way from the HTTP side to its shard.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use hub_core::CloseReason;
use hub_ws::deflate::Agreement;

use crate::native::Query;
use crate::service::{Defaults, Endpoint};
use crate::stream::Stream;

/// With the words around it, under the 124 bytes of a close.
const ORIGIN_CHARS: usize = 64;

/// A socket that leaves the acceptor or actix for its shard, which owns it
/// from then on.
pub(crate) struct NewConnection {
    /// The connection's id.
    pub(crate) id: u64,
    pub(crate) stream: Stream,
    /// Read from the socket already.
    pub(crate) ahead: BytesMut,
    /// To be written before anything else.
    pub(crate) first: Bytes,
    pub(crate) kind: ConnectionKind,
    /// The service whose port it came to.
    pub(crate) service: &'static str,
}

/// Extras that client and hub have agreed on beside the protocol itself.
#[derive(Clone, Copy, Default)]
pub(crate) struct Negotiated {
    /// The messages of a native socket are `MessagePack`.
    pub(crate) messagepack: bool,
    /// Messages may be compressed.
    pub(crate) deflate: Option<Agreement>,
}

/// A reason to close a WebSocket as soon as it is open.
pub(crate) struct EarlyClose {
    pub(crate) reason: CloseReason,
    /// Text of the close: the reason's own, or more.
    pub(crate) text: Cow<'static, str>,
}

impl EarlyClose {
    /// The page is told its origin, as far as a close has room, and the key.
    pub(crate) fn page_of(origin: &str) -> EarlyClose {
        let reason = CloseReason::ORIGIN_NOT_ALLOWED;
        let origin: String = origin.chars().filter(char::is_ascii).take(ORIGIN_CHARS).collect();
        let text = format!("{}: {origin} is not in server.allowed_origins", reason.text).into();
        EarlyClose { reason, text }
    }
}

impl From<CloseReason> for EarlyClose {
    fn from(reason: CloseReason) -> EarlyClose {
        EarlyClose { reason, text: Cow::Borrowed(reason.text) }
    }
}

/// The protocol that a new connection speaks, and the settings it was agreed on.
pub(crate) enum ConnectionKind {
    /// An upgraded WebSocket.
    WebSocket {
        endpoint: Endpoint,
        query: Query,
        negotiated: Negotiated,
        /// It is closed at once, so that a browser can read the reason.
        early_close: Option<EarlyClose>,
    },
    /// STOMP straight over TCP.
    RawStomp,
    /// STOMP in the messages of a `SockJS` session, at a mount where these options are usual.
    Session(Defaults),
    /// Refused in HTTP: `first` is the answer, nothing follows.
    Refused,
}
