//! From elements to frames: the `encode` step of the path.
//!
//! Subscribers whose frames would be equal byte for byte (same wire, same
//! dialect, same names for what they subscribed to) share one [`Framing`], and
//! with it the bytes of every flush. Those that differ in the subscription's
//! id alone are a [family](Framing::family), and share all but the id.

use std::cell::Cell;
use std::fmt::Arguments;
use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use hub_core::{Position, TopicName};
use hub_fanout::queues::Delivery;
use hub_fanout::{Composition, FeedEvent, RelayMessage, SnapshotReason};
use hub_stomp::{AckMode, Command, Version, encode};

use crate::shard::compressor::Compressor;
use crate::shard::wire::{Frames, Message, Packet, Template, Wire};

/// A scratch buffer larger than this is given back.
const SCRATCH_BYTES_MAX: usize = 256 << 10;

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
        subscription: Option<Id>,
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

/// The id of a STOMP subscription.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(in crate::shard) enum Id {
    Is(Box<str>),
    /// Any: it is filled in for each subscription.
    Open,
}

impl Id {
    /// Says whether it is this one.
    pub(in crate::shard) fn is(&self, id: &str) -> bool {
        matches!(self, Id::Is(own) if **own == *id)
    }
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

/// One message's content.
struct Content<'a> {
    elements: &'a [Bytes],
    /// An array of them, rather than the one there is.
    array: bool,
    position: Position,
    resume: Option<Position>,
    snapshot_reason: Option<SnapshotReason>,
}

impl Content<'_> {
    /// The length of its JSON.
    fn json_len(&self) -> usize {
        let commas = self.elements.len().saturating_sub(1);
        self.elements.iter().map(Bytes::len).sum::<usize>() + commas + if self.array { 2 } else { 0 }
    }

    fn put_json(&self, out: &mut Vec<u8>) {
        if self.array {
            out.push(b'[');
        }
        for (index, element) in self.elements.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(element);
        }
        if self.array {
            out.push(b']');
        }
    }
}

impl Framing {
    /// The same but for the subscription's id, which is what most differ in:
    /// its frames are templates.
    pub(super) fn family(&self) -> Framing {
        let mut family = self.clone();
        if let Dialect::Stomp { subscription: Some(id), .. } = &mut family.dialect {
            *id = Id::Open;
        }
        family
    }

    /// The subscription's id as it stands in its frames.
    pub(super) fn name(&self) -> Box<[u8]> {
        match &self.dialect {
            Dialect::Stomp { version, subscription: Some(Id::Is(id)), .. } => self.wire.name(*version, id),
            _ => Box::default(),
        }
    }

    /// The frames of a drain. One that has nothing to hand over is a message
    /// only if it has to say what it is instead of.
    pub(super) fn state(&self, drain: &Drain<'_>, encoder: &Encoder) -> Template {
        let Drain { elements, position, snapshot_reason, .. } = *drain;
        let array = self.composition == Composition::Array || elements.is_empty();
        let per_message = if array { elements.len().max(1) } else { 1 };
        let mut packet = Packet::new(self.wire, &encoder.compressor);
        for start in (0..elements.len().max(1)).step_by(per_message) {
            let end = (start + per_message).min(elements.len());
            let resume = (drain.last && end == elements.len()).then_some(position);
            let content =
                Content { elements: &elements[start..end], array, position, resume, snapshot_reason };
            self.put(&mut packet, &content, encoder);
        }
        packet.finish()
    }

    /// The frames of a run of events. Each message says where to resume, unless
    /// more follows from the same record.
    pub(super) fn feed(&self, run: &Run<'_>, encoder: &Encoder) -> Template {
        let elements: Vec<Bytes> = run.events.iter().map(|event| event.json.get()).collect();
        let at = |index: usize| {
            let offset = run.events.get(index).map_or(run.stands.offset, |event| event.offset);
            Position { offset, ..run.stands }
        };
        let mut packet = Packet::new(self.wire, &encoder.compressor);
        let snapshot_reason = run.snapshot_reason;
        if self.composition == Composition::Array || elements.is_empty() {
            let position = at(elements.len().saturating_sub(1));
            let resume = Some(position);
            let content = Content { elements: &elements, array: true, position, resume, snapshot_reason };
            self.put(&mut packet, &content, encoder);
            return packet.finish();
        }
        for (index, element) in elements.iter().enumerate() {
            let ends = index + 1 == elements.len() || at(index + 1) != at(index);
            let (position, resume) = (at(index), ends.then_some(at(index)));
            let elements = std::slice::from_ref(element);
            let content = Content { elements, array: false, position, resume, snapshot_reason };
            self.put(&mut packet, &content, encoder);
        }
        packet.finish()
    }

    fn put(&self, packet: &mut Packet<'_>, content: &Content<'_>, encoder: &Encoder) {
        let mut scratch = encoder.scratch.take();
        scratch.clear();
        let hole = match &self.dialect {
            Dialect::Stomp { version, ack, .. } => {
                let number = encoder.ids.next();
                let id = |out: &mut Vec<u8>| write_to(out, format_args!("{}-{number}", content.position));
                let hole = self.begin(&mut scratch, id);
                if acks(*version, *ack) {
                    put_line(&mut scratch, "ack", id);
                }
                scratch.extend_from_slice(b"content-type:application/json\n");
                if let Some(position) = content.resume {
                    write_to(&mut scratch, format_args!("resume:{position}\n"));
                }
                if let Some(reason) = content.snapshot_reason {
                    write_to(&mut scratch, format_args!("snapshot:{}\n", reason.as_str()));
                }
                encode::push_content_length(&mut scratch, content.json_len());
                encode::end_headers(&mut scratch);
                content.put_json(&mut scratch);
                encode::end_frame(&mut scratch);
                hole
            }
            Dialect::Native { name } => {
                write_to(&mut scratch, format_args!(r#"{{"type":"{name}","data":"#));
                content.put_json(&mut scratch);
                if let Some(position) = content.resume {
                    write_to(&mut scratch, format_args!(r#","resume":"{position}""#));
                }
                if let Some(reason) = content.snapshot_reason {
                    write_to(&mut scratch, format_args!(r#","snapshot":"{}""#, reason.as_str()));
                }
                scratch.push(b'}');
                None
            }
            Dialect::Whole { .. } => {
                content.put_json(&mut scratch);
                None
            }
        };
        packet.push(Message { bytes: &scratch, hole });
        encoder.give_back(scratch);
    }

    /// Adds the frame of a relayed message: its headers and body as they came.
    /// False where the wire can't carry it.
    pub(super) fn relay(&self, message: &RelayMessage, packet: &mut Packet<'_>) -> bool {
        self.relayed(message, packet, format_args!("{}-0", message.position()), false)
    }

    /// The frame of a queue's message, if the wire can carry it. Its id, by
    /// which it is acknowledged in every version, ends with the delivery's.
    pub(super) fn queue(
        &self,
        delivery: &Delivery<Arc<RelayMessage>>,
        compressor: &Compressor,
    ) -> Option<Frames> {
        let mut packet = Packet::new(self.wire, compressor);
        let id = format!("{}-{}", delivery.message.position(), delivery.id);
        let is_carried =
            self.relayed(&delivery.message, &mut packet, format_args!("{id}"), delivery.redelivered);
        is_carried.then(|| packet.finish_whole())
    }

    fn relayed(
        &self,
        message: &RelayMessage,
        packet: &mut Packet<'_>,
        id: Arguments<'_>,
        redelivered: bool,
    ) -> bool {
        // Only STOMP leads to relay topics and queues.
        let Dialect::Stomp { version, ack, .. } = &self.dialect else { return false };
        let id = |out: &mut Vec<u8>| write_to(out, id);
        let mut stomp = Vec::with_capacity(256 + message.body.len());
        let hole = self.begin(&mut stomp, id);
        if acks(*version, *ack) {
            put_line(&mut stomp, "ack", id);
        }
        if redelivered {
            stomp.extend_from_slice(b"redelivered:true\n");
        }
        for (name, value) in &message.headers {
            encode::push_header(&mut stomp, *version, name, value);
        }
        encode::push_content_length(&mut stomp, message.body.len());
        encode::end_headers(&mut stomp);
        stomp.extend_from_slice(&message.body);
        encode::end_frame(&mut stomp);
        packet.push(Message { bytes: &stomp, hole })
    }

    /// Begins a MESSAGE with its own headers; gives where the subscription's id
    /// goes, if that is open.
    fn begin(&self, out: &mut Vec<u8>, id: impl Fn(&mut Vec<u8>)) -> Option<usize> {
        // Nobody else gets MESSAGEs.
        let Dialect::Stomp { version, subscription, destination, .. } = &self.dialect else { return None };
        encode::begin_frame(out, Command::Message, *version, [] as [(&str, &str); 0]);
        let mut hole = None;
        match subscription {
            Some(Id::Is(id)) => encode::push_header(out, *version, "subscription", id),
            Some(Id::Open) => put_line(out, "subscription", |out| hole = Some(out.len())),
            None => {}
        }
        put_line(out, "message-id", id);
        encode::push_header(out, *version, "destination", destination.as_str());
        hole
    }
}

/// Says whether MESSAGEs carry what an ACK names.
fn acks(version: Version, mode: AckMode) -> bool {
    encode::ack_header(version, mode, "").is_some()
}

/// Writes a header line of whose value nothing has to be escaped.
fn put_line(out: &mut Vec<u8>, name: &str, value: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(name.as_bytes());
    out.push(b':');
    value(out);
    out.push(b'\n');
}

fn write_to(out: &mut Vec<u8>, text: Arguments<'_>) {
    // Writing to a vector does not fail.
    let _ = out.write_fmt(text);
}

/// Everything a shard encodes with.
pub(super) struct Encoder {
    ids: MessageIds,
    pub(super) compressor: Compressor,
    /// Room for the message that is being put together.
    scratch: Cell<Vec<u8>>,
}

impl Encoder {
    pub(super) fn new(ids: MessageIds, compressor: Compressor) -> Encoder {
        Encoder { ids, compressor, scratch: Cell::default() }
    }

    fn give_back(&self, scratch: Vec<u8>) {
        // What one large message took isn't kept for small ones.
        if scratch.capacity() <= SCRATCH_BYTES_MAX {
            self.scratch.set(scratch);
        }
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

    fn next(&self) -> u64 {
        let n = self.next.get();
        self.next.set(n.wrapping_add(self.step));
        n
    }
}
