//! Turns: how much of what one socket brings is looked at before the others
//! are, and where the rest waits.
//!
//! What counts is what has to be looked at, not what was on the wire: a
//! kilobyte of compressed data may be a megabyte of messages.

use bytes::Buf as _;
use hub_ws::Input;

use crate::shard::Shard;
use crate::shard::pending::Backlog;
use crate::shard::sockets::Dialogue;

impl Shard {
    /// Begins a socket's turn: it may bring `limits.turn_bytes`, read from it or of messages; the
    /// last message may go beyond.
    pub(in crate::shard) fn begin_turn(&mut self) {
        self.turn_bytes = self.chassis.limits.turn_bytes;
    }

    /// So much was looked at.
    pub(in crate::shard) fn spend(&mut self, bytes: usize) {
        self.turn_bytes = self.turn_bytes.saturating_sub(bytes);
    }

    /// Says whether the rest of what a socket brought has to wait: its turn is over,
    /// or it has as much under way as it may.
    pub(super) fn must_pause(&mut self, slot: usize) -> bool {
        self.turn_bytes == 0 || self.sockets.inbound(slot).is_some_and(|inbound| inbound.must_wait())
    }

    /// Keeps STOMP that has to wait.
    pub(super) fn hold_stomp(&mut self, slot: usize, rest: &[u8]) {
        if !rest.is_empty()
            && let Some(inbound) = self.sockets.inbound(slot)
        {
            inbound.backlog.get_or_insert_default().stomp.extend_from_slice(rest);
        }
    }

    /// Keeps what was read behind it.
    pub(super) fn hold_wire(&mut self, slot: usize, input: &Input<'_>) {
        if let Some(inbound) = self.sockets.inbound(slot) {
            inbound.backlog.get_or_insert_default().wire.extend_from_slice(input.rest());
        }
    }

    /// Processes what waited.
    pub(in crate::shard) fn receive_backlog(&mut self, slot: usize, backlog: Backlog) {
        let Backlog { mut stomp, mut wire } = backlog;
        // Only a slot that leads nowhere has none, which was told.
        let Some((carried, mut protocol)) = self.sockets.take_protocol(slot) else { return };
        if let Dialogue::Stomp(session) = &mut protocol.dialogue {
            let rest = self.receive_stomp(slot, session, carried, &stomp).len();
            stomp.advance(stomp.len() - rest);
        }
        self.sockets.return_protocol(slot, protocol);
        if stomp.is_empty() {
            return self.receive(slot, &mut wire);
        }
        if let Some(inbound) = self.sockets.inbound(slot) {
            inbound.backlog = Some(Box::new(Backlog { stomp, wire }));
        }
        self.finish_close(slot);
        self.progress(slot);
    }
}
