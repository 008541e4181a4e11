//! Turns: how much of what one socket brings is looked at before the others
//! are, and where the rest waits.
//!
//! What counts is what has to be looked at, not what was on the wire: a
//! kilobyte of compressed data may be a megabyte of messages.

use bytes::{Buf as _, BytesMut};
use hub_ws::Input;

use super::Shard;
use super::socket::Dialogue;

/// What a socket may bring in its turn: bytes read from it, and bytes of
/// messages. The last message may go beyond.
pub(super) const TURN_BYTES: usize = 512 << 10;

/// What a socket brought and nobody has looked at. While there is any, nothing
/// more is read from it.
#[derive(Default)]
pub(super) struct Backlog {
    /// STOMP, out of messages that have arrived.
    said: BytesMut,
    /// What was read behind them.
    wire: Vec<u8>,
}

impl Shard {
    /// So much was looked at.
    pub(super) fn spend(&mut self, bytes: usize) {
        self.turn_bytes = self.turn_bytes.saturating_sub(bytes);
    }

    /// Whether the rest of what a socket brought has to wait: its turn is over,
    /// or it has as much under way as it may.
    pub(super) fn must_pause(&self, slot: usize) -> bool {
        self.turn_bytes == 0
            || self.sockets.get(slot).is_some_and(|socket| {
                socket.backlog.is_some() || socket.sends.as_ref().is_some_and(|sends| sends.must_wait())
            })
    }

    /// Keeps STOMP that has to wait.
    pub(super) fn hold_said(&mut self, slot: usize, rest: &[u8]) {
        if let Some(socket) = self.sockets.get_mut(slot).filter(|_| !rest.is_empty()) {
            socket.backlog.get_or_insert_default().said.extend_from_slice(rest);
        }
    }

    /// Keeps what was read behind it.
    pub(super) fn hold_wire(&mut self, slot: usize, input: &Input<'_>) {
        if let Some(socket) = self.sockets.get_mut(slot) {
            socket.backlog.get_or_insert_default().wire.extend_from_slice(input.rest());
        }
    }

    /// Goes on with what waited.
    pub(super) fn take_up(&mut self, slot: usize, backlog: Backlog) {
        let Backlog { mut said, mut wire } = backlog;
        let Some(socket) = self.sockets.get_mut(slot) else { return };
        let carried = socket.wire;
        let Some(mut protocol) = socket.protocol.take() else { return };
        if let Dialogue::Stomp(session) = &mut protocol.dialogue {
            let rest = self.receive_stomp(slot, session, carried, &said).len();
            said.advance(said.len() - rest);
        }
        let Some(socket) = self.sockets.get_mut(slot) else { return };
        socket.protocol = Some(protocol);
        if said.is_empty() {
            return self.receive(slot, &mut wire);
        }
        socket.backlog = Some(Box::new(Backlog { said, wire }));
        self.finish_close(slot);
        self.progress(slot);
    }
}
