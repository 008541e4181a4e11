//! Adoption of sockets by a shard.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hub_core::CloseReason;
use hub_ws::Connection;

use crate::metrics::ReasonLabels;
use crate::native::Query;
use crate::new_connection::{ConnectionKind, EarlyClose, NewConnection};
use crate::service::{Defaults, Endpoint};
use crate::shard::Shard;
use crate::shard::moment::Stamp;
use crate::shard::sockets::{Dialogue, Phase, Protocol, SocketStart, Stomp};
use crate::shard::wire::{Carrier, Wire};
use crate::sockjs::NewSession;
use crate::stream::Stream;

/// Begin of a socket.
struct Beginning {
    protocol: Protocol,
    wire: Wire,
    phase: Phase,
    counted: bool,
}

impl Shard {
    /// Takes a session of `SockJS`'s HTTP transports over. One too many of its
    /// address is told so as on any other wire, once it is opened.
    pub(in crate::shard) fn adopt_session(&mut self, session: NewSession) {
        let NewSession { end, peer, service, defaults } = session;
        let Some(permit) = self.chassis.addresses.enter(peer) else {
            // The end is dropped, and the session with it.
            return self.fail_session(peer);
        };
        let within_limit = permit.is_within_limit();
        let slot = self.adopt(NewConnection {
            id: self.chassis.connection_ids.next(),
            stream: Stream::session(end, permit),
            ahead: BytesMut::new(),
            first: Bytes::new(),
            kind: ConnectionKind::Session(defaults),
            service,
        });
        if !within_limit {
            self.close(slot, CloseReason::TOO_MANY_SESSIONS);
        }
    }

    /// Counts a session that an address has far too many of, as the acceptor
    /// does a connection.
    fn fail_session(&self, peer: SocketAddr) {
        let (metrics, reason) = (&self.chassis.metrics, CloseReason::TOO_MANY_SESSIONS.name);
        metrics.refusals.note("connection", reason, peer, self.sockets.now());
        metrics.connections_failed.get_or_create(&ReasonLabels { reason }).inc();
    }

    /// Takes a socket over; gives its slot.
    pub(in crate::shard) fn adopt(&mut self, connection: NewConnection) -> usize {
        let NewConnection { id, stream, mut ahead, first, kind, service } = connection;
        let Beginning { protocol, wire, phase, counted } = self.prepare(&kind);
        let start = SocketStart { id, stream, protocol, wire, phase, service, counted };
        let peer = start.stream.peer();
        let slot = self.sockets.adopt(start);
        tracing::debug!(connection = id, %peer, service, "open");
        let opening = wire.opening();
        self.sockets.send(slot, if opening.is_empty() { first } else { [first, opening].concat().into() });
        match kind {
            ConnectionKind::WebSocket { early_close: Some(EarlyClose { reason, text }), .. } => {
                self.close_saying(slot, reason, &text);
            }
            ConnectionKind::Refused => self.progress(slot),
            ConnectionKind::WebSocket { query, .. } => {
                self.begin_turn();
                self.open(slot, &query);
                self.receive(slot, &mut ahead);
            }
            ConnectionKind::RawStomp => {
                self.begin_turn();
                self.receive(slot, &mut ahead);
            }
            // Nothing has been read yet.
            ConnectionKind::Session(_) => {}
        }
        slot
    }

    fn prepare(&self, kind: &ConnectionKind) -> Beginning {
        let limits = &self.chassis.limits;
        let after = |ms: u64| Stamp::of(self.sockets.now() + Duration::from_millis(ms));
        let (opening, closing) =
            (Phase::Opening(after(limits.handshake_ms)), Phase::Closing(after(limits.close_ms)));
        let stomp = |defaults: &Defaults| {
            let session = hub_stomp::Session::new(Arc::clone(&self.chassis.stomp), self.sockets.now());
            Dialogue::Stomp(Stomp { session, defaults: defaults.clone() })
        };
        let unframed = |carrier: Carrier, dialogue, phase, counted| {
            let protocol = Protocol { websocket: None, dialogue };
            Beginning { protocol, wire: carrier.into(), phase, counted }
        };
        match kind {
            ConnectionKind::WebSocket { endpoint, early_close, negotiated, .. } => {
                let (carrier, phase, dialogue) = match endpoint {
                    Endpoint::Stomp(defaults) => (Carrier::WebSocket, opening, stomp(defaults)),
                    Endpoint::SockJs(defaults) => (Carrier::SockJs, opening, stomp(defaults)),
                    Endpoint::Native(endpoint) => {
                        let carrier =
                            if negotiated.messagepack { Carrier::MessagePack } else { Carrier::WebSocket };
                        (carrier, Phase::Open, Dialogue::Native(endpoint.open()))
                    }
                };
                let websocket = match &negotiated.deflate {
                    Some(agreement) => Connection::with_deflate(limits.message_bytes, agreement),
                    None => Connection::new(limits.message_bytes),
                };
                let protocol = Protocol { websocket: Some(websocket), dialogue };
                let window = negotiated.deflate.map(|agreement| agreement.server_window);
                let wire = Wire::from(carrier).deflated(window);
                Beginning { protocol, wire, phase, counted: early_close.is_none() }
            }
            ConnectionKind::RawStomp => unframed(Carrier::Tcp, stomp(&Defaults::default()), opening, true),
            ConnectionKind::Session(defaults) => unframed(Carrier::Session, stomp(defaults), opening, true),
            ConnectionKind::Refused => unframed(Carrier::Tcp, Dialogue::Refused, closing, false),
        }
    }

    /// Does what an endpoint does on connect.
    fn open(&mut self, slot: usize, query: &Query) {
        // Only a slot that leads nowhere has none, which was told.
        let Some((wire, mut protocol)) = self.sockets.take_protocol(slot) else { return };
        if let Dialogue::Native(session) = &mut protocol.dialogue {
            self.open_native(slot, wire, &mut **session, query);
        }
        self.sockets.return_protocol(slot, protocol);
    }
}
