//! Input: from bytes to messages. What the messages mean is in
//! [`stomp`](super::stomp) and [`native`](super::native).

use hub_core::CloseReason;
use hub_ws::deflate::Inflater;
use hub_ws::{CloseCode, Connection, Failure, Incoming, Input, frame};

use crate::shard::Shard;
use crate::shard::pending::Ending;
use crate::shard::sockets::{Dialogue, Stomp};
use crate::shard::wire::{Carrier, Wire};

/// One message of a peer.
pub(super) enum Message<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
}

impl Message<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => bytes,
        }
    }
}

impl Shard {
    /// Processes bytes read from a socket, in place.
    pub(in crate::shard) fn receive(&mut self, slot: usize, bytes: &mut [u8]) {
        // Only a slot that leads nowhere has none, which was told.
        let Some((wire, mut protocol)) = self.sockets.take_protocol(slot) else { return };
        match (&mut protocol.websocket, &mut protocol.dialogue) {
            (Some(connection), dialogue) => self.receive_websocket(slot, wire, connection, dialogue, bytes),
            (None, Dialogue::Stomp(stomp)) => {
                let rest = self.receive_stomp(slot, stomp, wire, bytes);
                self.sockets.hold_stomp(slot, rest);
            }
            (None, Dialogue::Native(_) | Dialogue::Refused) => {}
        }
        self.sockets.return_protocol(slot, protocol);
        self.finish_close(slot);
        self.progress(slot);
    }

    fn receive_websocket(
        &mut self,
        slot: usize,
        wire: Wire,
        connection: &mut Connection,
        dialogue: &mut Dialogue,
        bytes: &mut [u8],
    ) {
        let mut input = Input::new(bytes);
        // Out of the shard while what it reads acts on it.
        let mut inflater = std::mem::take(&mut self.inflater);
        self.receive_frames(slot, wire, connection, dialogue, &mut input, &mut inflater);
        self.inflater = inflater;
    }

    fn receive_frames(
        &mut self,
        slot: usize,
        wire: Wire,
        connection: &mut Connection,
        dialogue: &mut Dialogue,
        input: &mut Input<'_>,
        inflater: &mut Inflater,
    ) {
        loop {
            if self.must_pause(slot) && !input.rest().is_empty() {
                return self.sockets.hold_wire(slot, input.rest());
            }
            match connection.receive(input, inflater) {
                Ok(None) => return,
                Ok(Some(Incoming::Text(text))) => {
                    self.receive_message(slot, wire, dialogue, &Message::Text(text));
                }
                Ok(Some(Incoming::Binary(bytes))) => {
                    self.receive_message(slot, wire, dialogue, &Message::Binary(bytes));
                }
                Ok(Some(Incoming::Ping(payload))) => self.pong(slot, payload),
                Ok(Some(Incoming::Pong(_))) => {}
                Ok(Some(Incoming::Close(..))) => {
                    end(dialogue);
                    if let Some(reply) = connection.close_reply() {
                        self.answer_close(slot, reply);
                    }
                    return;
                }
                Err(failure) => return self.fail_websocket(slot, connection, dialogue, &failure),
            }
        }
    }

    /// A WebSocket message: of STOMP it holds a frame, a part of one, or
    /// several; of `SockJS` a number of such messages.
    fn receive_message(&mut self, slot: usize, wire: Wire, dialogue: &mut Dialogue, message: &Message<'_>) {
        self.chassis.metrics.messages_received.inc();
        match dialogue {
            Dialogue::Stomp(stomp) if wire.carrier == Carrier::SockJs => {
                self.receive_sockjs(slot, stomp, wire, message);
            }
            Dialogue::Stomp(stomp) => {
                let rest = self.receive_stomp(slot, stomp, wire, message.bytes());
                self.sockets.hold_stomp(slot, rest);
            }
            Dialogue::Native(session) => {
                self.spend(message.bytes().len());
                self.sockets.message_is_whole(slot);
                self.receive_native(slot, wire, &mut **session, message);
            }
            Dialogue::Refused => {}
        }
    }

    fn receive_sockjs(&mut self, slot: usize, stomp: &mut Stomp, wire: Wire, message: &Message<'_>) {
        self.spend(message.bytes().len());
        let text = std::str::from_utf8(message.bytes()).unwrap_or_default();
        let messages = match message {
            Message::Text(_) => hub_sockjs::receive::messages(text),
            Message::Binary(_) => Err(hub_sockjs::receive::BrokenJson),
        };
        let Ok(messages) = messages else {
            self.count_error("sockjs");
            stomp.session.close();
            return self.end_in_turn(slot, Ending::closed(CloseReason::BROKEN_JSON));
        };
        let mut messages = messages.iter();
        for text in messages.by_ref() {
            let rest = self.receive_stomp(slot, stomp, wire, text.as_bytes());
            self.sockets.hold_stomp(slot, rest);
            if !rest.is_empty() {
                break;
            }
        }
        for text in messages {
            self.sockets.hold_stomp(slot, text.as_bytes());
        }
    }

    fn fail_websocket(
        &mut self,
        slot: usize,
        connection: &mut Connection,
        dialogue: &mut Dialogue,
        failure: &Failure,
    ) {
        self.count_error("websocket");
        self.note(slot, failure_name(failure.code()), failure);
        end(dialogue);
        let reason = match failure {
            Failure::MessageTooBig { limit, .. } => {
                format!("message too big: limits.message_bytes = {limit}")
            }
            _ => failure.reason().to_owned(),
        };
        if let Some(close) = connection.close(failure.code(), &reason) {
            self.end_in_turn(slot, Ending::failed(close, failure.code().get()));
        }
    }

    /// Pongs are small, but a peer that pings and never reads must not fill
    /// the memory: what its socket does not take is bounded like any message.
    fn pong(&mut self, slot: usize, payload: &[u8]) {
        self.sockets.make_room(slot, 0);
        if self.sockets.outbox_bytes(slot) < self.chassis.limits.outbox_bytes {
            self.sockets.send(slot, frame::pong(payload));
        }
    }

    /// A peer that makes us answer (receipts, errors) and does not read.
    pub(super) fn is_flooded(&mut self, slot: usize) -> bool {
        self.sockets.make_room(slot, 0);
        let limits = &self.chassis.limits;
        // A snapshot chunk and one relayed message, which may be large, may
        // stand in the outbox beside the answers.
        let most = 2 * limits.outbox_bytes + limits.message_bytes;
        self.sockets.is_streaming(slot) && self.sockets.outbox_bytes(slot) > most
    }
}

/// A failure's name in metrics.
fn failure_name(code: CloseCode) -> &'static str {
    match code {
        CloseCode::INVALID_PAYLOAD => "invalid_payload",
        CloseCode::TOO_BIG => "too_big",
        _ => "websocket_protocol",
    }
}

/// Nothing more is processed.
fn end(dialogue: &mut Dialogue) {
    if let Dialogue::Stomp(stomp) = dialogue {
        stomp.session.close();
    }
}
