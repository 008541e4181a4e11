//! The frames in what a server sent (STOMP 1.2, "STOMP Frames" and "Augmented BNF").

use super::escape::{escapes, unescape};
use super::{Frame, Version};
use crate::error::excerpt;
use crate::{Error, Result, decimal};

/// Thing at the beginning of the bytes, with its length there.
#[derive(Debug)]
pub(crate) enum Decoded {
    /// A line end between frames.
    HeartBeat(usize),
    /// A whole frame.
    Frame(Frame, usize),
    /// Not enough to say.
    Incomplete,
}

/// Looks at the beginning of `bytes`. `version` is the one agreed on; before that, in answer to a CONNECT
/// that may have failed, either line end and bare colons are in order.
pub(crate) fn decode(bytes: &[u8], version: Option<Version>) -> Result<Decoded> {
    let may_have_cr = version.is_none_or(|version| version == Version::V1_2);
    match bytes {
        [] => return Ok(Decoded::Incomplete),
        [b'\n', ..] => return Ok(Decoded::HeartBeat(1)),
        [b'\r'] if may_have_cr => return Ok(Decoded::Incomplete),
        [b'\r', b'\n', ..] if may_have_cr => return Ok(Decoded::HeartBeat(2)),
        _ => {}
    }
    let mut rest = bytes;
    let mut lines = Vec::new();
    loop {
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            // No NUL comes before the empty line that ends the headers.
            let is_broken = rest.contains(&0);
            let broken = || Err(unexpected("an empty line after the headers", bytes));
            return if is_broken { broken() } else { Ok(Decoded::Incomplete) };
        };
        let line = &rest[..end];
        rest = &rest[end + 1..];
        match if may_have_cr { line.strip_suffix(b"\r").unwrap_or(line) } else { line } {
            [] => break,
            line => lines.push(line),
        }
    }
    let (command, headers) = head(&lines, version).ok_or_else(|| unexpected("a server's frame", bytes))?;
    let mut frame = Frame { command, headers, body: Vec::new() };
    let Some(len) = body_len(&frame, rest)? else { return Ok(Decoded::Incomplete) };
    frame.body = rest[..len].to_vec();
    Ok(Decoded::Frame(frame, bytes.len() - rest.len() + len + 1))
}

fn unexpected(what: &str, bytes: &[u8]) -> Error {
    Error::unexpected(what, excerpt(bytes))
}

type Header = (String, String);

/// Command and headers; `None` for a command that servers don't send, or a line in no form.
fn head(lines: &[&[u8]], version: Option<Version>) -> Option<(String, Vec<Header>)> {
    let (command, lines) = lines.split_first()?;
    let command = std::str::from_utf8(command).ok()?;
    if !matches!(command, "CONNECTED" | "MESSAGE" | "RECEIPT" | "ERROR") {
        return None;
    }
    let headers: Option<_> = lines.iter().map(|line| header(line, command, version)).collect();
    Some((command.to_owned(), headers?))
}

fn header(line: &[u8], command: &str, version: Option<Version>) -> Option<Header> {
    let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
    let Some(version) = version else {
        return Some((name.to_owned(), value.to_owned()));
    };
    // Wherever colons are escaped, a bare one is a header that the server forgot to escape.
    if value.contains(':') && escapes(version, command) {
        return None;
    }
    Some((unescape(version, command, name)?, unescape(version, command, value)?))
}

/// The body's length, once the NUL after it is there too.
fn body_len(frame: &Frame, rest: &[u8]) -> Result<Option<usize>> {
    let Some(len) = frame.header("content-length") else {
        return Ok(rest.iter().position(|byte| *byte == 0));
    };
    let len = decimal::parse(len)
        .ok_or_else(|| Error::unexpected("a content-length", len.escape_default().to_string()))?;
    match rest.get(len) {
        None => Ok(None),
        Some(0) => Ok(Some(len)),
        Some(_) => Err(Error::unexpected(format!("NUL after {len} bytes of body"), excerpt(rest))),
    }
}
