//! Frames that differ in nothing but a name.
//!
//! Subscriptions to the same thing mostly differ by their ids alone (`sub-0`,
//! `sub-1`), and the id stands in every MESSAGE. So what is the same for all
//! is made once, with holes; whoever is to get it fills in the name, which
//! costs a copy of a short frame, and of a long one a copy of its head.

use bytes::Bytes;
use hub_ws::{OpCode, frame};

/// Bytes behind the last name from which on they are sent as they are, in a
/// part of their own, rather than copied.
const SHARED_BYTES_LEAST: usize = 4 << 10;

/// Bytes that the headers of a spliced frame take, at most.
const SPLICED_BYTES_MORE: usize = 15;

/// Frames with a hole for a name in each.
#[derive(Debug)]
pub(in crate::shard) struct Template {
    pub(super) shared: Bytes,
    /// None at all: nothing differs.
    pub(super) parts: Vec<Part>,
    pub(super) messages: u64,
    /// Its frames have to be one piece.
    pub(super) in_one_piece: bool,
    /// With its names in it, it would be compressed.
    pub(super) is_better_whole: bool,
}

/// A part of a template, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// So many of the shared bytes.
    Shared(usize),
    /// The header of a WebSocket frame with so many bytes beside the names in
    /// it.
    Header {
        opcode: OpCode,
        bytes: usize,
        names: usize,
    },
    /// A frame of so many shared bytes as they are, the name, and so many shared
    /// bytes that are compressed.
    Spliced {
        opcode: OpCode,
        head: usize,
        tail: usize,
    },
    Name,
}

/// Frames ready for a socket.
#[derive(Clone, Debug, Default)]
pub(in crate::shard) struct Frames {
    pub(in crate::shard) bytes: Bytes,
    /// Bytes that follow them and are not theirs alone; mostly none.
    pub(in crate::shard) tail: Bytes,
    /// Number of messages they are.
    pub(in crate::shard) messages: u64,
}

impl Frames {
    /// Gives their length in bytes.
    pub(in crate::shard) fn len(&self) -> usize {
        self.bytes.len() + self.tail.len()
    }
}

impl Template {
    /// Says whether it is better made for each name: only so it is compressed.
    pub(in crate::shard) fn is_better_whole(&self) -> bool {
        self.is_better_whole
    }

    /// The frames for a subscription of this name, as [`Wire::name`](super::Wire::name) writes it.
    pub(in crate::shard) fn frames(&self, name: &[u8]) -> Frames {
        if self.parts.is_empty() {
            return Frames { bytes: self.shared.clone(), tail: Bytes::new(), messages: self.messages };
        }
        let tail = self.tail();
        let length = self.length(name.len());
        let mut out = Vec::with_capacity(length - tail.len());
        let mut shared = &self.shared[..self.shared.len() - tail.len()];
        let mut next = |bytes: usize| {
            let (now, rest) = shared.split_at(bytes.min(shared.len()));
            shared = rest;
            now
        };
        for part in &self.parts {
            match *part {
                Part::Shared(bytes) => out.extend_from_slice(next(bytes)),
                Part::Spliced { opcode, head, tail } => {
                    let (head, tail) = (next(head), next(tail));
                    frame::write_spliced(&mut out, opcode, &[head, name], tail);
                }
                Part::Header { opcode, bytes, names } => {
                    frame::write_header(&mut out, opcode, bytes + names * name.len());
                }
                Part::Name => out.extend_from_slice(name),
            }
        }
        Frames { bytes: out.into(), tail, messages: self.messages }
    }

    /// Bytes behind the last name, where they are worth not to be copied.
    fn tail(&self) -> Bytes {
        match self.parts.last() {
            Some(Part::Shared(bytes)) if *bytes >= SHARED_BYTES_LEAST && !self.in_one_piece => {
                self.shared.slice(self.shared.len() - bytes..)
            }
            _ => Bytes::new(),
        }
    }

    /// The length of the frames for a name of `name` bytes.
    fn length(&self, name: usize) -> usize {
        let of_part = |part: &Part| match *part {
            Part::Shared(bytes) => bytes,
            Part::Header { bytes, names, .. } => frame::header_len(bytes + names * name),
            Part::Name => name,
            Part::Spliced { head, tail, .. } => SPLICED_BYTES_MORE + head + name + tail,
        };
        self.parts.iter().map(of_part).sum()
    }
}
