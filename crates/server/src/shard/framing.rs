//! From elements to frames: the `encode` step of the path.
//!
//! Subscribers whose frames would be equal byte for byte (same wire, same
//! STOMP version, same subscription id, same destination as they named it)
//! share one [`Framing`], and with it the bytes of every flush.

use std::cell::Cell;

use bytes::Bytes;
use hub_core::{Offset, Position, TopicName};
use hub_fanout::{Composition, RelayMessage};
use hub_stomp::{Version, encode};
use hub_ws::{OpCode, frame};

/// What carries STOMP frames.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Wire {
    /// One WebSocket message per frame.
    WebSocket,
    /// The bare TCP stream.
    Tcp,
}

impl Wire {
    /// In metrics.
    pub(super) fn transport(self) -> &'static str {
        match self {
            Wire::WebSocket => "websocket",
            Wire::Tcp => "tcp",
        }
    }

    /// A whole STOMP frame as it goes over this wire.
    pub(super) fn wrap(self, stomp: Bytes) -> Bytes {
        match self {
            Wire::WebSocket => frame::text(&stomp),
            Wire::Tcp => stomp,
        }
    }

    fn put_header(self, out: &mut Vec<u8>, opcode: OpCode, len: usize) {
        if self == Wire::WebSocket {
            frame::write_header(out, opcode, len);
        }
    }
}

/// Everything that shapes a subscriber's frames.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Framing {
    pub(super) wire: Wire,
    pub(super) version: Version,
    /// The subscription's id; none for a 1.0 client that gave none.
    pub(super) subscription: Option<Box<str>>,
    /// As the subscriber named it.
    pub(super) destination: TopicName,
}

/// Some elements of one topic, on their way to subscribers.
pub(super) struct Drain<'a> {
    pub(super) elements: &'a [Bytes],
    pub(super) composition: Composition,
    /// Where the topic stands.
    pub(super) position: Position,
    /// Nothing at or below the position is pending for the subscriber any
    /// more: the last message carries `resume`.
    pub(super) last: bool,
}

/// Frames ready for a socket, in one piece.
#[derive(Clone)]
pub(super) struct Frames {
    pub(super) bytes: Bytes,
    /// How many messages they are.
    pub(super) messages: u64,
}

impl Framing {
    /// The frames of a drain.
    pub(super) fn state(&self, drain: &Drain<'_>, ids: &MessageIds) -> Frames {
        let parts: Vec<&[Bytes]> = match drain.composition {
            Composition::Array => vec![drain.elements],
            Composition::Each => drain.elements.chunks(1).collect(),
        };
        let mut out = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let resume = (drain.last && index + 1 == parts.len()).then_some(drain.position);
            self.put_state(&mut out, part, drain, ids.next(drain.position), resume);
        }
        Frames { bytes: out.into(), messages: parts.len() as u64 }
    }

    fn put_state(
        &self,
        out: &mut Vec<u8>,
        part: &[Bytes],
        drain: &Drain<'_>,
        id: String,
        resume: Option<Position>,
    ) {
        let array = drain.composition == Composition::Array;
        let brackets_and_commas = if array { part.len() + 1 + usize::from(part.is_empty()) } else { 0 };
        let length = part.iter().map(Bytes::len).sum::<usize>() + brackets_and_commas;
        let resume = resume.map(|position| ("resume", position.to_string()));
        let headers = self.own_headers(id).chain([("content-type", "application/json".into())]).chain(resume);
        let mut head = Vec::with_capacity(256);
        encode::begin_message(&mut head, self.version, headers, Some(length));
        out.reserve(head.len() + length + 16);
        self.wire.put_header(out, OpCode::Text, head.len() + length + 1);
        out.extend_from_slice(&head);
        if array {
            out.push(b'[');
        }
        for (index, element) in part.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(element);
        }
        if array {
            out.push(b']');
        }
        encode::end_frame(out);
    }

    /// The frame of a relayed message: its headers and body as they came. A
    /// body that is not UTF-8 can't travel in a text message.
    pub(super) fn relay(&self, message: &RelayMessage) -> Frames {
        let position = Position { epoch: message.epoch, offset: Offset(message.sequence) };
        let custom = message.headers.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let headers = self.own_headers(format!("{position}-0")).chain(custom);
        let mut stomp = Vec::with_capacity(256 + message.body.len());
        encode::begin_message(&mut stomp, self.version, headers, Some(message.body.len()));
        stomp.extend_from_slice(&message.body);
        encode::end_frame(&mut stomp);
        let opcode = if std::str::from_utf8(&message.body).is_ok() { OpCode::Text } else { OpCode::Binary };
        let mut out = Vec::with_capacity(stomp.len() + 10);
        self.wire.put_header(&mut out, opcode, stomp.len());
        out.extend_from_slice(&stomp);
        Frames { bytes: out.into(), messages: 1 }
    }

    fn own_headers(&self, id: String) -> impl Iterator<Item = (&str, String)> {
        let subscription = self.subscription.as_deref().map(|id| ("subscription", id.to_owned()));
        subscription
            .into_iter()
            .chain([("message-id", id), ("destination", self.destination.as_str().to_owned())])
    }
}

/// Gives out `<epoch>-<offset>-<n>`; n is unique in this process and starts
/// at the time of its start, so that a restart at the same offset does not
/// repeat an id.
pub(super) struct MessageIds {
    next: Cell<u64>,
    step: u64,
}

impl MessageIds {
    /// The ids of shard `index` of `shards`.
    pub(super) fn new(started_millis: u64, index: u64, shards: u64) -> MessageIds {
        MessageIds { next: Cell::new(started_millis * shards + index), step: shards }
    }

    fn next(&self, position: Position) -> String {
        let n = self.next.get();
        self.next.set(n.wrapping_add(self.step));
        format!("{position}-{n}")
    }
}
