//! How sockets come to a shard.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hub_core::CloseReason;
use hub_ws::Connection;

use super::Shard;
use super::backlog::TURN_BYTES;
use super::ready::ReadySocket;
use super::socket::{Dialogue, Phase, Protocol, Socket, SocketStart};
use super::wire::{Carrier, Wire};
use crate::metrics::ConnectionLabels;
use crate::native::Query;
use crate::newcomer::{Newcomer, NewcomerKind, Unwelcome};
use crate::service::Endpoint;
use crate::sockjs::NewSession;
use crate::stream::Stream;

/// How a newcomer begins.
struct Welcome {
    protocol: Protocol,
    wire: Wire,
    phase: Phase,
    counted: bool,
}

impl Shard {
    /// Takes a session of `SockJS`'s HTTP transports over. One too many of its
    /// address is told so as on any other wire, once it is opened.
    pub(super) fn welcome_session(&mut self, session: NewSession) {
        let NewSession { end, peer, service } = session;
        // Without a place the end is dropped, and the session with it.
        let Some(place) = self.chassis.addresses.enter(peer.ip()) else { return };
        let welcome = place.is_welcome();
        let slot = self.welcome(Newcomer {
            id: self.chassis.connection_ids.next(),
            stream: Stream::session(end, place),
            ahead: BytesMut::new(),
            first: Bytes::new(),
            kind: NewcomerKind::Session,
            service,
            peer: Some(peer),
        });
        if !welcome {
            self.close(slot, CloseReason::TOO_MANY_SESSIONS);
        }
    }

    /// Takes a socket over; gives its slot.
    pub(super) fn welcome(&mut self, newcomer: Newcomer) -> usize {
        let Newcomer { id, stream, mut ahead, first, kind, service, peer } = newcomer;
        let Welcome { protocol, wire, phase, counted } = self.prepare(&kind);
        let entry = self.sockets.vacant_entry();
        let slot = entry.key();
        let start = SocketStart { id, stream, protocol, wire, phase, service, counted };
        let socket = entry.insert(Socket::new(start, ReadySocket::new(slot as u32, &self.ready), self.now));
        tracing::debug!(connection = id, ?peer, service, "open");
        if counted {
            let labels = ConnectionLabels { service, transport: wire.transport() };
            self.chassis.metrics.connections.get_or_create(&labels).inc();
        }
        // The first look at the socket sets its waker.
        socket.ready.list();
        let opening = wire.opening();
        self.send(slot, if opening.is_empty() { first } else { [first, opening].concat().into() });
        match kind {
            NewcomerKind::WebSocket { unwelcome: Some(Unwelcome { reason, text }), .. } => {
                self.close_saying(slot, reason, &text);
            }
            NewcomerKind::Refused => self.progress(slot),
            NewcomerKind::WebSocket { query, .. } => {
                self.turn_bytes = TURN_BYTES;
                self.open(slot, &query);
                self.receive(slot, &mut ahead);
            }
            NewcomerKind::RawStomp => {
                self.turn_bytes = TURN_BYTES;
                self.receive(slot, &mut ahead);
            }
            // Nothing has been read yet.
            NewcomerKind::Session => {}
        }
        slot
    }

    fn prepare(&self, kind: &NewcomerKind) -> Welcome {
        let limits = &self.chassis.limits;
        let opening = Phase::Opening(self.now + Duration::from_millis(limits.handshake_ms));
        let closing = Phase::Closing(self.now + Duration::from_millis(limits.close_ms));
        let stomp = || Dialogue::Stomp(hub_stomp::Session::new(Arc::clone(&self.chassis.stomp), self.now));
        let bare = |carrier: Carrier, dialogue, phase, counted| {
            let protocol = Protocol { websocket: None, dialogue };
            Welcome { protocol, wire: carrier.into(), phase, counted }
        };
        match kind {
            NewcomerKind::WebSocket { endpoint, unwelcome, agreed, .. } => {
                let (carrier, phase, dialogue) = match endpoint {
                    Endpoint::Stomp => (Carrier::WebSocket, opening, stomp()),
                    Endpoint::SockJs => (Carrier::SockJs, opening, stomp()),
                    Endpoint::Native(endpoint) => {
                        let carrier =
                            if agreed.messagepack { Carrier::MessagePack } else { Carrier::WebSocket };
                        (carrier, Phase::Open, Dialogue::Native(endpoint.open()))
                    }
                };
                let websocket = match &agreed.deflate {
                    Some(agreement) => Connection::with_deflate(limits.message_bytes, agreement),
                    None => Connection::new(limits.message_bytes),
                };
                let protocol = Protocol { websocket: Some(websocket), dialogue };
                let window = agreed.deflate.map(|agreement| agreement.server_window);
                let wire = Wire::from(carrier).deflated(window);
                Welcome { protocol, wire, phase, counted: unwelcome.is_none() }
            }
            NewcomerKind::RawStomp => bare(Carrier::Tcp, stomp(), opening, true),
            NewcomerKind::Session => bare(Carrier::Session, stomp(), opening, true),
            NewcomerKind::Refused => bare(Carrier::Tcp, Dialogue::Refused, closing, false),
        }
    }

    /// What an endpoint does on connect.
    fn open(&mut self, slot: usize, query: &Query) {
        let Some(mut protocol) = self.sockets.get_mut(slot).and_then(|socket| socket.protocol.take()) else {
            return;
        };
        if let Dialogue::Native(session) = &mut protocol.dialogue {
            self.open_native(slot, &mut **session, query);
        }
        if let Some(socket) = self.sockets.get_mut(slot) {
            socket.protocol = Some(protocol);
        }
    }
}
