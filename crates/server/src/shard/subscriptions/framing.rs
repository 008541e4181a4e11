//! From elements to frames: the `encode` step of the path.
//!
//! Subscribers whose frames would be equal byte for byte (same wire, same
//! dialect, same names for what they subscribed to) share one [`Framing`], and
//! with it the bytes of every flush.

use std::cell::Cell;
use std::sync::Arc;

use bytes::Bytes;
use hub_core::{Position, TopicName};
use hub_fanout::queues::Delivery;
use hub_fanout::{Composition, FeedEvent, RelayMessage, SnapshotReason};
use hub_stomp::{AckMode, Version, encode};

use crate::shard::compressor::Compressor;
use crate::shard::wire::{Packet, Wire};

/// Everything that shapes a subscriber's frames.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Framing {
    pub(super) wire: Wire,
    pub(super) composition: Composition,
    pub(super) dialect: Dialect,
}

/// Way in which a message says what it is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(in crate::shard) enum Dialect {
    /// A MESSAGE frame.
    Stomp {
        version: Version,
        /// The subscription's id; none for a 1.0 client that gave none.
        subscription: Option<Box<str>>,
        /// As the subscriber named it.
        destination: TopicName,
        /// Says whether MESSAGEs carry what an ACK names (STOMP 1.2, "ACK").
        ack: AckMode,
    },
    /// `{"type":<name>,"data":...}`.
    Native { name: &'static str },
    /// As the service told it.
    Whole { name: &'static str },
}

/// Some elements of one topic, on their way to subscribers.
pub(super) struct Drain<'a> {
    pub(super) elements: &'a [Bytes],
    /// Position of the topic.
    pub(super) position: Position,
    /// Nothing at or below the position is pending for the subscriber any
    /// more: the last message carries `resume`.
    pub(super) last: bool,
    /// It is a snapshot, and not what was asked for.
    pub(super) snapshot_reason: Option<SnapshotReason>,
}

/// Some events of one feed, on their way to subscribers.
pub(super) struct Run<'a> {
    /// Position of the shard: no event at or below it is still to come.
    pub(super) stands: Position,
    /// All or none of what follows from a record.
    pub(super) events: &'a [Arc<FeedEvent>],
    /// As of a [`Drain`].
    pub(super) snapshot_reason: Option<SnapshotReason>,
}

/// Frames ready for a socket, in one piece.
#[derive(Clone)]
pub(in crate::shard) struct Frames {
    pub(in crate::shard) bytes: Bytes,
    /// Number of messages they are.
    pub(in crate::shard) messages: u64,
}

impl Frames {
    /// Gives their length in bytes.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// One message's content.
struct Content<'a> {
    parts: &'a [&'a [u8]],
    /// An array of the parts, rather than the one there is.
    array: bool,
    position: Position,
    resume: Option<Position>,
    snapshot_reason: Option<SnapshotReason>,
}

impl Content<'_> {
    /// The length of its JSON.
    fn json_len(&self) -> usize {
        let commas = self.parts.len().saturating_sub(1);
        self.parts.iter().map(|part| part.len()).sum::<usize>() + commas + if self.array { 2 } else { 0 }
    }

    fn put_json(&self, out: &mut Vec<u8>) {
        if self.array {
            out.push(b'[');
        }
        for (index, part) in self.parts.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(part);
        }
        if self.array {
            out.push(b']');
        }
    }
}

impl Framing {
    /// The frames of a drain. One that has nothing to hand over is a message
    /// only if it has to say what it is instead of.
    pub(super) fn state(&self, drain: &Drain<'_>, encoder: &Encoder) -> Frames {
        let parts: Vec<&[u8]> = drain.elements.iter().map(|element| &**element).collect();
        let array = self.composition == Composition::Array || parts.is_empty();
        let messages: Vec<&[&[u8]]> = if array { vec![&parts] } else { parts.chunks(1).collect() };
        let mut packet = Packet::new(self.wire, &encoder.compressor);
        for (index, parts) in messages.iter().enumerate() {
            let resume = (drain.last && index + 1 == messages.len()).then_some(drain.position);
            let Drain { position, snapshot_reason, .. } = *drain;
            self.put(&mut packet, &Content { parts, array, position, resume, snapshot_reason }, &encoder.ids);
        }
        Frames { bytes: packet.finish(), messages: messages.len() as u64 }
    }

    /// The frames of a run of events. Each message says where to resume, unless
    /// more follows from the same record.
    pub(super) fn feed(&self, run: &Run<'_>, encoder: &Encoder) -> Frames {
        let parts: Vec<&[u8]> = run.events.iter().map(|event| &*event.json).collect();
        let at = |index: usize| {
            let offset = run.events.get(index).map_or(run.stands.offset, |event| event.offset);
            Position { offset, ..run.stands }
        };
        let mut packet = Packet::new(self.wire, &encoder.compressor);
        let snapshot_reason = run.snapshot_reason;
        if self.composition == Composition::Array || parts.is_empty() {
            let position = at(parts.len().saturating_sub(1));
            let resume = Some(position);
            let content = Content { parts: &parts, array: true, position, resume, snapshot_reason };
            self.put(&mut packet, &content, &encoder.ids);
            return Frames { bytes: packet.finish(), messages: 1 };
        }
        for (index, part) in parts.iter().enumerate() {
            let ends = index + 1 == parts.len() || at(index + 1) != at(index);
            let (position, resume) = (at(index), ends.then_some(at(index)));
            let content = Content { parts: &[part], array: false, position, resume, snapshot_reason };
            self.put(&mut packet, &content, &encoder.ids);
        }
        Frames { bytes: packet.finish(), messages: parts.len() as u64 }
    }

    fn put(&self, packet: &mut Packet<'_>, content: &Content<'_>, ids: &MessageIds) {
        let length = content.json_len();
        let mut message = Vec::with_capacity(length + 320);
        match &self.dialect {
            Dialect::Stomp { version, ack, .. } => {
                let id = ids.next(content.position);
                let extra = [
                    ("ack", ack_header(*version, *ack, &id)),
                    ("content-type", Some("application/json".to_owned())),
                    ("resume", content.resume.map(|position| position.to_string())),
                    ("snapshot", content.snapshot_reason.map(|reason| reason.as_str().to_owned())),
                ];
                let extra = extra.into_iter().filter_map(|(name, value)| Some((name, value?)));
                let headers = self.own_headers(id).chain(extra);
                encode::begin_message(&mut message, *version, headers, Some(length));
                content.put_json(&mut message);
                encode::end_frame(&mut message);
            }
            Dialect::Native { name } => {
                message.extend_from_slice(format!(r#"{{"type":"{name}","data":"#).as_bytes());
                content.put_json(&mut message);
                if let Some(position) = content.resume {
                    message.extend_from_slice(format!(r#","resume":"{position}""#).as_bytes());
                }
                if let Some(reason) = content.snapshot_reason {
                    message.extend_from_slice(format!(r#","snapshot":"{}""#, reason.as_str()).as_bytes());
                }
                message.push(b'}');
            }
            Dialect::Whole { .. } => content.put_json(&mut message),
        }
        packet.push(&message);
    }

    /// The frame of a relayed message: its headers and body as they came.
    /// `None` where the wire can't carry it.
    pub(super) fn relay(&self, message: &RelayMessage, compressor: &Compressor) -> Option<Frames> {
        // Only STOMP leads to relay topics and queues.
        let Dialect::Stomp { version, ack, .. } = &self.dialect else { return None };
        let id = format!("{}-0", message.position());
        let ack = ack_header(*version, *ack, &id).map(|id| ("ack", id));
        self.relayed(message, id, ack, compressor)
    }

    /// The frame of a queue's message. Its id, by which it is acknowledged in
    /// every version, ends with the delivery's.
    pub(super) fn queue(
        &self,
        delivery: &Delivery<Arc<RelayMessage>>,
        compressor: &Compressor,
    ) -> Option<Frames> {
        // Only STOMP leads to relay topics and queues.
        let Dialect::Stomp { version, ack, .. } = &self.dialect else { return None };
        let id = format!("{}-{}", delivery.message.position(), delivery.id);
        let ack = ack_header(*version, *ack, &id).map(|id| ("ack", id));
        let redelivered = delivery.redelivered.then(|| ("redelivered", "true".to_owned()));
        self.relayed(&delivery.message, id, ack.into_iter().chain(redelivered), compressor)
    }

    fn relayed<'m>(
        &'m self,
        message: &'m RelayMessage,
        id: String,
        own: impl IntoIterator<Item = (&'m str, String)>,
        compressor: &Compressor,
    ) -> Option<Frames> {
        // As above.
        let Dialect::Stomp { version, .. } = &self.dialect else { return None };
        let custom = message.headers.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let headers = self.own_headers(id).chain(own).chain(custom);
        let mut stomp = Vec::with_capacity(256 + message.body.len());
        encode::begin_message(&mut stomp, *version, headers, Some(message.body.len()));
        stomp.extend_from_slice(&message.body);
        encode::end_frame(&mut stomp);
        let mut packet = Packet::new(self.wire, compressor);
        packet.push(&stomp).then(|| Frames { bytes: packet.finish(), messages: 1 })
    }

    fn own_headers(&self, id: String) -> impl Iterator<Item = (&str, String)> {
        let (subscription, destination) = match &self.dialect {
            Dialect::Stomp { subscription, destination, .. } => (subscription.as_deref(), Some(destination)),
            Dialect::Native { .. } | Dialect::Whole { .. } => (None, None),
        };
        let subscription = subscription.map(|id| ("subscription", id.to_owned()));
        let destination = destination.map(|name| ("destination", name.as_str().to_owned()));
        subscription.into_iter().chain([("message-id", id)]).chain(destination)
    }
}

/// Gives what an ACK of a message with this id names, where it names anything.
fn ack_header(version: Version, mode: AckMode, id: &str) -> Option<String> {
    encode::ack_header(version, mode, id).map(|(_, id)| id.to_owned())
}

/// Everything a shard encodes with.
pub(super) struct Encoder {
    pub(super) ids: MessageIds,
    pub(super) compressor: Compressor,
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
