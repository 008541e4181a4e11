//! One head of a request: where it ends, what follows it, and what is to be
//! made of it.

use std::borrow::Cow;

use actix_web::http::{Method, Uri};
use httparse::{Request, Status};
use hub_ws::handshake;

/// As many headers as actix takes.
pub(super) const HEADERS_MAX: usize = 96;

/// As long a target as can be read.
const TARGET_BYTES_MAX: usize = 65_534;

/// As long a name of a header as can be read.
const NAME_BYTES_MAX: usize = 1024;

/// As large a head as actix takes.
pub(super) const HEAD_BYTES_MAX: usize = 128 << 10;

/// As long as `upgrade`, and no connection option.
const IGNORED: &[u8] = b"ignored";

/// Kind and length of the bytes that follow a head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Follows {
    /// No body.
    Nothing,
    /// So many bytes.
    Bytes(u64),
    /// Chunks.
    Chunks,
    /// Bytes that are not HTTP.
    Anything,
}

/// Reason why bytes are no request that could be answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fault {
    /// Of HTTP.
    pub(crate) status: u16,
    /// In words.
    pub(crate) detail: Cow<'static, str>,
}

impl Fault {
    pub(super) fn malformed(detail: impl Into<Cow<'static, str>>) -> Fault {
        Fault { status: 400, detail: detail.into() }
    }

    pub(super) fn too_large() -> Fault {
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

/// True for a byte that a head may begin with: a method is a token (RFC 9110, section 5.6.2).
pub(super) fn may_begin(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The length of a head: it ends behind its first empty line. Bytes that were searched before, in vain, are not
/// searched again.
pub(super) fn end(bytes: &[u8], searched: usize) -> Option<usize> {
    let from = searched.saturating_sub(2);
    memchr::memchr_iter(b'\n', &bytes[from..]).map(|at| from + at + 1).find_map(|behind| {
        match &bytes[behind..] {
            [b'\n', ..] => Some(behind + 1),
            [b'\r', b'\n', ..] => Some(behind + 2),
            _ => None,
        }
    })
}

/// Judges a whole head, and makes it plain; what follows it.
pub(super) fn judge(head: &mut [u8]) -> Result<Follows, Fault> {
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
    if Method::try_from(request.method.unwrap_or_default()).is_err() {
        return Err(Fault::malformed("the method of the request is none"));
    }
    let target = request.path.unwrap_or_default();
    if target.len() > TARGET_BYTES_MAX {
        let detail = format!("the target of the request is longer than {TARGET_BYTES_MAX} bytes").into();
        return Err(Fault { status: 414, detail });
    }
    if Uri::try_from(target).is_err() {
        return Err(Fault::malformed("the target of the request is no URI"));
    }
    let hosts = of("host").count();
    if hosts > 1 || hosts == 0 && minor > 0 {
        return Err(Fault::malformed("HTTP/1.1 asks for one header Host"));
    }
    if request.headers.iter().any(|header| header.name.len() > NAME_BYTES_MAX) {
        return Err(Fault { status: 431, detail: "the name of a header is too long".into() });
    }
    // With chunks behind it, it is a request that has a body.
    let is_handshake =
        handshake::is_asked(minor, texts("upgrade")) && of("transfer-encoding").next().is_none();
    let next = match body(minor, of("transfer-encoding"), of("content-length"))? {
        _ if is_handshake => Follows::Anything,
        Follows::Nothing if request.method == Some("CONNECT") => Follows::Anything,
        body => body,
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

/// Kind and length of the body (RFC 9112, section 6.3). Headers that contradict each other could be taken for
/// another length by somebody on the way.
fn body<'h>(
    minor: u8,
    mut encodings: impl Iterator<Item = &'h [u8]>,
    mut lengths: impl Iterator<Item = &'h [u8]>,
) -> Result<Follows, Fault> {
    match (encodings.next(), encodings.next(), lengths.next(), lengths.next()) {
        (None, None, None, None) => Ok(Follows::Nothing),
        (Some(encoding), None, None, None) if minor > 0 && encoding.eq_ignore_ascii_case(b"chunked") => {
            Ok(Follows::Chunks)
        }
        (Some(_), ..) => Err(Fault::malformed(
            "Transfer-Encoding can only be chunked, in HTTP/1.1, once, and without a Content-Length",
        )),
        (None, _, Some(length), None) => {
            let is_number = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
            let length = str::from_utf8(length).ok().filter(|_| is_number).and_then(|text| text.parse().ok());
            match length {
                Some(0) => Ok(Follows::Nothing),
                Some(length) => Ok(Follows::Bytes(length)),
                None if is_number => Err(Fault { status: 413, detail: "no body may be so long".into() }),
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
