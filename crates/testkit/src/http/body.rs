//! End of a response's body (RFC 9112, sections 6 and 7).

use super::Head;
use crate::deadline::Deadline;
use crate::error::excerpt;
use crate::{Error, Result, Socket, decimal};

/// Rest of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    /// So many bytes.
    Length(usize),
    /// Chunks, until an empty one.
    Chunked,
    /// All until the connection ends.
    ToEnd,
}

impl Body {
    /// No body at all, or nothing left of it.
    pub(crate) const NONE: Self = Self::Length(0);

    /// Delimitation of the body after `head` (section 6.3).
    pub(crate) fn after(head: &Head, method: &str) -> Result<Self> {
        if method == "HEAD" || matches!(head.status, 100..200 | 204 | 304) {
            return Ok(Self::NONE);
        }
        let mut lengths = head.headers.all("content-length");
        let length = lengths.next();
        let coding = head.headers.get("transfer-encoding");
        match (length, coding) {
            (None, None) => Ok(Self::ToEnd),
            (Some(length), None) if lengths.all(|other| other == length) => decimal::parse(length)
                .map(Self::Length)
                .ok_or_else(|| Error::unexpected("a Content-Length", length.escape_default().to_string())),
            (None, Some(coding)) if coding.eq_ignore_ascii_case("chunked") => Ok(Self::Chunked),
            _ => Err(Error::unexpected("one way to tell the body's end", format!("{:?}", head.headers))),
        }
    }

    /// The next part, as large as it came (a chunk is whole); `None` after the last.
    pub(crate) fn next_part(&mut self, socket: &mut Socket, deadline: Deadline) -> Result<Option<Vec<u8>>> {
        match *self {
            Self::Length(0) => Ok(None),
            Self::Length(left) => {
                if socket.unread().is_empty() {
                    let awaited = format!("{left} more bytes of a body");
                    socket.fill_more(deadline, &awaited)?;
                }
                let part = socket.take(left);
                *self = Self::Length(left - part.len());
                Ok(Some(part))
            }
            Self::Chunked => {
                let chunk = chunk(socket, deadline)?;
                if chunk.is_none() {
                    *self = Self::NONE;
                }
                Ok(chunk)
            }
            Self::ToEnd => {
                if socket.unread().is_empty()
                    && !socket.fill(deadline, "a body until the connection's end")?
                {
                    *self = Self::NONE;
                    return Ok(None);
                }
                Ok(Some(socket.take(usize::MAX)))
            }
        }
    }
}

/// One chunk (section 7.1); `None` for the last, its trailers passed over.
///
/// Nothing is taken from the socket before the chunk is whole, so that a missed deadline loses nothing.
fn chunk(socket: &mut Socket, deadline: Deadline) -> Result<Option<Vec<u8>>> {
    let awaited = "a chunk of a body";
    loop {
        let bytes = socket.unread();
        if let Some((len, line)) = chunk_size(bytes)? {
            let rest = &bytes[line..];
            if len == 0 {
                if let Some(trailers) = trailers_len(rest) {
                    socket.consume(line + trailers);
                    return Ok(None);
                }
            } else if let Some(end) = rest.get(len..).and_then(|end| end.get(..2)) {
                if end != b"\r\n" {
                    return Err(Error::unexpected("CRLF after a chunk", excerpt(end)));
                }
                socket.consume(line);
                let chunk = socket.take(len);
                socket.consume(2);
                return Ok(Some(chunk));
            }
        }
        socket.fill_more(deadline, awaited)?;
    }
}

/// The size of the chunk that begins here, and the bytes of the line that says so.
fn chunk_size(bytes: &[u8]) -> Result<Option<(usize, usize)>> {
    let Some(end) = bytes.windows(2).position(|pair| pair == b"\r\n") else { return Ok(None) };
    let line = &bytes[..end];
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
    let size = std::str::from_utf8(digits)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .and_then(|text| usize::from_str_radix(text, 16).ok());
    let size = size.ok_or_else(|| Error::unexpected("a chunk size", excerpt(line)))?;
    Ok(Some((size, end + 2)))
}

/// The bytes of the trailer section, with the empty line that ends it.
fn trailers_len(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(b"\r\n") {
        return Some(2);
    }
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}
