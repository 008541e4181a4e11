//! Request heads on their way to the HTTP server, each looked at whole before
//! the server sees it.
//!
//! Actix would take any `Connection: upgrade` for the end of the connection, a
//! WebSocket for one only where `Upgrade` names nothing else, and an upgrade in
//! HTTP/1.0 for one. What a head asks for is decided here, from what came, by
//! [`hub_ws::handshake`]; then it is made plain in place, byte for byte: the
//! `Upgrade` of a handshake is `websocket` and nothing else, that of any other
//! request is blank, and its `Connection: upgrade` is `Connection: ignored`.
//!
//! To find the heads, bodies are followed, and what stands behind a request
//! waits until that is answered: actix would let a later request say how an
//! earlier one is answered (with its version, its `Connection`, as if it were
//! HEAD), and a later fault end it all. What is no request never reaches actix,
//! which would end the connection without having said so.

use bytes::{Buf as _, BytesMut};
use tokio::io::ReadBuf;

use super::chunks::{Chunks, Malformed};
use super::head::{self, Fault, Follows, HEAD_BYTES_MAX};

/// The filter of one connection: it follows its requests, each head held until it is whole and judged.
#[derive(Default)]
pub(super) struct RequestFilter {
    /// Bytes that were read and not handed on: of these, the first `ready` may be.
    held: BytesMut,
    ready: usize,
    /// The first byte that is held was handed on all the same: the server
    /// is to know that a request has begun, and not to end the connection for
    /// lack of one.
    lent: bool,
    /// Number of bytes behind them that were searched for the end of a head.
    searched: usize,
    state: ParseState,
    /// Requests that were handed on, or are about to be.
    requests: u64,
}

/// The part of a request that comes next.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
enum ParseState {
    #[default]
    Head,
    /// So many bytes of a body.
    Body(u64),
    Chunks(Chunks),
    /// The answer; what stands behind the request waits.
    Answer,
    /// Bytes that are not HTTP: a WebSocket's, or a body that is refused anyway.
    Anything,
    /// Nothing: the body was no body, as its handler says.
    Cut,
    /// Nothing that is wanted.
    Refused(Fault),
}

impl RequestFilter {
    /// Number of bytes that may be read past it; with 0 they are to be [looked at](RequestFilter::push) first.
    pub(super) fn passthrough_bytes(&self) -> usize {
        match &self.state {
            ParseState::Anything if self.held.is_empty() => usize::MAX,
            ParseState::Body(bytes) if self.held.is_empty() => usize::try_from(*bytes).unwrap_or(usize::MAX),
            _ => 0,
        }
    }

    /// So many bytes were read past it.
    pub(super) fn passed(&mut self, bytes: usize) {
        if let ParseState::Body(left) = self.state {
            let left = left.saturating_sub(bytes as u64);
            self.state = if left == 0 { ParseState::Answer } else { ParseState::Body(left) };
        }
    }

    /// Takes `bytes` in, and looks at them.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
        self.parse();
    }

    /// Hands on what may be; false: nothing may.
    pub(super) fn hand_on(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        if self.ready > 0 && std::mem::take(&mut self.lent) {
            self.held.advance(1);
            self.ready -= 1;
        }
        if self.ready == 0 {
            return self.state == ParseState::Head && self.lend(buf);
        }
        let bytes = self.ready.min(buf.remaining());
        buf.put_slice(&self.held[..bytes]);
        self.held.advance(bytes);
        self.ready -= bytes;
        if self.held.is_empty() {
            self.held = BytesMut::new();
        }
        bytes > 0
    }

    fn lend(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        let has_begun = self.held.first().is_some_and(|byte| head::may_begin(*byte));
        if self.lent || !has_begun || buf.remaining() == 0 {
            return false;
        }
        buf.put_slice(&self.held[..1]);
        self.lent = true;
        true
    }

    /// True if it waits for an answer, with so many given.
    pub(super) fn is_waiting(&self, answers: u64) -> bool {
        self.state == ParseState::Answer && answers < self.requests
    }

    /// Every request was answered: what stands behind the last is looked at,
    /// if that was not done yet.
    pub(super) fn resume(&mut self) -> bool {
        let waited = self.state == ParseState::Answer;
        if waited {
            self.state = ParseState::Head;
            self.parse();
        }
        waited
    }

    /// True if nothing more is handed on.
    pub(super) fn is_over(&self) -> bool {
        self.ready == 0 && matches!(self.state, ParseState::Cut | ParseState::Refused(_))
    }

    /// True if a first request has begun, and not come whole.
    pub(super) fn is_unfinished(&self) -> bool {
        self.requests == 0 && self.state == ParseState::Head && !self.held.is_empty()
    }

    /// The reason why what comes is no request, if it is none.
    pub(super) fn fault(&self) -> Option<&Fault> {
        match &self.state {
            ParseState::Refused(fault) => Some(fault),
            _ => None,
        }
    }

    /// Number of bytes that are held.
    pub(super) fn held_bytes(&self) -> usize {
        self.held.len()
    }

    /// Nothing more comes: a head that did not end is no request.
    pub(super) fn end(&mut self) {
        if self.state == ParseState::Head && !self.held.is_empty() {
            self.state = ParseState::Refused(Fault::malformed("the head of the request has no end"));
        }
    }

    /// The bytes that were not handed on.
    pub(super) fn into_rest(mut self) -> BytesMut {
        self.held.advance(usize::from(self.lent));
        self.held
    }

    /// Goes over what is held, as far as it can be told what it is.
    fn parse(&mut self) {
        while self.ready < self.held.len() {
            let rest = &mut self.held[self.ready..];
            let bytes = match &mut self.state {
                ParseState::Answer | ParseState::Cut | ParseState::Refused(_) => return,
                ParseState::Anything => rest.len(),
                ParseState::Body(left) => usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len()),
                ParseState::Chunks(chunks) => {
                    let (bytes, state) = match chunks.follow(rest) {
                        Ok((bytes, false)) => (bytes, ParseState::Chunks(*chunks)),
                        Ok((bytes, true)) => (bytes, ParseState::Answer),
                        Err(Malformed) => (0, ParseState::Cut),
                    };
                    self.state = state;
                    bytes
                }
                ParseState::Head => {
                    let Some(bytes) = self.parse_head() else { return };
                    bytes
                }
            };
            self.ready += bytes;
            self.passed(bytes);
        }
    }

    /// Empty lines before a request are ignored (RFC 9112, section 2.2).
    fn skip_empty_lines(&mut self) {
        // All before them is handed on when a head is looked for.
        while self.ready == 0 && !self.lent {
            match &*self.held {
                [b'\n', ..] => self.held.advance(1),
                [b'\r', b'\n', ..] => self.held.advance(2),
                _ => return,
            }
        }
    }

    /// Number of bytes more that may be handed on where a head is to come; none, if that can't be told yet, or
    /// what comes is refused.
    fn parse_head(&mut self) -> Option<usize> {
        self.skip_empty_lines();
        let rest = &mut self.held[self.ready..];
        if matches!(rest, [] | [b'\r']) {
            return None;
        }
        let judged = match head::end(rest, self.searched) {
            // Nothing that begins so is a request.
            _ if !head::may_begin(rest[0]) => Err(httparse::Error::Token.into()),
            Some(end) if end <= HEAD_BYTES_MAX => head::judge(&mut rest[..end]).map(|follows| (end, follows)),
            None if rest.len() <= HEAD_BYTES_MAX => {
                self.searched = rest.len();
                return None;
            }
            _ => Err(Fault::too_large()),
        };
        self.searched = 0;
        match judged {
            Ok((end, follows)) => {
                self.requests += 1;
                self.state = ParseState::from(follows);
                // The body's count begins behind it.
                self.ready += end;
                Some(0)
            }
            Err(fault) => {
                self.state = ParseState::Refused(fault);
                None
            }
        }
    }
}

impl From<Follows> for ParseState {
    fn from(follows: Follows) -> ParseState {
        match follows {
            Follows::Nothing => ParseState::Answer,
            Follows::Bytes(bytes) => ParseState::Body(bytes),
            Follows::Chunks => ParseState::Chunks(Chunks::default()),
            Follows::Anything => ParseState::Anything,
        }
    }
}

#[cfg(test)]
mod tests;
