//! What peers send.

use hub_core::topic::TopicError;
use hub_core::{CloseReason, TopicName};
use hub_stomp::{Headers, Refusal, Reply, Request, Session, SubscriptionRef, Version};
use hub_ws::{Connection, Failure, Incoming, Input, frame};

use super::Shard;
use super::framing::{Framing, Wire};
use super::socket::{Phase, Protocol};
use crate::metrics::KindLabels;

impl Shard {
    /// Processes bytes read from a socket, in place.
    pub(super) fn receive(&mut self, slot: usize, bytes: &mut [u8]) {
        let Some(socket) = self.sockets.get_mut(slot) else { return };
        // Out of the socket while its frames act on the shard.
        let Some(mut protocol) = socket.protocol.take() else { return };
        match &mut *protocol {
            Protocol::WebSocket(connection, session) => {
                self.receive_websocket(slot, connection, session, bytes);
            }
            Protocol::Tcp(session) => self.receive_stomp(slot, session, Wire::Tcp, bytes),
            Protocol::Refused => {}
        }
        if let Some(socket) = self.sockets.get_mut(slot) {
            socket.protocol = Some(protocol);
        }
        self.finish_close(slot);
        self.progress(slot);
    }

    fn receive_websocket(
        &mut self,
        slot: usize,
        connection: &mut Connection,
        session: &mut Session,
        bytes: &mut [u8],
    ) {
        let mut input = Input::new(bytes);
        loop {
            match connection.receive(&mut input) {
                Ok(None) => return,
                Ok(Some(Incoming::Text(text))) => self.receive_message(slot, session, text.as_bytes()),
                Ok(Some(Incoming::Binary(bytes))) => self.receive_message(slot, session, bytes),
                Ok(Some(Incoming::Ping(payload))) => self.pong(slot, payload),
                Ok(Some(Incoming::Pong(_))) => {}
                Ok(Some(Incoming::Close(..))) => {
                    session.close();
                    if let Some(reply) = connection.close_reply() {
                        self.leave(slot, reply);
                    }
                    return;
                }
                Err(failure) => return self.fail_websocket(slot, connection, session, &failure),
            }
        }
    }

    /// A WebSocket message holds a STOMP frame, a part of one, or several.
    fn receive_message(&mut self, slot: usize, session: &mut Session, payload: &[u8]) {
        self.chassis.metrics.messages_received.inc();
        self.receive_stomp(slot, session, Wire::WebSocket, payload);
    }

    fn fail_websocket(
        &mut self,
        slot: usize,
        connection: &mut Connection,
        session: &mut Session,
        failure: &Failure,
    ) {
        self.chassis.metrics.errors.get_or_create(&KindLabels { kind: "websocket" }).inc();
        session.close();
        if let Some(close) = connection.close(failure.code(), failure.reason()) {
            self.count_close(u32::from(failure.code().get()));
            self.leave(slot, close);
        }
    }

    /// Pongs are small, but a peer that pings and never reads must not fill
    /// the memory: what its socket does not take is bounded like any message.
    fn pong(&mut self, slot: usize, payload: &[u8]) {
        let Some(socket) = self.sockets.get(slot) else { return };
        if socket.outbox.bytes() < self.chassis.limits.outbox_bytes {
            self.send(slot, frame::pong(payload));
        }
    }

    fn receive_stomp(&mut self, slot: usize, session: &mut Session, wire: Wire, mut bytes: &[u8]) {
        let now = self.now;
        loop {
            if self.is_flooded(slot) {
                return self.close_after(slot, session, CloseReason::OUTBOX_OVERFLOW);
            }
            let version = session.version();
            let connecting = match session.receive(&mut bytes, now) {
                Ok(None) => return,
                Ok(Some(Request::Connect(_))) => true,
                Ok(Some(request)) => {
                    let session_over = matches!(request, Request::Disconnect { .. });
                    if let Err(refusal) = self.perform(slot, wire, version, request) {
                        session.close();
                        return self.refuse(slot, wire, &refusal);
                    }
                    if session_over {
                        return self.close_after(slot, session, CloseReason::NORMAL);
                    }
                    false
                }
                Err(refusal) => return self.refuse(slot, wire, &refusal),
            };
            if connecting {
                self.accept(slot, session, wire);
            }
        }
    }

    fn accept(&mut self, slot: usize, session: &mut Session, wire: Wire) {
        let Some(socket) = self.sockets.get_mut(slot) else { return };
        if matches!(socket.phase, Phase::Opening(_)) {
            socket.phase = Phase::Open;
        }
        let id = format!("{:08x}", socket.id);
        if let Some(connected) = session.accept(&id, self.now) {
            self.send(slot, wire.wrap(connected));
        }
    }

    /// Does what a frame asks for.
    fn perform(
        &mut self,
        slot: usize,
        wire: Wire,
        version: Version,
        request: Request<'_>,
    ) -> Result<(), Refusal> {
        let reply = match request {
            Request::Heartbeat | Request::Connect(_) => return Ok(()),
            Request::Subscribe { id, destination, headers, reply, .. } => {
                let destination = parse_destination(&destination, &reply)?;
                let refused = |detail: String| reply.refusal("subscription refused", detail);
                check_options(headers).map_err(refused)?;
                let subscription = id.map(|id| id.into_owned().into_boxed_str());
                if subscription.as_ref().is_some_and(|id| id.len() > SUBSCRIPTION_ID_MAX_BYTES) {
                    return Err(refused(format!("an id has at most {SUBSCRIPTION_ID_MAX_BYTES} bytes")));
                }
                let framing = Framing { wire, version, subscription, destination };
                self.subscribe(slot, framing).map_err(|error| refused(error.to_string()))?;
                reply
            }
            Request::Unsubscribe { target, reply, .. } => {
                match &target {
                    SubscriptionRef::Id(id) => self.unsubscribe(slot, Some(id), None),
                    SubscriptionRef::Destination(name) => self.unsubscribe(slot, None, Some(name)),
                }
                reply
            }
            Request::Send { destination, headers, body, reply } => {
                self.relay(&destination, headers, body, &reply)?;
                reply
            }
            // Nothing that is sent today awaits an acknowledgement.
            Request::Ack { reply, .. } | Request::Nack { reply, .. } | Request::Disconnect { reply } => reply,
        };
        if let Some(receipt) = reply.receipt_frame() {
            self.send(slot, wire.wrap(receipt));
        }
        Ok(())
    }

    fn relay(
        &mut self,
        destination: &str,
        headers: Headers<'_>,
        body: &[u8],
        reply: &Reply<'_>,
    ) -> Result<(), Refusal> {
        let destination = parse_destination(destination, reply)?;
        let refused = |detail: String| reply.refusal("message refused", detail);
        let name =
            self.chassis.catalog.publishable(&destination).map_err(|error| refused(error.to_string()))?;
        if !self.chassis.client_send {
            return Err(refused("clients may not SEND here: relay.client_send is off".into()));
        }
        let headers = headers.custom().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        self.chassis.publisher.relay(name, headers, bytes::Bytes::copy_from_slice(body));
        Ok(())
    }

    /// A peer that makes us answer (receipts) and does not read.
    fn is_flooded(&self, slot: usize) -> bool {
        let outbox_max = self.chassis.limits.outbox_bytes;
        // A snapshot chunk may stand in the outbox beside the answers.
        self.sockets
            .get(slot)
            .is_some_and(|socket| socket.is_streaming() && socket.outbox.bytes() > 2 * outbox_max)
    }
}

fn parse_destination(text: &str, reply: &Reply<'_>) -> Result<TopicName, Refusal> {
    text.parse().map_err(|error: TopicError| {
        let shown: String = text.chars().take(EXCERPT_CHARS).collect();
        reply.refusal("bad destination", format!("{shown:?} is no destination: {error}"))
    })
}

/// An option that is not honoured is refused: whoever asks for one portfolio
/// must not be sent all of them.
fn check_options(headers: Headers<'_>) -> Result<(), String> {
    match LATER_OPTIONS.iter().find(|option| headers.contains(option)) {
        Some(option) => Err(format!("the option {option} is not supported yet")),
        None => Ok(()),
    }
}

/// SUBSCRIBE options of the design that come with a later version.
const LATER_OPTIONS: [&str; 5] = ["portfolio-ids", "interval", "snapshot", "resume", "batch"];

/// It is in every message of the subscription.
const SUBSCRIPTION_ID_MAX_BYTES: usize = 128;

/// How much of what was sent an ERROR repeats.
const EXCERPT_CHARS: usize = 64;
