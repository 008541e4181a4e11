//! Turns: how much of what one socket brings is looked at before the others
//! are, and where the rest waits.
//!
//! What counts is what has to be looked at, not what was on the wire: a
//! kilobyte of compressed data may be a megabyte of messages.

use bytes::Buf as _;

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
    pub(super) fn must_pause(&self, slot: usize) -> bool {
        self.turn_bytes == 0 || self.sockets.must_wait(slot)
    }

    /// Processes what waited.
    pub(in crate::shard) fn receive_backlog(&mut self, slot: usize, mut backlog: Box<Backlog>) {
        let Backlog { stomp, wire } = &mut *backlog;
        // Only a slot that leads nowhere has none, which was told.
        let Some((carried, mut protocol)) = self.sockets.take_protocol(slot) else { return };
        if let Dialogue::Stomp(dialogue) = &mut protocol.dialogue {
            let rest = self.receive_stomp(slot, dialogue, carried, stomp).len();
            stomp.advance(stomp.len() - rest);
        }
        self.sockets.return_protocol(slot, protocol);
        if stomp.is_empty() {
            return self.receive(slot, wire);
        }
        self.sockets.return_backlog(slot, backlog);
        self.finish_close(slot);
        self.progress(slot);
    }
}
