//! A request that receives: from a session's frames to a response's bytes.

use std::time::Instant;

use bytes::Bytes;

use crate::framing::Framing;
use crate::session::{Next, ReceiverId, Session};

/// The most that a stream puts together at a time: what is put together is no
/// longer among what the session holds, however slowly it is read.
const STREAM_JOIN_BYTES: usize = 16 << 10;

/// The body of one response, in parts: a prelude if the transport has one, and
/// frames. Each part is to be a chunk of its own.
///
/// Whoever holds it calls [`Response::next`] until [`Part::End`], or
/// [`Response::abandon`] if the client is gone before.
#[derive(Debug)]
pub struct Response {
    framing: Framing,
    source: Source,
    has_prelude: bool,
    /// Bytes of frames that may still be begun.
    room_bytes: usize,
}

#[derive(Debug)]
enum Source {
    Session(ReceiverId),
    /// A single frame, instead of a session's.
    Refusal(Bytes),
    Ended,
}

/// A part of a response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// One chunk.
    Chunk(Bytes),
    /// Nothing for now.
    Nothing,
    /// The response is whole.
    End,
}

impl Response {
    /// Makes the request the session's receiver, or has it told why it can't
    /// be. `room_bytes` is [`Limits::response_bytes`](crate::Limits).
    pub fn attach(framing: Framing, session: &mut Session, room_bytes: usize, now: Instant) -> Response {
        let source = match session.attach(now) {
            Ok(id) => Source::Session(id),
            Err(reason) => Source::Refusal(reason.frame()),
        };
        Response { framing, source, has_prelude: false, room_bytes }
    }

    /// The next part.
    pub fn next(&mut self, session: &mut Session, now: Instant) -> Part {
        if !self.has_prelude {
            self.has_prelude = true;
            if let Some(prelude) = self.framing.prelude() {
                return Part::Chunk(prelude);
            }
        }
        let id = match std::mem::replace(&mut self.source, Source::Ended) {
            Source::Session(id) => id,
            Source::Refusal(frame) => return Part::Chunk(self.framing.encode(&frame)),
            Source::Ended => return Part::End,
        };
        let most_bytes = if self.framing.is_polling() { self.room_bytes } else { STREAM_JOIN_BYTES };
        let join_bytes = most_bytes.min(self.room_bytes);
        match session.next(id, join_bytes, now) {
            Next::Frame(frame) => {
                let chunk = self.framing.encode(&frame);
                self.room_bytes = self.room_bytes.saturating_sub(chunk.len());
                if self.framing.is_polling() || self.room_bytes == 0 {
                    session.detach(id, now);
                } else {
                    self.source = Source::Session(id);
                }
                Part::Chunk(chunk)
            }
            Next::Last(frame) => Part::Chunk(self.framing.encode(&frame)),
            Next::Nothing => {
                self.source = Source::Session(id);
                Part::Nothing
            }
            Next::Detached => Part::End,
        }
    }

    /// The client is gone before the response was whole.
    pub fn abandon(&mut self, session: &mut Session, now: Instant) {
        if let Source::Session(id) = std::mem::replace(&mut self.source, Source::Ended) {
            session.interrupt(id, now);
        }
    }

    /// True if nothing follows but [`Part::End`].
    pub fn is_whole(&self) -> bool {
        self.has_prelude && matches!(self.source, Source::Ended)
    }

    /// Its transport.
    pub fn framing(&self) -> &Framing {
        &self.framing
    }
}
