//! From messages to the frames of a wire.

use hub_core::messagepack;
use hub_sockjs::Messages;
use hub_ws::{OpCode, frame};

use super::template::{Frames, Part, Template};
use super::{Carrier, Wire};
use crate::shard::compressor::Compressor;

/// A message, and where in it the subscription's name goes.
#[derive(Clone, Copy, Debug)]
pub(in crate::shard) struct Message<'m> {
    pub(in crate::shard) bytes: &'m [u8],
    /// `None`: it names none, or it has its name.
    pub(in crate::shard) hole: Option<usize>,
}

impl<'m> From<&'m [u8]> for Message<'m> {
    fn from(bytes: &'m [u8]) -> Message<'m> {
        Message { bytes, hole: None }
    }
}

/// Puts messages together for a wire.
pub(in crate::shard) struct Packet<'p> {
    wire: Wire,
    compressor: Option<&'p Compressor>,
    out: Out,
    /// The one `SockJS` frame of all messages, and where in it names go.
    array: Option<(Messages, Vec<usize>)>,
    messages: u64,
    /// With its names in it, it would be compressed.
    is_better_whole: bool,
}

/// The frames so far.
#[derive(Default)]
struct Out {
    shared: Vec<u8>,
    /// As long as nothing has a hole there are none.
    parts: Vec<Part>,
    /// Shared bytes behind the last part.
    since: usize,
}

impl<'p> Packet<'p> {
    /// Begins a packet that many may share: compressed, where the wire has it so.
    pub(in crate::shard) fn new(wire: Wire, compressor: &'p Compressor) -> Packet<'p> {
        Packet { compressor: Some(compressor), ..Packet::plain(wire) }
    }

    pub(super) fn plain(wire: Wire) -> Packet<'p> {
        let in_array = matches!(wire.carrier, Carrier::SockJs | Carrier::Session);
        let array = in_array.then(|| (Messages::default(), Vec::new()));
        Packet { wire, compressor: None, out: Out::default(), array, messages: 0, is_better_whole: false }
    }

    /// Adds a message, unless the wire can't carry it: `SockJS` carries text
    /// alone.
    pub(in crate::shard) fn push<'m>(&mut self, message: impl Into<Message<'m>>) -> bool {
        let message: Message<'_> = message.into();
        let is_carried = self.put(message);
        self.messages += u64::from(is_carried);
        is_carried
    }

    fn put(&mut self, message: Message<'_>) -> bool {
        let Message { bytes, hole } = message;
        let text = std::str::from_utf8(bytes);
        if let Some((messages, holes)) = &mut self.array {
            let Ok(text) = text else { return false };
            let split = messages.push_split(&text[..hole.unwrap_or(0)], &text[hole.unwrap_or(0)..]);
            holes.extend(hole.map(|_| split));
            return true;
        }
        match self.wire.carrier {
            Carrier::WebSocket => {
                let opcode = if text.is_ok() { OpCode::Text } else { OpCode::Binary };
                self.put_frame(opcode, bytes, hole.as_slice());
            }
            Carrier::MessagePack => {
                let Some(packed) = messagepack::from_json(bytes) else { return false };
                self.put_frame(OpCode::Binary, &packed, &[]);
            }
            Carrier::Tcp | Carrier::SockJs | Carrier::Session => self.out.put(bytes, hole.as_slice()),
        }
        true
    }

    fn put_frame(&mut self, opcode: OpCode, payload: &[u8], holes: &[usize]) {
        if self.compress(opcode, payload, holes) {
            return;
        }
        if holes.is_empty() {
            self.out.shared.reserve(frame::header_len(payload.len()) + payload.len());
            self.out.write(|out| frame::write_header(out, opcode, payload.len()));
        } else {
            self.out.begin(Part::Header { opcode, bytes: payload.len(), names: holes.len() });
        }
        self.out.put(payload, holes);
    }

    /// Puts a frame compressed, where the wire has it so and it is worth it: what
    /// stands behind a name is compressed for all names.
    fn compress(&mut self, opcode: OpCode, payload: &[u8], holes: &[usize]) -> bool {
        let (Some(window), Some(compressor)) = (self.wire.deflate, self.compressor) else { return false };
        if !compressor.is_worth(payload) {
            return false;
        }
        match holes {
            [] => self.out.write(|out| compressor.write(out, opcode, payload, window)),
            [hole] => {
                let (head, tail) = payload.split_at(*hole);
                self.out.put_spliced(opcode, head, |out| compressor.write_tail(out, tail, window))
            }
            _ => {
                self.is_better_whole = true;
                false
            }
        }
    }

    /// The frames, with holes for the name.
    pub(in crate::shard) fn finish(mut self) -> Template {
        if let Some((messages, holes)) = self.array.take().filter(|(messages, _)| !messages.is_empty()) {
            let array = messages.finish();
            if self.wire.carrier == Carrier::Session {
                self.out.put(&array, &holes);
            } else {
                self.put_frame(OpCode::Text, &array, &holes);
            }
        }
        let in_one_piece = self.wire.carrier == Carrier::Session;
        let Packet { messages, is_better_whole, .. } = self;
        let Out { shared, parts, .. } = self.out.finish();
        Template { shared: shared.into(), parts, messages, in_one_piece, is_better_whole }
    }

    /// The same where nothing has a hole.
    pub(in crate::shard) fn finish_whole(self) -> Frames {
        self.finish().frames(&[])
    }
}

impl Out {
    /// Puts bytes with a name at each hole.
    fn put(&mut self, bytes: &[u8], holes: &[usize]) {
        self.shared.extend_from_slice(bytes);
        let mut put = 0;
        for hole in holes {
            self.since += hole - put;
            self.begin(Part::Name);
            put = *hole;
        }
        self.since += bytes.len() - put;
    }

    /// Puts what `write` writes.
    fn write<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let before = self.shared.len();
        let outcome = write(&mut self.shared);
        self.since += self.shared.len() - before;
        outcome
    }

    /// Puts a frame of a head, a name, and a compressed tail, if `compress`
    /// writes one.
    fn put_spliced(
        &mut self,
        opcode: OpCode,
        head: &[u8],
        compress: impl FnOnce(&mut Vec<u8>) -> bool,
    ) -> bool {
        let before = self.shared.len();
        self.shared.extend_from_slice(head);
        let is_compressed = compress(&mut self.shared);
        if is_compressed {
            let tail = self.shared.len() - before - head.len();
            self.begin(Part::Spliced { opcode, head: head.len(), tail });
        } else {
            self.shared.truncate(before);
        }
        is_compressed
    }

    /// Puts a part that is not shared.
    fn begin(&mut self, part: Part) {
        if self.since > 0 {
            self.parts.push(Part::Shared(std::mem::take(&mut self.since)));
        }
        self.parts.push(part);
    }

    fn finish(mut self) -> Out {
        if !self.parts.is_empty() && self.since > 0 {
            self.parts.push(Part::Shared(self.since));
        }
        self
    }
}
