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

use std::borrow::Cow;

use bytes::{Buf as _, BytesMut};
use httparse::{Request, Status};
use hub_ws::handshake;
use tokio::io::ReadBuf;

use super::chunks::Chunks;

/// As many headers as actix takes.
const HEADERS_MAX: usize = 96;

/// As large a head as actix takes.
const HEAD_BYTES_MAX: usize = 128 << 10;

/// As long as `upgrade`, and no connection option.
const IGNORED: &[u8] = b"ignored";

/// One connection's requests, followed.
#[derive(Default)]
pub(super) struct Heads {
    /// What was read and not handed on: of this, `ready` bytes may be.
    held: BytesMut,
    ready: usize,
    /// The first byte that is held was handed on all the same: the server
    /// is to know that a request has begun, and not to end the connection for
    /// lack of one.
    lent: bool,
    /// How far behind them the end of a head was looked for.
    searched: usize,
    next: Next,
    /// Requests that were handed on, or are about to be.
    requests: u64,
}

/// Why what came is no request that could be answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fault {
    /// Of HTTP.
    pub(crate) status: u16,
    /// In words.
    pub(crate) detail: Cow<'static, str>,
}

impl Fault {
    fn malformed(detail: impl Into<Cow<'static, str>>) -> Fault {
        Fault { status: 400, detail: detail.into() }
    }

    fn too_large() -> Fault {
        Fault { status: 431, detail: format!("the head is larger than {HEAD_BYTES_MAX} bytes").into() }
    }
}

impl From<httparse::Error> for Fault {
    fn from(error: httparse::Error) -> Fault {
        match error {
            httparse::Error::TooManyHeaders => {
                Fault { status: 431, detail: format!("there are more than {HEADERS_MAX} headers").into() }
            }
            error => Fault::malformed(format!("what came is no request: {error}")),
        }
    }
}

/// What comes next.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
enum Next {
    #[default]
    Head,
    /// So many bytes of a body.
    Body(u64),
    Chunks(Chunks),
    /// The answer; what stands behind the request waits.
    Answer,
    /// What is not HTTP: a WebSocket's bytes, or a body that is refused anyway.
    Anything,
    /// Nothing that is wanted.
    Refused(Fault),
}

impl Heads {
    /// How many bytes may be read past it; with 0 they are to be
    /// [looked at](Heads::look_at) first.
    pub(super) fn unseen(&self) -> usize {
        match &self.next {
            Next::Anything if self.held.is_empty() => usize::MAX,
            Next::Body(bytes) if self.held.is_empty() => usize::try_from(*bytes).unwrap_or(usize::MAX),
            _ => 0,
        }
    }

    /// So many bytes were read past it.
    pub(super) fn passed(&mut self, bytes: usize) {
        if let Next::Body(left) = self.next {
            let left = left.saturating_sub(bytes as u64);
            self.next = if left == 0 { Next::Answer } else { Next::Body(left) };
        }
    }

    /// Takes `bytes` in, and looks at them.
    pub(super) fn look_at(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
        self.look();
    }

    /// Hands on what may be; false: nothing may.
    pub(super) fn hand_on(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        if self.ready > 0 && std::mem::take(&mut self.lent) {
            self.held.advance(1);
            self.ready -= 1;
        }
        if self.ready == 0 {
            return self.next == Next::Head && self.lend(buf);
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
        if self.lent || self.held.is_empty() || buf.remaining() == 0 {
            return false;
        }
        buf.put_slice(&self.held[..1]);
        self.lent = true;
        true
    }

    /// Whether it waits for an answer, with so many given.
    pub(super) fn is_waiting(&self, answers: u64) -> bool {
        self.next == Next::Answer && answers < self.requests
    }

    /// Every request was answered: what stands behind the last is looked at,
    /// if that was not done yet.
    pub(super) fn go_on(&mut self) -> bool {
        let waited = self.next == Next::Answer;
        if waited {
            self.next = Next::Head;
            self.look();
        }
        waited
    }

    /// Why nothing more is handed on, if so.
    pub(super) fn fault(&self) -> Option<&Fault> {
        match &self.next {
            Next::Refused(fault) => Some(fault),
            _ => None,
        }
    }

    /// How many bytes are held.
    pub(super) fn held_bytes(&self) -> usize {
        self.held.len()
    }

    /// Nothing more comes: a head that did not end is no request.
    pub(super) fn end(&mut self) {
        if self.next == Next::Head && !self.held.is_empty() {
            self.next = Next::Refused(Fault::malformed("the head of the request has no end"));
        }
    }

    /// What was not handed on.
    pub(super) fn into_rest(mut self) -> BytesMut {
        self.held.advance(usize::from(self.lent));
        self.held
    }

    /// Goes over what is held, as far as it can be told what it is.
    fn look(&mut self) {
        while self.ready < self.held.len() {
            let rest = &mut self.held[self.ready..];
            let bytes = match &mut self.next {
                Next::Answer | Next::Refused(_) => return,
                Next::Anything => rest.len(),
                Next::Body(left) => usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len()),
                Next::Chunks(chunks) => match chunks.follow(rest) {
                    Ok((bytes, is_over)) => {
                        if is_over {
                            self.next = Next::Answer;
                        }
                        bytes
                    }
                    Err(_) => {
                        self.next = Next::Anything;
                        0
                    }
                },
                // Empty lines before a request are let be (RFC 9112, section 2.2).
                Next::Head if matches!(rest[0], b'\r' | b'\n') => {
                    rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
                }
                // Nothing that begins so is a request.
                Next::Head if !rest[0].is_ascii_graphic() => {
                    self.next = Next::Refused(httparse::Error::Token.into());
                    return;
                }
                Next::Head => match end_of_head(rest, self.searched) {
                    Some(end) if end <= HEAD_BYTES_MAX => {
                        self.searched = 0;
                        match judge(&mut rest[..end]) {
                            Ok(next) => self.next = next,
                            Err(fault) => {
                                self.next = Next::Refused(fault);
                                return;
                            }
                        }
                        self.requests += 1;
                        self.ready += end;
                        continue;
                    }
                    None if rest.len() <= HEAD_BYTES_MAX => {
                        self.searched = rest.len();
                        return;
                    }
                    _ => {
                        self.next = Next::Refused(Fault::too_large());
                        return;
                    }
                },
            };
            self.ready += bytes;
            self.passed(bytes);
        }
    }
}

/// Where a head ends: behind its first empty line. What was searched before, in
/// vain, is not searched again.
fn end_of_head(bytes: &[u8], searched: usize) -> Option<usize> {
    let from = searched.saturating_sub(2);
    memchr::memchr_iter(b'\n', &bytes[from..]).map(|at| from + at + 1).find_map(|behind| {
        match &bytes[behind..] {
            [b'\n', ..] => Some(behind + 1),
            [b'\r', b'\n', ..] => Some(behind + 2),
            _ => None,
        }
    })
}

/// What follows a head, which is made plain.
fn judge(head: &mut [u8]) -> Result<Next, Fault> {
    let start = head.as_ptr() as usize;
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = Request::new(&mut headers);
    let (Status::Complete(_), Some(minor)) = (request.parse(head)?, request.version) else {
        return Err(httparse::Error::Status.into());
    };
    let of = |name: &'static str| {
        let lines = request.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        lines.map(|header| header.value)
    };
    let texts = |name| of(name).filter_map(|value| str::from_utf8(value).ok());
    if of("host").count() != 1 && minor > 0 {
        return Err(Fault::malformed("HTTP/1.1 asks for one header Host"));
    }
    let is_handshake = handshake::is_asked(minor, texts("upgrade"));
    let next = match request.method {
        _ if is_handshake => Next::Anything,
        Some("CONNECT") => Next::Anything,
        _ => body(minor, of("transfer-encoding"), of("content-length"))?,
    };
    if request.method == Some("POST") && minor == 0 && of("content-length").next().is_none() {
        return Err(Fault::malformed("a POST in HTTP/1.0 needs a header Content-Length"));
    }
    let place = |value: &[u8]| {
        let at = value.as_ptr() as usize - start;
        at..at + value.len()
    };
    let upgrades: Vec<_> = of("upgrade").map(place).collect();
    let connections: Vec<_> = of("connection").filter(|_| !is_handshake).map(place).collect();
    for value in upgrades {
        make_plain(&mut head[value], is_handshake);
    }
    for value in connections {
        ignore_upgrade(&mut head[value]);
    }
    Ok(next)
}

/// How long a body is (RFC 9112, section 6.3). What contradicts itself could be
/// taken for another length by somebody on the way.
fn body<'h>(
    minor: u8,
    mut encodings: impl Iterator<Item = &'h [u8]>,
    mut lengths: impl Iterator<Item = &'h [u8]>,
) -> Result<Next, Fault> {
    match (encodings.next(), encodings.next(), lengths.next(), lengths.next()) {
        (None, None, None, None) => Ok(Next::Answer),
        (Some(encoding), None, None, None) if minor > 0 && encoding.eq_ignore_ascii_case(b"chunked") => {
            Ok(Next::Chunks(Chunks::default()))
        }
        (Some(_), ..) => Err(Fault::malformed(
            "Transfer-Encoding can only be chunked, in HTTP/1.1, once, and without a Content-Length",
        )),
        (None, _, Some(length), None) => {
            let is_number = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
            let length = str::from_utf8(length).ok().filter(|_| is_number).and_then(|text| text.parse().ok());
            match length {
                Some(0) => Ok(Next::Answer),
                Some(length) => Ok(Next::Body(length)),
                None => Err(Fault::malformed("Content-Length must be a number of bytes")),
            }
        }
        _ => Err(Fault::malformed("Content-Length is given more than once")),
    }
}

/// `websocket` and nothing else where this line of a handshake's `Upgrade`
/// names it; else nothing.
fn make_plain(value: &mut [u8], is_handshake: bool) {
    let names_it = is_handshake && handshake::is_asked(1, str::from_utf8(value).into_iter());
    value.fill(b' ');
    if names_it && let Some(name) = value.first_chunk_mut() {
        *name = *b"websocket";
    }
}

/// The option `upgrade` of a line of `Connection` is none.
fn ignore_upgrade(value: &mut [u8]) {
    for option in value.split_mut(|byte| *byte == b',') {
        let start = option.len() - option.trim_ascii_start().len();
        if option.trim_ascii().eq_ignore_ascii_case(b"upgrade") {
            option[start..start + IGNORED.len()].copy_from_slice(IGNORED);
        }
    }
}

#[cfg(test)]
mod tests;
