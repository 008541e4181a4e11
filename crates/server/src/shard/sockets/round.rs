//! The round: the sockets that a turn has touched, each to be written once.
//!
//! What is sent in a turn is only staged. When the turn has all that there
//! is, the round goes over the sockets it was staged for. A long one is
//! written in parts: between them the rest of the thread has its turn, and
//! whatever is staged meanwhile for a socket that is still to come goes out
//! with what was staged before.

use std::collections::VecDeque;

use bytes::Bytes;

use super::socket::Socket;
use super::{IdleSocket, Progress, Sockets};
use crate::shard::missing::missing;
use crate::shard::wire::Frames;

/// Bytes staged for one socket before they are written, turn or not: as much as
/// is worth to be written at a time.
const STAGED_BYTES_MAX: usize = 64 << 10;

/// The sockets that are still to be written.
#[derive(Default)]
pub(super) struct Round {
    slots: VecDeque<u32>,
    /// Frames staged in this turn, over all sockets.
    staged: usize,
}

/// A socket's part in the round.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(in crate::shard) enum Part {
    #[default]
    None,
    /// It is to be written.
    Write,
    /// Before it is written, it is to take what its subscriptions are owed.
    Take,
}

impl Round {
    /// Begins to count what is staged.
    pub(super) fn begin_turn(&mut self) {
        self.staged = 0;
    }

    fn touch(&mut self, slot: usize, socket: &mut Socket, part: Part) {
        if socket.part == Part::None {
            self.slots.push_back(slot as u32);
        }
        socket.part = socket.part.max(part);
    }

    /// Stages frames for a socket.
    pub(super) fn stage(&mut self, slot: usize, socket: &mut Socket, frames: &Frames) {
        self.staged += 1;
        socket.stage(frames.bytes.clone());
        socket.stage(frames.tail.clone());
        self.touch(slot, socket, Part::Write);
    }
}

impl Sockets {
    /// Sends a frame, at the end of this turn, to a socket that may still be
    /// written to.
    pub(in crate::shard) fn send(&mut self, slot: usize, frame: Bytes) {
        self.send_frames(slot, &Frames { bytes: frame, ..Frames::default() });
    }

    /// The same for frames that others may get, too.
    pub(in crate::shard) fn send_frames(&mut self, slot: usize, frames: &Frames) {
        let Some(socket) = self.slab.get_mut(slot) else {
            return missing(&self.chassis.metrics, "socket", slot);
        };
        self.round.stage(slot, socket, frames);
    }

    /// Sends a frame unless more would wait behind the one that is being
    /// written than an outbox holds; says whether it did.
    pub(in crate::shard) fn send_within_bound(&mut self, slot: usize, frame: &Frames) -> bool {
        self.make_room(slot, frame.len());
        let most = self.chassis.limits.outbox_bytes;
        let fits = self.at(slot).is_some_and(|socket| {
            socket.outbox().is_empty() || socket.outbox().bytes_behind() + frame.len() <= most
        });
        if fits {
            self.send_frames(slot, frame);
        }
        fits
    }

    /// Says whether so many bytes may be staged for the socket in one piece.
    pub(in crate::shard) fn keeps_up(&mut self, slot: usize, bytes: usize) -> bool {
        self.make_room(slot, bytes);
        bytes <= self.chassis.limits.outbox_bytes && self.at(slot).is_some_and(|socket| !socket.is_blocked())
    }

    /// The socket, unless something waits that its peer does not take.
    pub(in crate::shard) fn idle(&mut self, slot: usize) -> Option<IdleSocket<'_>> {
        self.make_room(slot, 0);
        let Some(socket) = self.slab.get_mut(slot) else {
            missing(&self.chassis.metrics, "socket", slot);
            return None;
        };
        debug_assert!(socket.is_streaming(), "what ends has no subscriptions");
        let round = &mut self.round;
        (!socket.is_blocked()).then_some(IdleSocket { slot, socket, round })
    }

    /// Writes what is staged for a socket, if that and so many bytes more are
    /// too many to stand for nothing but this turn: who reads well is not to be
    /// taken for slow, nor is one who does not to be given more than he might
    /// have been at once.
    pub(in crate::shard) fn make_room(&mut self, slot: usize, bytes: usize) {
        let most = self.staged_max();
        let is_much = |socket: &Socket| {
            let staged = socket.outbox().bytes();
            !socket.is_blocked() && staged > 0 && staged + bytes > most
        };
        if self.at(slot).is_some_and(is_much) {
            self.write(slot);
        }
    }

    /// Bytes that may be staged for one socket: of a reader who turns out to be
    /// slow, they leave most of its outbox to what comes later.
    fn staged_max(&self) -> usize {
        STAGED_BYTES_MAX.min(self.chassis.limits.outbox_bytes / 4)
    }

    /// Has the socket take what its subscriptions are owed, when it is written.
    pub(in crate::shard) fn owe(&mut self, slot: usize) {
        if let Some(socket) = self.slab.get_mut(slot) {
            self.round.touch(slot, socket, Part::Take);
        } else {
            missing(&self.chassis.metrics, "socket", slot);
        }
    }

    /// Gives the next socket of the round, and its part.
    pub(in crate::shard) fn next_in_round(&mut self) -> Option<(usize, Part)> {
        loop {
            let slot = self.round.slots.pop_front()? as usize;
            // It may have been written since, or be gone.
            let part = self.leave_round(slot);
            if part != Part::None {
                return Some((slot, part));
            }
        }
    }

    /// The socket is about to be written, in the round or before its turn;
    /// gives its part.
    pub(in crate::shard) fn leave_round(&mut self, slot: usize) -> Part {
        self.slab.get_mut(slot).map(|socket| std::mem::take(&mut socket.part)).unwrap_or_default()
    }

    /// Says whether every socket of the round is written.
    pub(in crate::shard) fn round_is_over(&self) -> bool {
        self.round.slots.is_empty()
    }

    /// The number of frames staged in this turn, over all sockets.
    pub(in crate::shard) fn staged(&self) -> usize {
        self.round.staged
    }

    /// Says whether a socket has to be written before it is given more.
    pub(in crate::shard) fn must_write(&self, slot: usize) -> bool {
        let most = self.staged_max();
        self.at(slot).is_none_or(|socket| {
            socket.is_blocked() || !socket.is_streaming() || socket.outbox().bytes() >= most
        })
    }

    /// Writes what waits, as far as the socket takes it; one that is closing
    /// moves on towards its end.
    pub(in crate::shard) fn write(&mut self, slot: usize) -> Progress {
        let now = self.now.instant;
        // A bug, which `at_mut` tells of.
        let Some(socket) = self.at_mut(slot) else { return Progress::Busy };
        if socket.flush(now).is_err() {
            self.gone.push(slot);
            return Progress::Busy;
        }
        if socket.is_blocked() {
            return Progress::Busy;
        }
        if !socket.is_streaming() {
            self.progress_closing(slot);
            return Progress::Busy;
        }
        Progress::Room
    }
}
